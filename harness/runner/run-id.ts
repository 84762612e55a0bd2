/** A run's name, which is its folder's name, and the folder itself: made exclusively, so that two runs never share one. */
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmdirSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { BadInput, type Fault, said } from './refusal.ts';
import { isFolder, statOf } from './stat.ts';

/** No letters that look alike. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** "2026-01-31T14-05-09-k3fw": sorts by time, fits any file system. UTC, so that a folder's order survives a change of clocks. */
export function runId(now = new Date(), random: (below: number) => number = (below) => randomInt(below)): string {
  const date = now.toISOString().slice(0, 19).replaceAll(':', '-');
  return `${date}-${Array.from({ length: 4 }, () => LETTERS[random(LETTERS.length)]).join('')}`;
}

/** Makes `results` where it is missing and in it a folder of this run's own. */
export function createRunFolder(results: string, id: string): string {
  const dir = join(resolve(results), id);
  try {
    mkdirSync(results, { recursive: true });
    // Not recursive: that would accept a folder which is there.
    mkdirSync(dir);
  } catch (error) {
    throw new BadInput([
      {
        what: `the run's folder ${dir} cannot be made: ${said(error)}`,
        help: 'Give another folder with --results DIR.',
      },
    ]);
  }
  return dir;
}

/** A run with captures takes some megabytes; this leaves room for a large one. */
const NEEDED_MB = 50;

/** Could a run write there? Asked before anything is built, and without leaving a trace. */
export function checkResults(results: string, neededMb = NEEDED_MB): Fault[] {
  const wanted = resolve(results);
  const there = nearestExisting(wanted);
  const other = 'Give another folder with --results DIR';
  if (!isFolder(there))
    return [{ what: `results cannot be written to ${wanted}: ${there} is not a folder`, help: `${other}.` }];
  try {
    // Permissions tell too little: root may write where a file system takes no folders.
    rmdirSync(mkdtempSync(join(there, '.wirewarp-')));
  } catch (error) {
    return [
      {
        what: `results cannot be written to ${wanted}: ${said(error)}`,
        help: `${other}, or make ${there} writable for you.`,
      },
    ];
  }
  const { bavail, bsize, blocks } = statfsSync(there);
  const freeMb = Math.floor((bavail * bsize) / 1e6);
  // Some file systems do not count at all.
  if (blocks > 0 && freeMb < neededMb)
    return [
      {
        what: `results need some ${neededMb} MB in ${wanted}, and ${freeMb} MB are free there`,
        help: `Free some (old runs may go), or give another folder with --results DIR.`,
      },
    ];
  return [];
}

function nearestExisting(path: string): string {
  for (let at = path; ; at = dirname(at)) if (statOf(at) || at === dirname(at)) return at;
}
