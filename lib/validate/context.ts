/** A topology with its indexes, made once for all checks. */
import { allDevices, at, type DeviceSpec, type EndSpec, type LinkSpec, type NodeSpec, type Topology } from '../topology.ts';
import type { Report } from './fault.ts';

export type Device = DeviceSpec | EndSpec;

export interface Context {
  readonly topology: Topology;
  readonly scale: number;
  readonly report: Report;
  readonly devices: readonly Device[];
  readonly node: (name: string) => NodeSpec | undefined;
  /** The first device of that name in that node. */
  readonly device: (node: string, name: string) => Device | undefined;
  /** Devices of a bridge or bond. */
  readonly members: (master: Device) => readonly Device[];
  readonly masterOf: (device: Device) => Device | undefined;
  readonly linkOf: (end: Device) => LinkSpec | undefined;
  /** Names for "did you mean". */
  readonly namesIn: (node: string) => readonly string[];
}

export const whereIs = (device: Device): string => at({ node: device.node, device: device.name });

export function contextOf(topology: Topology, scale: number, report: Report): Context {
  const devices = allDevices(topology);
  const nodes = new Map<string, NodeSpec>();
  for (const node of topology.nodes) if (!nodes.has(node.name)) nodes.set(node.name, node);
  const byPlace = new Map<string, Device>();
  const byNode = new Map<string, string[]>();
  const byMaster = new Map<string, Device[]>();
  for (const device of devices) {
    if (!byPlace.has(whereIs(device))) byPlace.set(whereIs(device), device);
    byNode.set(device.node, byNode.get(device.node) ?? []);
    byNode.get(device.node)?.push(device.name);
    if (device.master === undefined) continue;
    const key = at({ node: device.node, device: device.master });
    byMaster.set(key, byMaster.get(key) ?? []);
    byMaster.get(key)?.push(device);
  }
  const links = new Map<Device, LinkSpec>(topology.links.flatMap((link): [Device, LinkSpec][] => [[link.a, link], [link.b, link]]));
  const device = (node: string, name: string): Device | undefined => byPlace.get(at({ node, device: name }));
  return {
    topology, scale, report, devices, device,
    node: (name) => nodes.get(name),
    members: (master) => byMaster.get(whereIs(master)) ?? [],
    masterOf: (d) => (d.master === undefined ? undefined : device(d.node, d.master)),
    linkOf: (end) => links.get(end),
    namesIn: (node) => byNode.get(node) ?? [],
  };
}
