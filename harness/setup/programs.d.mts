export interface Program {
  readonly name: string;
  readonly apt: string;
  readonly dnf: string;
  readonly pacman: string;
  readonly zypper: string;
}
export type PackageManager = 'apt' | 'dnf' | 'pacman' | 'zypper';
export interface Machine {
  readonly osRelease: string;
  readonly uid: number;
  readonly terminal: boolean;
  readonly ci: boolean;
}
export interface Decision {
  readonly say: string[];
  readonly install: string[];
  readonly ask: boolean;
}
export declare const programs: readonly Program[];
export declare const decompressors: Readonly<Record<string, Program>>;
export declare function isInstalled(name: string, path?: string): boolean;
export declare function packageManager(osRelease: string): PackageManager | undefined;
export declare function isUbuntu(osRelease: string): boolean;
export declare function packagesFor(missing: readonly Program[], manager: PackageManager): string[];
export declare function decide(
  missing: readonly Program[],
  machine: Machine,
  flags?: { readonly yes?: boolean; readonly noInstall?: boolean },
): Decision;
