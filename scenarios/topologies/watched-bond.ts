/** An active-backup bond of which the question is what its monitor sees: carriers, or answers to its ARP requests. */
import { bound, type Bound, type Bounds, type Duration, ns, plus, s, times, topology } from '../../harness/scenario.ts';
import { MIIMON } from './two-access-switches.ts';

export const ARP_INTERVAL = s(1);
/** Rounds without an answer after which a slave is down (the kernel's default). */
const MISSED_MAX = 2;

const ADDRESS = { hv: '192.0.2.1/24', outside: '192.0.2.3/24', neighbour: '192.0.2.4/24' };
const bare = (address: string): string => address.replace(/\/.*/, '');

export interface WatchedBond {
  watch: 'carrier' | 'arp';
  /** arp_validate; default active. */
  validate?: 'none' | 'active' | 'all';
  /** primary_reselect. eth0 is the primary; always: preferred whenever it is up. Default failure: only the first to be chosen. */
  prefers?: 'always' | 'failure';
  arpInterval?: Duration;
}

//      outside ── core
//                ╱    ╲
//  neighbour ─ sw1     sw2
//               │       │
//           converter   │       two ports; it learns nothing and hides each side's carrier from the other
//               │       │
//          eth0 └ bond0 ┘ eth1  hv: active-backup, its address on bond0; it asks for outside where it watches by ARP
export const watchedBond = (o: WatchedBond) =>
  topology((t) => {
    const [core, sw1, sw2] = [t.bridge('core'), t.bridge('sw1'), t.bridge('sw2')];
    const uplink = t.link(sw1, core);
    t.link(sw2, core);
    const converter = t.bridge('converter', { snooping: false, options: { ageing_time: s(0) } });

    const hv = t.hypervisor('hv');
    const primary = { primary: 'eth0', primary_reselect: o.prefers ?? 'failure' };
    const bond0 = hv.bond('bond0', {
      mode: 'active-backup', addresses: [ADDRESS.hv],
      ...(o.watch === 'carrier'
        ? { miimon: MIIMON, options: primary }
        : { options: { arp_interval: o.arpInterval ?? ARP_INTERVAL, arp_ip_target: [bare(ADDRESS.outside)], arp_validate: o.validate ?? 'active', ...primary } }),
    });
    const near = t.link(bond0, converter, { a: { name: 'eth0' }, b: { name: 'hv' } });
    const far = t.link(converter, sw1, { a: { name: 'sw1' }, b: { name: 'hv' } });
    t.link(bond0, sw2, { a: { name: 'eth1' }, b: { name: 'hv' } });

    const [outside, neighbour] = [t.host('outside'), t.host('neighbour')];
    t.link(outside, core, { a: { name: 'eth0', addresses: [ADDRESS.outside] } });
    t.link(neighbour, sw1, { a: { name: 'eth0', addresses: [ADDRESS.neighbour] } });
    t.knows(outside, bare(ADDRESS.hv), { node: 'hv', device: 'bond0' });
    t.knows(hv, bare(ADDRESS.outside), { node: 'outside', device: 'eth0' }, 'bond0');
    return { core, sw1, sw2, converter, hv, bond0, near, far, uplink, outside, neighbour };
  });

/**
 * From a silence to the other slave. A round of the monitor asks, and the answer is there at once. The active slave is
 * down at the first round later than missed_max and a half intervals after the last answer (bond_ab_arp_inspect,
 * bond_time_in_interval), and that is the third: the silence began at any moment of the first of the three.
 */
export function arpDetection(bounds: Bounds, interval = ARP_INTERVAL): Bound {
  const round = bounds.timer('arp_interval', interval);
  return bound(times(interval, MISSED_MAX), plus(times(round.max, MISSED_MAX + 1), ns(2e9 / bounds.hz)),
    `arp_missed_max ${MISSED_MAX}: down at the first round later than ${MISSED_MAX + 0.5} intervals after the last answer, which is the third`,
    'the silence began at any moment of a round', ...round.reasons, 'bond_activebackup_arp_mon tries again a tick later when it does not get the RTNL at once');
}
