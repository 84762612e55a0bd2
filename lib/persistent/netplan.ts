/**
 * netplan: `network: bridges: NAME: parameters:`. Keys: netplan-yaml (netplan 1.0, src/parse.c, bridge_params_handlers):
 * times are seconds unless they have a suffix, stp is on where `parameters` do not say (handle_bridge). netplan has no key
 * for multicast.
 */
import { isMap, isPair, isScalar, LineCounter, type Node, parseAllDocuments, type YAMLMap } from 'yaml';
import { nearest } from '../validate/nearest.ts';
import { type FileText, linesOf, type Place, Reading } from './types.ts';
import { meant, take } from './values.ts';

const PARAMETERS: Readonly<Record<string, string>> = {
  'ageing-time': 'ageing_time', 'aging-time': 'ageing_time', 'forward-delay': 'forward_delay', 'hello-time': 'hello_time', 'max-age': 'max_age', priority: 'priority', stp: 'stp_state',
};
const PORT_PARAMETERS: Readonly<Record<string, string>> = { 'path-cost': 'cost', 'port-priority': 'priority' };
const BRIDGE_KEYS = new Set([
  'interfaces', 'parameters', 'accept-ra', 'activation-mode', 'addresses', 'critical', 'dhcp-identifier', 'dhcp4', 'dhcp4-overrides', 'dhcp6', 'dhcp6-overrides', 'gateway4', 'gateway6', 'ignore-carrier', 'ipv6-address-generation', 'ipv6-address-token',
  'ipv6-mtu', 'ipv6-privacy', 'link-local', 'macaddress', 'mtu', 'nameservers', 'networkmanager', 'openvswitch', 'optional', 'optional-addresses', 'ra-overrides', 'renderer', 'routes', 'routing-policy',
]);
const NETWORK_KEYS = ['version', 'renderer', 'ethernets', 'wifis', 'modems', 'bridges', 'bonds', 'tunnels', 'vlans', 'vrfs', 'dummy-devices', 'virtual-ethernets', 'nm-devices', 'openvswitch'];
const NO_MULTICAST = /mcast|multicast|querier|snoop|igmp|mld/i;

export function readNetplan(file: FileText): Reading {
  const reading = new Reading();
  const lines = linesOf(file.text);
  const counter = new LineCounter();
  const lineOf = (node: unknown): number => {
    const offset = (node as Node | null | undefined)?.range?.[0];
    return offset === undefined ? 1 : Math.max(1, counter.linePos(offset).line);
  };
  const place = (line: number): Place => ({ file: file.path, line, text: lines[line - 1] ?? '' });
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = parseAllDocuments(file.text, { lineCounter: counter, version: '1.1', maxAliasCount: 50, logLevel: 'silent', prettyErrors: false } as Parameters<typeof parseAllDocuments>[1]);
  } catch (error) {
    reading.problem(place(1), `no YAML: ${error instanceof Error ? error.message : String(error)}`, 'correct it; `netplan get` tells more');
    return reading;
  }
  for (const document of Array.isArray(documents) ? documents : []) {
    for (const error of document.errors) reading.problem(place(counter.linePos(error.pos[0]).line || 1), `no YAML: ${error.message.split('\n')[0] ?? ''}`, 'correct it; `netplan get` tells more');
    if (document.errors.length > 0) continue;
    const map = (node: unknown): YAMLMap | undefined => (isMap(node) ? node : undefined);
    const entries = (node: YAMLMap | undefined): { key: string; line: number; value: unknown }[] =>
      (node?.items ?? []).flatMap((pair) => (isPair(pair) && isScalar(pair.key) ? [{ key: String(pair.key.value), line: lineOf(pair.key), value: pair.value }] : []));
    const root = map(document.contents);
    if (!root) { if (document.contents !== null) reading.problem(place(1), 'the file is no mapping', 'netplan begins with network:'); continue; }
    for (const top of entries(root)) {
      if (top.key !== 'network') { reading.problem(place(top.line), `${top.key} is not netplan's`, meant(top.key, ['network'])); continue; }
      for (const part of entries(map(top.value))) {
        if (!NETWORK_KEYS.includes(part.key)) reading.problem(place(part.line), `network has no key ${part.key}`, meant(part.key, NETWORK_KEYS));
        if (part.key !== 'bridges') continue;
        for (const { key: bridge, value, line } of entries(map(part.value))) {
          reading.bridge(bridge);
          if (!isMap(value)) { if (!(isScalar(value) && value.value === null)) reading.problem(place(line), `${bridge} is no mapping`, 'write its keys below it'); continue; }
          for (const entry of entries(value)) {
            if (!BRIDGE_KEYS.has(entry.key)) reading.problem(place(entry.line), `a bridge has no key ${entry.key}`, noMulticast(entry.key, bridge) ?? meant(entry.key, BRIDGE_KEYS));
            else if (entry.key === 'parameters') parameters(reading, bridge, entry.line, entries(map(entry.value)), entries, place);
            else if (entry.key === 'openvswitch') reading.problem(place(entry.line), 'an Open vSwitch bridge is none of the kernel\'s', 'wirewarp builds Linux bridges');
          }
        }
      }
    }
  }
  return reading;
}

type Entry = { key: string; line: number; value: unknown };

function parameters(reading: Reading, bridge: string, at: number, list: readonly Entry[], entries: (node: YAMLMap | undefined) => Entry[], place: (line: number) => Place): void {
  for (const { key, line, value } of list) {
    if (Object.hasOwn(PORT_PARAMETERS, key)) {
      if (!isMap(value)) { reading.problem(place(line), `${key} is no mapping of ports`, 'write PORT: NUMBER below it'); continue; }
      for (const port of entries(value)) if (isScalar(port.value)) take(reading, place(port.line), { bridge, port: port.key }, PORT_PARAMETERS[key] ?? '', scalarText(port.value), 'span', key);
    } else if (Object.hasOwn(PARAMETERS, key)) {
      if (isScalar(value)) take(reading, place(line), { bridge }, PARAMETERS[key] ?? '', scalarText(value), 'span', key);
      else reading.problem(place(line), `${key} is no single value`, 'write KEY: VALUE');
    } else reading.problem(place(line), `netplan's parameters have no ${key}`, noMulticast(key, bridge) ?? meant(key, [...Object.keys(PARAMETERS), ...Object.keys(PORT_PARAMETERS)]));
  }
  if (!list.some((e) => e.key === 'stp')) {
    const here = place(at);
    reading.set({ ...here, text: `${here.text.trim()} (no stp: netplan's default with parameters is true)` }, { bridge }, 'stp_state', true);
  }
}

/** As it stands in the file: 08 stays 08. */
const scalarText = (node: { value: unknown; source?: string | undefined }): string => node.source ?? String(node.value);

const noMulticast = (key: string, bridge: string): string | undefined =>
  NO_MULTICAST.test(key) && nearest(key, [...Object.keys(PARAMETERS), ...BRIDGE_KEYS], 1).length === 0 ? `netplan has no option for multicast: put it into a drop-in of systemd-networkd, /etc/systemd/network/10-netplan-${bridge}.netdev.d/multicast.conf, [Bridge] MulticastQuerier=yes` : undefined;
