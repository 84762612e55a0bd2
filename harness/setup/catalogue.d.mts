export declare const catalogueName: string;
export declare function scenarioFiles(root: string): string[];
export declare function catalogueSource(files: readonly string[], specifier: (file: string) => string): string;
