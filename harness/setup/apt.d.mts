export declare function unknownPackages(names: readonly string[], policy: string): string[];
export declare function candidateVersion(name: string, policy: string): string | undefined;
export declare function dependsOf(depends: string): string[];
export declare function kernelPackages(
  ubuntu: boolean,
  depends: (name: string) => string | Promise<string>,
  wanted?: string,
): Promise<string[]>;
