// A group that nobody has joined: where do its datagrams go?
//
//   alice (sends to two groups)   bob (joined one)   carol (joined none)      core (queries, or never does)
//        └──────────────────────────┴──────┬───────────┴────────────────────────┘
//                                         sw
//
//   a Linux bridge without a querier      to everybody
//   a Linux bridge with one               to the querier's port, for a router wants to know (RFC 4541 section 2.1.2)
//   like { dropsUnknownMulticast }        nowhere; the group that bob joined goes to bob, querier or not, and what is
//                                         link-local (224.0.0.0/24, ff02::1) to everybody
//
// The last of these without a querier is the switch of the reports "it works for four minutes": it goes by its table, and
// when bob's membership has expired, his group is unknown as well.
import { frame, plus, portOf, s, scenario, type SwitchLike, within } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { ANSWERED, strictSwitch } from '../topologies/strict-switch.ts';

type Reach = 'everybody' | 'querier-only' | 'nowhere';
interface Settings { family: 4 | 6; like?: SwitchLike; queries: boolean; unknownGoes: Reach }
const variant = (settings: Settings): Settings => settings;
const drops: SwitchLike = { dropsUnknownMulticast: true };

const UNKNOWN = { 4: '239.192.66.66', 6: 'ff15::66:66' } as const;
/** Of everybody: nobody joins it, and no switch may keep it back. */
const LINK_LOCAL = { 4: '224.0.0.66', 6: 'ff02::1' } as const;

export default scenario({
  title: 'unknown multicast',
  cases: ['B3'],
  inDefaultSet: false,
  variants: {
    'linux-without-querier': variant({ family: 4, queries: false, unknownGoes: 'everybody' }),
    'linux-with-querier': variant({ family: 4, queries: true, unknownGoes: 'querier-only' }),
    'linux-with-querier-ipv6': variant({ family: 6, queries: true, unknownGoes: 'querier-only' }),
    'dropped-without-querier': variant({ family: 4, like: drops, queries: false, unknownGoes: 'nowhere' }),
    'dropped-with-querier': variant({ family: 4, like: drops, queries: true, unknownGoes: 'nowhere' }),
    'dropped-without-querier-ipv6': variant({ family: 6, like: drops, queries: false, unknownGoes: 'nowhere' }),
    'dropped-with-querier-ipv6': variant({ family: 6, like: drops, queries: true, unknownGoes: 'nowhere' }),
  },
  controls: {
    'linux-without-querier-said-to-drop': { ...variant({ family: 4, queries: false, unknownGoes: 'nowhere' }), breaks: 'carol: no datagrams to' },
    'linux-with-querier-said-to-drop': { ...variant({ family: 4, queries: true, unknownGoes: 'nowhere' }), breaks: 'core: no datagrams to' },
    'linux-with-querier-said-to-drop-ipv6': { ...variant({ family: 6, queries: true, unknownGoes: 'nowhere' }), breaks: 'core: no datagrams to' },
    // Strict in both: without a querier bob does not get his group either.
    'strict-without-querier': { ...variant({ family: 4, like: { ...drops, noFloodFallback: true }, queries: false, unknownGoes: 'nowhere' }), breaks: 'bob: datagrams to' },
    'dropped-said-to-reach-the-querier': { ...variant({ family: 4, like: drops, queries: true, unknownGoes: 'querier-only' }), breaks: 'core: datagrams to' },
  },
  diagnosis: {
    'linux-without-querier': 'never-joined', 'linux-with-querier': 'never-joined', 'linux-with-querier-ipv6': 'never-joined',
    'dropped-without-querier': ['membership-expired', 'never-joined'], 'dropped-with-querier': 'never-joined',
    'dropped-without-querier-ipv6': ['membership-expired', 'never-joined', 'flood-withheld'],
    'dropped-with-querier-ipv6': ['never-joined', 'flood-withheld'], 'linux-without-querier-said-to-drop': 'never-joined',
    'linux-with-querier-said-to-drop': 'never-joined', 'linux-with-querier-said-to-drop-ipv6': 'never-joined',
    'strict-without-querier': ['strict-no-querier', 'never-joined'], 'dropped-said-to-reach-the-querier': 'never-joined',
  },
  topology: ({ family, like }) => strictSwitch({ family, ...(like ? { like } : {}) }),
  captures: ({ sw, bob, carol, core }) => [bob, carol, core].map((host) => portOf(sw, host)),

  async story({ sw, alice, bob, carol, core }, { variant: v, expect, capture, now, passes, until, bounds, figure }) {
    const [group, unknown, linkLocal] = [groupOf(v.family), UNKNOWN[v.family], LINK_LOCAL[v.family]];
    // A bridge that is its own querier, as the one that drops is without a word, counts it after a response interval.
    const settled = plus(bounds.timer('query response interval', core.spec.responseInterval).max, ANSWERED);
    if (v.queries) await until(core.starts(), settled);
    else await passes(settled);
    const join = now('bob joined');
    bob.joins(group);
    await passes(REPORTED);

    const begun = now('the flows began');
    const known = alice.sends(group, { every: s(1), to: [bob] });
    const flow = alice.sends(unknown, { every: s(1), to: [carol] });
    const everybodys = alice.sends(linkLocal, { every: s(5), to: [carol] });
    await passes(s(60));
    for (const f of [flow, everybodys]) f.stop();
    const stopped = now('those to others than bob ended');
    await passes(plus(s(1), bounds.slack));
    const { datagrams, window } = flow.whole(begun, stopped);

    const sees = (host: typeof bob, wanted: boolean): Promise<void> =>
      wanted ? expect(capture(portOf(sw, host))).sees(frame.udpTo(unknown), window, { atLeast: datagrams, atMost: datagrams }) : expect(capture(portOf(sw, host))).seesNo(frame.udpTo(unknown), window);
    await sees(carol, v.unknownGoes === 'everybody');
    await sees(bob, v.unknownGoes === 'everybody');
    await expect(capture(portOf(sw, core))).sees(frame.any(), window);
    await (v.unknownGoes === 'nowhere' ? expect(capture(portOf(sw, core))).seesNo(frame.udpTo(unknown), window) : expect(capture(portOf(sw, core))).sees(frame.udpTo(unknown), window, { atLeast: datagrams, atMost: datagrams }));
    const all = everybodys.whole(begun, stopped);
    for (const host of [bob, carol, core]) await expect(capture(portOf(sw, host))).sees(frame.udpTo(linkLocal), all.window, { atLeast: all.datagrams, atMost: all.datagrams });
    for (const host of [bob, carol, core]) figure(`${host.name}UnknownFrames`, capture(portOf(sw, host)).seen(frame.udpTo(unknown)).length);

    const whole = known.whole(begun, stopped);
    await expect(capture(portOf(sw, bob))).sees(frame.udpTo(group), whole.window, { atLeast: whole.datagrams, atMost: whole.datagrams });
    if (v.like && !v.queries) {
      // bob's own reports of the join are all that there ever is.
      await until(join, s(30));
      const member = bounds.timer('membership interval', sw.holds('mcast_membership_interval'));
      const { lastDeliveredAfterS } = await expect(known).to(bob).stops(within(sw.lastReport(group, bob), member));
      figure('bobDeafAfterS', lastDeliveredAfterS);
    }
  },
});
