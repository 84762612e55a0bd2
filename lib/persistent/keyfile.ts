/**
 * NetworkManager's keyfiles (nm-settings-keyfile(5)): [bridge] of a bridge, [bridge-port] of a port. Keys, units and sysfs
 * names: nm-settings(5) of NetworkManager 1.42 and src/core/devices/nm-device-bridge.c (controller_options): the STP times
 * and ageing-time are seconds, multicast intervals go to sysfs as they are, in hundredths of a second.
 */
import { readIni } from './ini.ts';
import { type FileText, type Place, Reading, type Target } from './types.ts';
import { meant, type Spelling, take } from './values.ts';

type Key = readonly [option: string, spelling: Spelling];
const BRIDGE_KEYS: Readonly<Record<string, Key>> = {
  stp: ['stp_state', 'seconds'], priority: ['priority', 'seconds'], 'forward-delay': ['forward_delay', 'seconds'], 'hello-time': ['hello_time', 'seconds'], 'max-age': ['max_age', 'seconds'],
  'ageing-time': ['ageing_time', 'seconds'], 'group-forward-mask': ['group_fwd_mask', 'kernel'], 'group-address': ['group_address', 'kernel'],
  'multicast-hash-max': ['mcast_hash_max', 'kernel'], 'multicast-last-member-count': ['mcast_last_member_count', 'kernel'], 'multicast-last-member-interval': ['mcast_last_member_interval', 'kernel'],
  'multicast-membership-interval': ['mcast_membership_interval', 'kernel'], 'multicast-querier': ['mcast_querier', 'seconds'], 'multicast-querier-interval': ['mcast_querier_interval', 'kernel'],
  'multicast-query-interval': ['mcast_query_interval', 'kernel'], 'multicast-query-response-interval': ['mcast_query_response_interval', 'kernel'],
  'multicast-query-use-ifaddr': ['mcast_query_use_ifaddr', 'seconds'], 'multicast-snooping': ['mcast_snooping', 'seconds'], 'multicast-router': ['mcast_router', 'seconds'],
  'multicast-startup-query-count': ['mcast_startup_query_count', 'kernel'], 'multicast-startup-query-interval': ['mcast_startup_query_interval', 'kernel'],
  'vlan-filtering': ['vlan_filtering', 'seconds'], 'vlan-default-pvid': ['vlan_default_pvid', 'kernel'], 'vlan-protocol': ['vlan_protocol', 'seconds'], 'vlan-stats-enabled': ['vlan_stats_enabled', 'seconds'],
};
/** Known, and no setting that is carried over. */
const SILENT_KEYS = new Set(['mac-address', 'interface-name']);
const PORT_KEYS: Readonly<Record<string, Key>> = { 'path-cost': ['cost', 'kernel'], priority: ['priority', 'kernel'], 'hairpin-mode': ['hairpin', 'seconds'] };

export interface Keyfile {
  readonly uuid?: string;
  readonly id?: string;
  readonly type?: string;
  readonly device?: string;
}

/** Who the connection is; ports name their bridge by device, UUID or id. */
export function keyfileHead(text: string): Keyfile {
  const lines = readIni(text, () => undefined);
  const of = (section: string, key: string): string | undefined => lines.findLast((l) => l.section === section && l.key === key)?.value;
  const [uuid, id, type, device] = [of('connection', 'uuid'), of('connection', 'id'), of('connection', 'type'), of('connection', 'interface-name') ?? of('bridge', 'interface-name')];
  return { ...(uuid === undefined ? {} : { uuid }), ...(id === undefined ? {} : { id }), ...(type === undefined ? {} : { type }), ...(device === undefined ? {} : { device }) };
}

/** `others`: the heads of the user's other keyfiles. */
export function readKeyfile(file: FileText, others: readonly Keyfile[] = []): Reading {
  const reading = new Reading();
  const place = (line: number, text: string): Place => ({ file: file.path, line, text });
  const lines = readIni(file.text, (line, text) => { reading.problem(place(line, text), 'this is neither a section nor KEY=VALUE', 'write KEY=VALUE'); });
  const of = (key: string): string | undefined => lines.findLast((l) => l.section === 'connection' && l.key === key)?.value;
  const head = keyfileHead(file.text);
  const here = lines.find((l) => l.section === 'connection');
  const first = place(here?.line ?? 1, here?.text ?? '');
  const sections = new Set(lines.map((l) => l.section));
  for (const { key, section, line, text } of lines)
    if (key === undefined && !['bridge', 'bridge-port'].includes(section) && /^br/i.test(section)) reading.problem(place(line, text), `there is no section [${section}]`, meant(section, ['bridge', 'bridge-port']));
  if (head.type === undefined) { reading.problem(first, 'the file does not say type= in [connection]', 'write type=bridge'); return reading; }

  if (head.type === 'bridge') {
    if (head.device === undefined || head.device === '') { reading.problem(first, 'the file does not say which device the bridge is', 'write interface-name= into [connection]'); return reading; }
    const target: Target = { bridge: head.device };
    reading.bridge(head.device);
    for (const { section, key, value, line, text } of lines) {
      if (section !== 'bridge' || key === undefined || SILENT_KEYS.has(key)) continue;
      if (/^vlans\d*$/.test(key)) reading.problem(place(line, text), 'VLANs are not carried over', 'draw them in the topology');
      else keyTo(reading, place(line, text), target, BRIDGE_KEYS, key, value, 'bridge');
    }
    // NM sets every property; STP is on where the file does not say.
    if (!lines.some((l) => l.section === 'bridge' && l.key === 'stp')) {
      const section = lines.find((l) => l.section === 'bridge');
      reading.set(section ? place(section.line, `${section.text} (no stp=: NetworkManager's default is true)`) : { ...first, text: "no stp=: NetworkManager's default is true" }, target, 'stp_state', true);
    }
    return reading;
  }
  if (head.type !== 'bridge' && sections.has('bridge')) reading.problem(first, `type=${head.type} with a section [bridge]`, 'write type=bridge');
  if (!sections.has('bridge-port')) return reading;
  const master = of('controller') ?? of('master');
  const bridge = others.find((o) => o.uuid === master || o.id === master)?.device ?? master;
  const port = head.device;
  for (const { section, key, value, line, text } of lines) {
    if (section !== 'bridge-port' || key === undefined) continue;
    const at = place(line, text);
    if (bridge === undefined || port === undefined) reading.problem(at, `the file does not say ${bridge === undefined ? 'to which bridge the port belongs' : 'which device the port is'}`, `write ${bridge === undefined ? 'controller=' : 'interface-name='} into [connection]`);
    else if (/^vlans\d*$/.test(key)) reading.problem(at, 'VLANs are not carried over', 'draw them in the topology');
    else keyTo(reading, at, { bridge, port }, PORT_KEYS, key, value, 'bridge-port');
  }
  return reading;
}

function keyTo(reading: Reading, place: Place, target: Target, keys: Readonly<Record<string, Key>>, key: string, value: string, section: string): void {
  const known = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (!known) { reading.problem(place, `[${section}] has no key ${key}`, meant(key, Object.keys(keys))); return; }
  const [option, spelling] = known;
  // GKeyFile knows true and false, and 1 and 0; nothing else.
  const isSwitch = spelling === 'seconds' && /^(stp|multicast-(querier|snooping|query-use-ifaddr)|vlan-(filtering|stats-enabled)|hairpin-mode)$/.test(key);
  if (isSwitch && !/^(true|false|0|1)$/.test(value)) { reading.problem(place, `${key}: "${value}" is neither true nor false`, 'write true or false'); return; }
  take(reading, place, target, option, value, spelling, key);
}
