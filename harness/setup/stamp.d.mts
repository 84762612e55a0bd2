export declare function filesBelow(
  root: string,
  names: readonly string[],
): { name: string; size: number; mtimeMs: number }[];
export declare function stampOf(root: string, names: readonly string[], extra?: readonly string[]): string;
export declare function isFresh(stampFile: string, stamp: string): boolean;
export declare function remember(stampFile: string, stamp: string): void;
export declare function builtStamp(root: string): string;
