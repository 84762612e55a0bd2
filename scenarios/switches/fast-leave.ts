// Fast leave: the first leave behind a port ends the group there, and nobody is asked whether others are left.
//
//   alice (sends)      dave            bob   erin          core (querier, asks every 125 s)
//        │              │               └──┬──┘                 │
//        │              │                edge: does not snoop   │
//        └──────────────┴───────┬──────────┴────────────────────┘
//                        sw: like { fastLeave }
//
// dave is alone behind his port: he leaves, and the next datagram is not sent there any more. (Without fast leave a
// Linux bridge that believes in another querier ignores a leave, docs/kernel-behaviour.md.) bob and erin share a port:
// bob leaves, and erin, who has joined as he had, is cut off until she answers the next general query.
//
// Two things save her. Before IGMPv3 a host that heard another's report keeps quiet when it leaves: if erin reported
// last, bob says nothing. And a bridge that speaks IGMPv3 or MLDv2 (mcast_igmp_version 3) counts hosts, not ports, where
// fast leave is on (br_multicast_eht.c), and asks, if it is the querier itself.
//
// If it is not, such a bridge is no better, fast leave or not: unlike one that speaks IGMPv2, it believes a leave while
// another querier is about. It gives the group 2 s and leaves the asking to that querier (__grp_send_query_and_rexmit).
// Ours never asks after a leave.
import { after, between, frame, ms, minus, ns, plus, portOf, s, scenario, since, times, type QuerierVersion, within } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { sharedPort } from '../topologies/shared-port.ts';

type Outcome = 'stops-at-once' | 'other-is-cut' | 'other-is-cut-after-2-s' | 'other-stays';
interface Settings {
  version: QuerierVersion;
  fastLeave: boolean;
  leaver: 'dave' | 'bob';
  /** Of bob and erin, who joined later and so reported last. */
  last?: 'bob' | 'erin';
  /** The bridge speaks IGMPv3 or MLDv2. */
  tracks?: true;
  /** The bridge is the querier, not core. */
  own?: true;
  claims: Outcome;
}
const variant = (settings: Settings): Settings => settings;

const EVERY = ms(500);
/** Two unsolicited reports, at most 10 s apart (RFC 2236 section 8.10). */
const SETTLED = s(15);

