// What is said of recorded runs whose cause is known.
import t from 'tap';
import { findings, fixture, withoutCapture } from './fixture.ts';

const RECORDED: Record<string, { kinds: string[]; where?: string; says?: RegExp[]; cites?: RegExp[]; cures?: RegExp[] }> = {
  'membership-expiry-legacy-ipv4': {
    kinds: ['membership-expired'], where: 'vmbr0:bob, vmbr0:dave, vmbr0:erin',
    says: [/removed 239\.192\.5\.5 from its MDB at ports bob \(at \d+\.\d+ s\)/, /260 s \(mcast_membership_interval\)/, /Nobody asked any more: the last general query was core's, at 39\.\d+ s/, /believes in the querier 192\.0\.2\.6 behind port core/, /mcast_querier_interval 3600 s/, /mcast_querier 0/],
    cites: [/MDB entry 239\.192\.5\.5 on bob removed/, /vmbr0 says: querier 192\.0\.2\.6 behind core/, /core sends a general query/],
    cures: [/^echo 1 > \/sys\/class\/net\/vmbr0\/bridge\/multicast_querier$/, /^BRIDGING_OPTS="multicast_querier=1 multicast_querier_interval=25500"$/, /^post-up echo 1 > /, /^echo 25500 > .*multicast_querier_interval$/],
  },
  'silent-guest-until-it-sends': {
    kinds: ['failover-unannounced'], where: 'core:core',
    says: [/hv:bond0 moved from eth0 to eth1 at 8\.\d+ s/, /goes on sending what is for 02:fa:d9:d4:d0:54 \(vm\) to sw1/, /the way there is now by sw2/, /never those of guests behind a bridge/, /It ended at 69\.\d+ s, when a frame from that address came by sw2/],
    cites: [/sw1:hv: down/, /hv:bond0: active slave eth1/, /core says: 02:fa:d9:d4:d0:54 is behind sw1, last heard/],
    cures: [/arping -q -U -c 1 -I eth0 192\.0\.2\.2/],
  },
  'host-address-on-a-bridge-that-snoops-not': { kinds: ['failover-unannounced'], says: [/The address is on br0, over the bond/, /does not snoop \(mcast_snooping 0\)/], cures: [/mcast_snooping 1/] },
  'host-address-bond-told-to-be-quiet': { kinds: ['failover-unannounced'], says: [/num_grat_arp is 0/], cures: [/num_grat_arp/] },
  'host-address-on-the-bond': { kinds: [] },
  'failback-always-silent-guest': { kinds: ['failover-unannounced'], says: [/hv:bond0 moved from eth0 to eth1/] },
  'announced-nobody-announces': { kinds: ['migration-unannounced'], where: 'sw:sw', says: [/The guest was plugged in at hv2:vm at 5\.\d+ s/, /to hv1, where its FDB has it/, /the way there is now by hv2/], cures: [/announce_self/] },
  'announced-announced-too-early': { kinds: ['announcement-too-early'], says: [/gratuitous ARP request: 192\.0\.2\.2.* was sent from vm:eth0 at/, /before vm's port was in its bridge/] },
  'forwarding-delay-stp-guest-silent': { kinds: ['port-not-forwarding'], where: 'hv2:vm', says: [/under spanning tree, and listens and learns for 30 s \(twice forward_delay\)/, /RARP announcement of .*5 times/], cures: [/stp_state 0/, /^STP=no$/] },
  'multicast-after-failover-queried': { kinds: ['failover-detection', 'group-left-behind'] },
  'own-querier-after-outage-no-cure': { kinds: ['strict-no-querier'], where: 'vmbr0:bob, vmbr0:dave', says: [/knows of no querier/, /mcast_flood off/], cures: [/multicast_querier/] },
  'own-querier-after-outage-ports-that-take-the-flood': { kinds: ['report-suppressed'], where: 'vmbr0:bob', says: [/keeps its own back/], cites: [/MDB entry ff15::5:5 on dave/], cures: [/multicast_mld_version 2|multicast_mld_version/] },
  'querier-elsewhere-igmpv3': { kinds: [] },
  'unknown-to-newcomers-until-core-asks': { kinds: ['group-left-behind'], where: 'sw:sw', says: [/newcomer asks for 2001:db8::4 by ff02::1:ff00:4/, /still has ff02::1:ff00:4 in its MDB at port hv1 only/] },
  'neighbour-discovery-querier-gone-and-believed-in': { kinds: ['membership-expired'], where: 'vmbr0:vm', says: [/newcomer asks for 2001:db8::4 by ff02::1:ff00:4/, /removed ff02::1:ff00:4 from its MDB at port vm/, /mcast_querier_interval 3600 s/], cites: [/MDB entry ff02::1:ff00:4 on vm removed/] },
  'neighbour-discovery-port-without-flood': { kinds: ['query-withheld'], where: 'vmbr0:vm', says: [/this port takes no such flood \(mcast_flood off\)/], cures: [/mcast_flood on/] },
  'lacp-through-a-bridge-mask-of-the-bridge-refused': { kinds: ['silent-cut'], where: 'wire1:sw', says: [/keep their carrier/, /speaks LACP and has no partner/] },
};

for (const [name, expected] of Object.entries(RECORDED))
  t.test(name, (t) => {
    const found = findings(fixture(name));
    t.same(found.map((f) => f.kind), expected.kinds);
    const [first] = found;
    if (first) {
      if (expected.where !== undefined) t.equal(first.where, expected.where);
      for (const pattern of expected.says ?? []) t.match(first.what, pattern);
      for (const pattern of expected.cites ?? []) t.ok(first.evidence.some((e) => pattern.test(e.text)), `evidence: ${String(pattern)}`);
      const lines = first.cures.flatMap((c) => c.lines);
      for (const pattern of expected.cures ?? []) t.ok(lines.some((l) => pattern.test(l)), `cure: ${String(pattern)}`);
      t.ok(first.affects.length > 0, 'it says who was without');
      t.ok(first.evidence.every((e) => e.event === undefined || (e.event > 0 && Number.isInteger(e.event))), 'events are counted from 1');
    }
    t.end();
  });

t.test('without the capture it is the same finding, with less evidence', (t) => {
  const [found] = findings(withoutCapture(fixture('membership-expiry-legacy-ipv4')));
  t.equal(found?.kind, 'membership-expired');
  t.match(found?.what, /Of the reports there is no capture; by that timer the last of them came about/);
  t.ok(found?.evidence.every((e) => e.frame === undefined));
  t.end();
});
