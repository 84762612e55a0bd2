/**
 * /etc/network/interfaces of Debian and Proxmox VE: interfaces(5), bridge_* as the ifupdown hook of
 * bridge-utils hands them to brctl, bridge-* of ifupdown2's addon `bridge` ("_" and "-" alike). Times are
 * seconds. post-up and up lines are read, not run.
 */
import { nearest } from '../validate/nearest.ts';
import { forEachName, type FindScript } from './hooks.ts';
import { globMatches, readShell } from './shell.ts';
import { continued, type FileText, linesOf, type Place, Reading } from './types.ts';
import { meant, take } from './values.ts';

/** Key without its "bridge-": option; and whether plain ifupdown with bridge-utils has it. */
const BRIDGE_KEYS: Readonly<Record<string, readonly [option: string, since: 'bridge-utils' | 'ifupdown2']>> = {
  ageing: ['ageing_time', 'bridge-utils'], bridgeprio: ['priority', 'bridge-utils'], fd: ['forward_delay', 'bridge-utils'], hello: ['hello_time', 'bridge-utils'], maxage: ['max_age', 'bridge-utils'],
  stp: ['stp_state', 'bridge-utils'], 'vlan-aware': ['vlan_filtering', 'bridge-utils'],
  mclmc: ['mcast_last_member_count', 'ifupdown2'], mcrouter: ['mcast_router', 'ifupdown2'], mcsnoop: ['mcast_snooping', 'ifupdown2'], mcsqc: ['mcast_startup_query_count', 'ifupdown2'],
  mcqifaddr: ['mcast_query_use_ifaddr', 'ifupdown2'], mcquerier: ['mcast_querier', 'ifupdown2'], hashel: ['mcast_hash_elasticity', 'ifupdown2'], hashmax: ['mcast_hash_max', 'ifupdown2'],
  mclmi: ['mcast_last_member_interval', 'ifupdown2'], mcmi: ['mcast_membership_interval', 'ifupdown2'], mcqpi: ['mcast_querier_interval', 'ifupdown2'], mcqi: ['mcast_query_interval', 'ifupdown2'],
  mcqri: ['mcast_query_response_interval', 'ifupdown2'], mcsqi: ['mcast_startup_query_interval', 'ifupdown2'], 'igmp-version': ['mcast_igmp_version', 'ifupdown2'], 'mld-version': ['mcast_mld_version', 'ifupdown2'],
  'vlan-protocol': ['vlan_protocol', 'ifupdown2'], 'vlan-stats': ['vlan_stats_enabled', 'ifupdown2'],
};
/** PORT=VALUE lists in the bridge's stanza; `pathcost PORT COST` in bridge-utils. */
const PORT_KEYS: Readonly<Record<string, string>> = {
  pathcosts: 'cost', portprios: 'priority', portmcrouter: 'mcast_router', portmcfl: 'fastleave', learning: 'learning', 'unicast-flood': 'flood', 'multicast-flood': 'mcast_flood', 'broadcast-flood': 'bcast_flood', 'arp-nd-suppress': 'neigh_suppress',
};
/** Says how to set up, nothing that the bridge keeps. */
const SILENT = new Set(['ports', 'maxwait', 'waitport', 'hw', 'gcint', 'ports-condone-regex', 'always-up']);
const VLANS = new Set(['vids', 'trunk', 'pvid', 'access', 'allow-untagged', 'port-vids', 'port-pvids', 'vlan-vni-map', 'l2protocol-tunnel', 'mcqv4src']);
const HOOKS = new Set(['pre-up', 'up', 'post-up', 'down', 'pre-down', 'post-down']);
const OTHER = new Set([
  'address', 'netmask', 'broadcast', 'gateway', 'network', 'mtu', 'hwaddress', 'metric', 'pointopoint', 'scope', 'media', 'accept_ra', 'autoconf', 'privext', 'dad-attempts', 'dad-interval', 'preferred-lifetime', 'request_prefix', 'll-attempts',
  'll-interval', 'hostname', 'leasehours', 'leasetime', 'vendor', 'client', 'local', 'endpoint', 'mode', 'ttl', 'requires', 'inherits', 'description', 'alias', 'comment', 'ovs_type', 'ovs_bridge', 'ovs_ports', 'ovs_options', 'ovs_extra', 'ovs_mtu', 'slaves',
  'miimon', 'vrf', 'vrf-table', 'address-virtual', 'ip-forward', 'ip6-forward', 'link-type', 'link-autoneg', 'link-speed', 'link-duplex', 'accept-ra', 'use-tempaddr', 'dns-nameservers', 'dns-search', 'dns-domain', 'dns-nameserver', 'vlan_raw_device', 'vlan-raw-device', 'vlan-id', 'vlan-protocol',
]);
const OTHER_FAMILY = /^(bond|vlan|vxlan|ovs|wpa|wireless|dns|mstpctl|tunnel|ethtool|link|es|clagd|team|batman|macvlan|ppp|post-address|ip|offload|gro|tx|rx)[-_]/;
const TOP = ['auto', 'iface', 'mapping', 'source', 'source-directory', 'no-auto-down', 'no-scripts', 'template', 'rename', 'vlan'];

interface Stanza { readonly name: string; readonly lines: { place: Place; key: string; value: string }[] }