export default scenario({
  title: 'fast leave',
  cases: ['B3'],
  inDefaultSet: false,
  variants: {
    'one-receiver': variant({ version: 'IGMPv2', fastLeave: true, leaver: 'dave', claims: 'stops-at-once' }),
    'one-receiver-mldv1': variant({ version: 'MLDv1', fastLeave: true, leaver: 'dave', claims: 'stops-at-once' }),
    'one-receiver-igmpv3': variant({ version: 'IGMPv3', fastLeave: true, leaver: 'dave', claims: 'stops-at-once' }),
    'two-behind-one-port': variant({ version: 'IGMPv2', fastLeave: true, leaver: 'bob', claims: 'other-is-cut' }),
    'two-behind-one-port-mldv1': variant({ version: 'MLDv1', fastLeave: true, leaver: 'bob', claims: 'other-is-cut' }),
    'two-behind-one-port-igmpv3': variant({ version: 'IGMPv3', fastLeave: true, leaver: 'bob', claims: 'other-is-cut' }),
    'the-other-reported-last': variant({ version: 'IGMPv2', fastLeave: true, leaver: 'bob', last: 'erin', claims: 'other-stays' }),
    'own-querier': variant({ version: 'IGMPv2', fastLeave: true, leaver: 'bob', own: true, claims: 'other-is-cut' }),
    'hosts-are-tracked': variant({ version: 'IGMPv3', fastLeave: true, leaver: 'bob', tracks: true, own: true, claims: 'other-stays' }),
    'hosts-are-tracked-mldv2': variant({ version: 'MLDv2', fastLeave: true, leaver: 'bob', tracks: true, own: true, claims: 'other-stays' }),
    'igmpv3-bridge-leaves-the-asking': variant({ version: 'IGMPv3', fastLeave: false, leaver: 'bob', tracks: true, claims: 'other-is-cut-after-2-s' }),
    'mldv2-bridge-leaves-the-asking': variant({ version: 'MLDv2', fastLeave: true, leaver: 'bob', tracks: true, claims: 'other-is-cut-after-2-s' }),
  },
  controls: {
    'no-fast-leave': { ...variant({ version: 'IGMPv2', fastLeave: false, leaver: 'dave', claims: 'stops-at-once' }), breaks: 'dave: no datagrams to' },
    'no-fast-leave-two': { ...variant({ version: 'IGMPv2', fastLeave: false, leaver: 'bob', claims: 'other-is-cut' }), breaks: 'outage' },
    'two-said-to-stay': { ...variant({ version: 'IGMPv3', fastLeave: true, leaver: 'bob', claims: 'other-stays' }), breaks: 'delivery continues' },
    'tracked-said-to-be-cut': { ...variant({ version: 'IGMPv3', fastLeave: true, leaver: 'bob', tracks: true, own: true, claims: 'other-is-cut' }), breaks: 'outage' },
    'igmpv2-bridge-said-to-leave-the-asking': { ...variant({ version: 'IGMPv3', fastLeave: false, leaver: 'bob', claims: 'other-is-cut-after-2-s' }), breaks: ['delivery stops', 'outage'] },
  },
  diagnosis: {
    'two-behind-one-port': 'fast-leave', 'two-behind-one-port-mldv1': 'fast-leave', 'two-behind-one-port-igmpv3': 'fast-leave',
    'own-querier': 'fast-leave', 'igmpv3-bridge-leaves-the-asking': 'fast-leave', 'mldv2-bridge-leaves-the-asking': 'fast-leave',
    'two-said-to-stay': 'fast-leave',
  },
  topology: ({ version, fastLeave, tracks }) => sharedPort({ version, fastLeave, tracks: tracks ?? false }),
  captures: ({ sw, edge, dave, core }) => [portOf(sw, dave), portOf(sw, edge), portOf(sw, core)],

  async story({ sw, edge, alice, bob, dave, erin, core }, { variant: v, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(v.version.startsWith('MLD') ? 6 : 4);
    // After the second query of the start, 31.25 s after the first: the next is 125 s away.
    await until(v.own ? sw.sets({ mcast_querier: true }) : core.starts(), s(45));
    const [first, second] = v.last === 'erin' ? [bob, erin] : [erin, bob];
    const memberships = new Map([first, dave].map((host) => [host, host.joins(group)]));
    await passes(SETTLED);
    memberships.set(second, second.joins(group));
    await passes(SETTLED);
    const flow = alice.sends(group, { every: EVERY, to: [bob, dave, erin] });
    // dave's port works, whatever becomes of the group.
    alice.pings(dave.address(4), { every: s(5) });
    await passes(s(10 * (1 + random())));

    const leaver = v.leaver === 'bob' ? bob : dave;
    const port = capture(portOf(sw, leaver === bob ? edge : dave));
    // Told before it happens: the word is on the wire at once.
    const left = now(`${leaver.name} left`);
    memberships.get(leaver)?.leaves();
    const work = plus(ms(50), times(bounds.slack, 2));
    if (v.last !== 'erin') await expect(port).sees(frame.leave(group, leaver), since(left, plus(work, s(1))));
    if (v.claims === 'stops-at-once') {
      // Datagrams of the others go on; those on their way at that instant are not his any more.
      await expect(port).seesNo(frame.udpTo(group), since(after(left, work), s(50)));
      await expect(flow).to(bob).continues(since(left, s(50)));
      figure('framesAfterTheLeave', port.seen(frame.udpTo(group)).filter((f) => f.ns > left.ns).length);
      return;
    }
    const query = await capture(portOf(sw, core)).sees(frame.generalQuery(v.version), s(130));
    if (v.last === 'erin') await expect(port).seesNo(frame.leave(group), between(left, query));
    if (v.claims === 'other-stays') {
      const { lostDatagrams } = await expect(flow).to(erin).continues(since(left, s(150)));
      figure('erinLostDatagrams', lostDatagrams);
      return;
    }
    const silent = ns(query.ns - left.ns);
    const answered = bounds.timer('query response interval', core.spec.responseInterval);
    const lastMember = bounds.timer('last member query time', times(sw.holds('mcast_last_member_interval'), 2));
    // A leave of version 3 is said twice, up to a second apart; the second may lower the timer anew.
    const grace = v.claims === 'other-is-cut-after-2-s' ? plus(lastMember.max, s(1)) : ns(0);
    if (grace.ns > 0) await expect(flow).to(erin).stops(within(left, minus(lastMember.min, work), plus(grace, EVERY, work), ...lastMember.reasons, 'it is told twice, within a second'));
    const { outageS, lostDatagrams } = await expect(flow).to(erin).outage(since(left, plus(silent, answered.max, s(10))), {
      atLeast: minus(silent, plus(work, bounds.slack, grace)), atMost: plus(silent, answered.max, EVERY, EVERY, work),
      reasons: [`from the leave to the next general query: ${silent.ns / 1e9} s`, ...answered.reasons, 'and a datagram at either end'],
    });
    figure('erinOutageS', outageS);
    figure('erinLostDatagrams', lostDatagrams);
    await expect(flow).to(dave).continues(since(left, silent));
  },
});
