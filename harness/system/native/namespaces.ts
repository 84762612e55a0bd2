/**
 * Network namespaces of one process, held by descriptors.
 *
 * A namespace belongs to a thread. The main thread runs all JavaScript and all `fs.*Sync` calls, so what happens
 * synchronously within `inNamespace` happens there: sockets are made there and stay there, `/proc/sys/net` is the
 * namespace's own, and a child started by `child_process.spawn` (libuv forks from the calling thread) is born there.
 * `fs` with callbacks or promises runs on other threads and sees the home namespace.
 */
import { closeSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { check, CLONE, close, MNT, MS, mount, O, open, sys, umount } from './libc.ts';

const OWN = '/proc/thread-self/ns/net';

let home: number | undefined;
let current: number | undefined;

/** Descriptor of the namespace this process started in. */
export function homeNamespace(): number {
  home ??= open(OWN, O.RDONLY, 'remember the network namespace we started in');
  return home;
}

/**
 * Runs `work` with the thread in the namespace of `fd`, and comes back. Strictly synchronous: a promise as result is a
 * TypeError, because everything after its first await would have run elsewhere. Calls may nest. If the way back fails
 * the process aborts: nothing that runs afterwards could be trusted.
 */
export function inNamespace<T>(fd: number, work: () => T): T {
  const back = current ?? homeNamespace();
  if (fd === back) return synchronous(work());
  check(sys.setns(fd, CLONE.NEWNET), `setns(${String(fd)})`, 'enter a network namespace');
  current = fd;
  try {
    return synchronous(work());
  } finally {
    if (sys.setns(back, CLONE.NEWNET) === -1) {
      process.stderr.write('wirewarp: cannot return to the network namespace we came from; aborting\n');
      process.abort();
    }
    current = back === home ? undefined : back;
  }
}

function synchronous<T>(result: T): T {
  if (result !== null && typeof result === 'object' && 'then' in result && typeof result.then === 'function') {
    throw new TypeError('work in a namespace must be synchronous: it returned a promise');
  }
  return result;
}

export interface NetworkNamespace extends Disposable {
  readonly fd: number;
  /** Where other programs find it (`nsenter --net=PATH`); absent unless asked for. */
  readonly path?: string;
  /** Gives up the descriptor and the path. The namespace ends when its last socket and process have gone. */
  close(): void;
}

/**
 * Makes an empty namespace: a loopback, down. Costs one unshare and one setns.
 * `path`: bind-mount it there (the directory is made, the file must not exist), so that other programs can enter it.
 */
export function createNamespace(options: { readonly path?: string } = {}): NetworkNamespace {
  const back = current ?? homeNamespace();
  check(sys.unshare(CLONE.NEWNET), 'unshare(CLONE_NEWNET)', 'make a network namespace');
  let fd: number;
  try {
    fd = open(OWN, O.RDONLY, 'hold a new network namespace');
  } finally {
    if (sys.setns(back, CLONE.NEWNET) === -1) {
      process.stderr.write('wirewarp: cannot return to the network namespace we came from; aborting\n');
      process.abort();
    }
  }
  const { path } = options;
  if (path === undefined) return handle(fd);
  try {
    mkdirSync(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true });
    closeSync(openSync(path, 'wx', 0o444));
    try {
      mount(`/proc/self/fd/${String(fd)}`, path, null, MS.BIND);
    } catch (error) {
      unlinkSync(path);
      throw error;
    }
  } catch (error) {
    close(fd);
    throw error;
  }
  return handle(fd, path);
}

/** Holds a namespace that exists: a path below /run/netns, /proc/PID/ns/net. */
export function openNamespace(path: string): NetworkNamespace {
  return handle(open(path, O.RDONLY, `open the network namespace ${path}`));
}

function handle(fd: number, path?: string): NetworkNamespace {
  let open = true;
  const closeIt = (): void => {
    if (!open) return;
    open = false;
    close(fd, 'give up a network namespace');
    if (path === undefined) return;
    umount(path, MNT.DETACH);
    unlinkSync(path);
  };
  return { fd, ...(path !== undefined && { path }), close: closeIt, [Symbol.dispose]: closeIt };
}
