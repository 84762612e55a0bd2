export declare function ownFlags(args: readonly string[]): {
  flags: { yes?: true; noInstall?: true };
  rest: string[];
};
export declare function needsInstall(folder: string): boolean;
