/** Who is in whom: masters, VLAN devices, querier and guest places, and what hangs in the air. */
import { type Context, type Device, whereIs } from './context.ts';
import { nearest } from './nearest.ts';

const didYouMean = (wanted: string, names: readonly string[], otherwise: string): string => {
  const near = nearest(wanted, names);
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : otherwise;
};

export function checkStructure(context: Context): void {
  const { topology, devices, device, node, namesIn, report, masterOf } = context;
  const missing = (where: string, what: string, at: { node: string; device: string }): boolean => {
    if (device(at.node, at.device)) return false;
    if (!node(at.node)) report(where, `${what} is in ${at.node}, and there is no such node`, didYouMean(at.node, topology.nodes.map((n) => n.name), `draw the node ${at.node}`));
    else report(where, `${what} ${at.device} does not exist in ${at.node}`, didYouMean(at.device, namesIn(at.node), `add ${at.device} to ${at.node}`));
    return true;
  };

  for (const d of devices) {
    checkMaster(context, d, missing);
    if (d.kind !== 'vlan') continue;
    if (d.over === d.name) report(whereIs(d), 'it lies over itself', 'name the device that carries its frames');
    else if (!missing(whereIs(d), 'the device it lies over,', { node: d.node, device: d.over }) && circles(d, (x) => (x.kind === 'vlan' ? device(x.node, x.over) : undefined)))
      report(whereIs(d), 'the devices it lies over lead back to itself', 'let the lowest one lie over a cable, a bond or a bridge');
  }
  checkTwoMasters(context);

  for (const querier of topology.queriers) {
    const where = `querier ${querier.node}`;
    missing(where, 'its device', querier);
  }
  for (const { name, neighbours = [], routes = [] } of topology.nodes) {
    for (const entry of neighbours) {
      missing(`${name}:${entry.device}`, `the device of the neighbour entry for ${entry.address},`, { node: name, device: entry.device });
      missing(`${name}:${entry.device}`, `the device whose MAC the neighbour entry for ${entry.address} takes,`, entry.of);
    }
    for (const route of routes) {
      if (route.device !== undefined) missing(`${name} route ${route.to}`, 'its device', { node: name, device: route.device });
      else if (route.via === undefined) report(`${name} route ${route.to}`, 'it leads nowhere: neither via nor device', 'name a next hop or a device');
    }
  }
  for (const movable of topology.movables) {
    const where = `guest ${movable.guest}`;
    for (const name of [movable.guest, movable.nic])
      if (!node(name)) report(where, `there is no node ${name}`, didYouMean(name, topology.nodes.map((n) => n.name), `draw the node ${name}`));
    for (const [index, place] of movable.places.entries()) {
      missing(where, `the bridge of place ${index},`, { node: place.node, device: place.bridge });
      missing(where, `the port of place ${index},`, { node: place.node, device: place.port });
      missing(where, `the card's end of place ${index},`, { node: movable.nic, device: place.uplink });
      const bridge = device(place.node, place.bridge);
      if (bridge && bridge.kind !== 'bridge') report(where, `place ${index} is ${place.bridge}, a ${bridge.kind}, not a bridge`, 'let the guest move to a bridge');
    }
    if (movable.places.length === 0) report(where, 'its card is plugged in nowhere', 'give it a bridge: on');
  }

  for (const d of devices) {
    const master = masterOf(d);
    if (d.port && Object.keys(d.port).length > 0 && master?.kind !== 'bridge')
      report(whereIs(d), `it has bridge port options (${Object.keys(d.port).join(', ')}) but ${without(d, master, 'bridge')}`, master?.kind === 'bond' ? 'a bond slave takes slave: { … }' : 'put it in a bridge, or drop them');
    if (d.slave && Object.keys(d.slave).length > 0 && master?.kind !== 'bond')
      report(whereIs(d), `it has bond slave options (${Object.keys(d.slave).join(', ')}) but ${without(d, master, 'bond')}`, master?.kind === 'bridge' ? 'a bridge port takes port: { … }' : 'put it in a bond, or drop them');
    if (d.up === false && master?.kind === 'bond')
      report(whereIs(d), 'it is to stay down, but a bond opens each slave that joins it', "leave the link's other end down instead");
  }
}

const without = (d: Device, master: Device | undefined, wanted: string): string => (master ? `its master ${master.name} is a ${master.kind}, not a ${wanted}` : d.master === undefined ? 'no master' : `its master ${d.master} does not exist`);

function checkMaster({ masterOf, report }: Context, d: Device, missing: (where: string, what: string, at: { node: string; device: string }) => boolean): void {
  if (d.master === undefined) return;
  const where = whereIs(d);
  if (d.master === d.name) { report(where, 'it is its own master', 'name the bridge or bond that it belongs to'); return; }
  if (missing(where, 'its master', { node: d.node, device: d.master })) return;
  const master = masterOf(d);
  if (!master) return;
  if (master.kind !== 'bridge' && master.kind !== 'bond') report(where, `its master ${master.name} is ${master.kind === 'end' ? 'the end of a link' : `a ${master.kind}`}; only a bridge or a bond has members`, 'put it in a bridge or a bond');
  if (circles(d, masterOf)) report(where, `its masters lead back to itself: ${ring(d, masterOf)}`, 'let one of them have no master');
  // br_add_if: a bridge is refused; bond_enslave: a bond in a bond too.
  else if (d.kind === 'bridge') report(where, `a bridge cannot be a member of ${master.name}: the kernel refuses it`, 'join two bridges by a link');
  else if (d.kind === 'bond' && master.kind === 'bond') report(where, `a bond cannot be a slave of the bond ${master.name}: the kernel refuses it`, 'put the cables in one bond');
}

const circles = (from: Device, next: (d: Device) => Device | undefined): boolean => {
  const seen = new Set<Device>();
  for (let d = next(from); d; d = next(d)) {
    if (d === from) return true;
    if (seen.has(d)) return false;
    seen.add(d);
  }
  return false;
};

function ring(from: Device, next: (d: Device) => Device | undefined): string {
  const names = [from.name];
  for (let d = next(from); d && d !== from; d = next(d)) names.push(d.name);
  return [...names, from.name].join(' → ');
}

/** A device is declared once with one master; the same port under two masters shows as two declarations of one name. */
function checkTwoMasters({ devices, report }: Context): void {
  const masters = new Map<string, Set<string>>();
  for (const d of devices) {
    if (d.master === undefined) continue;
    masters.set(whereIs(d), masters.get(whereIs(d)) ?? new Set());
    masters.get(whereIs(d))?.add(d.master);
  }
  for (const [where, names] of masters) if (names.size > 1) report(where, `it is in two masters: ${[...names].join(' and ')}`, 'a port has one master: keep one of them, or use a second cable');
}
