// The workaround on every host: two bridges with queriers of their own, and the third querier dies. Who takes over?
//
//   bob, dave (joined)               erin (joined)   alice (sends)   core (querier, dies)
//        └──── hv1: br0 ─────────────── hv2: br0 ────────┴───────────────┘
//            own querier on           own querier on
//
//   core   ?──?──── †
//   hv1       believes in core ─── 255 s ──▶|?→ ←?  yields to hv2 ─── 255 s ──▶|?→ ←?  yields …
//   hv2       believes in core ─── 255 s ──▶|?→ ←?  yields to hv1 ─── 255 s ──▶|?→ ←?
//
// Believed: of two queriers the one with the lower address goes on. A bridge asks from 0.0.0.0 unless it is told otherwise
// (mcast_query_use_ifaddr), and 0.0.0.0 against 0.0.0.0 both yield (br_multicast_select_querier). Both heard core's last
// query in the same instant, so both give it up in the same tick and ask in the same tick, each before it hears the other.
// Then nobody asks for 255 s, when both ask again. Each time both count the other as new and flood for 10 s, reports too:
// in IGMPv2 all members but the first to answer are deaf for the rest of the 255 s. In IGMPv3 none is. With addresses
// one of them is elected and asks on, and with MLD, which asks from link-local addresses, always.
import { between, frame, later, minus, ms, ns, plus, portOf, s, scenario, signalling, since, times, topology, wheelStep, within, type ExpectedKind } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { whoAnswered } from '../topologies/who-answered.ts';

interface Settings { version: 'IGMPv2' | 'IGMPv3'; withAddresses: boolean; claims: 'both-yield' | 'one-is-elected'; diagnosis?: readonly ExpectedKind[]; breaks?: string }

/** Members may expire just before both bridges, or the one that is elected, begin to ask. */
const AT_THE_TURN: readonly ExpectedKind[] = ['membership-expired?'];

const variants: Record<string, Settings> = {
  'igmpv2': { version: 'IGMPv2', withAddresses: false, claims: 'both-yield', diagnosis: ['report-suppressed', 'membership-expired?'] },
  'igmpv3': { version: 'IGMPv3', withAddresses: false, claims: 'both-yield', diagnosis: AT_THE_TURN },
  'with-addresses': { version: 'IGMPv3', withAddresses: true, claims: 'one-is-elected', diagnosis: AT_THE_TURN },
};
const controls: Record<string, Settings> = {
  'nobody-is-elected': { version: 'IGMPv3', withAddresses: false, claims: 'one-is-elected', diagnosis: AT_THE_TURN, breaks: 'frames from hv1' },
  'one-goes-on': { version: 'IGMPv3', withAddresses: true, claims: 'both-yield', diagnosis: AT_THE_TURN, breaks: 'no IGMP or MLD general queries' },
};

const WIRE = { node: 'hv1', device: 'hv2' };

