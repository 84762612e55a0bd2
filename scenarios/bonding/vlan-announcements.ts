// The active link of a bond fails under VLAN devices with addresses of their own. Who is announced, and with which tag?
//
//                  outside: eth0.10, eth0.20 (pings both)
//                     │
//                   core
//                  ╱    ╲
//               sw1      sw2
//                ╳        │
//           eth0 └─ bond0 ┘ eth1    hv: active-backup, miimon 100 ms
//                  ╱     ╲
//            bond0.10   bond0.20
//
// The notice to announce (NETDEV_NOTIFY_PEERS) goes from the bond to the VLAN devices over it (vlan_device_event): a
// gratuitous ARP of each address leaves by the new slave, with the tag of its VLAN. One of them would do for switches
// that keep one table of MACs; a switch with a table for each VLAN needs both.
import { bound, frame, ms, ns, plus, s, scenario, since, within } from '../../harness/scenario.ts';
import { detection, NOT_SCALED, told } from '../topologies/two-access-switches.ts';
import { addressOf, hostVlansOverABond, VLANS } from '../topologies/vlans-over-a-bond.ts';

const EVERY = ms(200);

interface Settings { notices: number; claims: number }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: "VLANs' own addresses after a failover",
  cases: ['C10'],
  inDefaultSet: false,
  variants: {
    'announced': variant({ notices: 1, claims: 1 }),
  },
  controls: {
    'bond-told-to-be-quiet': { ...variant({ notices: 0, claims: 1 }), breaks: [/gratuitous ARPs.* VLAN 10/, /gratuitous ARPs.* VLAN 20/] },
  },
  diagnosis: { 'bond-told-to-be-quiet': 'failover-unannounced' },
  topology: (v) => hostVlansOverABond({ num_peer_notif: v.notices }),
  captures: ({ sw2 }) => [{ node: sw2.node, device: 'hv' }],
  notScaled: NOT_SCALED,

  async story({ core, sw2, bond0, first, outside, v10 }, { variant: v, expect, passes, bounds, capture, random }) {
    const pings = VLANS.map((id) => outside.pings(addressOf(id, 'inner'), { every: EVERY }));
    await passes(plus(s(3), ms(100 * random())));
    const cut = first.fails('b');
    const found = detection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));
    const back = bound(ns(0), plus(found.max, ns(2e9 / bounds.hz)), ...found.reasons, 'bonding announces with the switch of slaves (bond_change_active_slave)');
    const wire = capture({ node: sw2.node, device: 'hv' });
    for (const [i, id] of VLANS.entries()) {
      const announcement = frame.and(frame.gratuitousArp({ ip: addressOf(id, 'inner') }), frame.inVlan(id));
      await expect(wire).sees(announcement, within(cut, back), { atLeast: 1, atMost: v.claims });
      await expect(wire).sees(announcement, since(cut, s(10), 'a further one in each round of the monitor', 'or one less: bond_mii_monitor may count one down without sending it'), { atLeast: Math.max(1, v.claims - 1), atMost: v.claims });
      await expect(wire).seesNo(frame.and(frame.gratuitousArp({ ip: addressOf(id, 'inner') }), frame.inVlan(id === 10 ? 20 : 10)), since(cut, s(10)));
      const ping = pings[i];
      if (ping) await expect(ping).outage(since(cut, s(10)), { atMost: back.max, reasons: back.reasons });
    }
    await expect(core.fdbEntry(v10.mac)).becomes('sw2', within(cut, told(back, bounds)));
  },
});
