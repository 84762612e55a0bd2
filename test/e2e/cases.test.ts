// Every row of the case list has scenarios, and each of them can fail.
import t from 'tap';
import { command } from './command.ts';

const rows = (letter: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
const ALL = [...rows('A', 7), ...rows('B', 9), ...rows('C', 10), ...rows('D', 10)];
/** Of the parser and `explain`, not of a network: test/lib/tcpdump-parser/text.test.ts and test/lib/explain. */
const ELSEWHERE = ['D10'];

interface Listed {
  scenarios: { name: string; cases: string[]; variants: { name: string }[]; controls: { name: string }[] }[];
}

void t.test('every case is covered, in more than one variant and with a negative control', async (t) => {
  const { status, stdout, stderr } = await command(['list', '--json']);
  t.equal(status, 0, stderr);
  const { scenarios } = JSON.parse(stdout) as Listed;
  for (const row of ALL.filter((row) => !ELSEWHERE.includes(row))) {
    const covering = scenarios.filter(({ cases }) => cases.includes(row));
    t.ok(covering.length > 0, `case ${row} has a scenario`);
    t.ok(
      covering.reduce((sum, { variants }) => sum + variants.length, 0) >= 2,
      `case ${row} in both directions: ${covering.map(({ name }) => name).join(', ')}`,
    );
  }
  for (const { name, controls } of scenarios) t.ok(controls.length > 0, `${name} has a negative control`);
  t.end();
});
