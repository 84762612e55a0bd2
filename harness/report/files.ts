/**
 * The files of a run. Each is written beside its place and renamed into it, so that a reader, or a run that is
 * killed, never meets half a file. run.json goes first: the others can be made from it again.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord } from '../../lib/record.ts';
import { renderHtml } from '../../lib/render/html.ts';
import { renderJunit } from '../../lib/render/junit.ts';
import { renderTap } from '../../lib/render/tap.ts';

/** Names within a run's folder. */
export const reportNames = { json: 'run.json', tap: 'report.tap', junit: 'junit.xml', html: 'index.html' } as const;

const renderers: [name: string, render: (run: RunRecord) => string][] = [
  [reportNames.json, renderRunJson],
  [reportNames.tap, renderTap],
  [reportNames.junit, renderJunit],
  [reportNames.html, renderHtml],
];

/** run.json's text. JSON has no Infinity: such a figure would become null and fail the schema, so it is left out. */
export function renderRunJson(run: RunRecord): string {
  const finite = (_key: string, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? undefined : value);
  return `${JSON.stringify(run, finite, 2)}\n`;
}

/** A report could not be written. The message names the path, what the system said and what to do. */
export class ReportFileError extends Error {
  override name = 'ReportFileError';
  readonly path: string;
  /** "ENOSPC"; undefined when it was not the system that failed. */
  readonly code: string | undefined;
  constructor(path: string, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
    const said = cause instanceof Error ? cause.message : String(cause);
    super(`cannot write ${path}: ${said}. ${advice(code)}`, { cause });
    this.path = path;
    this.code = code;
  }
}

function advice(code: string | undefined): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'Free some space (old runs in results/ may go; --capture failed keeps fewer captures) or give another folder with --results DIR.';
    case 'EACCES':
    case 'EPERM':
      return 'Make the folder writable for you, or give another one with --results DIR. An earlier run as root may own it.';
    case 'EROFS':
      return 'The file system is read-only: give another folder with --results DIR.';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'Something that is no folder is in the way: remove it, or give another folder with --results DIR.';
    case 'EISDIR':
      return 'A folder has the name of the report: remove it, or give another folder with --results DIR.';
    default:
      return 'Give another folder with --results DIR.';
  }
}

/** The part of node:fs/promises that is used; tests put a full disk in its place. */
export interface Disk {
  mkdir: typeof mkdir;
  open: typeof open;
  rename: typeof rename;
  rm: typeof rm;
}

/**
 * Write run.json, report.tap, junit.xml and index.html into `dir`, the run's own folder, which is made if missing.
 * Gives the paths in that order. Throws ReportFileError at the first that fails; the ones before it stay.
 */
export async function writeReports(run: RunRecord, dir: string, disk: Disk = { mkdir, open, rename, rm }): Promise<string[]> {
  await disk.mkdir(dir, { recursive: true }).catch((cause: unknown) => { throw new ReportFileError(dir, cause); });
  const paths: string[] = [];
  for (const [name, render] of renderers) {
    const path = join(dir, name);
    await writeWhole(path, render(run), disk);
    paths.push(path);
  }
  return paths;
}

async function writeWhole(path: string, text: string, disk: Disk): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    // 'w', not 'wx': what a killed run of the same pid left behind is of no use to anybody.
    const file = await disk.open(temporary, 'w');
    try {
      await file.writeFile(text);
      // Without it a rename can outlive its content when the machine goes down: kernel crashes are our trade.
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, path);
  } catch (cause) {
    // It may never have been made, and on a full disk its removal is the best we can do.
    await disk.rm(temporary, { force: true }).catch(() => {});
    throw new ReportFileError(path, cause);
  }
}
