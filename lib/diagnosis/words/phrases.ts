/** How times, places and lists are said, and how a thing of the record is cited. */
import type { Cure } from '../../cures/types.ts';
import type { Network } from '../network.ts';
import type { SeenFrame, SentFrame } from '../story.ts';
import type { Evidence } from '../types.ts';
import { formatDuration } from '../../units.ts';
import { describeFrame } from '../../wire/index.ts';

/** An instant of the story. */
export const instant = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`;
/** A length: three decimals are enough for whoever looks at timers. */
export const length = (ns: number): string => formatDuration({ ns });

export const list = (words: readonly string[]): string => (words.length <= 1 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`);
export const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];

/** Sentences in order, those that are there. */
export const sentences = (...parts: readonly (string | undefined | false)[]): string => parts.filter((p): p is string => typeof p === 'string' && p !== '').join(' ');

export const ofEvent = (ns: number, event: number, text: string): Evidence => ({ atS: seconds(ns), event, text });
export const ofFrame = (f: SeenFrame, says?: string): Evidence => ({ atS: seconds(f.ns), frame: f.number, text: `${f.where}: ${describeFrame(f.frame)}${says === undefined ? '' : ` (${says})`}` });
export const ofSent = (f: SentFrame, says?: string): Evidence => ({ atS: seconds(f.ns), event: f.event, text: `sent from ${f.from}: ${f.line}${says === undefined ? '' : ` (${says})`}` });
const seconds = (ns: number): number => Math.round(ns / 1e3) / 1e6;

/** Cures of a machine's own devices say whose they are, where the device's name alone does not. */
export const onMachine = (cures: readonly Cure[], node: string, device: string): Cure[] =>
  node === device ? [...cures] : cures.map((cure) => ({ ...cure, note: `on ${node}${cure.note === undefined ? '' : `: ${cure.note}`}` }));

/** "vmbr0", "br0 of hv". */
export const bridgeOf = (net: Network, bridge: string): string => { const [node, name] = [net.nodeOf(bridge), net.nameOf(bridge)]; return node === name ? node : `${name} of ${node}`; };
/** "vmbr0's port bob", "sw's port hv2". */
export const portOf = (net: Network, port: string, bridge?: string): string => {
  const master = bridge ?? masterOf(net, port);
  return master === undefined ? port : `${possessive(bridgeOf(net, master))} port ${net.nameOf(port)}`;
};
const masterOf = (net: Network, port: string): string | undefined => {
  const device = net.device(port);
  const name = device?.master ?? net.story.topology.movables.flatMap((m) => m.places).find((p) => `${p.node}:${p.port}` === port)?.bridge;
  return name === undefined ? undefined : `${net.nodeOf(port)}:${name}`;
};
export const possessive = (name: string): string => `${name}'${name.endsWith('s') ? '' : 's'}`;
