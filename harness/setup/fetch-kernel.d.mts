export declare function describe(folder: string): { release: string; image: string; modules: string } | undefined;
