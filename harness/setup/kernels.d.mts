export interface KernelImage {
  /** uname -r. */
  readonly release: string;
  /** bzImage or vmlinuz. */
  readonly image: string;
  /** Its folder of modules, if there is one. */
  readonly modules?: string;
  /** "running", "installed", or the package and version that our cache has it from. */
  readonly origin: string;
  /** May we read the image? */
  readonly readable: boolean;
}
/** Where to look; for tests. */
export interface KernelPlaces {
  readonly root?: string;
  readonly release?: string;
  readonly cache?: string;
}
export declare const neededModules: Readonly<Record<string, string>>;
export declare const recordName: string;
export declare function kernelsFolder(env?: Readonly<Record<string, string | undefined>>): string;
export declare function findKernels(places?: KernelPlaces): KernelImage[];
export declare function bootableKernel(kernels: readonly KernelImage[]): KernelImage | undefined;
export declare function lackedModules(kernel: Pick<KernelImage, 'modules'>): string[];
export declare function releaseOfImage(image: string): string | undefined;
export declare function compareReleases(a: string, b: string): number;
