/**
 * The kernels on this machine that a VM could boot: the running one's image, those that set-up unpacked into our cache,
 * and the others installed. Set-up has to know the same before npm packages exist, so the knowledge lies there.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { releaseOfImage, type KernelImage } from '../../setup/kernels.mjs';

export { bootableKernel, findKernels, lackedModules } from '../../setup/kernels.mjs';
export type { KernelImage };

/** A kernel that somebody named by its file. Modules: the given folder, or those found beside the image. */
export function kernelFromFile(file: string, modules?: string): KernelImage {
  const image = resolve(file);
  const stat = statSync(image, { throwIfNoEntry: false });
  if (stat === undefined) throw new Error(`Cannot boot ${file}: there is no such file.`);
  if (!stat.isFile())
    throw new Error(`Cannot boot ${file}: it is not a file. Give a kernel image (bzImage or vmlinuz).`);
  try {
    accessSync(image, constants.R_OK);
  } catch {
    throw new Error(`Cannot boot ${file}: you may not read it. Ask root for "chmod a+r ${image}", or copy it.`);
  }
  const release = releaseOfImage(image);
  if (release === undefined) {
    throw new Error(`Cannot boot ${file}: it is no x86 kernel image (bzImage or vmlinuz).`);
  }
  if (modules !== undefined && !existsSync(modules)) {
    throw new Error(`Cannot take modules from ${modules}: there is no such folder.`);
  }
  const folder = modules === undefined ? modulesBeside(image, release) : resolve(modules);
  return { release, image, ...(folder === undefined ? {} : { modules: folder }), origin: 'file', readable: true };
}

/** boot/vmlinuz-X beside lib/modules/X, as in an unpacked package; lib/modules/X/vmlinuz; or this machine's own. */
function modulesBeside(image: string, release: string): string | undefined {
  const folders = [
    dirname(image),
    join(dirname(image), '..', 'lib', 'modules', release),
    join(dirname(image), '..', 'usr', 'lib', 'modules', release),
    join('/lib/modules', release),
  ];
  return folders.find((folder) => existsSync(join(folder, 'modules.builtin')));
}
