/**
 * What a link notification says of a device that decides where frames go, as plain data for the record: membership,
 * carrier, MTU, options that the kernel holds, what a bond thinks of a slave. Times stay in the kernel's own (scaled) ms.
 */
import { PORT_DEFAULTS } from './kernel-defaults.ts';
import type { Link } from './netlink/index.ts';

export type Fact = string | number | boolean | null | readonly string[] | { readonly [name: string]: Fact };
export type LinkFacts = Readonly<Record<string, Fact>>;

/** Options of a bridge that decide what it forwards; the others say nothing of an outage. */
const BRIDGE = /^(mcast_(?!hash_elasticity|stats)|stp_state$|forward_delay$|ageing_time$|vlan_filtering$|vlan_default_pvid$|group_fwd_mask$)/;
const BOND = /^(mode|miimon|arp_interval|arp_ip_target|arp_validate|primary_reselect|num_peer_notif|resend_igmp|fail_over_mac|lacp_rate|min_links)$/;

/** Kernels before 6.3 have no limit of groups at a port, and none is the default. */
const PORT: typeof PORT_DEFAULTS = { ...PORT_DEFAULTS, mcast_max_groups: 0 };

/** Only what the message tells: a bridge's own notifications are silent about options. `nameOf` knows this namespace's devices. */
export function linkFacts(link: Link, nameOf: (index: number) => string | undefined): LinkFacts {
  const facts: Record<string, Fact> = {};
  const chosen = (test: (name: string) => boolean, options: Link['options']): Record<string, Fact> =>
    Object.fromEntries(Object.entries(options ?? {}).filter(([name]) => test(name)) as [string, Fact][]);
  if (!link.bridgeFamily) {
    facts['up'] = link.up;
    if (link.mtu !== undefined) facts['mtu'] = link.mtu;
    facts['master'] = link.master === undefined ? null : (nameOf(link.master) ?? null);
  }
  if (link.kind === 'bridge' && link.options) facts['options'] = chosen((name) => BRIDGE.test(name), link.options);
  if (link.kind === 'bond' && link.options) facts['options'] = chosen((name) => BOND.test(name), link.options);
  if (link.slaveKind === 'bridge' && link.slaveOptions) {
    const given = link.slaveOptions;
    // What stands at the kernel's default is left out: of a thousand ports few differ.
    facts['port'] = chosen((name) => name !== 'state' && name in PORT && name !== 'priority' && given[name] !== PORT[name], given);
    const backup = given['backup_port'];
    if (typeof backup === 'number' && backup > 0) (facts['port'] as Record<string, Fact>)['backup_port'] = nameOf(backup) ?? String(backup);
  }
  if (link.slave) facts['slave'] = { state: link.slave.state, mii: link.slave.miiStatus, ...(link.slave.aggregator === undefined ? {} : { aggregator: link.slave.aggregator }) };
  if (link.bond) facts['lacp'] = { aggregator: link.bond.aggregator ?? 0, ports: link.bond.ports ?? 0, partner: link.bond.partnerMac ?? '00:00:00:00:00:00' };
  return facts;
}

/** What of the facts is new; undefined when nothing is. */
export function newFacts(before: LinkFacts | undefined, now: LinkFacts): LinkFacts | undefined {
  const changed = Object.entries(now).filter(([name, value]) => JSON.stringify(before?.[name]) !== JSON.stringify(value));
  return changed.length > 0 ? Object.fromEntries(changed) : undefined;
}
