export declare function describe(folder: string): { release: string; image: string; modules: string } | undefined;
export declare function fetchKernel(options: {
  readonly ubuntu: boolean;
  readonly root: boolean;
  readonly say: (line: string) => void;
  readonly wanted?: string;
}): Promise<{ readonly release: string; readonly failed?: undefined } | { readonly failed: string; readonly release?: undefined }>;
