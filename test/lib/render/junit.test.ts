import t from 'tap';
import { SaxesParser } from 'saxes';
import { renderJunit } from '../../../lib/render/junit.ts';
import { claim, everyVerdict, hostileRun, result, run } from './samples.ts';

interface Element { name: string; attributes: Record<string, string>; text: string; children: Element[] }

/** Strict: throws at the first thing that is not well-formed XML 1.0. */
function parse(xml: string): Element {
  const root: Element = { name: '', attributes: {}, text: '', children: [] };
  const stack = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => { throw error; });
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: { ...attributes } as Record<string, string>, text: '', children: [] };
    stack.at(-1)?.children.push(element);
    stack.push(element);
  });
  parser.on('text', (text) => { const top = stack.at(-1); if (top) top.text += text; });
  parser.on('closetag', () => { stack.pop(); });
  parser.write(xml).close();
  return root.children[0] ?? root;
}

const all = (element: Element, name: string): Element[] =>
  [...(element.name === name ? [element] : []), ...element.children.flatMap((child) => all(child, name))];

t.test('every verdict has its element', (t) => {
  const root = parse(renderJunit(everyVerdict()));
  t.match(root, { name: 'testsuites', attributes: { tests: '7', failures: '3', errors: '1', skipped: '1', time: '98.100' } });
  const outcome = (name: string) => all(root, 'testcase').find((one) => one.attributes['name']?.startsWith(`${name} `))?.children[0];
  t.equal(outcome('healthy')?.name, 'system-out');
  t.equal(outcome('no-querier')?.name, 'system-out', 'a control that broke passes');
  t.match(outcome('legacy'), { name: 'failure', attributes: { type: 'broken', message: /291.45 s/ }, text: /expected: between 260 s[^]*observed: 291.45[^]*igmp query v3[^]*replay: / });
  t.match(outcome('garp-off'), { name: 'failure', attributes: { type: 'control-held' } });
  t.match(outcome('mode-1'), { name: 'failure', attributes: { type: 'crashed' }, text: /br_multicast_port_group_expired <IRQ> & co/ });
  t.match(outcome('three-rounds'), { name: 'error', attributes: { type: 'errored' } });
  t.match(outcome('udpu'), { name: 'skipped', attributes: { message: /apt-get install corosync/ } });
  t.end();
});

t.test('the counts follow the results', (t) => {
  const broken = result({ verdict: 'broken', claims: [claim({ verdict: 'broken' })] });
  t.match(parse(renderJunit(run([result()]))).attributes, { tests: '1', failures: '0' });
  t.match(parse(renderJunit(run([broken]))).attributes, { tests: '1', failures: '1' });
  t.match(parse(renderJunit(run([]))), { name: 'testsuites', attributes: { tests: '0' }, children: [] });
  t.match(parse(renderJunit(run([result()], { interrupted: true }))).attributes, { tests: '1' });
  t.end();
});

t.test('a scenario on two kernels is two suites with names of their own', (t) => {
  const root = parse(renderJunit(run([result(), result({ kernel: 'running:6.18.44' })])));
  t.equal(new Set(all(root, 'testcase').map((one) => `${one.attributes['classname']} ${one.attributes['name']}`)).size, 2);
  t.equal(all(root, 'testsuite').length, 2);
  t.end();
});

t.test('hostile text', (t) => {
  const root = parse(renderJunit(hostileRun()));
  t.match(all(root, 'failure')[0]?.text, '^[[31mBUG: unable to handle^[[0m <script>alert(1)</script> & ]]> "quoted"', 'comes back as text');
  t.same(all(root, 'script'), []);
  t.notMatch(all(root, 'testcase')[0]?.attributes['name'], '\n');
  t.end();
});
