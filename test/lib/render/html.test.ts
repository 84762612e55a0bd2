import t from 'tap';
import { style } from '../../../lib/render/html-style.ts';
import { parse, type DefaultTreeAdapterMap, type ParserError } from 'parse5';
import { renderHtml } from '../../../lib/render/html.ts';
import { timelineSvg } from '../../../lib/render/timeline-svg.ts';
import { claim, everyVerdict, hostileRun, result, run } from './samples.ts';

type Element = DefaultTreeAdapterMap['element'];

function elements(html: string) {
  const errors: ParserError[] = [];
  const found: Element[] = [];
  const walk = (node: DefaultTreeAdapterMap['node']) => {
    if ('tagName' in node) found.push(node);
    if ('childNodes' in node) node.childNodes.forEach(walk);
  };
  walk(parse(html, { onParseError: (error) => errors.push(error) }));
  const attribute = (element: Element, name: string) => element.attrs.find((one) => one.name === name)?.value;
  return { errors, found, attribute, named: (name: string) => found.filter((one) => one.tagName === name) };
}

t.test('a whole page, without faults, that needs nothing', (t) => {
  const { errors, found, attribute, named } = elements(renderHtml(everyVerdict()));
  t.same(errors, [], 'the HTML parser has nothing to complain about');
  t.same(named('script'), []);
  t.same(found.filter((one) => attribute(one, 'src') !== undefined), []);
  t.same(named('link'), []);
  const ids = new Set(found.map((one) => attribute(one, 'id')));
  const hrefs = named('a').map((one) => attribute(one, 'href') ?? '');
  t.ok(hrefs.filter((href) => href.startsWith('#')).every((href) => ids.has(href.slice(1))), 'anchors lead somewhere');
  t.notOk(hrefs.some((href) => /^[a-z]+:/i.test(href) || href.startsWith('/')), 'links are relative');
  t.ok(hrefs.includes('./multicast/membership-expiry/legacy/bob%20%231%3F.pcapng'));
  t.end();
});

t.test('broken things first and open, the rest folded', (t) => {
  const { named, attribute } = elements(renderHtml(everyVerdict()));
  const sections = named('details').map((one) => `${attribute(one, 'id')} ${attribute(one, 'open') === undefined ? 'folded' : 'open'}`);
  t.same(sections, ['result-4 open', 'result-1 open', 'result-3 open', 'result-5 open', 'result-0 folded', 'result-2 folded', 'result-6 folded']);
  t.end();
});

t.test('what it says follows the record', (t) => {
  const page = renderHtml(everyVerdict());
  t.match(page, '4 of 7 results not as expected');
  for (const part of ['291.45 s after the last report', 'timer wheel at HZ=250', 'igmp query v3', 'vmbr0 MDB', 'negative control', 'apt-get install corosync', '--variant legacy', '6.1.176-1', '1 CPU<']) t.match(page, part);
  t.match(renderHtml(run([result()])), 'All 1 result as expected');
  t.match(renderHtml(run([result({ verdict: 'broken' })])), '1 of 1 result not as expected');
  t.match(renderHtml(run([result({ verdict: 'skipped' })])), 'nothing was learnt');
  t.match(renderHtml(run([])), 'Nothing ran');
  t.match(renderHtml(run([], { interrupted: true })), 'Interrupted');
  t.notMatch(renderHtml(run([])), 'Interrupted');
  t.end();
});

t.test('hostile text stays text', (t) => {
  const page = renderHtml(hostileRun());
  // eslint-disable-next-line no-control-regex
  t.notMatch(page, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  const { errors, named, found, attribute } = elements(page);
  t.same(errors, []);
  t.same(named('script'), []);
  t.same(named('b'), []);
  t.match(page, '&lt;script&gt;alert(1)&lt;/script&gt;');
  t.notOk(found.some((one) => one.attrs.some(({ name }) => name.startsWith('on'))));
  const hrefs = named('a').map((one) => attribute(one, 'href') ?? '');
  t.ok(hrefs.includes('./javascript%3Aalert(1)'));
  t.notOk(hrefs.some((href) => href.includes('..')), 'a path that leaves the run\'s folder is no link');
  t.end();
});

t.test('the time line marks window and decision', (t) => {
  const svg = (over: Parameters<typeof claim>[0]) => timelineSvg(claim(over))?.text ?? '';
  const late = svg({ verdict: 'broken', atS: 292.05, windowS: { from: 260.6, to: 261.984 } });
  t.match(late, 'decided at 292.05 s, 30.066 s after the window');
  t.match(late, 'window 260.6 s to 261.984 s');
  t.match(svg({ atS: 261, windowS: { from: 260.6, to: 261.984 } }), /decided at 261 s</, 'inside there is nothing to add');
  t.match(svg({ atS: 292.05, observedAtS: 261.2, windowS: { from: 260.6, to: 261.984 } }), /observed at 261.2 s</, 'what was seen counts, not when it was judged');
  t.match(svg({ atS: 100, windowS: { from: 260, to: 261 } }), '160 s before the window');
  const at = (text: string) => Number(/circle class="at" cx="([\d.]+)"/.exec(text)?.[1]);
  t.ok(at(svg({ atS: 300, windowS: { from: 0, to: 900 } })) < at(svg({ atS: 600, windowS: { from: 0, to: 900 } })), 'later is further right');
  t.match(svg({ atS: 5, windowS: { from: 5, to: 5 } }), 'width="3"', 'an instant can be seen');
  t.equal(svg({ atS: Infinity, windowS: { from: 0, to: 1 } }), '');
  t.equal(timelineSvg({ ...claim(), windowS: undefined }), undefined);
  // Coordinates stay within the picture, whatever the times.
  for (const times of [[0, 0, 0], [1e-6, 2e-6, 3e-6], [0, 1e6, 5], [900, 901, 0.1]]) {
    const [from = 0, to = 0, atS = 0] = times;
    const text = svg({ atS, windowS: { from, to } });
    const xs = [...text.matchAll(/ c?x="([^"]+)"/g)].map((match) => Number(match[1]));
    const texts = [...text.matchAll(/ x="([^"]+)" y="\d+">([^<]*)</g)];
    t.ok(texts.length > 1 && texts.every(([, x, words = '']) => Number(x) - words.length * 3 >= 0 && Number(x) + words.length * 3 <= 720), 'labels are not cut');
    t.ok(xs.length > 2 && xs.every((x) => x >= 0 && x <= 720), `${times.join(', ')}: ${xs.join(' ')}`);
  }
  t.end();
});

t.test('no rule stands twice in the style sheet: a merge once doubled ten, and turned what held red', (t) => {
  const rules = style.split('\n').filter((line) => line.includes('{') && !line.startsWith('@') && !line.startsWith(' '));
  t.same(rules.filter((rule, i) => rules.indexOf(rule) !== i), []);
  t.end();
});
