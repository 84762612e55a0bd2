/**
 * Settings of Linux bridges, ports and bonds as an administrator writes them: at once, and in each place that keeps them
 * over a reboot. What lib/persistent reads back from these lines is the setting (tested); names and units follow from the
 * option tables.
 */
import type { OptionSpec } from '../netlink/options/index.ts';
import { BRIDGE_TABLE, PORT_TABLE, specOf, UNIT_NS } from '../plan-options.ts';
import type { OptionValue } from '../topology.ts';
import { isDuration } from '../units.ts';
import type { Cure } from './types.ts';

export interface BridgeSetting { readonly bridge: string; readonly option: string; readonly value: OptionValue }
export interface PortSetting { readonly bridge: string; readonly port: string; readonly option: string; readonly value: boolean }

/** [Bridge] of a .netdev (systemd.netdev(5)); what is not here networkd cannot set. */
const NETWORKD: Readonly<Record<string, string>> = { mcast_querier: 'MulticastQuerier', mcast_snooping: 'MulticastSnooping', stp_state: 'STP', forward_delay: 'ForwardDelaySec', ageing_time: 'AgeingTimeSec', mcast_igmp_version: 'MulticastIGMPVersion' };
/** [Bridge] of a port's .network (systemd.network(5)). */
const NETWORKD_PORT: Readonly<Record<string, string>> = { mcast_flood: 'MulticastFlood', flood: 'UnicastFlood', fastleave: 'FastLeave', learning: 'Learning' };
/** [bridge] of a keyfile (nm-settings(5)): the STP times in seconds, multicast times in hundredths as sysfs has them. */
const KEYFILE: Readonly<Record<string, string>> = {
  mcast_querier: 'multicast-querier', mcast_snooping: 'multicast-snooping', mcast_querier_interval: 'multicast-querier-interval', mcast_query_interval: 'multicast-query-interval',
  mcast_membership_interval: 'multicast-membership-interval', stp_state: 'stp', forward_delay: 'forward-delay', ageing_time: 'ageing-time',
};
const IFCFG_OWN: Readonly<Record<string, string>> = { stp_state: 'STP', forward_delay: 'DELAY', ageing_time: 'AGEING' };
const IFUPDOWN_OWN: Readonly<Record<string, string>> = { stp_state: 'bridge_stp', forward_delay: 'bridge_fd', ageing_time: 'bridge_ageing' };

/** In the kernel's own count: 1, 25500. */
function counted(spec: OptionSpec, value: OptionValue): string {
  if (isDuration(value)) return String(Math.round(value.ns / (spec.kind === 'duration' ? UNIT_NS[spec.unit] : 1e9)));
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}
/** In seconds, or yes and no. */
const spoken = (value: OptionValue, [yes, no]: readonly [string, string] = ['yes', 'no']): string => (isDuration(value) ? String(value.ns / 1e9) : typeof value === 'boolean' ? (value ? yes : no) : String(value));
const sysfsFile = (spec: OptionSpec, option: string): string => {
  if (!spec.sysfs) throw new Error(`${option} has no file in sysfs`);
  return spec.sysfs;
};

/** One option of a bridge, wherever it can be written. The first is for now, the rest last. */
export const bridgeOption = ({ bridge, option, value }: BridgeSetting): Cure[] => bridgeOptions(bridge, [[option, value]]);

/** Several that belong together, in one go. What a place has no key for is said in its note. */
export function bridgeOptions(bridge: string, options: readonly (readonly [option: string, value: OptionValue])[]): Cure[] {
  const all = options.map(([option, value]) => {
    const spec = specOf(BRIDGE_TABLE, option);
    if (!spec) throw new Error(`a bridge has no option ${option}`);
    const file = sysfsFile(spec, option);
    return { option, value, file, name: file.split('/')[1] as string, number: counted(spec, value), ip: spec.ip ?? option };
  });
  const bridging = all.filter(({ option }) => IFCFG_OWN[option] === undefined);
  const cures: Cure[] = [
    { where: 'sysfs', lines: all.map(({ number, file }) => `echo ${number} > /sys/class/net/${bridge}/${file}`), note: 'at once, and until the bridge is made again or the machine reboots' },
    { where: 'ip', lines: [`ip link set dev ${bridge} type bridge ${all.map(({ ip, number }) => `${ip} ${number}`).join(' ')}`], note: 'the same by iproute2' },
    {
      where: 'ifcfg', lines: [...all.filter(({ option }) => IFCFG_OWN[option] !== undefined).map(({ option, value }) => `${IFCFG_OWN[option] ?? ''}=${spoken(value)}`), ...(bridging.length > 0 ? [`BRIDGING_OPTS="${bridging.map(({ name, number }) => `${name}=${number}`).join(' ')}"`] : [])],
      note: `in /etc/sysconfig/network-scripts/ifcfg-${bridge}`,
    },
    {
      where: '/etc/network/interfaces', lines: all.map(({ option, value, number, file }) => (IFUPDOWN_OWN[option] === undefined ? `post-up echo ${number} > /sys/class/net/$IFACE/${file}` : `${IFUPDOWN_OWN[option]} ${spoken(value, ['on', 'off'])}`)),
      note: `in the stanza "iface ${bridge} inet ..."`,
    },
    { where: 'udev', lines: [`ACTION=="add", SUBSYSTEM=="net", KERNEL=="${bridge}", ${all.map(({ file, number }) => `ATTR{${file}}="${number}"`).join(', ')}`], note: `in /etc/udev/rules.d/99-${bridge}.rules` },
  ];
  const without = (keys: Readonly<Record<string, string>>): string => all.filter(({ option }) => keys[option] === undefined).map(({ name }) => name).join(', ');
  const networkd = all.flatMap(({ option, value }) => (NETWORKD[option] === undefined ? [] : [`${NETWORKD[option]}=${spoken(value)}`]));
  if (networkd.length > 0) {
    const lacking = without(NETWORKD);
    cures.push({ where: 'systemd-networkd', lines: ['[Bridge]', ...networkd], note: `in the .netdev of ${bridge}, or in a drop-in of it; with netplan, which has no key for multicast, in /etc/systemd/network/10-netplan-${bridge}.netdev.d/multicast.conf${lacking === '' ? '' : `; it has no key for ${lacking}, which udev can set`}` });
  }
  const keyfile = all.flatMap(({ option, value, number }) => {
    const key = KEYFILE[option];
    // Where the file does not say, spanning tree is on, and with it the kernel takes no delay below 2 s.
    const besides = option === 'forward_delay' && isDuration(value) && value.ns < 2e9 && !options.some(([o]) => o === 'stp_state') ? ['stp=false'] : [];
    return key === undefined ? [] : [...besides, `${key}=${isDuration(value) && key.startsWith('multicast') ? number : spoken(value, ['true', 'false'])}`];
  });
  if (keyfile.length > 0) {
    const lacking = without(KEYFILE);
    cures.push({ where: 'NetworkManager', lines: ['[bridge]', ...keyfile], note: `in /etc/NetworkManager/system-connections/${bridge}.nmconnection, or: nmcli connection modify ${bridge} ${keyfile.map((line) => `bridge.${line.replace('=', ' ')}`).join(' ')}${lacking === '' ? '' : `; it has no key for ${lacking}, which udev can set`}` });
  }
  return cures;
}

