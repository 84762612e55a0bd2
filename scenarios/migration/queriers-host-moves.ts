// The querier is a guest, and migrates. Bridges take the port behind which it asked for the way to all routers. Until
// when do they believe in the old one, and who misses what?
//
//             alice (sends)
//                  │
//                 sw                    believes: routers are behind hv1
//               ╱    ╲
//        hv1: br0     hv2: br0
//       ╱   │   ╲       │   ╲
//   bob  erin  core ─▶(core) dave       bob, dave: joined; erin joins after the move
//
//   core  ?──?── moves|·········· nothing ··········|? everything again
//   erin               R ─ not as far as core      R
//   sw    sends what no member asked for to hv1 ───────────────────▶| 255 s after the last query from there
//
// What no member asked for goes to the ports of routers, and nowhere else; so do the reports of IGMPv2 (those of IGMPv3
// are flooded). With its tap the old bridge loses its only such port; the switch keeps its one, and no announcement
// moves it. So a router that has moved hears neither the groups that it should carry on nor of new members, until it
// asks again: up to 125 s. Members lose nothing, for the old port is believed in for longer than a round of queries takes.
// A querier that asks as soon as it has moved misses nothing but what fell into the move.
import { after, between, cardOf, frame, later, type Moment, ms, ns, plus, s, scenario, since, within } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { announced } from '../topologies/moving-guest.ts';
import { movingQuerier } from '../topologies/moving-querier.ts';

const EVERY = ms(500);
const GROUP = groupOf(4);
/** Nobody behind these bridges is in it: a router is to carry it on. */
const ELSEWHERE = '239.192.9.9';

interface Settings { version: 'IGMPv2' | 'IGMPv3'; asks: boolean; claims: 'next-query' | 'at-once' }
const settings = (version: Settings['version'], asks: boolean, claims: Settings['claims'] = asks ? 'at-once' : 'next-query'): Settings => ({ version, asks, claims });

export default scenario({
  title: 'the host of the querier moves',
  cases: ['D9', 'A5'],
  inDefaultSet: false,
  variants: {
    'until-the-next-query-igmpv2': settings('IGMPv2', false),
    'until-the-next-query-igmpv3': settings('IGMPv3', false),
    'asks-at-once': settings('IGMPv2', true),
  },
  controls: {
    'asks-nobody-said-to-ask': { ...settings('IGMPv2', false, 'at-once'), breaks: [/eth0: datagrams to/, /eth0: reports for/] },
    'asks-at-once-said-to-wait': { ...settings('IGMPv2', true, 'next-query'), breaks: [/eth0: no datagrams to/, /eth0: no reports for/] },
  },
  diagnosis: {},
  topology: (v) => movingQuerier(v),
  captures: ({ sw, core }) => [cardOf(core), { node: sw.node, device: 'hv1' }],

  async story({ sw, core, alice, bob, dave, erin }, { variant: v, expect, capture, now, until, bounds, figure, random }) {
    const [card, old] = [capture(cardOf(core)), capture({ node: sw.node, device: 'hv1' })];
    const [datagrams, reports] = [frame.udpTo(ELSEWHERE), frame.report(GROUP, erin)];
    const response = bounds.timer('query response interval', core.spec.responseInterval);
    const begun = core.starts();
    await until(begun, response.max);
    for (const guest of [bob, dave]) guest.joins(GROUP);
    const members = alice.sends(GROUP, { every: EVERY, to: [bob, dave, erin] });
    const flow = alice.sends(ELSEWHERE, { every: EVERY, to: [] });
    const flowing = now('the flows began');
    // Past the second query, and the answers to it.
    await until(begun, s(45 + 20 * random()));

    const left = now('core left hv1');
    const lastFromHv1: Moment = { ...(core.lastQuery ?? begun), what: 'the last query from hv1' };
    const there = await core.migrates(1, { announce: 'rarp' });
    const asked = v.asks ? core.asks() : there;
    await expect(sw.fdbEntry(core.mac)).becomes('hv2', within(there, announced(bounds)));
    await until(there, s(5));
    const joined = now('erin joined');
    erin.joins(GROUP);

    /** Every datagram sent in between is at core's card, once. */
    const reaches = async (from: Moment, to: Moment): Promise<void> => {
      await until(to);
      const sent = flow.whole(from, to);
      await expect(card).sees(datagrams, sent.window, { atLeast: sent.datagrams, atMost: sent.datagrams });
    };
    const reported = later({ min: ns(0), max: ns(3e9 / bounds.hz), reasons: ['a first report leaves within 3 ticks of the join'] }, plus(bounds.slack, bounds.slack), 'it crosses three bridges');
    await reaches(flowing, left);
    if (v.claims === 'at-once') {
      await reaches({ ...asked, what: 'core asked at its new place' }, after(asked, s(60)));
      await expect(card).sees(reports, within(joined, reported));
    } else {
      const next: Moment = { ns: lastFromHv1.ns + core.spec.queryInterval.ns, what: 'the next query' };
      const before: Moment = { ns: next.ns - ms(10).ns - bounds.slack.ns, what: next.what };
      await expect(card).seesNo(datagrams, between(there, before));
      if (v.version === 'IGMPv3') await expect(card).sees(reports, within(joined, reported));
      else await expect(card).seesNo(reports, between(joined, before));
      await until(next, s(1));
      await reaches({ ...(core.lastQuery ?? next), what: 'the next query' }, after(next, s(60)));
      await expect(card).sees(reports, within(next, later({ ...response, min: ns(0) }, plus(ns(4e9 / bounds.hz), ms(5), bounds.slack), 'an answer leaves up to 3 ticks after its time')));
    }
    const seen = card.seen(datagrams);
    const lost = flow.sentNs.filter((at) => at > left.ns && at < left.ns + s(100).ns && !seen.some((f) => f.ns >= at && f.ns < at + EVERY.ns / 2)).length;
    figure('lostDatagramsOf100S', lost);

    // The switch goes on sending to where the router was.
    const believed = bounds.timer('a router port, for mcast_querier_interval after the last query', sw.holds('mcast_querier_interval'));
    await until(lastFromHv1, believed.min);
    const stale = flow.whole(there, after(lastFromHv1, believed.min));
    await expect(old).sees(datagrams, stale.window, { atLeast: stale.datagrams, atMost: stale.datagrams });
    figure('staleFrames', stale.datagrams);
    await expect(old).seesNo(datagrams, within(lastFromHv1, believed.max, plus(believed.max, s(60)), ...believed.reasons));
    // Who had joined, on either side, lost nothing; nor did who joined in between.
    for (const guest of [bob, dave]) await expect(members).to(guest).continues(since(left, s(300)));
    await expect(members).to(erin).continues(since(after(joined, reported.max), s(300)));
  },
});
