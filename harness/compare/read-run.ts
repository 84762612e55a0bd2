/** A run that was: its record and its logs, from a folder, a run.json, or an id below results/. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { compareEvents, type EventComparison } from '../../lib/compare/events.ts';
import type { Pair } from '../../lib/compare/pair.ts';
import type { ResultRecord, RunRecord } from '../../lib/record.ts';
import { parseRunRecord, RunRecordError } from '../../lib/render/run-schema.ts';
import { reportNames } from '../report/files.ts';
import { marker } from '../runner/live.ts';
import { BadInput, type Fault, said } from '../runner/refusal.ts';
import { isFolder, statOf } from '../runner/stat.ts';

export interface StoredRun {
  readonly record: RunRecord;
  /** Where its files lie. */
  readonly dir: string;
}

/** A run, or why it cannot be read. */
export function readRun(name: string, results: string): StoredRun | Fault {
  const place = find(name, results);
  if ('what' in place) return place;
  const path = place.path;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { what: `${path} cannot be read: ${said(error)}` };
  }
  try {
    return { record: parseRunRecord(JSON.parse(text)), dir: dirname(path) };
  } catch (error) {
    if (error instanceof RunRecordError) return { what: `${path}: ${error.message}` };
    return { what: `${path} is no JSON: ${said(error)}`, help: 'Give the run.json of a run, or its folder.' };
  }
}

function find(name: string, results: string): { path: string } | Fault {
  if (statOf(name)) return isFolder(name) ? inFolder(resolve(name)) : { path: resolve(name) };
  const ids = runsIn(results).filter((id) => id.includes(name));
  const exact = ids.includes(name) ? name : ids.length === 1 ? ids[0] : undefined;
  if (exact !== undefined) return inFolder(resolve(results, exact));
  if (ids.length > 1) return { what: `${JSON.stringify(name)} is part of ${ids.length} runs in ${results}`, help: `They are ${ids.slice(-5).join(', ')}${ids.length > 5 ? ' and others' : ''}.` };
  const latest = runsIn(results).slice(-5);
  return {
    what: `there is no run ${JSON.stringify(name)}`,
    help: `A RUN is a folder of a run, its run.json, or an id below ${results}: ${latest.join(', ') || 'none lies there'}. --results DIR looks elsewhere.`,
  };
}

function inFolder(dir: string): { path: string } | Fault {
  const path = join(dir, reportNames.json);
  if (statOf(path)) return { path };
  const inside = runsIn(dir);
  if (inside.length > 0) return { what: `${dir} holds ${inside.length === 1 ? 'a run' : 'runs'}, and is none itself`, help: `Give one of them: ${inside.slice(-5).map((id) => join(dir, id)).join(', ')}.` };
  const killed = statOf(join(dir, marker.interrupted)) ? 'that run was killed before its end' : statOf(join(dir, marker.running)) ? 'that run is not at its end' : `it has no ${reportNames.json}`;
  return { what: `${dir} is no run that could be compared: ${killed}`, help: 'Run it again, or give another one.' };
}

/** Ids sort by time. */
function runsIn(results: string): string[] {
  try {
    return readdirSync(results).filter((id) => statOf(join(results, id, reportNames.json))).sort();
  } catch {
    return []; // no such folder
  }
}

/** Looks up the logs of a pair; undefined where one of them kept none. */
export const eventsOf = (before: StoredRun, after: StoredRun) => (pair: Pair): EventComparison | undefined => {
  const [one, other] = [logOf(before, pair.before), logOf(after, pair.after)];
  if (one === undefined || other === undefined) return undefined;
  try {
    return compareEvents(one, other);
  } catch (error) {
    throw new BadInput([{ what: `the events of ${pair.after.scenario}#${pair.after.variant} cannot be compared: ${said(error)}`, help: 'One of the runs has a damaged events.ndjson: run it again.' }]);
  }
};

function logOf({ dir }: StoredRun, { files }: ResultRecord): string | undefined {
  const file = files.find((one) => basename(one) === 'events.ndjson');
  // Below the run's folder only: the record came from a file.
  if (file === undefined || file.startsWith('/') || file.split('/').includes('..')) return undefined;
  try {
    return readFileSync(join(dir, file), 'utf8');
  } catch {
    return undefined; // somebody cleaned up
  }
}
