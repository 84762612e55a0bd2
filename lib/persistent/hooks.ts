/**
 * Scripts that run when an interface comes up: /sbin/ifup-local (argument 1 is the interface), /etc/network/if-up.d (the
 * interface in $IFACE) and NetworkManager's dispatcher (argument 1 the interface, 2 the event). They are read, not run.
 */
import { readShell, type ShellContext } from './shell.ts';
import { baseName, type FileText, linesOf, Reading } from './types.ts';

export type HookKind = 'ifup-local' | 'if-up.d' | 'dispatcher.d';

export function hookKind(path: string): HookKind | undefined {
  if (baseName(path) === 'ifup-local') return 'ifup-local';
  if (/\/if-(up|post-up)\.d\/[^/]+$/.test(path)) return 'if-up.d';
  return /\/dispatcher\.d\/[^/]+$/.test(path) ? 'dispatcher.d' : undefined;
}

const argumentsFor = (kind: HookKind, path: string, name: string): Pick<ShellContext, 'args' | 'env'> =>
  kind === 'ifup-local' ? { args: [path, name], env: {} }
  : kind === 'dispatcher.d' ? { args: [path, name, 'up'], env: { DEVICE_IFACE: name, DEVICE_IP_IFACE: name } }
  : { args: [path], env: { IFACE: name, MODE: 'start', PHASE: 'post-up', VERBOSITY: '0' } };

export type FindScript = (path: string) => FileText | undefined;

/** What the script does when `bridge` comes up; and, as a warning, what it does to the bridge when others do. */
export function readHook(file: FileText, kind: HookKind, bridge: string, script?: FindScript): Reading {
  const reading = new Reading();
  const lines = linesOf(file.text);
  if (file.executable === false) {
    reading.problem({ file: file.path, line: 1, text: lines[0] ?? '' }, 'the script is not executable, so nobody runs it', `chmod +x ${file.path}`);
    return reading;
  }
  forEachName(bridge, reading, (name, into) =>
    readShell({ reading: into, file: file.path, lines, bridge, ...argumentsFor(kind, file.path, name), ...(script ? { script } : {}) }, file.text).compared);
  return reading;
}

/**
 * Reads for the bridge itself, then for each other name that it is compared with: those may be other bridges; and what
 * they write to ours comes when they come up, which is not when ours is made.
 */
export function forEachName(bridge: string, reading: Reading, run: (name: string, into: Reading) => ReadonlySet<string>): void {
  const others = run(bridge, reading);
  for (const name of [...others].filter((n) => n !== bridge).slice(0, 20)) {
    const into = new Reading();
    run(name, into);
    for (const setting of into.settings) {
      if (setting.bridge !== bridge) reading.set(setting, { bridge: setting.bridge, ...(setting.port === undefined ? {} : { port: setting.port }) }, setting.option, setting.value);
      else if (!reading.settings.some((s) => s.bridge === bridge && s.option === setting.option)) reading.problem(setting, `it is written when ${name} comes up, not when ${bridge} is made: lost when ${bridge} is made again`, `compare with ${bridge}`);
    }
  }
}
