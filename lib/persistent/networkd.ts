/**
 * systemd-networkd: `.netdev` files of Kind=bridge, their drop-ins, and the [Bridge] section of ports' `.network` files.
 * Keys: systemd.netdev(5) and systemd.network(5) of systemd 252; FDBMaxLearned is of 257 (src/network/netdev/bridge.c).
 */
import { nearest } from '../validate/nearest.ts';
import { readIni } from './ini.ts';
import { baseName, type FileText, type Place, Reading } from './types.ts';
import { meant, take, yesNo } from './values.ts';

const BRIDGE_KEYS: Readonly<Record<string, string>> = {
  HelloTimeSec: 'hello_time', MaxAgeSec: 'max_age', ForwardDelaySec: 'forward_delay', AgeingTimeSec: 'ageing_time', Priority: 'priority',
  GroupForwardMask: 'group_fwd_mask', DefaultPVID: 'vlan_default_pvid', MulticastQuerier: 'mcast_querier', MulticastSnooping: 'mcast_snooping',
  VLANFiltering: 'vlan_filtering', VLANProtocol: 'vlan_protocol', STP: 'stp_state', MulticastIGMPVersion: 'mcast_igmp_version', FDBMaxLearned: 'fdb_max_learned',
};
/** networkd sends these only when they are not 0 (netdev_bridge_post_create_message). */
const ZERO_IS_UNSET = new Set(['HelloTimeSec', 'MaxAgeSec', 'Priority', 'GroupForwardMask', 'MulticastIGMPVersion']);
const NETDEV_KEYS = ['Description', 'Name', 'Kind', 'MTUBytes', 'MACAddress'];
const MATCH_KEYS = ['Host', 'Virtualization', 'KernelCommandLine', 'KernelVersion', 'Credential', 'Architecture', 'Firmware'];

const PORT_KEYS: Readonly<Record<string, string>> = {
  UnicastFlood: 'flood', MulticastFlood: 'mcast_flood', MulticastToUnicast: 'mcast_to_unicast', NeighborSuppression: 'neigh_suppress', Learning: 'learning',
  HairPin: 'hairpin', Isolated: 'isolated', FastLeave: 'fastleave', ProxyARP: 'proxy_arp', ProxyARPWiFi: 'proxy_arp_wifi',
  MulticastRouter: 'mcast_router', Cost: 'cost', Priority: 'priority', Locked: 'locked', MACAuthenticationBypass: 'mab', VLANTunnel: 'vlan_tunnel',
};
/** Said the other way round: on means that the kernel's flag is off. */
const NEGATED: Readonly<Record<string, string>> = { UseBPDU: 'guard', AllowPortToBeRoot: 'root_block' };
const NETWORK_SECTIONS = [
  'Match', 'Link', 'Network', 'Address', 'Neighbor', 'IPv6AddressLabel', 'RoutingPolicyRule', 'NextHop', 'Route', 'DHCPv4', 'DHCPv6', 'DHCPPrefixDelegation', 'IPv6AcceptRA', 'DHCPServer', 'DHCPServerStaticLease',
  'IPv6SendRA', 'IPv6Prefix', 'IPv6RoutePrefix', 'IPv6PREF64Prefix', 'Bridge', 'BridgeFDB', 'BridgeMDB', 'BridgeVLAN', 'LLDP', 'CAN', 'IPoIB', 'QDisc', 'TrafficControlQueueingDiscipline', 'SR-IOV',
];

