/** An active-backup bond that asks for one or two machines behind one switch: by ARP, or over IPv6 by neighbour solicitations. */
import { ms, type TopologyBuilder, topology } from '../../harness/scenario.ts';
import { ARP_INTERVAL } from './watched-bond.ts';

export type Targets = 'arp' | 'ns' | 'ns-link-local';

const ADDRESSES: Record<Targets, { hv: string; far: string; near: string; bits: number }> = {
  arp: { hv: '192.0.2.1', far: '192.0.2.3', near: '192.0.2.4', bits: 24 },
  ns: { hv: '2001:db8::1', far: '2001:db8::3', near: '2001:db8::4', bits: 64 },
  'ns-link-local': { hv: 'fe80::beef', far: 'fe80::53', near: 'fe80::54', bits: 64 },
};

export interface WatchedTargets {
  by: Targets;
  /** Asks for near as well, after far or before it. */
  both?: 'far-first' | 'near-first';
  /** arp_all_targets. */
  all?: boolean;
}

//   far   near      targets; far can be cut off
//     └─ sw ─┘
//      ╱    ╲
//  eth0      eth1
//      └bond0┘      hv: active-backup, arp_validate all, eth0 is the primary and only the first to be chosen
export const watchedTargets = (o: WatchedTargets) =>
  topology((t: TopologyBuilder) => {
    const { far: target, near: second } = ADDRESSES[o.by];
    // Pings go by addresses that everybody knows: what waits for a neighbour's answer is delivered late, and seems to have been reachable.
    const known = ADDRESSES[o.by === 'arp' ? 'arp' : 'ns'];
    const addresses = (who: 'hv' | 'far' | 'near'): string[] => [...new Set([ADDRESSES[o.by], known])].map((a) => `${a[who]}/${a.bits}`);
    const sw = t.bridge('sw', { snooping: false });
    const hv = t.hypervisor('hv');
    const asked = o.both === undefined ? [target] : o.both === 'far-first' ? [target, second] : [second, target];
    const bond0 = hv.bond('bond0', {
      mode: 'active-backup', addresses: addresses('hv'),
      options: {
        arp_interval: ARP_INTERVAL, arp_validate: 'all', primary: 'eth0', primary_reselect: 'failure', num_peer_notif: 1,
        arp_all_targets: o.all ? 'all' : 'any', ...(o.by === 'arp' ? { arp_ip_target: asked } : { ns_ip6_target: asked }),
      },
    });
    const first = t.link(bond0, sw, { a: { name: 'eth0' }, b: { name: 'hv0' } });
    t.link(bond0, sw, { a: { name: 'eth1' }, b: { name: 'hv1' } });
    const far = t.host('far'), near = t.host('near');
    const wire = t.link(far, sw, { a: { name: 'eth0', addresses: addresses('far') } });
    t.link(near, sw, { a: { name: 'eth0', addresses: addresses('near') } });
    // Nobody else asks for anybody: what is counted are the bond's own questions.
    t.knows(hv, known.far, { node: 'far', device: 'eth0' }, 'bond0');
    t.knows(far, known.hv, { node: 'hv', device: 'bond0' });
    return { sw, hv, bond0, first, far, near, wire };
  }, { ipv6: o.by !== 'arp' });

export const PING_EVERY = ms(100);
/** What pings are sent to. */
export const pingedOf = (by: Targets): string => ADDRESSES[by === 'arp' ? 'arp' : 'ns'].hv;
export const addressOf = (by: Targets, who: 'hv' | 'far' | 'near'): string => ADDRESSES[by][who];
