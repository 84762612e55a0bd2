/** What lies at a path that somebody typed. */
import { statSync, type Stats } from 'node:fs';

/** Undefined for whatever cannot be seen: not there, below a file, in a folder closed to us. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

export const isFile = (path: string): boolean => statOf(path)?.isFile() ?? false;
export const isFolder = (path: string): boolean => statOf(path)?.isDirectory() ?? false;
