export declare const recordName: string;
export declare function programsFolder(env?: Readonly<Record<string, string | undefined>>): string;
export declare function cachedTree(name: string, folder?: string): string | undefined;
export declare function packagesToFetch(
  name: string,
  depends: (names: readonly string[]) => string | Promise<string>,
  installed: (names: readonly string[]) => readonly string[] | Promise<readonly string[]>,
): Promise<string[]>;
/** An unpacked package, or why there is none. */
export type Fetched =
  | { readonly tree: string; readonly failed?: undefined }
  | { readonly failed: string; readonly tree?: undefined };
export declare function fetchProgram(
  name: string,
  options: { readonly root?: boolean; readonly say: (line: string) => void; readonly folder?: string },
): Promise<Fetched>;
export declare function describeTree(tree: string): { name: string; version: string };
