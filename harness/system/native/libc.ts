/**
 * libc through koffi. Linux on 64-bit little-endian machines: struct layouts here and in the sockets assume it.
 *
 * Two doors: `sys` has the bare calls for hot paths (they return -1, then `errno()`), the named functions below
 * check and throw a SystemCallError that says what the call was for. Buffers are passed as Uint8Array, without copying;
 * what a struct points to must come from `permanent`.
 */
import { SystemCallError } from './errno.ts';
import { loadKoffi } from './koffi.ts';

/** What a C pointer can be given: a buffer, an address, or NULL. */
export type Pointer = Uint8Array | bigint | number | null;

const koffi = loadKoffi();
const library = koffi.load(null);
// open, fcntl, ioctl, prctl and syscall are variadic in C; with integers and pointers the calling conventions of
// x86-64 and arm64 Linux pass those alike.
const define = <F extends (...args: never[]) => unknown>(prototype: string): F => library.func(prototype) as unknown as F;

export const sys = {
  open: define<(path: string, flags: number, mode: number) => number>('int open(str, int, int)'),
  close: define<(fd: number) => number>('int close(int)'),
  write: define<(fd: number, bytes: Pointer, length: number) => number>('long write(int, void *, size_t)'),
  setns: define<(fd: number, type: number) => number>('int setns(int, int)'),
  unshare: define<(flags: number) => number>('int unshare(int)'),
  mount: define<(source: string | null, target: string, type: string | null, flags: number, data: string | null) => number>('int mount(str, str, str, ulong, str)'),
  umount2: define<(target: string, flags: number) => number>('int umount2(str, int)'),
  mknod: define<(path: string, mode: number, device: number) => number>('int mknod(str, uint, ulong)'),
  chroot: define<(path: string) => number>('int chroot(str)'),
  chdir: define<(path: string) => number>('int chdir(str)'),
  fchdir: define<(fd: number) => number>('int fchdir(int)'),
  mkdir: define<(path: string, mode: number) => number>('int mkdir(str, uint)'),
  sethostname: define<(name: string, length: number) => number>('int sethostname(str, size_t)'),
  socket: define<(domain: number, type: number, protocol: number) => number>('int socket(int, int, int)'),
  bind: define<(fd: number, address: Pointer, length: number) => number>('int bind(int, void *, uint)'),
  connect: define<(fd: number, address: Pointer, length: number) => number>('int connect(int, void *, uint)'),
  getsockname: define<(fd: number, address: Pointer, length: Pointer) => number>('int getsockname(int, void *, void *)'),
  setsockopt: define<(fd: number, level: number, option: number, value: Pointer, length: number) => number>('int setsockopt(int, int, int, void *, uint)'),
  getsockopt: define<(fd: number, level: number, option: number, value: Pointer, length: Pointer) => number>('int getsockopt(int, int, int, void *, void *)'),
  send: define<(fd: number, bytes: Pointer, length: number, flags: number) => number>('long send(int, void *, size_t, int)'),
  sendto: define<(fd: number, bytes: Pointer, length: number, flags: number, address: Pointer, addressLength: number) => number>('long sendto(int, void *, size_t, int, void *, uint)'),
  sendmsg: define<(fd: number, message: Pointer, flags: number) => number>('long sendmsg(int, void *, int)'),
  recv: define<(fd: number, bytes: Pointer, length: number, flags: number) => number>('long recv(int, void *, size_t, int)'),
  recvfrom: define<(fd: number, bytes: Pointer, length: number, flags: number, address: Pointer, addressLength: Pointer) => number>('long recvfrom(int, void *, size_t, int, void *, void *)'),
  recvmsg: define<(fd: number, message: Pointer, flags: number) => number>('long recvmsg(int, void *, int)'),
  recvmmsg: define<(fd: number, messages: Pointer, count: number, flags: number, timeout: Pointer) => number>('int recvmmsg(int, void *, uint, int, void *)'),
  sendmmsg: define<(fd: number, messages: Pointer, count: number, flags: number) => number>('int sendmmsg(int, void *, uint, int)'),
  poll: define<(descriptors: Pointer, count: number, timeoutMs: number) => number>('int poll(void *, ulong, int)'),
  if_nametoindex: define<(name: string) => number>('uint if_nametoindex(str)'),
  if_indextoname: define<(index: number, name: Pointer) => Pointer>('void *if_indextoname(uint, void *)'),
  dup2: define<(from: number, to: number) => number>('int dup2(int, int)'),
  fcntl: define<(fd: number, command: number, argument: number) => number>('int fcntl(int, int, long)'),
  ioctl: define<(fd: number, request: number, argument: Pointer) => number>('int ioctl(int, ulong, void *)'),
  epoll_create1: define<(flags: number) => number>('int epoll_create1(int)'),
  epoll_ctl: define<(epoll: number, operation: number, fd: number, event: Pointer) => number>('int epoll_ctl(int, int, int, void *)'),
  epoll_wait: define<(epoll: number, events: Pointer, count: number, timeoutMs: number) => number>('int epoll_wait(int, void *, int, int)'),
  prctl: define<(option: number, a: number, b: number, c: number, d: number) => number>('int prctl(int, ulong, ulong, ulong, ulong)'),
  clock_gettime: define<(clock: number, time: Pointer) => number>('int clock_gettime(int, void *)'),
  clock_getres: define<(clock: number, time: Pointer) => number>('int clock_getres(int, void *)'),
  tcgetattr: define<(fd: number, settings: Pointer) => number>('int tcgetattr(int, void *)'),
  tcsetattr: define<(fd: number, when: number, settings: Pointer) => number>('int tcsetattr(int, int, void *)'),
  syscall: define<(number: number, a: number, b: string | null, c: number) => number>('long syscall(long, long, str, long)'),
};

