// The active link of a bond fails. Whose MAC does the host speak with afterwards, and do its neighbours follow?
//
//                  outside (pings hv; found its MAC by asking)
//                     │
//                   core
//                  ╱    ╲
//               sw1      sw2
//                ╳        │            sw1 shuts its port
//           eth0 └─ bond0 ┘ eth1       hv: active-backup, miimon 100 ms; its address is on bond0
//
//   fail_over_mac none     one MAC for all: the switches have to learn where it is
//   fail_over_mac active   the active slave's own: the neighbours have to learn that it is another
//
// One gratuitous ARP does either: a switch learns from any frame, and a neighbour that has an entry takes what a gratuitous
// ARP says at once (is_garp in arp_process overrides). Over IPv6 an unsolicited neighbour advertisement does the same
// (NETDEV_NOTIFY_PEERS in ndisc_netdev_event). Without them pings go to a MAC that nobody has any more, until the entry
// is doubted. A slave that is released gets back the MAC that it came with.
import { after, between, bound, frame, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { detection, MIIMON, NOT_SCALED, told, twoAccessSwitches } from '../topologies/two-access-switches.ts';

const EVERY = ms(200);
const LINK_LAYER = { node: 'sw2', device: 'hv' };

interface Settings { policy: 'none' | 'active'; family: 4 | 6; claims: 'kept' | 'changed'; notices?: number }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'MAC of a bond after a failover',
  cases: ['C1'],
  inDefaultSet: false,
  variants: {
    'none': variant({ policy: 'none', family: 4, claims: 'kept' }),
    'active': variant({ policy: 'active', family: 4, claims: 'changed' }),
    'none-ipv6': variant({ policy: 'none', family: 6, claims: 'kept' }),
    'active-ipv6': variant({ policy: 'active', family: 6, claims: 'changed' }),
  },
  controls: {
    'active-said-to-keep': { ...variant({ policy: 'active', family: 4, claims: 'kept' }), breaks: 'gratuitous ARPs' },
    'none-said-to-change': { ...variant({ policy: 'none', family: 6, claims: 'changed' }), breaks: 'unsolicited neighbour advertisements' },
    'active-and-quiet': { ...variant({ policy: 'active', family: 4, claims: 'changed', notices: 0 }), diagnosis: 'mac-changed-unannounced', breaks: ['gratuitous ARPs', 'outage'] },
    'active-and-quiet-ipv6': { ...variant({ policy: 'active', family: 6, claims: 'changed', notices: 0 }), diagnosis: 'mac-changed-unannounced', breaks: ['unsolicited neighbour advertisements', 'outage'] },
  },
  diagnosis: {},
  topology: (v) => twoAccessSwitches({ hostAddress: 'bond', knows: 'nobody', ipv6: v.family === 6, bond: { fail_over_mac: v.policy, ...(v.notices === undefined ? {} : { num_peer_notif: v.notices }) } }),
  captures: () => [LINK_LAYER],
  notScaled: NOT_SCALED,

  async story({ hv, bond0, first, outside }, { variant: v, expect, passes, bounds, capture, now, random }) {
    const address = hv.address(v.family);
    const ping = outside.pings(address, { every: EVERY });
    await passes(plus(s(5), times(MIIMON, random())));
    const [before, other] = v.policy === 'active' || v.claims === 'changed' ? [hv.macOf('eth0'), hv.macOf('eth1')] : [hv.mac, hv.macOf('eth1')];
    const speaks = { mac: v.claims === 'changed' ? other : before, name: v.claims === 'changed' ? 'eth1' : 'bond0' };
    const cut = first.fails('b');
    const found = detection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));
    const wire = capture(LINK_LAYER);
    const announcement = v.family === 4 ? frame.gratuitousArp({ ip: address, mac: speaks.mac }) : frame.unsolicitedAdvertisement(address, speaks);
    const back = bound(ns(0), plus(found.max, ns(2e9 / bounds.hz)), ...found.reasons, 'bonding announces with the switch of slaves (bond_change_active_slave)');
    await expect(wire).sees(announcement, within(cut, back), { atLeast: 1, atMost: 1 });
    await expect(ping).outage(since(cut, s(20)), { atMost: plus(back.max, EVERY), reasons: back.reasons });
    await expect(wire).sees(frame.and(frame.from(speaks.mac, speaks.name), frame.to(outside.mac, 'outside')), since(after(cut, back.max), s(10)), { atLeast: 49 });
    await expect(wire).seesNo(frame.from(v.claims === 'changed' ? before : other, 'the other MAC'), between(after(cut, back.max), now('the end')));
  },
});
