// Two subnets on one bridge. The querier has an address in one of them, or each has its own querier. Who is asked, who answers?
//
//   alice 192.0.2.1   bob 192.0.2.2 (joined)   dave 198.51.100.2 (joined)   north 192.0.2.250   south 198.51.100.250
//        └──────────────────┴──────────────┬────────────┴───────────────────────┴────────────────────┘
//                              vmbr0: snooping on, own querier off
//
// IGMP knows no subnets: the bridge and the queriers hold one election over the wire, and hosts answer whoever asks. So
// one querier serves both. Unless a host filters by the way back (rp_filter): where it has no route to the querier's
// address, as on a cluster's network without a gateway, its kernel drops the query as a martian. Nobody answers, the
// bridge goes on believing in the querier, and the members are deaf after 260 s.
import { between, bound, frame, minus, ns, plus, portOf, s, scenario, signalling, since, times, topology, wheelStep, within, type VariantCommon } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';

interface Settings {
  northAsks: boolean;
  /** Bob's net.ipv4.conf.all.rp_filter: 1 strict, 2 loose. */
  rpFilter: 0 | 1 | 2;
  /** Does bob know a way into the other subnet? */
  bobKnowsBoth?: true;
  claims: 'served' | 'south-yields' | 'bob-is-deaf';
  breaks?: string;
}

const variants: Record<string, Settings> = {
  'querier-of-the-other-subnet': { northAsks: false, rpFilter: 0, claims: 'served' },
  'querier-in-each': { northAsks: true, rpFilter: 0, claims: 'south-yields' },
  'strict-host': { northAsks: false, rpFilter: 1, claims: 'bob-is-deaf' },
  'loose-host': { northAsks: false, rpFilter: 2, claims: 'bob-is-deaf' },
  'strict-host-that-knows-both': { northAsks: false, rpFilter: 1, bobKnowsBoth: true, claims: 'served' },
};
const controls: Record<string, Settings & VariantCommon> = {
  'strict-host-is-not-served': { northAsks: false, rpFilter: 1, claims: 'served', breaks: 'bob hears alice' },
  'open-host-is-not-deaf': { northAsks: false, rpFilter: 0, claims: 'bob-is-deaf', breaks: 'bob hears alice' },
  // South asks for want of anybody to yield to.
  'nobody-to-yield-to': { northAsks: false, rpFilter: 0, claims: 'south-yields', breaks: 'frames from south' },
};

export default scenario({
  title: 'two subnets on one bridge',
  cases: ['A5'],
  inDefaultSet: false,
  variants, controls,
  diagnosis: { 'strict-host': 'queries-unanswered', 'loose-host': 'queries-unanswered', 'strict-host-is-not-served': 'queries-unanswered' },
  topology: ({ rpFilter, bobKnowsBoth }) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false });
    return {
      vmbr0,
      alice: t.guest('alice', { on: vmbr0, addresses: ['192.0.2.1/24'] }),
      bob: t.guest('bob', { on: vmbr0, addresses: ['192.0.2.2/24', ...(bobKnowsBoth ? ['198.51.100.22/24'] : [])], sysctls: { 'net.ipv4.conf.all.rp_filter': String(rpFilter) } }),
      dave: t.guest('dave', { on: vmbr0, addresses: ['198.51.100.2/24'] }),
      carol: t.guest('carol', { on: vmbr0, addresses: [] }),
      north: t.querier('north', { on: vmbr0, version: 'IGMPv3', addresses: ['192.0.2.250/24'] }),
      south: t.querier('south', { on: vmbr0, version: 'IGMPv3', addresses: ['198.51.100.250/24'] }),
    };
  }),
  captures: ({ vmbr0, bob, dave, carol }) => [...[bob, dave].map((guest) => signalling(portOf(vmbr0, guest))), portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, dave, carol, north, south }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(4);
    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(vmbr0.holds('mcast_membership_interval'), bounds.hz), random()));
    const first = south.starts();
    await passes(s(5));
    const norths = variant.northAsks ? north.starts() : now('north would have asked');
    await until(first, bounds.timer('query response interval', south.spec.responseInterval).max);
    for (const guest of [bob, dave]) guest.joins(group);
    await passes(REPORTED);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(2), to: [bob, dave] });
    const length = plus(vmbr0.holds('mcast_membership_interval'), s(900));
    const asked = (by: typeof north, name: string) => frame.and(frame.generalQuery(), frame.from(by.mac, name));
    const queries = Math.floor(minus(length, south.spec.responseInterval).ns / south.spec.queryInterval.ns);

    if (variant.claims === 'bob-is-deaf') {
      // Asked all the time, it says nothing after its first reports.
      const said = vmbr0.lastReport(group, bob);
      const { stoppedAfterS } = await expect(flow).to(bob).stops(within(said, membership), { watch: s(300) });
      figure('bobDeafAfterS', stoppedAfterS);
      const end = now('the end');
      await expect(capture(portOf(vmbr0, bob))).sees(asked(south, 'south'), between(begun, end), { atLeast: 4 });
      await expect(capture(portOf(vmbr0, bob))).seesNo(frame.report(group, bob), between(begun, end));
      await expect(flow).to(dave).continues(between(begun, end));
      await expect(capture(portOf(vmbr0, carol))).seesNo(frame.udpTo(group), between(begun, end));
      return;
    }
    for (const guest of [bob, dave]) {
      const { lostDatagrams } = await expect(flow).to(guest).continues(since(begun, length));
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
    const end = now('the end');
    for (const guest of [bob, dave]) await expect(capture(portOf(vmbr0, guest))).sees(frame.report(group, guest, 'IGMPv3'), between(begun, end), { atLeast: queries });
    await expect(capture(portOf(vmbr0, carol))).seesNo(frame.udpTo(group), between(begun, end));
    if (variant.claims === 'served') return;
    // One election: the lower address asks both subnets, the other falls silent.
    const yielded = bound(plus(ns(2e9 / bounds.hz), bounds.slack), minus(length, s(10)), 'a tick to cross the bridge and be heard');
    await expect(capture(portOf(vmbr0, dave))).sees(asked(north, 'north'), between(norths, end), { atLeast: queries });
    await expect(capture(portOf(vmbr0, dave))).seesNo(asked(south, 'south'), { anchor: norths, ...yielded });
  },
});
