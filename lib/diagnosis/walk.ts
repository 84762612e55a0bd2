/**
 * Where a frame went at an instant, by the tables of the record: hop by hop, each bridge deciding by its FDB or MDB or by
 * flooding, as the kernel does (net/bridge: br_input.c, br_forward.c, br_vlan.c). And the way that it should have gone:
 * the shortest by cables that have a carrier and slaves that a bond uses. Where the two part is where it was lost.
 */
import { type GroupDecision, groupDecision } from './groups.ts';
import type { Network } from './network.ts';
import type { Change } from './story.ts';

export type Sending =
  | { readonly to: 'station'; readonly mac: string }
  | { readonly to: 'everybody' }
  | { readonly to: 'group'; readonly group: string };

/** Why a frame did not pass. */
export type Why =
  | 'link-down' | 'port-state' | 'vlan' | 'mtu' | 'multicast-limit' | 'isolated' | 'same-port' | 'no-flood' | 'not-in-mdb' | 'elsewhere'
  | 'inactive-slave' | 'no-slave' | 'not-in-bridge' | 'no-vlan-device' | 'locked';

export interface Lost { readonly at: string; readonly why: Why; readonly vlan?: number }

export interface Decision {
  readonly bridge: string;
  readonly in: string | undefined;
  readonly vlan: number;
  readonly by: 'fdb' | 'flood' | 'mdb';
  readonly out: readonly string[];
  readonly withheld: readonly Lost[];
  /** Where the FDB holds the station to be. */
  readonly entry?: Change<string>;
  readonly group?: GroupDecision;
}

export interface Walk {
  /** Ends of cables at which it came in. */
  readonly arrivals: ReadonlySet<string>;
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly lost: readonly Lost[];
  /** Devices whose machine took it. */
  readonly taken: ReadonlySet<string>;
}

/** What stays of a frame in the bridge's own rules beside the tables. */
const FLOOD_FLAG = { station: 'flood', everybody: 'bcast_flood', group: 'mcast_flood' } as const;
const ETHERNET_AND_TAG = 4;

/** One of a bond's slaves, where it sends by a hash: the frame goes by this one. */
export interface Leg { readonly bond: string; readonly slave: string }

