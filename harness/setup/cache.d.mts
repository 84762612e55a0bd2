export declare function cacheFolder(env?: Readonly<Record<string, string | undefined>>): string;
