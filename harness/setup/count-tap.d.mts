import type { Readable } from 'node:stream';
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}
export declare function countTap(stream: Readable): Promise<Counts>;
export declare function summary(counts: Counts): string;