export function walk(net: Network, from: string, sending: Sending, ns: number, bytes = 0, leg?: Leg): Walk {
  const arrivals = new Set<string>(), taken = new Set<string>();
  const decisions = new Map<string, Decision>();
  const lost: Lost[] = [];
  const seen = new Set<string>();

  const leave = (label: string, tag: number): void => {
    const kind = net.kind(label);
    const device = net.device(label);
    if (device?.kind === 'vlan') { leave(`${device.node}:${device.over}`, device.id); return; }
    if (kind === 'bridge') { decide(label, undefined, tag); return; }
    if (kind === 'bond') {
      const slaves = net.usableSlaves(label, ns);
      if (slaves.length === 0) lost.push({ at: label, why: 'no-slave' });
      for (const slave of leg?.bond === label ? slaves.filter((one) => one === leg.slave) : slaves) leave(slave, tag);
      return;
    }
    const peer = net.peer(label);
    if (peer === undefined) return;
    if (!net.linkUp(label, ns) || !net.linkUp(peer, ns)) { lost.push({ at: label, why: 'link-down' }); return; }
    if (bytes > Math.min(net.mtu(label, ns), net.mtu(peer, ns)) + ETHERNET_AND_TAG) { lost.push({ at: bytes > net.mtu(label, ns) + ETHERNET_AND_TAG ? label : peer, why: 'mtu' }); return; }
    if (sending.to !== 'station' && bytes > net.multicastLimit(label)) { lost.push({ at: label, why: 'multicast-limit' }); return; }
    arrive(peer, tag);
  };

  const arrive = (label: string, tag: number): void => {
    const key = `${label}/${tag}`;
    if (seen.has(key)) return;
    seen.add(key);
    arrivals.add(label);
    const over = tag ? net.vlanOver(label, tag) : undefined;
    if (over !== undefined) { arrive(over, 0); return; }
    const master = net.master(label, ns);
    if (master === undefined) {
      // A tap or port that is in no bridge has nobody behind it; a machine's own device has the machine.
      if (tag) lost.push({ at: label, why: 'no-vlan-device', vlan: tag });
      else if (isPlug(net, label)) lost.push({ at: label, why: 'not-in-bridge' });
      else taken.add(label);
      return;
    }
    if (net.kind(master) === 'bond') {
      if (net.usableSlaves(master, ns).includes(label)) arrive(master, tag);
      else lost.push({ at: label, why: 'inactive-slave' });
      return;
    }
    if (net.portState(label, ns) !== 'forwarding') { lost.push({ at: label, why: 'port-state' }); return; }
    let vlan = 0;
    if (net.filtersVlans(master, ns)) {
      const vlans = net.vlansOf(label, master, ns);
      const own = tag ? vlans.find((v) => v.id === tag) : vlans.find((v) => v.pvid);
      if (!own) { lost.push({ at: label, why: 'vlan', vlan: tag }); return; }
      vlan = own.id;
    }
    if (net.portOption(label, 'locked', ns) === true && net.fdb(master, net.mac(from), vlan, ns)?.value !== net.nameOf(label)) { lost.push({ at: label, why: 'locked', ...(vlan ? { vlan } : {}) }); return; }
    decide(master, label, vlan || tag);
  };

  const decide = (bridge: string, from: string | undefined, tag: number): void => {
    const filters = net.filtersVlans(bridge, ns);
    const vlan = filters ? tag || (net.vlansOf(bridge, bridge, ns).find((v) => v.pvid)?.id ?? 0) : 0;
    const ports = net.members(bridge, ns);
    const withheld: Lost[] = [];
    const passes = (port: string): boolean => {
      const why: Why | undefined = port === from ? 'same-port'
        : net.portState(port, ns) !== 'forwarding' ? 'port-state'
        : filters && !net.vlansOf(port, bridge, ns).some((v) => v.id === vlan) ? 'vlan'
        : from !== undefined && net.portOption(from, 'isolated', ns) === true && net.portOption(port, 'isolated', ns) === true ? 'isolated'
        : undefined;
      if (why) withheld.push({ at: port, why, ...(vlan ? { vlan } : {}) });
      return why === undefined;
    };
    const floods = (): string[] => ports.filter((port) => {
      if (!passes(port)) return false;
      // What the machine itself sends is not held back by these.
      if (from === undefined || net.portOption(port, FLOOD_FLAG[sending.to], ns) !== false) return true;
      withheld.push({ at: port, why: 'no-flood' });
      return false;
    });

    let by: Decision['by'] = 'flood';
    let out: string[];
    let entry: Change<string> | undefined;
    let group: GroupDecision | undefined;
    if (sending.to === 'station') {
      if (net.mac(bridge) === sending.mac) { taken.add(bridge); decisions.set(bridge, { bridge, in: from, vlan, by: 'fdb', out: [], withheld }); return; }
      entry = net.fdb(bridge, sending.mac, vlan, ns);
      if (entry) {
        by = 'fdb';
        const port = `${net.nodeOf(bridge)}:${entry.value}`;
        const backup = net.portOption(port, 'backup_port', ns);
        const goes = typeof backup === 'string' && !net.linkUp(port, ns) ? `${net.nodeOf(bridge)}:${backup}` : port;
        for (const other of ports) if (other !== goes) withheld.push({ at: other, why: 'elsewhere' });
        out = passes(goes) ? [goes] : [];
      } else out = floods();
    } else {
      group = sending.to === 'group' ? groupDecision(net, bridge, sending.group, vlan, ns) : undefined;
      if (group?.byTable) {
        by = 'mdb';
        const { members } = group;
        out = ports.filter((port) => {
          if (!members.includes(port)) { withheld.push({ at: port, why: 'not-in-mdb' }); return false; }
          return passes(port);
        });
        if (members.includes(bridge)) taken.add(bridge);
      } else {
        out = floods();
        taken.add(bridge);
      }
    }
    decisions.set(bridge, { bridge, in: from, vlan, by, out, withheld, ...(entry ? { entry } : {}), ...(group ? { group } : {}) });
    for (const port of out) leave(port, filters ? (net.vlansOf(port, bridge, ns).find((v) => v.id === vlan)?.untagged ? 0 : vlan) : net.kind(port) === 'vlan' ? 0 : tag);
  };

  leave(from, 0);
  return { arrivals, decisions, lost, taken };
}