/** `name`: of a drop-in's bridge, which only its .netdev tells. */
export function readNetdev(file: FileText, name?: string): Reading {
  const reading = new Reading();
  const place = (line: number, text: string): Place => ({ file: file.path, line, text });
  const lines = readIni(file.text, (line, text) => { reading.problem(place(line, text), 'this is neither a section nor KEY=VALUE', 'write KEY=VALUE'); });
  const last = (section: string, key: string): string | undefined => lines.findLast((l) => l.section === section && l.key === key)?.value;
  const kind = last('NetDev', 'Kind');
  const bridge = last('NetDev', 'Name') ?? name;
  if (kind !== undefined && kind !== 'bridge') return reading;
  const first = place(1, lines[0]?.text ?? '');
  if (kind === undefined && name === undefined) {
    const near = lines.find((l) => l.section === 'NetDev' && l.key !== undefined && nearest(l.key, ['Kind']).length > 0);
    reading.problem(near ? place(near.line, near.text) : first, 'the file does not say Kind=bridge', 'write Kind=bridge into [NetDev]');
    return reading;
  }
  if (bridge === undefined || bridge === '') { reading.problem(first, 'the file does not say Name=', 'write Name= into [NetDev]'); return reading; }
  reading.bridge(bridge);
  // A key without a value takes back what was said before; the last word counts.
  const words = new Map<string, { line: number; text: string; value: string }>();
  for (const { section, key, value, line, text } of lines) {
    if (key === undefined) {
      if (!['NetDev', 'Match', 'Bridge'].includes(section)) reading.problem(place(line, text), `a .netdev of a bridge has no section [${section}]`, meant(section, ['NetDev', 'Match', 'Bridge']));
    } else if (section === 'Bridge') {
      if (!Object.hasOwn(BRIDGE_KEYS, key)) reading.problem(place(line, text), `[Bridge] has no key ${key}`, meant(key, Object.keys(BRIDGE_KEYS)));
      else if (value === '') words.delete(key);
      else words.set(key, { line, text, value });
    } else if (section === 'NetDev' && !NETDEV_KEYS.includes(key)) reading.problem(place(line, text), `[NetDev] has no key ${key}`, meant(key, NETDEV_KEYS));
    else if (section === 'Match') {
      if (MATCH_KEYS.includes(key)) reading.problem(place(line, text), 'whether this matches the machine cannot be read off the file', 'hand over a file without [Match], if it applies');
      else reading.problem(place(line, text), `[Match] of a .netdev has no key ${key}`, meant(key, MATCH_KEYS));
    }
  }
  for (const [key, { line, text, value }] of words) {
    const option = BRIDGE_KEYS[key] ?? '';
    const zero = ZERO_IS_UNSET.has(key) && /^0+(s|sec)?$/.test(value);
    if (zero) { reading.problem(place(line, text), `systemd-networkd does not set ${key} when it is 0`, 'drop the line, or give another value'); continue; }
    take(reading, place(line, text), { bridge }, option, key === 'DefaultPVID' && value === 'none' ? '0' : value, 'span', key);
  }
  return reading;
}

/** Settings of the ports that a .network puts into a bridge. */
export function readNetwork(file: FileText): Reading {
  const reading = new Reading();
  const place = (line: number, text: string): Place => ({ file: file.path, line, text });
  const lines = readIni(file.text, (line, text) => { reading.problem(place(line, text), 'this is neither a section nor KEY=VALUE', 'write KEY=VALUE'); });
  const last = (section: string, key: string): string | undefined => lines.findLast((l) => l.section === section && l.key === key)?.value;
  const bridge = last('Network', 'Bridge');
  const port = last('Match', 'Name') ?? '';
  if (bridge !== undefined) reading.bridge(bridge);
  for (const { section, key, value, line, text } of lines) {
    const here = place(line, text);
    if (key === undefined) {
      if (!NETWORK_SECTIONS.includes(section)) reading.problem(here, `a .network has no section [${section}]`, meant(section, NETWORK_SECTIONS));
      else if (/^Bridge(FDB|MDB|VLAN)$/.test(section)) reading.problem(here, `[${section}] is not carried over`, 'draw VLANs in the topology; entries are for the story');
      continue;
    }
    if (section === 'Network' && key !== 'Bridge' && nearest(key, ['Bridge']).length > 0 && key.length <= 8) reading.problem(here, `[Network] has no key ${key}`, 'did you mean Bridge?');
    if (section !== 'Bridge') continue;
    if (bridge === undefined || bridge === '') { reading.problem(here, 'the file does not say to which bridge the port belongs', 'write Bridge= into [Network]'); continue; }
    if (port === '' || /[*?[\s!]/.test(port)) { reading.problem(here, 'which ports the file is for cannot be read off it', 'write Name=PORT into [Match]'); continue; }
    if (Object.hasOwn(PORT_KEYS, key)) take(reading, here, { bridge, port }, PORT_KEYS[key] ?? '', value, 'span', key);
    else if (Object.hasOwn(NEGATED, key)) {
      const on = yesNo(value);
      take(reading, here, { bridge, port }, NEGATED[key] ?? '', on === undefined ? value : on ? 'no' : 'yes', 'span', key);
    } else reading.problem(here, `[Bridge] of a port has no key ${key}`, meant(key, [...Object.keys(PORT_KEYS), ...Object.keys(NEGATED)]));
  }
  return reading;
}

/** /etc/systemd/network/10-vmbr0.netdev.d/querier.conf belongs to 10-vmbr0.netdev. */
export const dropInOf = (path: string): string | undefined => /([^/]+\.(?:netdev|network))\.d\/[^/]+\.conf$/.exec(path)?.[1];

/** The bridge of a drop-in: from its .netdev, or from netplan's way to name them. */
export function bridgeOfDropIn(path: string, files: readonly FileText[]): string | undefined {
  const owner = dropInOf(path);
  if (owner === undefined) return undefined;
  const base = files.find((f) => baseName(f.path) === owner);
  if (base) {
    const name = readIni(base.text, () => undefined).findLast((l) => l.section === 'NetDev' && l.key === 'Name')?.value;
    if (name !== undefined) return name;
  }
  return /^10-netplan-(.+)\.netdev$/.exec(owner)?.[1];
}
