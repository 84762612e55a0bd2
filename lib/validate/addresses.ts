/** Addresses, MACs, MTUs, routes, neighbour entries and VLAN numbers. */
import { isMulticastIp, isMulticastMac, parseIp } from '../wire/address.ts';
import { type Context, type Device, whereIs } from './context.ts';
import type { Layer2 } from './layer2.ts';

/** ETH_MIN_MTU, and IPV6_MIN_MTU of RFC 8200 section 5. */
const [MIN_MTU, MIN_MTU_IPV6, MAX_MTU] = [68, 1_280, 65_535];
const VLAN_MAX = 4_094;

interface Ip { readonly bytes: Uint8Array; readonly v6: boolean }

const ipOf = (text: unknown): Ip | undefined => {
  try {
    const bytes = parseIp(String(text));
    return { bytes, v6: bytes.length === 16 };
  } catch { return undefined; }
};

/** What is wrong with "192.0.2.1/24"; undefined if nothing. */
function prefixFault(text: string): string | undefined {
  const [address = '', length, ...more] = text.split('/');
  const ip = ipOf(address);
  if (!ip || more.length > 0) return `"${text}" is not an IP address`;
  if (length === undefined) return `"${text}" has no prefix length`;
  const bits = ip.bytes.length * 8;
  return /^\d{1,3}$/.test(length) && Number(length) <= bits ? undefined : `"${text}": the prefix length is 0 to ${bits}`;
}

export function checkAddresses(context: Context, layer2: Layer2): void {
  for (const device of context.devices) {
    checkMac(context, device);
    checkMtu(context, device);
    checkVlans(context, device);
    for (const address of device.addresses) checkAddress(context, device, address);
    const master = context.masterOf(device);
    if (master && device.addresses.length > 0 && (master.kind === 'bridge' || master.kind === 'bond'))
      context.report(whereIs(device), `it has an address, but its frames go to the ${master.kind} ${master.name}`, `give the address to ${master.name}`);
  }
  checkNodes(context);
  checkDuplicates(context, layer2);
}

function checkAddress({ report, node }: Context, device: Device, address: string): void {
  const where = whereIs(device);
  const fault = prefixFault(address);
  if (fault) { report(where, fault, 'write it as "192.0.2.1/24" or "2001:db8::1/64"'); return; }
  const [text = ''] = address.split('/');
  const ip = ipOf(text);
  if (!ip) return;
  if (isMulticastIp(text)) report(where, `${text} is a multicast group, not an address of one device`, 'let the story join the group');
  else if (ip.bytes.every((b) => b === 0)) report(where, `${text} stands for no address`, 'give it a real one');
  else if (text === '255.255.255.255' || ip.bytes[0] === 127) report(where, `${text} is no address of a network device`, 'use one of a documentation range');
  if (ip.v6 && node(device.node)?.ipv6 === false) report(where, `it has the IPv6 address ${text}, and ${device.node} has no IPv6`, `set ipv6: true for ${device.node}, or drop the address`);
}

function checkMac({ report }: Context, { mac, ...device }: Device): void {
  if (mac === undefined) return;
  const where = whereIs(device);
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) report(where, `"${mac}" is not a MAC address`, 'write six octets: "02:00:00:00:00:01"');
  else if (isMulticastMac(mac)) report(where, `the MAC ${mac} is a multicast address (its first octet is odd)`, 'make the first octet even: 02:…');
  else if (/^[0:]+$/.test(mac)) report(where, 'the MAC is all zeros', 'drop it, and one follows from the seed');
}

function checkMtu({ report, node, device }: Context, d: Device): void {
  if (d.mtuBytes === undefined) return;
  const where = whereIs(d);
  const ipv6 = node(d.node)?.ipv6 === true;
  if (!Number.isInteger(d.mtuBytes) || d.mtuBytes < MIN_MTU || d.mtuBytes > MAX_MTU) report(where, `the MTU ${d.mtuBytes} is outside ${MIN_MTU} to ${MAX_MTU} bytes`, 'choose one within');
  else if (ipv6 && d.mtuBytes < MIN_MTU_IPV6) report(where, `the MTU ${d.mtuBytes} is below IPv6's least, ${MIN_MTU_IPV6} (RFC 8200 section 5)`, `choose ${MIN_MTU_IPV6} or more, or set ipv6: false for ${d.node}`);
  if (d.kind !== 'vlan') return;
  const lower = device(d.node, d.over)?.mtuBytes ?? 1_500;
  if (d.mtuBytes > lower) report(where, `the MTU ${d.mtuBytes} is above that of ${d.over}, ${lower}: the kernel refuses it`, `choose ${lower} or less`);
}

const vlanFault = (id: number): string | undefined => (Number.isInteger(id) && id >= 1 && id <= VLAN_MAX ? undefined : `the VLAN id ${id} is outside 1 to ${VLAN_MAX}`);

