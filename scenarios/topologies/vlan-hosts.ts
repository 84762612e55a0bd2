/** A bridge that filters VLANs and snoops in each by itself, and three hosts with an interface in every VLAN. */
import { topology, type VlanRef } from '../../harness/scenario.ts';

/** Of the last part of a VLAN's IPv4 subnet and the host's part: every VLAN has addresses of its own. */
const addressesOf = (vid: number, host: number): string[] => [`198.18.${vid}.${host}/24`, `2001:db8:${vid}::${host}/64`];

export interface VlanHosts<Vid extends number> {
  vids: readonly Vid[];
  /** mcast_vlan_snooping; on. */
  perVlan?: boolean;
}

type Interfaces<Vid extends number> = Record<`${'alice' | 'bob' | 'carol'}${Vid}`, VlanRef>;

//   alice   bob   carol        eth0, and v10, v11 … over it
//     └──────┼──────┘          tagged
//           br0                vlan_filtering, mcast_vlan_snooping; its own queriers are off
export const vlanHosts = <Vid extends number>({ vids, perVlan = true }: VlanHosts<Vid>) =>
  topology((t) => {
    const br0 = t.bridge('br0', { snooping: true, querier: false, options: { vlan_filtering: true, mcast_vlan_snooping: perVlan } });
    const interfaces = {} as Interfaces<Vid>;
    const host = (name: 'alice' | 'bob' | 'carol', number: number) => {
      const made = t.host(name);
      t.link(made, br0, { a: { name: 'eth0' }, b: { vlans: vids.map((id) => ({ id })) } });
      for (const vid of vids) interfaces[`${name}${vid}`] = made.vlan(`v${vid}`, { over: 'eth0', id: vid, addresses: addressesOf(vid, number) });
      return made;
    };
    return { br0, alice: host('alice', 1), bob: host('bob', 2), carol: host('carol', 3), ...interfaces };
  }, { ipv6: true });
