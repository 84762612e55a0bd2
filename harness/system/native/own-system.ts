/**
 * Mounts, host name and System V objects of one machine of the lab, held by descriptors, as its network is. What happens
 * synchronously inside happens there: files are the machine's own, and a child started there is born with them.
 *
 * A thread can change its mount namespace only while it shares root and working folder with no other thread, so it stops
 * sharing them first (CLONE_FS). Coming back sets both to what they were: entering a mount namespace means its root.
 */
import { check, CLONE, close, O, open, setns, sethostname, sys, unshare } from './libc.ts';

const KINDS = [['mnt', CLONE.NEWNS], ['uts', CLONE.NEWUTS], ['ipc', CLONE.NEWIPC]] as const;

export interface OwnSystem {
  /** Of the mount namespace: what /proc/PID/ns/mnt of its processes says. */
  readonly mounts: string;
  /** Descriptors, in the order of KINDS. */
  readonly fds: readonly number[];
  /** Gives up the descriptors: it ends with its last process. */
  close(): void;
}

interface Home {
  readonly fds: readonly number[];
  readonly root: number;
  readonly folder: number;
}

let home: Home | undefined;

function rememberHome(): Home {
  return (home ??= { fds: ownFds('remember the mounts we started with'), root: open('/', O.RDONLY, 'remember our root'), folder: open('.', O.RDONLY, 'remember our folder') });
}

const ownFds = (purpose: string): number[] => KINDS.map(([kind]) => open(`/proc/thread-self/ns/${kind}`, O.RDONLY, purpose));

/** A copy of what is mounted here, under a name of its own; `build` mounts what shall differ. `identify` reads /proc/self/ns/mnt. */
export function createOwnSystem(hostname: string, build: () => void, identify: () => string): OwnSystem {
  rememberHome();
  unshare(CLONE.NEWNS | CLONE.NEWUTS | CLONE.NEWIPC, 'make mounts, host name and IPC of a machine’s own');
  try {
    const fds = ownFds('hold a machine’s own mounts');
    try {
      const mounts = identify();
      sethostname(hostname);
      build();
      return { mounts, fds, close: () => { for (const fd of fds) close(fd); } };
    } catch (error) {
      for (const fd of fds) close(fd);
      throw error;
    }
  } finally {
    comeHome();
  }
}

/** Strictly synchronous, as `inNamespace`. */
export function inOwnSystem<T>(system: OwnSystem, work: () => T): T {
  rememberHome();
  unshare(CLONE.FS, 'have a root of this thread’s own');
  try {
    enter(system.fds);
    return work();
  } finally {
    comeHome();
  }
}

function enter(fds: readonly number[]): void {
  KINDS.forEach(([kind, flag], i) => { setns(fds[i] as number, flag, `enter a ${kind} namespace`); });
}

/** If there is no way back the process aborts: nothing that runs afterwards could be trusted. */
function comeHome(): void {
  const to = home as Home;
  try {
    enter(to.fds);
    check(sys.fchdir(to.root), 'fchdir', 'come back to our root');
    check(sys.chroot('.'), 'chroot', 'come back to our root');
    check(sys.fchdir(to.folder), 'fchdir', 'come back to our folder');
  } catch (error) {
    process.stderr.write(`wirewarp: cannot return to the mounts we came from (${error instanceof Error ? error.message : String(error)}); aborting\n`);
    process.abort();
  }
}
