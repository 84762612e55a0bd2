import t from 'tap';
import { stripVTControlCharacters } from 'node:util';
import { renderTable, renderTroubles } from '../../../lib/render/table.ts';
import { width } from '../../../lib/render/text.ts';
import { everyVerdict, hostileRun, result, run } from './samples.ts';

const plain = (columns: number) => ({ columns, colour: false });
/** A replay command must survive being copied, so it alone may be longer. */
const tooWide = (text: string, columns: number) => text.split('\n').filter((line) => width(line) > columns && !line.startsWith('  replay'));

t.test('fits and widens', (t) => {
  for (const columns of [60, 80, 100, 140, 200]) t.same(tooWide(renderTable(everyVerdict(), plain(columns)), columns), [], `${columns} columns`);
  t.match(renderTable(everyVerdict(), plain(80)), '…st/membership-expiry', 'the end of a path is kept');
  t.match(renderTable(everyVerdict(), plain(140)), 'multicast/membership-expiry');
  t.notMatch(renderTable(run([result()]), plain(80)), '…', 'nothing is cut that fits');
  t.end();
});

t.test('unexpected stands out without colour', (t) => {
  const text = renderTable(everyVerdict(), plain(140));
  t.match(text, /^✓ multicast\/membership-expiry +healthy +held +0 s outage/m);
  t.match(text, /^✗ multicast\/membership-expiry +legacy +BROKEN +291\.45 s/m);
  t.match(text, /^✓ .* no-querier +broken \(control\)/m);
  t.match(text, /^✗ .* garp-off +HELD \(control\)/m);
  t.match(text, /^– .* udpu +skipped/m);
  t.match(text, /7 results · 4 NOT as expected · 2 as expected · 1 skipped/);
  t.match(text, /observed {2}291\.45 s after the last report/);
  t.match(text, /skipped {3}corosync is not installed here: apt-get install corosync/);
  t.match(renderTable(run([result({ verdict: 'broken' })]), plain(80)), /1 NOT as expected/);
  t.match(renderTable(run([result()]), plain(80)), /1 as expected\n/);
  t.end();
});

t.test('colour only if asked, and nothing but colour', (t) => {
  t.notMatch(renderTable(everyVerdict(), plain(80)), '\x1b');
  const coloured = renderTable(everyVerdict(), { columns: 80, colour: true });
  t.match(coloured, '\x1b[1;31mBROKEN');
  t.equal(stripVTControlCharacters(coloured).replace(/ +$/gm, ''), renderTable(everyVerdict(), plain(80)));
  t.end();
});

t.test('troubles alone: nothing when all is well', (t) => {
  t.equal(renderTroubles(run([result(), result({ verdict: 'skipped' })]), plain(80)), '');
  t.match(renderTroubles(everyVerdict(), plain(80)), /✗ BROKEN[^]*✗ HELD[^]*✗ CRASHED[^]*✗ ERRORED/);
  t.end();
});

t.test('empty, interrupted, hostile', (t) => {
  t.match(renderTable(run([]), plain(80)), /^0 results\nwall time 98\.1 s\n$/);
  t.match(renderTable(run([result()], { interrupted: true }), plain(80)), 'Interrupted');
  const text = renderTable(hostileRun(), plain(80));
  // eslint-disable-next-line no-control-regex
  t.notMatch(text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  t.same(tooWide(text, 80).filter((line) => !line.startsWith('✗')), [], 'wide characters are counted as two');
  t.end();
});
