/** Rings of bridges that would carry a broadcast round and round. */
import { type Context, type Device, whereIs } from './context.ts';
import type { Layer2 } from './layer2.ts';

/** A switch's bridge is named like its node: once will do. */
const name = (bridge: Device): string => (bridge.node === bridge.name ? bridge.name : whereIs(bridge));

export function checkLoops({ report }: Context, layer2: Layer2): void {
  for (const ring of layer2.rings()) {
    const stops = ring.map(({ bridge, out }) => `${name(bridge)} (port ${out.name})`);
    const [first] = ring;
    if (!first) continue;
    report(
      `bridge ${[...new Set(ring.map(({ bridge }) => name(bridge)))].join(', ')}`,
      `a loop without spanning tree: ${stops.join(' → ')} → ${name(first.bridge)}; a broadcast would never die`,
      'set stp_state: true on a bridge of the ring, make a bond of parallel cables, or leave one cable down (up: false)',
    );
  }
}
