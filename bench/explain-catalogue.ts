/**
 * `npm run check:explain -- [--run DIR] [--everything] [PATTERN… and options of run]`: what `explain` says of the captures
 * of the catalogue, beside what test/explained.ts declares. Runs every variant and negative control of the patterns (all,
 * if none is given); --run DIR takes the captures of a run's folder instead, one under way too. With --everything each
 * interface is captured and what explain says is listed: nothing is declared of that. Status 1 where it was another alarm,
 * or where nothing is declared.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnosisFaults } from '../lib/diagnosis/expected.ts';
import { alarmsIn, BY_CLAIMS } from '../test/explained.ts';

interface Captured {
  readonly scenario: string;
  readonly variant: string;
  readonly file: string;
}

const given = process.argv.slice(2);
const flag = (name: string): boolean => given.includes(name) && given.splice(given.indexOf(name), 1).length > 0;
const everything = flag('--everything');
const at = given.indexOf('--run');
const [, dir] = at < 0 ? [] : given.splice(at, 2);
if (at >= 0 && (dir === undefined || !existsSync(dir))) {
  console.error(
    `there is no run's folder ${String(dir)}: --run takes the folder that \`wirewarp run --capture all\` names`,
  );
  process.exit(2);
}

const folders = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => statSync(join(path, name)).isDirectory())
    .sort();

/** FOLDER/SCENARIO/VARIANT/capture.pcapng of a run. */
function captured(run: string): Captured[] {
  return folders(run).flatMap((folder) =>
    folders(join(run, folder)).flatMap((name) =>
      folders(join(run, folder, name)).flatMap((variant) => {
        const file = join(run, folder, name, variant, 'capture.pcapng');
        return existsSync(file) ? [{ scenario: `${folder}/${name}`, variant, file }] : [];
      }),
    ),
  );
}

function compare(captures: readonly Captured[]): void {
  const counts = { compared: 0, agreed: 0, empty: 0, undeclared: 0 };
  for (const { scenario, variant, file } of captures) {
    const found = alarmsIn(file);
    const expected = everything ? undefined : BY_CLAIMS[scenario];
    if (found === undefined) counts.empty++;
    else if (expected === undefined) {
      counts.undeclared++;
      console.log(
        `? ${scenario}#${variant}: ${found.kinds.join(', ') || 'nothing'}, and nothing is declared\n    ${found.words}`,
      );
    } else {
      const wanted = [...(expected[variant] ?? [])];
      const agreed = diagnosisFaults(wanted, found.kinds).length === 0;
      counts.compared++;
      if (agreed) counts.agreed++;
      else
        console.log(
          `✗ ${scenario}#${variant}: ${found.kinds.join(', ') || 'nothing'} instead of ${wanted.join(', ') || 'nothing'}\n    ${found.words}`,
        );
    }
  }
  console.log(
    `${counts.compared} captures compared, ${counts.agreed} explained as declared; ${counts.undeclared} undeclared, ${counts.empty} without frames`,
  );
  if (counts.agreed < counts.compared || (!everything && counts.undeclared > 0) || counts.compared + counts.undeclared === 0) process.exitCode = 1;
}

/** The run's own status is no matter here: what is compared is what it captured. */
function run(results: string): string | undefined {
  const program = join(import.meta.dirname, '../dist/wirewarp.js');
  const all = ['--all', '--controls', '--capture', 'all', ...(everything ? ['--capture-everything'] : [])];
  const more = ['--reporter', 'plain', '--results', results, ...given];
  spawnSync(process.execPath, [program, 'run', ...all, ...more], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [only] = folders(results);
  return only === undefined ? undefined : join(results, only);
}

if (dir !== undefined) compare(captured(dir));
else {
  const results = mkdtempSync(join(tmpdir(), 'wirewarp-explain-'));
  try {
    const made = run(results);
    if (made === undefined) process.exitCode = 2;
    else compare(captured(made));
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}
