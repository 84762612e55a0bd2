export declare function sourcesFolder(env?: Readonly<Record<string, string | undefined>>): string;
export declare function sourcePackage(depends: string): string | undefined;
export declare function fetchSource(options: {
  readonly root: boolean;
  readonly say: (line: string) => void;
  readonly wanted?: string;
}): Promise<{ readonly tree: string; readonly failed?: undefined } | { readonly failed: string; readonly tree?: undefined }>;
