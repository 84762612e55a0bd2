// Whose doing it was that QEMU ended. The words are QEMU's own.
import t from 'tap';
import { qemuEnding, type QemuEnded } from '../../../harness/kernels/qemu-ending.ts';

const ended = (over: Partial<QemuEnded>): QemuEnded => ({ exitCode: undefined, signal: undefined, stderr: '', error: undefined, ...over });

t.test('QEMU that did not start: its words, and what to do', async (t) => {
  for (const [stderr, remedy] of [
    ['qemu-system-x86_64: cannot set up guest memory \'pc.ram\': Cannot allocate memory', /--jobs 1/],
    ['qemu-system-x86_64: -icount shift=0,sleep=off: invalid option', /too old/],
    ['qemu-system-x86_64: unsupported machine type "pc"', /too old/],
    ['qemu-system-x86_64: -accel tcg,thread=single: invalid accelerator tcg', /lacks its TCG/],
    ['qemu: could not load PC BIOS \'bios-256k.bin\'', /firmware is missing/],
    ['qemu-system-x86_64: Could not access KVM kernel module: Permission denied\nqemu-system-x86_64: failed to initialize kvm: Permission denied', /open \/dev\/kvm/],
    ['qemu: could not load kernel \'/boot/x\': Permission denied', /must be a bzImage/],
    ['qemu: error reading initrd /x: No such file or directory', /Look at the image/],
    ['qemu-system-x86_64: something new', /doctor/],
    ['', /doctor/],
  ] as const) {
    const { how, detail } = qemuEnding(ended({ exitCode: 1, stderr })) as { how: string; detail: string };
    t.equal(how, 'failed', stderr);
    t.ok(detail.includes(stderr), 'its own words');
    t.match(detail, remedy);
  }
  t.match(qemuEnding(ended({ error: { message: 'Cannot boot: the program setpriv was not found' } })), { how: 'failed', detail: 'Cannot boot: the program setpriv was not found. ' });
});

t.test('QEMU that was ended from outside', async (t) => {
  t.match(qemuEnding(ended({ signal: 'SIGKILL' })), { how: 'failed', detail: /SIGKILL\. Somebody killed it/ });
  t.match(qemuEnding(ended({ signal: 'SIGSEGV' })), { how: 'failed', detail: /SIGSEGV\. If nobody here did that/ });
  t.match(qemuEnding(ended({ exitCode: 0, stderr: 'qemu-system-x86_64: terminating on signal 15 from pid 4711 (bash)' })), { how: 'failed', detail: 'QEMU was told to end, and not by us: terminating on signal 15 from pid 4711 (bash)' });
});

t.test('a guest that died', async (t) => {
  t.match(qemuEnding(ended({ exitCode: 0 })), { how: 'died' }, 'a panic reboots, and -no-reboot ends');
  t.match(qemuEnding(ended({ signal: 'SIGABRT', stderr: 'qemu: fatal: Trying to execute code outside RAM or ROM at 0x1' })), { how: 'died' });
});