export default scenario({
  title: 'two bridges that query',
  cases: ['A3', 'A5'],
  inDefaultSet: false,
  variants, controls,
  topology: ({ version, withAddresses }) => topology((t) => {
    const options = { mcast_igmp_version: Number(version.slice(-1)), mcast_query_use_ifaddr: withAddresses };
    const bridge = (hv: string, address: string) => t.hypervisor(hv).bridge('br0', { snooping: true, querier: false, options, addresses: withAddresses ? [address] : [] });
    const [hv1, hv2] = [bridge('hv1', '192.0.2.101/24'), bridge('hv2', '192.0.2.102/24')];
    t.link(hv1, hv2);
    return {
      hv1, hv2,
      alice: t.guest('alice', { on: hv2 }), bob: t.guest('bob', { on: hv1 }), dave: t.guest('dave', { on: hv1 }), erin: t.guest('erin', { on: hv2 }),
      core: t.querier('core', { on: hv2, version, addresses: ['192.0.2.99/24'] }),
    };
  }),
  captures: ({ hv1, hv2, bob, dave, erin }) => [signalling(WIRE), signalling(portOf(hv1, bob)), signalling(portOf(hv1, dave)), signalling(portOf(hv2, erin))],

  async story({ hv1, hv2, alice, bob, dave, erin, core }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(4);
    const tick = ns(1e9 / bounds.hz);
    const response = bounds.timer('query response interval', hv1.holds('mcast_query_response_interval'));
    const believed = bounds.timer('other-querier-present interval', hv1.holds('mcast_querier_interval'));
    const guests = [bob, dave, erin];
    const port = (guest: typeof bob) => capture(portOf(guest === erin ? hv2 : hv1, guest));
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(s(255), bounds.hz), random()));
    await until(core.starts(), response.max);
    for (const guest of guests) {
      guest.joins(group);
      await passes(ms(200));
    }
    await passes(REPORTED);
    // Both have somebody to believe in, and keep silent.
    for (const bridge of [hv1, hv2]) bridge.sets({ mcast_querier: true });
    await passes(s(40));
    const flow = alice.sends(group, { every: s(0.5), to: guests });
    const died = core.fallsSilent();
    const last = core.lastQuery ?? died;

    const asks = (bridge: typeof hv1) => frame.and(frame.generalQuery(variant.version), frame.from(bridge.mac, bridge.node));
    const wire = capture(WIRE);
    const takesOver = later(believed, plus(times(tick, 3), bounds.slack), 'a tick for the query to leave, and to cross the other bridge');
    await until(last, plus(takesOver.max, s(1)));
    const taken = wire.first(asks(hv1), died) ?? wire.first(asks(hv2), died) ?? died;
    await expect(wire).sees(asks(hv1), { anchor: last, ...takesOver });
    await expect(wire).sees(asks(hv2), { anchor: last, ...takesOver });
    await expect(wire).seesNo(frame.generalQuery(), between({ ns: last.ns + 1e9, what: last.what }, { ns: last.ns + believed.min.ns - 1, what: 'core is given up' }));
    const pause = { ...within(taken, plus(times(tick, 3), bounds.slack), believed.min), reasons: ['each believes in the other'] };

    if (variant.claims === 'one-is-elected') {
      // The lower address, hv1's, asks on: a start-up interval later, and then once an interval.
      const startup = bounds.timer('start-up query interval', hv1.holds('mcast_startup_query_interval'));
      await expect(wire).sees(asks(hv1), within(taken, startup));
      await expect(wire).seesNo(asks(hv2), pause);
      for (const guest of guests) {
        const { lostDatagrams } = await expect(flow).to(guest).continues(between({ ns: taken.ns + response.max.ns, what: 'the new querier counts' }, now('the end')));
        figure(`${guest.name}LostDatagrams`, lostDatagrams);
      }
      return;
    }
    await expect(wire).seesNo(frame.generalQuery(), pause);
    const again = later(believed, plus(times(tick, 3), bounds.slack), 'a tick for the query to leave, and to cross the other bridge');
    for (const bridge of [hv1, hv2]) await expect(wire).sees(asks(bridge), within(taken, again));
    if (variant.version === 'IGMPv3') {
      for (const guest of guests) {
        const { lostDatagrams } = await expect(flow).to(guest).outage(since(died, s(600)), { atMost: times(tick, 4), lostAtMost: 2, reasons: ['members may expire in the tick in which both bridges begin to ask, and the flood begins with the queries'] });
        figure(`${guest.name}LostDatagrams`, lostDatagrams);
      }
      return;
    }
    const { first, keptBack } = whoAnswered(guests, group, taken, plus(tick, bounds.slack), port);
    await expect(flow).to(first).continues(between({ ns: taken.ns + 3 * tick.ns + bounds.slack.ns, what: 'both had asked' }, { ns: taken.ns + believed.min.ns, what: 'they ask again' }));
    // Deaf when the flood and its old membership are over, whichever is later; until both ask, and flood, anew.
    const floodEnds = later(response, plus(times(tick, 2), bounds.slack), 'a tick for the query');
    const membership = bounds.timer('membership interval', hv1.holds('mcast_membership_interval'));
    const nextRound = wire.first(frame.generalQuery(), { ns: taken.ns + 1e9, what: taken.what }) ?? taken;
    for (const guest of keptBack) {
      const before = port(guest).seen(frame.report(group, guest)).findLast((seen) => seen.ns < taken.ns) ?? died;
      await expect(port(guest)).seesNo(frame.report(group, guest), within(taken, ns(0), minus(believed.min, ns(1))));
      const since = before.ns - taken.ns;
      const { stoppedAfterS } = await expect(flow).to(guest).stops(within(taken, ns(Math.max(floodEnds.min.ns, since + membership.min.ns)), ns(Math.max(floodEnds.max.ns, since + membership.max.ns)), ...floodEnds.reasons, ...membership.reasons));
      const { resumedAfterS } = await expect(flow).to(guest).resumes(within(nextRound, ns(0), plus(times(tick, 3), bounds.slack)), { watch: s(5) });
      figure(`${guest.name}DeafS`, resumedAfterS === undefined || stoppedAfterS === undefined ? undefined : (nextRound.ns - taken.ns) / 1e9 + resumedAfterS - stoppedAfterS);
    }
    figure('keptBackGuests', keptBack.length);
  },
});
