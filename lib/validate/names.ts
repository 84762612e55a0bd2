/** Names of nodes, devices and links. */
import { type Context, whereIs } from './context.ts';
import { nearest } from './nearest.ts';

/** IFNAMSIZ less the terminating zero (if.h). */
const DEVICE_NAME_BYTES = 15;
/** NAME_MAX less room for a prefix: a namespace is a file below /run/netns. */
const NODE_NAME_BYTES = 200;
/** '.' and '..' are folders, 'all' and 'default' sysctl folders beside the devices', bonding_masters a file in /sys/class/net. */
const RESERVED = new Set(['.', '..', 'all', 'default', 'lo', 'bonding_masters']);
/** ip(8) reads '#' as a comment in a batch, the kernel '%' as a pattern and ':' as an alias; quotes need quoting in scripts. */
const PLAIN = /^[A-Za-z0-9_.+~-]+$/;

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** What is wrong with a name whatever it names; undefined if nothing. */
function commonFault(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'the name is empty';
  if (name.includes('/')) return `the name "${name}" has a slash`;
  if (/\s/.test(name)) return `the name "${name}" has a blank`;
  if (!PLAIN.test(name)) return `the name "${name}" has a character other than letters, digits and _ . + ~ -`;
  if (name.startsWith('-')) return `the name "${name}" starts with a hyphen, which programs take for an option`;
  return undefined;
}

function duplicates(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map([...counts].filter(([, count]) => count > 1));
}

export function checkNames({ topology, devices, report, node, namesIn }: Context): void {
  if (topology.nodes.length === 0) report('topology', 'it has no nodes', 'draw at least one: t.bridge(…), t.host(…)');

  for (const { name } of topology.nodes) {
    const fault = commonFault(name);
    if (fault) report(`node ${name}`, fault, 'use letters, digits and _ . + ~ -');
    else if (name === '.' || name === '..') report(`node ${name}`, `"${name}" is a folder, not a namespace name`, 'give it another name');
    else if (bytes(name) > NODE_NAME_BYTES) report(`node ${name}`, `the name has ${bytes(name)} bytes; a namespace is a file, and its name has ${NODE_NAME_BYTES} at most`, 'shorten it');
  }
  for (const [name, count] of duplicates(topology.nodes.map((n) => n.name))) report(`node ${name}`, `${count} nodes have this name`, 'give each node its own name');

  for (const device of devices) {
    const { name } = device;
    const fault = commonFault(name);
    if (fault) report(whereIs(device), fault, 'use letters, digits and _ . + ~ -');
    else if (RESERVED.has(name)) report(whereIs(device), `the name "${name}" is reserved by the kernel`, 'give the device another name');
    else if (bytes(name) > DEVICE_NAME_BYTES) {
      const cut = name.slice(0, DEVICE_NAME_BYTES);
      report(whereIs(device), `the name has ${bytes(name)} bytes, the kernel takes ${DEVICE_NAME_BYTES}`, `shorten it, for example to "${cut}"; a guest's port is named after the guest`);
    }
    if (!node(device.node)) {
      const near = nearest(device.node, topology.nodes.map((n) => n.name));
      report(whereIs(device), `it is in ${device.node}, and there is no such node`, near.length > 0 ? `did you mean ${near.join(' or ')}?` : `draw the node ${device.node}`);
    }
  }
  for (const owner of new Set(devices.map((d) => d.node)))
    for (const [name, count] of duplicates(namesIn(owner)))
      report(`${owner}:${name}`, `${count} devices of ${owner} have this name`, 'name the ends of parallel links: t.link(a, b, { a: { name: "eth1" }, b: { name: "eth2" } })');
  for (const [name, count] of duplicates(topology.links.map((l) => l.name))) report(`link ${name}`, `${count} links have this name`, 'give each link its own name');
}
