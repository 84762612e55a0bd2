export declare function cacheFolder(env?: Readonly<Record<string, string | undefined>>): string;
export declare function unwritable(path: string): string | undefined;
export declare function cacheTrouble(
  path: string,
  error: { readonly code?: string | undefined; readonly message?: string },
  megabytes?: number,
): string;
