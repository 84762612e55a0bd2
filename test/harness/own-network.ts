/**
 * A network and mount namespace of a test's own, as root or as an ordinary user: named namespaces made in it are files
 * on a tmpfs of its own, and everything ends with the holder.
 */
import { exec, type ExecResult, start } from '../../harness/system/exec.ts';
import { eventually } from '../../harness/system/eventually.ts';

export interface OwnNetwork extends AsyncDisposable {
  /** Runs a program in it. Any exit code is an answer. */
  run(program: string, args: readonly string[], options?: { input?: string; env?: Record<string, string>; timeoutMs?: number }): Promise<ExecResult>;
}

const ANY_CODE = Array.from({ length: 256 }, (_, code) => code);

/** Undefined with the reason where this machine allows no namespaces. */
export async function ownNetwork(): Promise<OwnNetwork | string> {
  const root = process.getuid?.() === 0;
  const user = root ? [] : ['--user', '--map-root-user'];
  // The parent stays to be killed, and its child dies with it.
  const holder = start('unshare', [...user, '--net', '--mount', '--propagation', 'private', '--fork', '--kill-child', 'sh', '-c', 'mount -t tmpfs tmpfs /run && mkdir /run/netns && echo "$$" && exec sleep infinity'], {
    doing: 'make a network of the test\'s own', stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let ended: string | undefined;
  holder.stdout?.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  void holder.ended.then((end) => { ended = end.stderr || `ended with ${String(end.exitCode)}`; });
  await eventually({ for: 'the network of the test\'s own', withinMs: 10_000 }, () => {
    if (!said.endsWith('\n') && ended === undefined) throw new Error('not yet');
  });
  if (ended !== undefined) return `no namespaces here: ${ended}`;
  const enter = ['--target', said.trim(), ...(root ? [] : ['--user', '--preserve-credentials']), '--net', '--mount', '--'];
  return {
    run: (program, args, options = {}) => exec('nsenter', [...enter, program, ...args], { doing: `run ${program} in the test's network`, okCodes: ANY_CODE, timeoutMs: 60_000, ...options }),
    async [Symbol.asyncDispose]() {
      holder.kill('SIGKILL');
      await holder.ended;
    },
  };
}

/** Kinds of devices that this kernel cannot make here, of those asked for. */
export async function missingKinds(network: OwnNetwork, kinds: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const kind of kinds) {
    const { exitCode } = await network.run('sh', ['-c', kind === 'vlan'
      ? 'ip link add name k0 type veth peer name k1 && { ip link add link k0 name k2 type vlan id 5; rc=$?; ip link del k0; exit $rc; }'
      : `ip link add name k0 type ${kind} && ip link del k0`]);
    if (exitCode !== 0) missing.push(kind);
  }
  return missing;
}
