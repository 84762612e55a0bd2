import t from 'tap';
import { Parser } from 'tap-parser';
import { parse as parseYaml } from 'tap-yaml';
import type { RunRecord } from '../../../lib/record.ts';
import { renderTap } from '../../../lib/render/tap.ts';
import { claim, everyVerdict, hostileRun, result, run } from './samples.ts';

interface Point { ok: boolean; id: number; name: string; fullname: string; skip?: string | boolean; diag?: Record<string, unknown> }

/** Every point with the path of its subtests, and what strict parsing complains about. */
function parse(record: RunRecord) {
  const points: Point[] = [];
  const extras: string[] = [];
  let bailout: unknown = false;
  const parser = new Parser({ strict: true });
  const listen = (one: Parser) => {
    one.on('assert', (point: Point) => points.push(point));
    one.on('extra', (line: string) => extras.push(line));
    one.on('child', listen);
  };
  listen(parser);
  parser.on('bailout', (reason: string) => { bailout = reason; });
  let final: { ok: boolean; count: number; failures: { tapError?: string }[] } | undefined;
  parser.on('complete', (results: typeof final) => { final = results; });
  parser.end(renderTap(record));
  return { points, extras, bailout, final, byName: (part: string) => points.filter((point) => point.name.includes(part)) };
}

t.test('every verdict, in strict mode', (t) => {
  const { points, extras, final, byName } = parse(everyVerdict());
  t.same(extras, [], 'no line that is no TAP');
  t.equal(final?.ok, false);
  t.equal(final?.count, 4, 'one point a scenario');
  t.notOk(final?.failures.some((failure) => Boolean(failure.tapError)), 'no protocol errors');
  t.equal(byName('healthy on')[0]?.ok, true);
  t.equal(byName('legacy on')[0]?.ok, false);
  t.equal(byName('no-querier (negative control)')[0]?.ok, true, 'a control that broke is ok');
  t.equal(byName('(broken, as expected)')[0]?.ok, true);
  t.equal(byName('garp-off (negative control)')[0]?.ok, false, 'a control that held is not');
  t.equal(byName('mode-1 on')[0]?.ok, false);
  t.equal(byName('three-rounds on')[0]?.ok, false);
  t.match(byName('udpu on')[0], { ok: true, skip: /apt-get install corosync/ });
  t.match(byName('bob stops hearing')[0]?.diag, { observed: /291.45 s/, windowS: { from: 260.6, to: 261.984 }, figures: { extraDatagrams: 301 }, evidence: Array });
  t.equal(points.length, 4 + 7 + 6);
  t.end();
});

t.test('one verdict turned round turns the document', (t) => {
  const good = parse(run([result()]));
  t.match(good.final, { ok: true, count: 1 });
  t.match(parse(run([result({ verdict: 'broken', claims: [claim({ verdict: 'broken' })] })])).final, { ok: false });
  t.match(parse(run([result({ control: true, verdict: 'broken', claims: [claim({ verdict: 'broken' })] })])).final, { ok: true });
  t.match(parse(run([result({ verdict: 'crashed', claims: [] })])).final, { ok: false });
  t.end();
});

t.test('text cannot leave its place', (t) => {
  const record = hostileRun();
  const text = renderTap(record);
  // eslint-disable-next-line no-control-regex
  t.notMatch(text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  const { points, extras, final } = parse(record);
  t.same(extras, []);
  t.notOk(final?.failures.some((failure) => Boolean(failure.tapError)));
  t.equal(points.filter((point) => point.skip !== undefined && point.skip !== false).length, 1, '"# SKIP" in a log skips nothing');
  t.ok(points.some((point) => point.name.includes('grüße-网桥 # TODO \\ <b>&')), 'and comes back as it was');
  t.end();
});

t.test('every YAML block is YAML', (t) => {
  const blocks = renderTap(hostileRun()).match(/^ *---\n[^]*?^ *\.\.\.$/gm) ?? [];
  t.equal(blocks.length, 3);
  for (const block of blocks) {
    const indent = /^ */.exec(block)?.[0].length ?? 0;
    const inner = block.split('\n').slice(1, -1).map((line) => line.slice(indent)).join('\n');
    t.match(parseYaml(inner), { verdict: /broken|crashed/ });
  }
  t.end();
});

t.test('empty and interrupted', (t) => {
  t.match(parse(run([])), { extras: [], final: { ok: true, count: 0 } });
  const cut = parse(run([result()], { interrupted: true }));
  t.match(cut, { extras: [], bailout: /interrupted/, final: { ok: false } });
  t.equal(cut.points.length, 3, 'what was done is in it');
  t.match(parse(run([], { interrupted: true })), { bailout: /interrupted/, final: { ok: false } });
  t.end();
});