/** Drawn as a bridge's port, so without a bridge it leads nowhere. */
const isPlug = (net: Network, label: string): boolean => net.story.topology.movables.some((m) => m.places.some((p) => label === `${p.node}:${p.port}` || label === `${m.nic}:${p.uplink}`)) || (net.device(label)?.master !== undefined && net.device(label)?.addresses.length === 0);

/** One bridge of the way that a frame should take. */
export interface Hop { readonly bridge: string; /** End of the cable by which it comes in; undefined at the bridge that it begins on. */ readonly arrival: string | undefined; readonly in: string | undefined; readonly out: string | undefined }
export interface Path { readonly hops: readonly Hop[]; /** End of the cable at the receiver; undefined where it is the last bridge itself. */ readonly end: string | undefined }

/**
 * The way from a device to another. `dead` cables too: where there is no other way, the one that is cut. Bonds use their
 * active slaves either way. Undefined: the other is plugged in nowhere.
 */
export function pathTo(net: Network, from: string, to: string, ns: number, dead = false, only?: Leg): Path | undefined {
  interface Open { readonly bridge: string; readonly hops: readonly Hop[] }
  const seen = new Set<string>();
  const queue: Open[] = [];
  const wires = (label: string): string[] => {
    const device = net.device(label);
    if (device?.kind === 'vlan') return wires(`${device.node}:${device.over}`);
    if (device?.kind === 'bond') {
      if (only?.bond === label) return wires(only.slave);
      const usable = net.usableSlaves(label, ns);
      return (usable.length > 0 ? usable : net.members(label, ns)).flatMap(wires);
    }
    return net.peer(label) === undefined ? [] : [label];
  };
  const alive = (wire: string): boolean => dead || (net.linkUp(wire, ns) && net.linkUp(net.peer(wire) as string, ns));
  /** All that may take what comes in by a cable: the device, a bond that uses it, VLANs over either. */
  const takers = (arrival: string): string[] => {
    const master = net.master(arrival, ns);
    if (master !== undefined && net.kind(master) === 'bond') {
      // One slave is asked for: where its cable leads is of interest even if the far side does not use it any more.
      const usable = only?.bond === master ? [only.slave] : only ? [arrival] : net.usableSlaves(master, ns);
      return usable.length === 0 || usable.includes(arrival) ? takers(master) : [];
    }
    const node = net.story.topology.devices.filter((d) => d.kind === 'vlan' && d.node === net.nodeOf(arrival) && d.over === net.nameOf(arrival)).map((d) => net.label(d));
    return [arrival, ...node];
  };
  const goal: { path?: Path } = {};
  const cross = (wire: string, hops: readonly Hop[]): void => {
    if (goal.path || !alive(wire)) return;
    const arrival = net.peer(wire) as string;
    for (const taker of takers(arrival)) {
      if (taker === to) { goal.path = { hops, end: arrival }; return; }
      const bridge = net.master(taker, ns);
      if (bridge === undefined || net.kind(bridge) !== 'bridge') continue;
      if (bridge === to) { goal.path = { hops: [...hops, { bridge, arrival, in: taker, out: undefined }], end: undefined }; return; }
      if (seen.has(bridge)) continue;
      seen.add(bridge);
      queue.push({ bridge, hops: [...hops, { bridge, arrival, in: taker, out: undefined }] });
    }
  };
  if (net.kind(from) === 'bridge') { seen.add(from); queue.push({ bridge: from, hops: [{ bridge: from, arrival: undefined, in: undefined, out: undefined }] }); }
  else for (const wire of wires(from)) cross(wire, []);
  for (let next = queue.shift(); next && !goal.path; next = queue.shift()) {
    const { bridge, hops } = next;
    const last = hops.at(-1) as Hop;
    for (const port of net.members(bridge, ns)) {
      if (port === last.in) continue;
      for (const wire of wires(port)) cross(wire, [...hops.slice(0, -1), { ...last, out: port }]);
    }
  }
  return goal.path;
}