export const strerror = define<(errno: number) => string>('str strerror(int)');

/** errno of the last call. Read it at once. */
export const errno = (): number => koffi.errno();

/** Returns the result of a call, or throws when it is -1. */
export function check(result: number, call: string, purpose: string): number {
  if (result !== -1) return result;
  const number = errno();
  throw new SystemCallError(call, purpose, number, strerror(number));
}

export const systemCallError = (call: string, purpose: string, number: number): SystemCallError => new SystemCallError(call, purpose, number, strerror(number));

/** A zeroed buffer whose memory never moves (small typed arrays live on V8's heap, this does not). */
export const pinned = (size: number): Uint8Array => new Uint8Array(new ArrayBuffer(size));
const kept: Uint8Array[] = [];
/**
 * A pinned buffer that is never freed, and its address. For structs whose address another struct holds: V8 sees no
 * reference in an address and would collect a buffer that only the kernel still uses.
 */
export function permanent(size: number): { readonly bytes: Uint8Array; readonly view: DataView; readonly address: bigint } {
  const bytes = pinned(size);
  kept.push(bytes);
  return { bytes, view: new DataView(bytes.buffer), address: koffi.address(bytes) };
}
/** koffi's watcher: libuv's own poll on a descriptor, without a thread. */
export const pollDescriptor = (fd: number, onReadable: () => void): { ref(): void; unref(): void; close(): void } => koffi.node.poll(fd, onReadable);

