/**
 * A kernel's .config: what is wanted of it, written as a fragment, and what came of that. Pure.
 *
 * Kconfig drops silently what its dependencies forbid, so a fragment is a wish: after `make olddefconfig` each line is
 * looked up again (scripts/kconfig/merge_config.sh warns in the same way).
 */

/** y, n, or a value as .config writes it ("\"text\"", 17); m where a module will do. */
export type Wanted = Readonly<Record<string, string>>;

/** Options that are set, without CONFIG_; what is not there is off. */
export type Config = ReadonlyMap<string, string>;

export function parseConfig(text: string): Config {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^CONFIG_(\w+)=(.*)$/.exec(line.trimEnd()) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, value);
  }
  return found;
}

/** As `scripts/kconfig` reads it: appended to a .config, later lines win. */
export const fragmentText = (wanted: Wanted): string =>
  Object.entries(wanted).map(([name, value]) => (value === 'n' ? `# CONFIG_${name} is not set\n` : `CONFIG_${name}=${value}\n`)).join('');

export interface Unstuck {
  readonly option: string;
  readonly wanted: string;
  readonly got: string;
}

/** What is not as it was wanted. `absent`: an option that this kernel does not know counts as off. */
export function unstuck(wanted: Wanted, config: Config): Unstuck[] {
  return Object.entries(wanted).flatMap(([option, want]) => {
    const got = config.get(option) ?? 'n';
    return got === want ? [] : [{ option: `CONFIG_${option}`, wanted: want, got }];
  });
}