/** A switch of a bridge's port. Ports of virtual machines are made anew with each start: what makes them must set it. */
export function portOption({ bridge, port, option, value }: PortSetting): Cure[] {
  const spec = specOf(PORT_TABLE, option);
  if (!spec) throw new Error(`a bridge's port has no option ${option}`);
  const file = sysfsFile(spec, option);
  const number = value ? '1' : '0';
  const cures: Cure[] = [
    { where: 'bridge', lines: [`bridge link set dev ${port} ${spec.bridge ?? option} ${value ? 'on' : 'off'}`], note: 'at once, and until the port leaves its bridge' },
    { where: 'sysfs', lines: [`echo ${number} > /sys/class/net/${port}/${file}`], note: 'the same by sysfs' },
    { where: 'ifcfg', lines: [`BRIDGING_OPTS="${file.split('/')[1] as string}=${number}"`], note: `in the member's /etc/sysconfig/network-scripts/ifcfg-${port}, which has BRIDGE=${bridge}` },
    { where: '/etc/network/interfaces', lines: [`post-up echo ${number} > /sys/class/net/$IFACE/brif/${port}/${file.split('/')[1] as string}`], note: `in the stanza "iface ${bridge} inet ..."` },
  ];
  const networkd = NETWORKD_PORT[option];
  if (networkd !== undefined) cures.push({ where: 'systemd-networkd', lines: ['[Bridge]', `${networkd}=${value ? 'yes' : 'no'}`], note: `in the .network of ${port}, which has Bridge=${bridge} in [Network]` });
  return cures;
}

/** Options of a bond by their names in sysfs: [['arp_interval', '1000']]. They need slaves, so a bond that is up takes them as well. */
export function bondOptions(bond: string, options: readonly (readonly [name: string, value: string])[]): Cure[] {
  const words = options.map(([name, value]) => `${name}=${value}`);
  return [
    { where: 'sysfs', lines: options.map(([name, value]) => `echo ${name === 'arp_ip_target' ? `+${value}` : value} > /sys/class/net/${bond}/bonding/${name}`), note: 'at once, until the bond is made again' },
    { where: 'ifcfg', lines: [`BONDING_OPTS="${words.join(' ')}"`], note: `in /etc/sysconfig/network-scripts/ifcfg-${bond}, beside the mode` },
    { where: '/etc/network/interfaces', lines: options.map(([name, value]) => `bond-${name.replaceAll('_', '-')} ${value}`), note: `in the stanza "iface ${bond} inet ..."` },
    { where: 'systemd-networkd', lines: ['[Bond]', ...options.flatMap(([name, value]) => networkdBond(name, value))], note: `in the .netdev of ${bond}` },
    { where: 'NetworkManager', lines: [`nmcli connection modify ${bond} +bond.options "${words.join(',')}"`] },
  ];
}

/** systemd.netdev(5): times as spans, names of their own. */
function networkdBond(name: string, value: string): string[] {
  switch (name) {
    case 'arp_interval': return [`ARPIntervalSec=${Number(value) / 1000}`];
    case 'arp_ip_target': return [`ARPIPTargets=${value}`];
    case 'arp_validate': return [`ARPValidate=${value}`];
    case 'miimon': return [`MIIMonitorSec=${Number(value) / 1000}`];
    case 'num_grat_arp': return [`GratuitousARP=${value}`];
    case 'resend_igmp': return [`ResendIGMP=${value}`];
    case 'primary_reselect': return [`PrimaryReselectPolicy=${value}`];
    case 'lacp_rate': return [`LACPTransmitRate=${value}`];
    default: return [];
  }
}
