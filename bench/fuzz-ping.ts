/**
 * `npm run bench:fuzz-ping [-- inputs]`: hostile datagrams and command lines for each parser of the ping tools, a
 * million by default. Ends with status 1 and the smallest input that breaks a rule.
 */
import fc from 'fast-check';
import { commandLines, datagrams, parsers, readCommandLine } from '../test/lib/ping/hostile-inputs.ts';

const runs = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);
const rows: object[] = [];
function run(name: string, assert: () => void): void {
  const begun = performance.now();
  assert();
  rows.push({ parser: name, inputs: runs, seconds: Number(((performance.now() - begun) / 1000).toFixed(1)), 'MiB after': Math.round(process.memoryUsage().rss / 2 ** 20) });
}
for (const [name, parser] of Object.entries(parsers)) run(name, () => { fc.assert(fc.property(datagrams, (bytes) => { parser(bytes); }), { numRuns: runs, seed }); });
run('command lines', () => { fc.assert(fc.property(commandLines, readCommandLine), { numRuns: runs, seed }); });
console.table(rows);
