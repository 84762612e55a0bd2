/** Switches that are not Linux, and cables that carry only short multicast: words, values, and what does not go together. */
import { ETHERTYPES } from '../frame-filter.ts';
import { formatOption } from '../plan-text.ts';
import { filtersLike, hasCpu, portOptionsLike, SUPPRESSIONS, SWITCH_WORDS, type SwitchLike } from '../switch-like.ts';
import type { Options } from '../topology.ts';
import { type Context, type Device, whereIs } from './context.ts';
import { nearest } from './nearest.ts';

export function checkSwitches(context: Context): void {
  for (const device of context.devices) {
    checkLimit(context, device);
    if (device.kind === 'bridge' && device.like) checkLike(context, device, device.like);
  }
}

/** RFC 791: every path carries packets of 68 bytes. */
const SHORTEST_PACKET = 68;

function checkLimit({ report }: Context, device: Device): void {
  const { multicastLimitBytes: limit, mtuBytes = 1500 } = device;
  if (limit === undefined) return;
  const is = `multicastLimitBytes is ${limit}`;
  if (!Number.isInteger(limit) || limit < SHORTEST_PACKET) report(whereIs(device), `${is}: no path is shorter than ${SHORTEST_PACKET} bytes`, `give a whole number from ${SHORTEST_PACKET} up`);
  else if (limit >= mtuBytes) report(whereIs(device), `${is}, and its MTU is ${mtuBytes}: nothing longer is ever sent`, 'choose a limit below the MTU, or drop it');
}

function checkLike(context: Context, bridge: Device & { kind: 'bridge' }, like: SwitchLike): void {
  const { report } = context;
  const where = whereIs(bridge);
  for (const [word, value] of Object.entries(like) as [string, unknown][]) checkWord(context, where, word, value);
  if (like.suppressesReports !== undefined && !(SUPPRESSIONS as readonly string[]).includes(like.suppressesReports)) return;

  const { mcast_snooping, stp_state, vlan_filtering } = bridge.options;
  const snoops = hasCpu(like) || like.fastLeave === true;
  if (snoops && mcast_snooping === false) report(where, 'it is like a switch that snoops, but mcast_snooping is off', 'leave mcast_snooping on, or keep passesOnly alone');
  if (hasCpu(like) && stp_state === true) report(where, 'its CPU, a process of ours, knows nothing of spanning tree: it would send by blocked ports', 'leave stp_state off');
  if (hasCpu(like) && vlan_filtering === true) report(where, 'its CPU, a process of ours, knows no VLANs', 'leave vlan_filtering off, or use a bridge for each VLAN');

  const wanted = portOptionsLike(like);
  for (const port of context.members(bridge)) contradicts(context, port, wanted);
  if (Object.keys(wanted).length === 0 && !filtersLike(like)) return;
  for (const { guest, places } of context.topology.movables)
    if (places.slice(1).some((p) => p.node === bridge.node && p.bridge === bridge.name))
      report(`guest ${guest}`, `it can move to ${where}, and a port that comes later is not made like that switch's`, 'let it start there, or let it move to a bridge behind the switch');
}

function checkWord({ report }: Context, where: string, word: string, value: unknown): void {
  const show = JSON.stringify(value);
  switch (word) {
    case 'noFloodFallback': case 'dropsUnknownMulticast': case 'fastLeave':
      if (typeof value !== 'boolean') report(where, `${word} is ${show}`, 'give true or false');
      return;
    case 'suppressesReports':
      if (!(SUPPRESSIONS as readonly unknown[]).includes(value)) report(where, `suppressesReports is ${show}`, `use one of ${SUPPRESSIONS.join(', ')}`);
      return;
    case 'passesOnly': {
      const types: unknown[] = Array.isArray(value) ? value : [];
      if (types.length === 0) report(where, `passesOnly is ${show}`, "give a list of ethertypes: ['IPv4', 'ARP', 'RARP']");
      for (const type of types) {
        if (typeof type === 'number' ? Number.isInteger(type) && type >= 0x600 && type <= 0xffff : typeof type === 'string' && Object.hasOwn(ETHERTYPES, type)) continue;
        report(where, `passesOnly names ${JSON.stringify(type)}, which is no ethertype`, `use ${Object.keys(ETHERTYPES).join(', ')}, or a number from 0x600 to 0xffff`);
      }
      return;
    }
    default: {
      const near = nearest(word, [...SWITCH_WORDS]);
      report(where, `no switch is like ${word}`, near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${SWITCH_WORDS.join(', ')}`);
    }
  }
}

/** What the topology says of a port against what such a switch does. */
function contradicts({ report }: Context, port: Device, wanted: Options): void {
  for (const [key, value] of Object.entries(wanted)) {
    const own = port.port?.[key];
    if (own === undefined || own === value) continue;
    report(whereIs(port), `${key} is ${formatOption(own)}, but its switch sets ${formatOption(value)}`, 'drop it, or the word of the switch that sets it');
  }
}