// Numbers of x86-64 and arm64 Linux alike, unless noted.
export const O = { RDONLY: 0, WRONLY: 1, RDWR: 2, CREAT: 0o100, EXCL: 0o200, NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;
export const CLONE = { FS: 0x200, NEWIPC: 0x0800_0000, NEWNS: 0x0002_0000, NEWNET: 0x4000_0000, NEWUTS: 0x0400_0000, NEWUSER: 0x1000_0000, NEWPID: 0x2000_0000 } as const;
export const MS = { RDONLY: 1, NOSUID: 2, NODEV: 4, NOEXEC: 8, REMOUNT: 32, BIND: 4096, MOVE: 8192, REC: 16384, PRIVATE: 1 << 18, SLAVE: 1 << 19 } as const;
export const MNT = { DETACH: 2 } as const;
export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;
export const SOL_SOCKET = 1;
export const SO = { REUSEADDR: 2, ERROR: 4, BROADCAST: 6, SNDBUF: 7, RCVBUF: 8, REUSEPORT: 15, BINDTODEVICE: 25, ATTACH_FILTER: 26, SNDBUFFORCE: 32, RCVBUFFORCE: 33, TIMESTAMPNS: 35, MARK: 36, MEMINFO: 55 } as const;
export const MSG = { PEEK: 2, TRUNC: 0x20, DONTWAIT: 0x40, NOSIGNAL: 0x4000 } as const;
export const F = { GETFD: 1, SETFD: 2, GETFL: 3, SETFL: 4 } as const;
export const CLOCK = { REALTIME: 0, MONOTONIC: 1, MONOTONIC_RAW: 4, BOOTTIME: 7 } as const;

export const open = (path: string, flags: number, purpose: string, mode = 0): number => check(sys.open(path, flags | O.CLOEXEC, mode), `open("${path}")`, purpose);
export const close = (fd: number, purpose = 'close a descriptor'): void => { check(sys.close(fd), `close(${String(fd)})`, purpose); };
export const duplicate = (from: number, to: number, purpose: string): void => { check(sys.dup2(from, to), `dup2(${String(from)}, ${String(to)})`, purpose); };
export const unshare = (flags: number, purpose: string): void => { check(sys.unshare(flags), 'unshare', purpose); };
export const setns = (fd: number, type: number, purpose: string): void => { check(sys.setns(fd, type), `setns(${String(fd)})`, purpose); };
export const sethostname = (name: string): void => { check(sys.sethostname(name, Buffer.byteLength(name)), 'sethostname', `call this machine ${name}`); };
export const mknod = (path: string, mode: number, major: number, minor: number): void => {
  check(sys.mknod(path, mode, major * 256 + (minor & 0xff) + Math.floor(minor / 256) * 0x10_0000), `mknod("${path}")`, 'make a device node');
};
export function mount(source: string | null, target: string, type: string | null, flags = 0, data: string | null = null): void {
  check(sys.mount(source, target, type, flags, data), `mount("${target}")`, `mount ${type ?? source ?? 'a file system'}`);
}
export const umount = (target: string, flags = 0): void => { check(sys.umount2(target, flags), `umount2("${target}")`, 'unmount'); };
export const socket = (domain: number, type: number, protocol: number, purpose: string): number =>
  check(sys.socket(domain, type | SOCK.CLOEXEC, protocol), `socket(${String(domain)}, ${String(type)}, ${String(protocol)})`, purpose);
export const setsockopt = (fd: number, level: number, option: number, value: Uint8Array, purpose: string): void => {
  check(sys.setsockopt(fd, level, option, value, value.length), `setsockopt(${String(level)}, ${String(option)})`, purpose);
};
const intBuffer = pinned(4);
const intView = new DataView(intBuffer.buffer);
/** setsockopt with an int; the buffer is shared, so it costs no allocation. */
export function setsockoptInt(fd: number, level: number, option: number, value: number, purpose: string): void {
  intView.setInt32(0, value, true);
  setsockopt(fd, level, option, intBuffer, purpose);
}
export function getsockoptInt(fd: number, level: number, option: number, purpose: string): number {
  const length = pinned(4);
  length[0] = 4;
  intView.setInt32(0, 0, true);
  check(sys.getsockopt(fd, level, option, intBuffer, length), `getsockopt(${String(level)}, ${String(option)})`, purpose);
  return intView.getInt32(0, true);
}

/** struct sk_meminfo as an array of u32 (SK_MEMINFO_*, sock_diag.h); what a socket has dropped is the ninth. */
const MEMINFO_BYTES = 36, MEMINFO_DROPS_AT = 32;
const memoryInfo = pinned(MEMINFO_BYTES);
/** What arrived at a socket and was thrown away for want of room: the count that SO_RXQ_OVFL tells with the next datagram, asked for without waiting for one. */
export function socketDrops(fd: number): number {
  const length = pinned(4);
  length[0] = MEMINFO_BYTES;
  check(sys.getsockopt(fd, SOL_SOCKET, SO.MEMINFO, memoryInfo, length), 'getsockopt(SO_MEMINFO)', 'ask what a socket has dropped');
  return new DataView(memoryInfo.buffer).getUint32(MEMINFO_DROPS_AT, true);
}

/** A receive buffer beyond rmem_max where we may, else as large as allowed. Returns what the kernel gave (it doubles the wish). */
export function receiveBuffer(fd: number, bytes: number): number {
  intView.setInt32(0, bytes, true);
  if (sys.setsockopt(fd, SOL_SOCKET, SO.RCVBUFFORCE, intBuffer, 4) === -1) setsockoptInt(fd, SOL_SOCKET, SO.RCVBUF, bytes, 'enlarge a receive buffer');
  return getsockoptInt(fd, SOL_SOCKET, SO.RCVBUF, 'read the size of a receive buffer');
}

const time = pinned(16);
const timeView = new DataView(time.buffer);
/** Nanoseconds of a clock. */
export function clockNs(clock: number): bigint {
  check(sys.clock_gettime(clock, time), 'clock_gettime', 'read a clock');
  return timeView.getBigInt64(0, true) * 1_000_000_000n + timeView.getBigInt64(8, true);
}
/** Resolution of a clock, ns: 1 with high-resolution timers, 1e9/HZ without. */
export function clockResolutionNs(clock: number): bigint {
  check(sys.clock_getres(clock, time), 'clock_getres', 'read the resolution of a clock');
  return timeView.getBigInt64(0, true) * 1_000_000_000n + timeView.getBigInt64(8, true);
}

/** Loads a kernel module from an open file (finit_module). `parameters` as on insmod's command line. */
export function loadModule(fd: number, parameters: string, name: string): void {
  const number = process.arch === 'x64' ? 313 : 273;
  check(sys.syscall(number, fd, parameters, 0), 'finit_module', `load the kernel module ${name}`);
}

/** All random numbers of the kernel follow from this from now on, and from what its CPU gives (drivers/char/random.c: RNDRESEEDCRNG; since Linux 4.17). */
export function randomSeed(text: string): void {
  const purpose = 'seed the kernel’s random numbers';
  const fd = open('/dev/urandom', O.RDWR, purpose);
  const bytes = pinned(Buffer.byteLength(text));
  Buffer.from(text).copy(bytes);
  check(sys.write(fd, bytes, bytes.length), 'write("/dev/urandom")', purpose);
  check(sys.ioctl(fd, 0x5207, null), 'ioctl(RNDRESEEDCRNG)', purpose);
  close(fd, purpose);
}

/** Reads and writes the settings of a terminal (struct termios of glibc, 60 bytes, opaque here). */
export function terminalSettings(fd: number): Uint8Array {
  const settings = pinned(60);
  check(sys.tcgetattr(fd, settings), 'tcgetattr', 'read the settings of a terminal');
  return settings;
}
export const setTerminal = (fd: number, settings: Uint8Array): void => { check(sys.tcsetattr(fd, 0, settings), 'tcsetattr', 'set a terminal'); };

/** The process gets this signal when its parent dies (PR_SET_PDEATHSIG). */
export const dieWithParent = (signal: number): void => { check(sys.prctl(1, signal, 0, 0, 0), 'prctl(PR_SET_PDEATHSIG)', 'end together with the parent'); };
