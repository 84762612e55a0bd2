/**
 * How much faster than protocol time A2 healthy runs (over 900 s, one datagram a second to three receivers), and where
 * the wall time goes: `npm run bench:virtual-time [-- RUNS]`. Booted for it, and going on from a machine that has
 * booted, by turns; prints the median run and the ratio of each.
 * Marks: firmware and image load end at the kernel's first line, the kernel's start at "Run /init", Node's at hello.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootableKernel, findKernels } from '../harness/kernels/image/find.ts';
import { buildInitramfs } from '../harness/kernels/image/initramfs.ts';
import { QEMU_DEFAULTS, qemuKernel } from '../harness/kernels/qemu.ts';

const SCENARIO = 'multicast/flood-without-querier';
const VARIANT = 'healthy-ipv4';

const image = bootableKernel(findKernels());
if (!image) throw new Error('no kernel to boot: npm start sets one up');
const initramfs = await buildInitramfs({ agent: join(import.meta.dirname, '../dist/agent.cjs'), modules: image });
// Loud, so that the kernel's own lines can be timed; costs some tens of milliseconds.
const kernel = qemuKernel({ ...QEMU_DEFAULTS, release: image.release, image: image.image, initramfs: initramfs.path, parameters: ['loglevel=7'] });

interface Run { wallS: number; protocolS: number; parts: Record<string, number> }

async function once(fresh: boolean): Promise<Run> {
  const dir = mkdtempSync(join(tmpdir(), 'wirewarp-bench-'));
  try {
    const begin = performance.now();
    const marks: Record<string, number> = {};
    const mark = (name: string): void => { marks[name] ??= (performance.now() - begin) / 1000; };
    const launched = await kernel.launch({ scenario: SCENARIO, variant: VARIANT, control: false, seed: 1, scale: 1, capture: 'claims', deadlineS: 2000, warp: true }, { dir, wallDeadlineMs: 120_000, fresh });
    const watch = setInterval(() => {
      const log = readFileSync(join(dir, 'console.log'), 'utf8');
      if (log.includes('Linux version')) mark('firmware, image load');
      if (log.includes('Run /init')) mark('kernel');
    }, 5);
    let protocolS = 0;
    let verdict = '';
    for await (const record of launched.records) {
      if (record.t === 'hello') mark('Node and agent');
      if (record.t === 'warp' && record.phase === 'end') mark('virtual-time check');
      if (record.t === 'step') mark('plan, links up, captures');
      if (record.t === 'file') mark('story');
      if (record.t === 'result') ({ verdict, protocolS } = record.result);
    }
    clearInterval(watch);
    mark('results out');
    if (verdict !== 'held') throw new Error(`${SCENARIO}#${VARIANT} gave ${verdict || 'nothing'}: its time says nothing`);
    let last = 0;
    const parts = Object.fromEntries(Object.entries(marks).sort((a, b) => a[1] - b[1]).map(([name, at]) => { const took = at - last; last = at; return [name, took]; }));
    return { wallS: last, protocolS, parts };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const count = Number(process.argv[2] ?? 5);
const ways = { 'booted for it': { fresh: true, runs: [] as Run[] }, 'from a machine that has booted': { fresh: false, runs: [] as Run[] } };
// Made and kept, not measured.
await once(false);
for (let i = 0; i < count; i++) for (const { fresh, runs } of Object.values(ways)) runs.push(await once(fresh));
for (const [way, { runs }] of Object.entries(ways)) {
  const median = [...runs].sort((a, b) => a.wallS - b.wallS)[Math.floor((count - 1) / 2)] as Run;
  console.table(Object.entries(median.parts).map(([part, s]) => ({ part, 'wall s': Number(s.toFixed(2)), 'share %': Math.round((100 * s) / median.wallS) })));
  console.log(`${way}: ${median.protocolS.toFixed(0)} s of protocol time in ${median.wallS.toFixed(2)} s: ${(median.protocolS / median.wallS).toFixed(0)} to 1 (median of ${count}; wall ${runs.map((r) => r.wallS.toFixed(2)).join(', ')})`);
}
process.exit(0);
