import t from 'tap';
import type { Place } from '../../../harness/kernels/choose.ts';
import { replayOptions } from '../../../harness/runner/places.ts';

const plain = { icountShift: 0, cpus: 1, qemu: 'qemu-system-x86_64' };
const vm = (time: 'warp' | 'real'): Place => ({ place: 'qemu', time, kvm: false, reason: '', image: { release: '6.1', image: '/boot/vmlinuz', origin: 'installed', readable: true } });
const tree = (arch: 'uml' | 'x86'): Place => ({ place: 'tree', tree: '/src', arch, time: 'real', timeTravel: 'inf-cpu', reason: '' });

t.test('what a replay is told leads to the same machine', async (t) => {
  t.equal(replayOptions(vm('warp'), plain), '--kernel /boot/vmlinuz');
  t.equal(replayOptions(vm('warp'), { ...plain, icountShift: 3 }), '--kernel /boot/vmlinuz --shift 3');
  t.equal(replayOptions(vm('real'), { ...plain, cpus: 2 }), '--kernel /boot/vmlinuz --time real --cpus 2');
  t.equal(replayOptions(tree('x86'), { ...plain, cpus: 2 }), '--kernel /src --arch-kernel x86 --time real --cpus 2');
  t.equal(replayOptions({ place: 'running', time: 'real', reason: '' }, plain), '--kernel running --time real');
});
