/** A hypervisor with an active-backup bond, each link to an access switch of its own, and an outside host on the core. */
import { bound, type Bound, type Bounds, type Duration, later, ms, ns, plus, topology } from '../../harness/scenario.ts';

export const MIIMON = ms(100);

const ADDRESS = { hv: '192.0.2.1/24', vm: '192.0.2.2/24', outside: '192.0.2.3/24' };
const ADDRESS6 = { hv: '2001:db8::1/64', outside: '2001:db8::3/64' };
const bare = (address: string): string => address.replace(/\/.*/, '');

export interface TwoAccessSwitches {
  /** Where the hypervisor's own address is: on the bridge, on the bond (which is then in no bridge), or nowhere. */
  hostAddress?: 'bridge' | 'bond';
  /** Whose neighbour entries are permanent: with these nobody ever asks, so nobody's ARP ends an outage by chance. */
  knows?: 'each-other' | 'nobody';
  /** mcast_snooping of the hypervisor's bridge; the kernel's default is on. */
  snooping?: boolean;
  bond?: Record<string, number | boolean | string | Duration>;
  /** How long the core believes in a MAC that it no longer hears; kernel default 300 s. */
  coreAgeing?: Duration;
  /** The host and the one outside have IPv6 addresses as well. */
  ipv6?: boolean;
}

//                  outside
//                     │
//                   core
//                  ╱    ╲
//               sw1      sw2           access switches: a bridge each, in a namespace of its own
//                │        │
//           eth0 └─ bond0 ┘ eth1       hv: active-backup, miimon 100 ms, eth0 active
//                     │
//                    br0 ── vm
//
// Two access switches, because a bridge that loses a port's carrier flushes the MACs learned there (and so does a real
// switch): the one that saw the link fail is not the one that is wrong afterwards. The core is.
export const twoAccessSwitches = (o: TwoAccessSwitches = {}) =>
  topology((t) => {
    const addresses = (of: 'hv' | 'outside'): string[] => [ADDRESS[of], ...(o.ipv6 ? [ADDRESS6[of]] : [])];
    const core = t.bridge('core', o.coreAgeing ? { options: { ageing_time: o.coreAgeing } } : {});
    const [sw1, sw2] = [t.bridge('sw1'), t.bridge('sw2')];
    t.link(sw1, core);
    t.link(sw2, core);

    const hv = t.hypervisor('hv');
    const br0 = hv.bridge('br0', { ...(o.snooping === undefined ? {} : { snooping: o.snooping }), ...(o.hostAddress === 'bridge' ? { addresses: [ADDRESS.hv] } : {}) });
    const bond0 = hv.bond('bond0', {
      mode: 'active-backup', miimon: MIIMON, options: { primary: 'eth0', ...o.bond },
      ...(o.hostAddress === 'bond' ? { addresses: addresses('hv') } : { on: br0 }),
    });
    const first = t.link(bond0, sw1, { a: { name: 'eth0' } });
    const second = t.link(bond0, sw2, { a: { name: 'eth1' } });

    const vm = t.guest('vm', { on: br0, addresses: [ADDRESS.vm] });
    const outside = t.host('outside');
    t.link(outside, core, { a: { name: 'eth0', addresses: addresses('outside') } });

    if (o.knows !== 'nobody') {
      const station = { node: 'outside', device: 'eth0' };
      t.knows(outside, bare(ADDRESS.vm), { node: 'vm', device: 'eth0' });
      t.knows(vm, bare(ADDRESS.outside), station);
      if (o.hostAddress) {
        const device = o.hostAddress === 'bond' ? 'bond0' : 'br0';
        t.knows(outside, bare(ADDRESS.hv), { node: 'hv', device });
        t.knows(hv, bare(ADDRESS.outside), station, device);
      }
    }
    return { core, sw1, sw2, hv, br0, bond0, first, second, vm, outside };
  }, { ipv6: o.ipv6 ?? false });

/** From carrier loss to the other slave: one round of the monitor, and its work when somebody else holds the RTNL. */
export function detection(bounds: Bounds): Bound {
  const round = bounds.timer('miimon', MIIMON);
  return bound(ns(0), plus(round.max, ns(1e9 / bounds.hz)), ...round.reasons, 'the carrier can go at any moment of a round', 'bond_mii_monitor tries again a tick later when it does not get the RTNL at once');
}

/** The same for what the kernel tells of its state: a notification counts when the story's process reads it. */
export const told = (what: Bound, bounds: Bounds): Bound => later(what, plus(ms(5), bounds.slack), "the story's process reads the notification");

/** Why stories of bonds do not run scaled. */
export const NOT_SCALED = 'miimon of 100 ms is a few ticks of the kernel already, and LACP has no timers to set';