function checkVlans({ report, masterOf, devices }: Context, d: Device): void {
  const where = whereIs(d);
  if (d.kind === 'vlan') {
    const fault = vlanFault(d.id);
    if (fault) report(where, fault, `choose 1 to ${VLAN_MAX}`);
    const twin = devices.find((other) => other.kind === 'vlan' && other.node === d.node && other.over === d.over && other.id === d.id);
    if (twin !== d && twin) report(where, `${twin.name} is VLAN ${d.id} of ${d.over} already`, 'give it another id');
  }
  const vlans = d.vlans ?? [];
  if (vlans.length === 0) return;
  if (d.kind !== 'bridge' && masterOf(d)?.kind !== 'bridge') report(where, 'it has VLAN memberships, but is neither a bridge nor the port of one', 'put it in a bridge, or use a VLAN device');
  for (const { id } of vlans) {
    const fault = vlanFault(id);
    if (fault) report(where, fault, `choose 1 to ${VLAN_MAX}`);
  }
  const pvids = vlans.filter((v) => v.pvid).map((v) => v.id);
  if (pvids.length > 1) report(where, `${pvids.length} VLANs (${pvids.join(', ')}) are its pvid: untagged frames can go into one only`, 'keep pvid on one of them');
  for (const id of new Set(vlans.map((v) => v.id))) if (vlans.filter((v) => v.id === id).length > 1) report(where, `VLAN ${id} is listed twice`, 'list it once');
}

function checkNodes({ topology, report }: Context): void {
  for (const node of topology.nodes) {
    const where = `node ${node.name}`;
    if (node.igmpVersion !== undefined && ![1, 2, 3].includes(node.igmpVersion)) report(where, `igmpVersion is ${String(node.igmpVersion)}`, 'use 1, 2 or 3');
    if (node.mldVersion !== undefined && ![1, 2].includes(node.mldVersion)) report(where, `mldVersion is ${String(node.mldVersion)}`, 'use 1 or 2');
    if (node.mldVersion !== undefined && !node.ipv6) report(where, 'it has an MLD version, but no IPv6', 'set ipv6: true');
    for (const [key, value] of Object.entries(node.sysctls ?? {})) {
      // Others are the machine's, not the namespace's.
      if (!/^net[./][^\s]+$/.test(key) || key.split('/').includes('..')) report(where, `the sysctl ${key} is not below net`, 'only net.* belongs to a namespace');
      if (typeof value !== 'string' || /[\n\0]/.test(value) || value === '') report(where, `the sysctl ${key} is ${JSON.stringify(value)}`, 'give one line of text');
    }
    for (const { to, via } of node.routes ?? []) {
      const at = `${node.name} route ${to}`;
      const fault = to === 'default' ? undefined : prefixFault(to);
      if (fault) report(at, fault, 'write it as "198.51.100.0/24" or "default"');
      const hop = via === undefined ? undefined : ipOf(via);
      if (via !== undefined && !hop) report(at, `its next hop "${via}" is not an IP address`, 'write an address without a prefix length');
      if (!fault && hop && to !== 'default' && to.includes(':') !== hop.v6) report(at, `it goes to ${to} by way of ${via ?? ''}: two IP versions`, 'use a next hop of the same version');
      if ((to.includes(':') || hop?.v6) && !node.ipv6) report(at, `it is an IPv6 route, and ${node.name} has no IPv6`, `set ipv6: true for ${node.name}`);
    }
    for (const { device, address } of node.neighbours ?? []) {
      const ip = ipOf(address);
      if (!ip) report(`${node.name}:${device}`, `the neighbour entry is for "${address}", which is not an IP address`, 'write an address without a prefix length');
      else if (ip.v6 && !node.ipv6) report(`${node.name}:${device}`, `it has a neighbour entry for ${address}, and ${node.name} has no IPv6`, `set ipv6: true for ${node.name}`);
    }
  }
}

/** The same address or MAC twice among devices that hear each other. */
function checkDuplicates({ devices, report, masterOf }: Context, layer2: Layer2): void {
  const groups = new Map<string, { what: string; devices: Device[] }>();
  const add = (key: string, what: string, device: Device): void => {
    const group = groups.get(key) ?? { what, devices: [] };
    groups.set(key, group);
    group.devices.push(device);
  };
  for (const device of devices) {
    for (const address of device.addresses) {
      const [text = ''] = address.split('/');
      const ip = ipOf(text);
      if (ip) add(`ip ${ip.bytes.join('.')}`, `the address ${text}`, device);
    }
    if (device.mac !== undefined) add(`mac ${device.mac.toLowerCase()}`, `the MAC ${device.mac}`, device);
  }
  for (const [key, group] of groups) {
    const left = [...group.devices];
    while (left.length > 1) {
      const first = left.shift();
      if (!first) break;
      const heard = layer2.reach(first);
      const same = left.filter((d) => d === first || heard.has(d));
      // A bond's slaves carry its MAC, and a VLAN device that of what it lies over.
      const related = (a: Device, b: Device): boolean => masterOf(a) === b || masterOf(b) === a || (a.master !== undefined && masterOf(a) === masterOf(b) && masterOf(a)?.kind === 'bond');
      const clash = same.filter((d) => d === first || !key.startsWith('mac') || !related(d, first));
      for (const d of same) left.splice(left.indexOf(d), 1);
      if (clash.length === 0) continue;
      const places = [first, ...clash].map(whereIs);
      report([...new Set(places)].join(', '), `${group.what} is there ${places.length} times in one broadcast domain`, key.startsWith('mac') ? 'leave the MAC away, and one follows from the seed' : 'give each its own address');
    }
  }
}
