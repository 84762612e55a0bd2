// The active link of a bond fails. How does the hypervisor's own address come back?
//
//                  outside (pings hv)
//                     │
//                   core
//                  ╱    ╲
//               sw1      sw2
//                ╳        │            sw1 shuts its port
//           eth0 └─ bond0 ┘ eth1       hv: active-backup, miimon 100 ms
//                     │
//                    br0 ── vm         hv's address is on bond0 (then there is no br0 under it), or on br0
//
// On the bond: bonding announces it, by one gratuitous ARP out of the new slave (num_peer_notif 1), and it is back at
// once. On the bridge: bonding announces its own device's addresses and there are none; the bridge does not pass the
// notice on (br_device_event passes NETDEV_RESEND_IGMP up, not NETDEV_NOTIFY_PEERS). The address comes back all the
// same, by accident: a bridge that snoops is itself in the group of all snoopers (224.0.0.106, RFC 4286), bonding has
// memberships reported again (resend_igmp 1), and the report teaches the switches. Without snooping nobody speaks, and
// an IPv4 host is as silent as any guest. (With IPv6 every host is in a group, and is back by its MLD report.)
import { bound, frame, minus, ms, ns, plus, s, scenario, since, within, type VariantCommon } from '../../harness/scenario.ts';
import { detection, NOT_SCALED, told, twoAccessSwitches } from '../topologies/two-access-switches.ts';

const EVERY = ms(200);
/** All snoopers: joined by the bridge device where mcast_snooping is on (br_multicast_join_snoopers). */
const SNOOPERS = '224.0.0.106';
const SILENCE = s(30);

interface Settings extends VariantCommon {
  on: 'bond' | 'bridge';
  outcome: 'announced' | 'reported' | 'silent';
  snooping?: false;
  bond?: Record<string, number>;
}
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: "host's own address after a failover",
  cases: ['C1'],
  variants: {
    'on-the-bond': variant({ on: 'bond', outcome: 'announced' }),
    'on-the-bridge': variant({ on: 'bridge', outcome: 'reported' }),
    'on-a-bridge-that-snoops-not': variant({ on: 'bridge', snooping: false, outcome: 'silent', diagnosis: 'failover-unannounced' }),
  },
  controls: {
    'as-people-believed': { ...variant({ on: 'bridge', outcome: 'announced' }), breaks: 'gratuitous ARPs' },
    'bond-told-to-be-quiet': { ...variant({ on: 'bond', bond: { num_peer_notif: 0 }, outcome: 'announced', diagnosis: 'failover-unannounced' }), breaks: ['gratuitous ARPs', 'outage'] },
    'no-reports-again': { ...variant({ on: 'bridge', bond: { resend_igmp: 0 }, outcome: 'reported', diagnosis: 'failover-unannounced' }), breaks: ['reports for', 'outage'] },
    'snoops-and-is-silent': { ...variant({ on: 'bridge', outcome: 'silent' }), breaks: ['no frames from', 'outage'] },
  },
  topology: (v) => twoAccessSwitches({ hostAddress: v.on, ...(v.bond ? { bond: v.bond } : {}), ...(v.snooping === undefined ? {} : { snooping: v.snooping }) }),
  captures: ({ sw2 }) => [{ node: sw2.node, device: 'hv' }],
  notScaled: NOT_SCALED,

  async story({ core, hv, bond0, first, vm, outside }, { variant: v, expect, passes, until, bounds, capture, random }) {
    const ping = outside.pings(hv.address(), { every: EVERY });
    // At any moment of the monitor's round, and past the reports that follow a join.
    await passes(plus(s(5), ms(100 * random())));
    const cut = first.fails('b');
    const found = detection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));
    const wire = capture({ node: 'sw2', device: 'hv' });
    const place = core.fdbEntry(hv.mac);

    if (v.outcome === 'silent') {
      // A guest that speaks brings itself back, and nobody else: the wire is fine, and the host is still away.
      await until(cut, s(5));
      const other = vm.pings(outside.address(), { every: s(1) });
      await until(cut, SILENCE);
      await expect(other).continues(since({ ns: other.record.sentNs[0] as number, what: 'the guest spoke' }, s(20)));
      const silence = since(cut, minus(SILENCE, EVERY));
      await expect(wire).seesNo(frame.gratuitousArp(), silence);
      await expect(wire).seesNo(frame.from(hv.mac, 'hv'), silence);
      await expect(place).stays('sw1', silence);
      await expect(ping).outage(silence, { lostAtLeast: 148, recovers: false, reasons: ['five a second for just under 30 s, and nobody announces the address'] });
      return;
    }
    const [kind, why] = v.outcome === 'announced'
      ? [frame.gratuitousArp({ ip: hv.address() }), 'bonding announces with the switch of slaves (bond_change_active_slave)'] as const
      : [frame.report(SNOOPERS, hv), 'bonding has memberships reported again, one tick after the switch of slaves (bond_resend_igmp_join_requests_delayed)'] as const;
    const tick = ns(2e9 / bounds.hz);
    const back = bound(ns(0), plus(found.max, tick), ...found.reasons, why);
    await expect(wire).sees(kind, within(cut, back), { atLeast: 1, atMost: 1 });
    if (v.outcome === 'reported') await expect(wire).seesNo(frame.gratuitousArp(), since(cut, s(10)));
    await expect(place).becomes('sw2', within(cut, told(back, bounds)));
    await expect(ping).outage(since(cut, s(10)), { atMost: plus(back.max), reasons: back.reasons });
  },
});
