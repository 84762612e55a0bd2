// The lines in the documentation are those in the data, and every word of a switch has some.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { shorterDatagrams } from '../../../lib/cures/size-limit.ts';
import { QUERIER_ON_A_SWITCH, SWITCH_LINES } from '../../../lib/cures/switches.ts';
import type { Cure } from '../../../lib/cures/types.ts';
import { SWITCH_WORDS } from '../../../lib/switch-like.ts';

const text = readFileSync(new URL('../../../docs/switches.md', import.meta.url), 'utf8');
const row = ({ where, lines, note = '' }: Cure): string => `| ${where} | ${lines.map((line) => `\`${line.trim()}\``).join('<br>')} | ${note} |`;

t.test('docs/switches.md has each of them, and no other', async (t) => {
  const all = [...QUERIER_ON_A_SWITCH, ...Object.values(SWITCH_LINES).flatMap(({ causes, cures }) => [...causes, ...cures]), ...shorterDatagrams(2044)].map(row);
  for (const line of all) t.ok(text.includes(`${line}\n`), line);
  const written = text.slice(text.indexOf('## Lines of real switches')).split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:\||---)/.test(line));
  t.same(written.filter((line) => !all.includes(line)), []);
});

t.test('every word has lines by which switches behave so, and lines that set it right', async (t) => {
  t.same(Object.keys(SWITCH_LINES).sort(), [...SWITCH_WORDS].sort());
  for (const [word, { causes, cures }] of Object.entries(SWITCH_LINES)) t.ok(causes.length > 0 && cures.length > 0, word);
});

t.test('netmtu is the packet that was found: corosync takes the headers off itself', async (t) => {
  t.match(shorterDatagrams(2043)[0]?.lines, ['totem {', '  netmtu: 2043', '}']);
});