/** The way now, or where all ways are cut, the one that is. */
export const wayTo = (net: Network, from: string, to: string, ns: number, only?: Leg): Path | undefined =>
  pathTo(net, from, to, ns, false, only) ?? pathTo(net, from, to, ns, true, only);

/** A way, and the leg of a bond that it goes by where the bond chooses by a hash. */
export interface Way { readonly path: Path; readonly leg?: Leg }

/** Where bonds send by a hash, a frame goes by any of their slaves: one way for each. */
export function waysTo(net: Network, from: string, to: string, ns: number): Way[] {
  const first = wayTo(net, from, to, ns);
  if (!first) return [];
  const bonds = net.story.topology.devices.filter((d) => d.kind === 'bond').map((d) => net.label(d));
  const legs = bonds.flatMap((bond): Leg[] => { const slaves = net.usableSlaves(bond, ns); return slaves.length < 2 ? [] : slaves.map((slave) => ({ bond, slave })); });
  return [{ path: first }, ...legs.flatMap((leg): Way[] => { const path = wayTo(net, from, to, ns, leg); return path ? [{ path, leg }] : []; })];
}

/** Where a frame left its way: the end of a cable or a port, and why. */
export interface Parting extends Lost { readonly hop?: Hop; readonly decision?: Decision; /** Devices by which it went until then, as far as the way goes. */ readonly by?: readonly string[] }

/** Undefined: by the tables it arrives. */
export function partingOf(net: Network, way: Path, went: Walk, from: string): Parting | undefined {
  const parting = part(net, way, went, from);
  if (!parting) return undefined;
  const upTo = parting.hop ? way.hops.findIndex((h) => h.bridge === parting.hop?.bridge) : way.hops.length;
  return { ...parting, by: [from, ...way.hops.slice(0, Math.max(0, upTo)).flatMap((h) => (h.out === undefined ? [] : [h.out]))] };
}

function part(net: Network, way: Path, went: Walk, from: string): Parting | undefined {
  const lostAt = (label: string | undefined): Lost | undefined => went.lost.find((l) => l.at === label);
  for (const hop of way.hops) {
    if (hop.arrival !== undefined && !went.arrivals.has(hop.arrival)) {
      const peer = net.peer(hop.arrival);
      return lostAt(hop.arrival) ?? lostAt(peer) ?? lostAt(from) ?? went.lost[0] ?? { at: peer ?? hop.arrival, why: 'link-down' };
    }
    const refused = lostAt(hop.arrival) ?? (hop.in === hop.arrival ? undefined : lostAt(hop.in));
    if (refused) return { ...refused, hop };
    const decision = went.decisions.get(hop.bridge);
    if (!decision) return { at: hop.in ?? hop.bridge, why: 'vlan', hop };
    if (hop.out === undefined) return went.taken.has(hop.bridge) ? undefined : { at: hop.bridge, why: 'not-in-mdb', hop, decision };
    if (decision.out.includes(hop.out)) continue;
    const withheld = decision.withheld.find((w) => w.at === hop.out) ?? { at: hop.out, why: 'elsewhere' as const };
    return { ...withheld, hop, decision };
  }
  if (way.end === undefined || went.arrivals.has(way.end)) {
    const refused = lostAt(way.end);
    return refused;
  }
  return lostAt(way.end) ?? lostAt(net.peer(way.end)) ?? lostAt(from) ?? went.lost[0] ?? { at: net.peer(way.end) ?? way.end, why: 'link-down' };
}
