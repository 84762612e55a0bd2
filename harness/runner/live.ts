/**
 * A registry of runs that are going on, so that the next start finds what a `kill -9` left and removes just that.
 *
 * Who owns an entry is told by identity: the pid, when that process started, and the boot and pid namespace in which both
 * mean something. A run's folder is known by a marker in it with the entry's own token, and temporary folders by names
 * that nobody could guess. Entries of another machine or container are left alone: whether those live cannot be seen.
 */
import { randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAMS_FOLDER, UML_FOLDER } from '../kernels/kernel.ts';
import { cacheFolder, cacheTrouble } from '../setup/cache.mjs';
import { type Owner, ourselves, processes, standingOf } from '../system/owner.ts';
import { said } from './refusal.ts';

export interface LiveEntry {
  readonly owner: Owner;
  readonly runId: string;
  /** The run's folder. */
  readonly dir: string;
  readonly token: string;
  /** Folders that go with the run. */
  readonly temporary: readonly string[];
  readonly startedAt: string;
}

export interface LiveRun {
  /** Makes a temporary folder that the next start removes if we cannot. */
  temporary(purpose: string): string;
  /** The run's folder exists now: mark it as ours. */
  mark(): void;
  /** All is written: forget the run, remove what is temporary. */
  end(): void;
}

/** While a run goes on; and what says that it never came to its end. */
export const marker = { running: 'running', interrupted: 'interrupted' } as const;

export const registryFolder = (): string => join(cacheFolder(), 'live');

/** Enters a run before it makes anything. */
export function enterRun(
  run: { runId: string; dir: string },
  registry = registryFolder(),
  system = processes(),
): LiveRun {
  const owner = ourselves(system);
  let entry: LiveEntry = {
    owner,
    ...run,
    token: randomBytes(16).toString('hex'),
    temporary: [],
    startedAt: new Date().toISOString(),
  };
  const path = join(registry, `${run.runId}.json`);
  const save = (): void => {
    try {
      mkdirSync(registry, { recursive: true });
      writeWhole(path, `${JSON.stringify(entry, null, 2)}\n`);
    } catch (cause) {
      throw new Error(`cannot note that this run goes on: ${cacheTrouble(path, cause as NodeJS.ErrnoException)}`, { cause });
    }
  };
  save();
  let over = false;
  return {
    temporary(purpose) {
      const folder = join(tmpdir(), `wirewarp-${purpose}-${randomBytes(8).toString('hex')}`);
      // Its removal is provided for before it is there.
      entry = { ...entry, temporary: [...entry.temporary, folder] };
      save();
      mkdirSync(folder, { mode: 0o700 });
      return folder;
    },
    mark() {
      writeWhole(join(run.dir, marker.running), `${entry.token}\npid ${owner.pid}, since ${entry.startedAt}\n`);
    },
    end() {
      if (over) return;
      over = true;
      for (const folder of entry.temporary) rmSync(folder, { recursive: true, force: true });
      rmSync(join(run.dir, marker.running), { force: true });
      rmSync(path, { force: true });
    },
  };
}

function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

export interface Registered {
  /** The entry's own file. */
  readonly path: string;
  readonly entry: LiveEntry;
  readonly standing: 'alive' | 'gone' | 'stranger';
}

/** Every run in the registry, with how it stands. */
export function liveRuns(registry = registryFolder(), system = processes()): Registered[] {
  return namesIn(registry)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const path = join(registry, name);
      const entry = readEntry(path);
      return entry ? [{ path, entry, standing: standingOf(entry.owner, system) }] : [];
    });
}

function readEntry(path: string): LiveEntry | undefined {
  try {
    const entry = JSON.parse(readFileSync(path, 'utf8')) as LiveEntry;
    return typeof entry.owner.pid === 'number' &&
      typeof entry.dir === 'string' &&
      typeof entry.token === 'string' &&
      Array.isArray(entry.temporary)
      ? entry
      : undefined;
  } catch {
    return undefined; // removed a moment ago by another start, or none of ours
  }
}

export interface Swept {
  readonly runId: string;
  readonly dir: string;
  /** Paths that were removed. */
  readonly removed: readonly string[];
  /** What could not be: the entry stays, and the next start tries again. */
  readonly failures: readonly string[];
}

/** Removes what runs that are gone have left. Two starts may do so at once: each step accepts that the other did it. */
export function sweep(registry = registryFolder(), system = processes()): Swept[] {
  return liveRuns(registry, system)
    .filter(({ standing }) => standing === 'gone')
    .map(({ path, entry }) => {
      const removed: string[] = [];
      const failures: string[] = [];
      const attempt = (what: string, remove: () => boolean): void => {
        try {
          if (remove()) removed.push(what);
        } catch (error) {
          failures.push(`${what}: ${said(error)}`);
        }
      };
      for (const folder of entry.temporary) attempt(folder, () => removeOwnFolder(folder));
      sweepRunFolder(entry, attempt);
      if (failures.length === 0) rmSync(path, { force: true });
      return { runId: entry.runId, dir: entry.dir, removed, failures };
    });
}

/** Only a real folder of our own user: a link may lead anywhere. */
function removeOwnFolder(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (!stat?.isDirectory() || stat.uid !== process.getuid?.()) return false;
  rmSync(folder, { recursive: true });
  return true;
}

/** What was done stays, as evidence; what only the run itself could use goes. */
function sweepRunFolder(entry: LiveEntry, attempt: (what: string, remove: () => boolean) => void): void {
  const { dir, token, owner } = entry;
  const mark = join(dir, marker.running);
  if (!isOurs(mark, token)) {
    // Killed between making the folder and marking it: then it is empty, or it is not ours.
    attempt(dir, () => removeEmpty(dir));
    return;
  }
  for (const path of scrapsIn(dir, owner.pid)) {
    attempt(path, () => {
      rmSync(path, { force: true, recursive: true });
      return true;
    });
  }
  attempt(mark, () => {
    if (!namesIn(dir).includes('run.json')) {
      const text = `This run was killed before its end; what lies here is incomplete, and run.json is missing.\nIt was pid ${owner.pid} on ${hostname()}, since ${entry.startedAt}.\n`;
      writeWhole(join(dir, marker.interrupted), text);
    }
    rmSync(mark, { force: true });
    return true;
  });
}

function isOurs(mark: string, token: string): boolean {
  try {
    return readFileSync(mark, 'utf8').startsWith(`${token}\n`);
  } catch {
    return false;
  }
}

function removeEmpty(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch {
    return false; // not there, or not empty: somebody else's
  }
}

/** A VM's channel, a UML kernel's pid file, the list of a story's programs, and reports that were being written. */
function scrapsIn(dir: string, pid: number): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return entry.name === PROGRAMS_FOLDER || entry.name === UML_FOLDER ? [path] : scrapsIn(path, pid);
    return entry.isFile() && (entry.name === 'channel' || entry.name.endsWith(`.${pid}.tmp`)) ? [path] : [];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // none yet
  }
}