export function readInterfaces(file: FileText, bridge: string, options: { paths?: readonly string[]; script?: FindScript } = {}): Reading {
  const reading = new Reading();
  const stanzas: Stanza[] = [];
  let open: Stanza | 'mapping' | undefined;
  const raw = linesOf(file.text);
  for (const { line, text } of continued(raw)) {
    const t = text.trim();
    if (t === '' || t.startsWith('#')) continue;
    const place: Place = { file: file.path, line, text };
    const [, word = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(t) ?? [];
    if (word === 'iface') {
      const name = rest.split(/\s+/)[0] ?? '';
      if (name === '') { reading.problem(place, 'iface without a name', 'write iface NAME inet …'); open = undefined; continue; }
      open = { name, lines: [] };
      stanzas.push(open);
    } else if (word === 'source' || word === 'source-directory') {
      open = undefined;
      const found = (options.paths ?? []).some((p) => (word === 'source' ? globMatches(rest, p) || p.endsWith(`/${rest.replace(/^\.?\//, '')}`) : p.startsWith(`${rest.replace(/\/+$/, '')}/`)));
      if (!found) reading.problem(place, `${rest} is read too, and none of its files was handed over`, 'hand it over too; where it is empty, drop the line');
    } else if (word === 'mapping') { open = 'mapping'; reading.problem(place, 'a mapping runs a script to choose among stanzas: not understood', 'hand over the file without it'); }
    else if (TOP.includes(word) || /^(allow|no)-/.test(word)) open = undefined;
    else if (open === 'mapping') continue;
    else if (open) open.lines.push({ place, key: word, value: rest });
    else reading.problem(place, `${word} belongs to no stanza`, meant(word, TOP));
  }
  for (const stanza of stanzas) readStanza(reading, stanza, bridge, options.script);
  return reading;
}

function readStanza(reading: Reading, stanza: Stanza, bridge: string, script?: FindScript): void {
  const { name } = stanza;
  for (const { place, key, value } of stanza.lines) {
    // Both take "_" for "-".
    const short = /^bridge[-_](.+)$/.exec(key)?.[1]?.replaceAll('_', '-');
    if (short !== undefined) bridgeKey(reading, place, name, short, key, value);
    else if (HOOKS.has(key)) hook(reading, place, name, key, value, bridge, script);
    else if (!OTHER.has(key) && !OTHER_FAMILY.test(key)) {
      const dashed = key.replaceAll('_', '-');
      const near = nearest(dashed, [...Object.keys(BRIDGE_KEYS), ...SILENT].map((k) => `bridge-${k}`)).map((n) => (key.includes('_') ? n.replaceAll('-', '_') : n));
      reading.problem(place, `${key} is no option of an interface that is known here`, near.length > 0 ? `did you mean ${near.join(' or ')}?` : meant(key, [...OTHER, ...HOOKS]));
    }
  }
}

function bridgeKey(reading: Reading, place: Place, name: string, short: string, key: string, value: string): void {
  const known = Object.hasOwn(BRIDGE_KEYS, short) ? BRIDGE_KEYS[short] : undefined;
  if (SILENT.has(short)) { if (short === 'ports') reading.bridge(name); return; }
  if (VLANS.has(short)) { reading.problem(place, `${key} is not carried over`, 'draw VLANs in the topology'); return; }
  if (short === 'pathcost' || short === 'portprio') {
    const [port = '', number = '', more] = value.split(/\s+/);
    if (number === '' || more !== undefined) reading.problem(place, `${key} is not PORT NUMBER`, 'write the port and the number');
    else take(reading, place, { bridge: name, port }, short === 'pathcost' ? 'cost' : 'priority', number, 'seconds', key);
    return;
  }
  if (Object.hasOwn(PORT_KEYS, short)) {
    for (const pair of value.split(/\s+/).filter((p) => p !== '')) {
      const [port = '', word] = pair.split('=');
      if (word === undefined) reading.problem(place, `${key}: "${pair}" is not PORT=VALUE; in a port's own stanza its bridge cannot be read off`, 'write PORT=VALUE into the stanza of the bridge');
      else take(reading, place, { bridge: name, port }, PORT_KEYS[short] ?? '', word, 'seconds', key);
    }
    return;
  }
  if (!known) {
    const dash = key.includes('_') ? '_' : '-';
    const names = [...Object.keys(BRIDGE_KEYS), ...Object.keys(PORT_KEYS), ...SILENT];
    const near = nearest(short, names);
    const full = (near.length > 0 ? near : names).map((n) => `bridge${dash}${n.replaceAll('-', dash)}`);
    reading.problem(place, `a bridge has no option ${key}`, near.length > 0 ? `did you mean ${full.join(' or ')}?` : `there are ${full.join(', ')}`);
    return;
  }
  take(reading, place, { bridge: name }, known[0], value, 'seconds', key);
}

function hook(reading: Reading, place: Place, name: string, key: string, command: string, bridge: string, script?: FindScript): void {
  if (key.endsWith('down')) return;
  const into = new Reading();
  // The name that the tool gives is the stanza's, whichever bridge is asked for; its folder is there once it is up.
  const run = (iface: string, to: Reading): ReadonlySet<string> =>
    readShell({ reading: to, file: place.file, lines: command.split('\n').map(() => place.text), firstLine: place.line, args: ['sh'], env: { IFACE: iface, LOGICAL: iface, MODE: 'start', PHASE: key === 'pre-up' ? 'pre-up' : 'post-up', VERBOSITY: '0' }, bridge: name, ...(script ? { script } : {}) }, command).compared;
  forEachName(name, into, run);
  for (const setting of into.settings) {
    if (key === 'pre-up') into.problem(place, `pre-up runs before ${setting.bridge} is there: nothing takes the value`, 'write post-up');
    else if (setting.bridge !== name && setting.bridge === bridge) into.problem(place, `it is written when ${name} comes up, not when ${bridge} is made: lost when ${bridge} is made again`, `put it into the stanza of ${bridge}`);
  }
  const kept = key === 'pre-up' ? [] : into.settings.filter((s) => s.bridge === name || s.bridge !== bridge);
  reading.add({ bridges: into.bridges, settings: kept, problems: into.problems });
}
