// A querier elsewhere on the LAN, with an interval of its own. Which intervals keep delivery up, and which the bridge's peace?
//
//   alice (sends)   bob, dave (joined)   carol (not joined)      core (querier: every 60 s, every 300 s)
//        └───────────────┴─────────┬────────────────┴────────────────────┘
//                   vmbr0: snooping on, own querier off
//
//   core, every 60 s   ?──?───?───?───?───            vmbr0: members alone hear, as with 125 s
//   core, every 300 s  ?────────────────────────────────────────?────
//   vmbr0                 by MDB ────── 255 s ──────▶| floods ───|10 s▶| by MDB
//
// The bridge takes no interval from the query: it believes in a querier for its own 255 s and in a member for 260 s. A
// querier that asks more seldom is given up in between, and everybody gets everything until 10 s after its next query.
// In IGMPv3 and MLDv2 no member loses a datagram by it, for the flood begins before the first membership ends. A bridge
// that is told to believe for longer loses them all.
import { after, between, frame, min, minus, ns, plus, portOf, s, scenario, signalling, since, times, wheelStep, type Duration, type QuerierVersion, type VariantCommon } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { OTHER_QUERIER_PRESENT, querierOutside } from '../topologies/querier-outside.ts';

interface Settings { family: 4 | 6; version: QuerierVersion; queryInterval: Duration; claims: 'by-membership' | 'flooded-between'; otherQuerier?: Duration; notScaled?: string; breaks?: string | string[] }

const every = (queryInterval: Duration, version: QuerierVersion, claims: Settings['claims'] = 'by-membership'): Settings => ({
  family: version.startsWith('IGMP') ? 4 : 6, version, queryInterval, claims,
  ...(version === 'IGMPv1' ? { notScaled: 'hosts give IGMPv1 queries a fixed 10 s to answer (RFC 1112)' } : {}),
});

const variants: Record<string, Settings> = {
  'igmpv1-every-60-s': every(s(60), 'IGMPv1'),
  'igmpv2-every-60-s': every(s(60), 'IGMPv2'),
  'igmpv3-every-60-s': every(s(60), 'IGMPv3'),
  'mldv1-every-60-s': every(s(60), 'MLDv1'),
  'mldv2-every-60-s': every(s(60), 'MLDv2'),
  'igmpv3-every-300-s': every(s(300), 'IGMPv3', 'flooded-between'),
  'mldv2-every-300-s': every(s(300), 'MLDv2', 'flooded-between'),
};
const controls: Record<string, Settings & VariantCommon> = {
  // Members are gone before they are asked again, and the bridge goes on by its MDB.
  'every-300-s-and-believed-in': { ...every(s(300), 'IGMPv3', 'flooded-between'), otherQuerier: min(60), breaks: ['delivery continues', 'vmbr0:carol: datagrams'] },
  'every-400-s-and-believed-in': { ...every(s(400), 'MLDv1'), otherQuerier: min(60), breaks: 'delivery continues' },
  // Nothing lost, but flooded.
  'every-300-s-is-not-by-membership': { ...every(s(300), 'MLDv2'), breaks: 'vmbr0:carol: no datagrams' },
  // What is flooded after each query are reports as well: a guest that hears another's keeps its own back and is deaf
  // until the next flood (report-suppression.ts).
  'every-300-s-in-igmpv2': { ...every(s(300), 'IGMPv2', 'flooded-between'), breaks: 'delivery continues' },
};

export default scenario({
  title: 'the interval of a querier elsewhere',
  cases: ['A5', 'A6'],
  inDefaultSet: false,
  variants, controls,
  diagnosis: {
    'every-300-s-and-believed-in': 'membership-expired', 'every-400-s-and-believed-in': 'membership-expired',
    'every-300-s-in-igmpv2': 'report-suppressed',
  },
  topology: (v) => querierOutside(v),
  captures: ({ vmbr0, bob, carol }) => [signalling(portOf(vmbr0, bob)), portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, carol, dave, core }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(variant.family);
    const { queryInterval, responseInterval } = core.spec;
    const response = bounds.timer('query response interval', responseInterval);
    const believed = bounds.timer('other-querier-present interval', OTHER_QUERIER_PRESENT);
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(vmbr0.holds('mcast_membership_interval'), bounds.hz), random()));
    const first = core.starts();
    await until(first, response.max);
    for (const guest of [bob, dave]) guest.joins(group);
    await passes(REPORTED);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(5), to: [bob, dave] });

    // 900 s beyond the instant at which a membership that nobody refreshes would have expired.
    const length = plus(vmbr0.holds('mcast_membership_interval'), s(900));
    for (const guest of [bob, dave]) {
      const { lostDatagrams } = await expect(flow).to(guest).continues(since(begun, length));
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
    const end = now('the end');
    const queries = Math.floor(minus(length, responseInterval).ns / queryInterval.ns);
    await expect(capture(portOf(vmbr0, bob))).sees(frame.report(group, bob, variant.version), between(begun, end), { atLeast: queries });

    const port = capture(portOf(vmbr0, carol));
    figure('carolFrames', port.seen(frame.udpTo(group)).length);
    if (variant.claims === 'by-membership') {
      await expect(port).seesNo(frame.udpTo(group), between(begun, end));
      return;
    }
    // The second query comes a quarter of the interval after the first, the third a whole one later.
    for (const n of [1, 2]) {
      const asked = after(first, ns((n - 0.75) * queryInterval.ns + bounds.slack.ns));
      const next = after(first, ns((n + 0.25) * queryInterval.ns));
      await expect(port).seesNo(frame.udpTo(group), between(n === 1 ? begun : after(asked, response.max), after(asked, minus(believed.min, bounds.slack)), ...believed.reasons));
      const { datagrams, window } = flow.whole(after(asked, believed.max), after(next, response.min));
      await expect(port).sees(frame.udpTo(group), window, { atLeast: datagrams, atMost: datagrams });
    }
  },
});
