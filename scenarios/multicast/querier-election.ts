// Two queriers on the LAN. Who asks, and what happens when the elected one dies?
//
//   alice (sends)   bob, dave (joined)      north (lower address)      south (higher address)
//        └───────────────┴────────────┬──────────────┴──────────────────────────┘
//                          vmbr0: snooping on, own querier off
//
//   south  ?──|yields ─────────────────────────────── 255 s after north's last query |?───── asks from now on
//   north        ?──?───── †
//   bob             R──── member for 260 s ──────────────────────────────────────────────▶|  R (up to 10 s after the query)
//
// South gives north up 255 s after its last query (RFC 3376 section 8.5) and asks at once; hosts take up to 10 s to answer,
// and members of the last round expire from 260 s on. Believed: a take-over loses nothing. True: up to 5 s, the 265 s less
// the 260 s; the timer wheel, which expires members late, mostly hides it.
import { between, frame, later, minus, ms, ns, plus, portOf, s, scenario, signalling, since, times, topology, wheelStep } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';

export default scenario({
  title: 'querier election',
  cases: ['A5', 'A6'],
  inDefaultSet: false,
  variants: {
    'take-over-ipv4': { family: 4 as const, southRuns: true, northRuns: true },
    'take-over-ipv6': { family: 6 as const, southRuns: true, northRuns: true },
  },
  controls: {
    // Nobody is there to take over.
    'no-successor': { family: 4 as const, southRuns: false, northRuns: true, breaks: 'south: IGMP or MLD general queries' },
    // Nobody is there to yield to.
    'no-rival': { family: 4 as const, southRuns: true, northRuns: false, breaks: 'south: no IGMP or MLD general queries' },
  },
  diagnosis: {},
  topology: ({ family }) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false });
    const version = family === 4 ? 'IGMPv3' : 'MLDv2';
    return {
      vmbr0,
      // MLD elects by link-local address, which follows from the MAC.
      north: t.querier('north', { on: vmbr0, version, mac: '02:00:00:00:00:01' }),
      south: t.querier('south', { on: vmbr0, version, mac: '02:00:00:00:00:02' }),
      alice: t.guest('alice', { on: vmbr0 }), bob: t.guest('bob', { on: vmbr0 }), dave: t.guest('dave', { on: vmbr0 }),
    };
  }, { ipv6: family === 6 }),
  captures: ({ vmbr0, north, south }) => [signalling(portOf(vmbr0, north)), signalling(portOf(vmbr0, south))],

  async story({ vmbr0, north, south, alice, bob, dave }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(variant.family);
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(vmbr0.holds('mcast_membership_interval'), bounds.hz), random()));
    const begun = now('the begin');
    if (variant.southRuns) south.starts();
    await passes(s(5));
    if (variant.northRuns) north.starts();
    const elected = now('north was there');
    await until(begun, bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max);
    for (const guest of [bob, dave]) guest.joins(group);
    const flow = alice.sends(group, { every: ms(500), to: [bob, dave] });
    await passes(s(60));
    const died = north.fallsSilent();
    const lastQuery = north.lastQuery ?? died;

    const southsQueries = frame.and(frame.generalQuery(), frame.from(south.mac, 'south'));
    const port = capture(portOf(vmbr0, south));
    const takeOver = { min: minus(south.otherQuerierPresent, bounds.slack), max: plus(south.otherQuerierPresent, ms(10), bounds.slack), reasons: ['other-querier-present interval of RFC 3376 section 8.5: twice the query interval and half the response interval', 'the harness counts milliseconds'] };
    // Looking at what was captured takes the machine milliseconds: not when south's timer is due.
    await until(lastQuery, plus(takeOver.max, s(1)));
    // A tick for north's first query to cross the bridge and be heard.
    await expect(port).seesNo(southsQueries, between({ ns: elected.ns + ms(10).ns + bounds.slack.ns, what: elected.what }, { ns: lastQuery.ns + takeOver.min.ns - 1, what: 'north is given up' }));
    await expect(port).sees(southsQueries, { anchor: lastQuery, ...takeOver });

    const gap = later({ min: ns(0), max: minus(plus(south.otherQuerierPresent, south.spec.responseInterval), vmbr0.holds('mcast_membership_interval')), reasons: ['an answer comes up to 255 s and 10 s after the last query, members expire from 260 s on'] }, plus(ms(10), ns(4e9 / bounds.hz), bounds.slack, bounds.slack), 'the query leaves within 10 ms, an answer up to 3 ticks after its time');
    for (const guest of [bob, dave]) {
      const { outageS, lostDatagrams } = await expect(flow).to(guest).outage(since(died, s(600)), { atMost: gap.max, reasons: gap.reasons });
      figure(`${guest.name}OutageS`, outageS);
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
  },
});
