// The last member behind a port leaves, or one of two. When does the port carry the group no more?
//
//   alice (sends)   core (querier, in some variants)
//               ╲      ╱
//                vmbr0             snoops; its own querier asks, in most variants
//                  │               fastleave on or off; frames are counted here
//                 hub              a switch that does not snoop
//                ╱   ╲
//             bob     dave         (dave joins in the variants with two)
//
//   own querier       leave|?──── 2 s: last member interval, twice ────▶| nothing
//   fast leave        leave| nothing
//   other querier     leave|──── as if nobody had left, 260 s after the last report ────▶| nothing
//                     leave|  core ?(group) ──── 2 s ────▶| nothing
//   nobody queries    leave|──── flooded, for ever
//
// Without fast leave a bridge asks who is left; the group goes if nobody answers. It does so as the elected querier only:
// while another one is believed in, br_multicast_leave_group returns and leaves the matter to it. Fast leave asks nobody
// and needs nobody. Behind a port with two members it cuts the other one off in IGMPv2 and MLDv1, until the next general
// query; in IGMPv3 and MLDv2 a bridge tells the hosts behind a port apart (explicit host tracking), and keeps the group. (There it
// asks before it looks who is left, so one query is on the wire though nobody waits for an answer.)
import { after, type Bound, frame, later, type Moment, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { familyOf, twoBehindAPort, type Version } from '../topologies/two-behind-a-port.ts';

const PORT = { node: 'vmbr0', device: 'hub' };
const EVERY = ms(500);
/** Unasked reports are repeated, and a second one suppressed or not, within this time. */
const SETTLED = s(25);

type Ending = 'at-once' | 'asked' | 'membership' | 'never' | 'other-goes-deaf' | 'other-stays';
interface Settings { version: Version; fastLeave: boolean; querier: 'own' | 'core' | 'core-that-asks' | 'nobody'; ending: Ending; notScaled?: string }

const settings = (version: Version, fastLeave: boolean, querier: Settings['querier'], ending: Ending): Settings => ({ version, fastLeave, querier, ending });
const two = (version: Version, fastLeave: boolean, ending: Ending): Settings => ({
  ...settings(version, fastLeave, 'own', ending), notScaled: 'a query for a group gives 1 s to answer, in tenths of a second: divided by more than 10 it is an IGMPv1 query',
});

export default scenario({
  title: 'fast leave',
  cases: ['B1'],
  inDefaultSet: false,
  variants: {
    'asked-igmpv2': settings('IGMPv2', false, 'own', 'asked'),
    'asked-igmpv3': settings('IGMPv3', false, 'own', 'asked'),
    'asked-mldv1': settings('MLDv1', false, 'own', 'asked'),
    'asked-mldv2': settings('MLDv2', false, 'own', 'asked'),
    'fast-igmpv2': settings('IGMPv2', true, 'own', 'at-once'),
    'fast-igmpv3': settings('IGMPv3', true, 'own', 'at-once'),
    'fast-mldv1': settings('MLDv1', true, 'own', 'at-once'),
    'fast-mldv2': settings('MLDv2', true, 'own', 'at-once'),
    'fast-under-another-querier': settings('IGMPv2', true, 'core', 'at-once'),
    'ignored-under-another-querier': settings('IGMPv2', false, 'core', 'membership'),
    'asked-by-another-querier': settings('IGMPv2', false, 'core-that-asks', 'asked'),
    'fast-and-nobody-queries': settings('IGMPv2', true, 'nobody', 'never'),
    'fast-with-two-igmpv2': two('IGMPv2', true, 'other-goes-deaf'),
    'fast-with-two-mldv1': two('MLDv1', true, 'other-goes-deaf'),
    'fast-with-two-igmpv3': two('IGMPv3', true, 'other-stays'),
    'fast-with-two-mldv2': two('MLDv2', true, 'other-stays'),
    'asked-with-two-igmpv2': two('IGMPv2', false, 'other-stays'),
  },
  controls: {
    'asked-said-to-be-fast': { ...settings('IGMPv2', false, 'own', 'at-once'), breaks: 'no datagrams to' },
    'fast-said-to-be-asked': { ...settings('IGMPv2', true, 'own', 'asked'), breaks: /hub: datagrams to/ },
    'ignored-said-to-be-asked': { ...settings('IGMPv2', false, 'core', 'asked'), breaks: 'no datagrams to' },
    'fast-with-two-said-to-keep': { ...two('IGMPv2', true, 'other-stays'), breaks: 'delivery continues' },
    'kept-said-to-go-deaf': { ...two('IGMPv3', true, 'other-goes-deaf'), breaks: ['no datagrams to', 'outage'] },
  },
  diagnosis: { 'fast-with-two-igmpv2': 'fast-leave', 'fast-with-two-mldv1': 'fast-leave', 'fast-with-two-said-to-keep': 'fast-leave' },
  topology: (v) => twoBehindAPort(v),
  captures: () => [PORT],

  async story({ vmbr0, alice, bob, dave, core }, { variant: v, expect, capture, now, passes, until, bounds, figure, random }) {
    const family = familyOf(v.version);
    const group = groupOf(family);
    const port = capture(PORT);
    const pair = v.ending === 'other-goes-deaf' || v.ending === 'other-stays';
    const begun = v.querier === 'own' ? vmbr0.sets({ mcast_querier: true }) : v.querier === 'nobody' ? now('the begin') : core.starts();
    // Past the second query, a quarter of the interval after the first, and the answers to it: the next is far away.
    await until(begun, s(45));
    // In the older versions he who reported last sends the leave; that is bob.
    if (pair) {
      dave.joins(group);
      await passes(SETTLED);
    }
    const membership = bob.joins(group);
    await passes(SETTLED);
    const flow = alice.sends(group, { every: EVERY, to: pair ? [dave] : [bob] });
    alice.pings(bob.address(family), { every: s(5) });
    await passes(plus(s(5), times(EVERY, random())));
    const lastReport = { ...(port.last(frame.report(group, bob)) ?? begun), what: "bob's last report" };
    const told = now('bob is told to leave');
    membership.leaves();
    const leave = { ...(await port.sees(frame.leave(group, bob), s(2), told)), what: "bob's leave" };
    const asked = v.querier === 'core-that-asks' ? core.asksAbout(group) : leave;

    const datagrams = frame.udpTo(group);
    /** In IGMPv3 and MLDv2 the question is out before the bridge finds that nobody is left to answer (br_multicast_toin). */
    const tracksHosts = v.version === 'IGMPv3' || v.version === 'MLDv2';
    /** Until then every datagram is on the wire, once. */
    const carries = async (end: Moment): Promise<void> => {
      await until(end);
      const sent = flow.whole(leave, end);
      await expect(port).sees(datagrams, sent.window, { atLeast: sent.datagrams, atMost: sent.datagrams });
    };
    /** And none any more from a timer's latest end on. */
    const carriesUntil = async (from: Moment, timer: Bound): Promise<void> => {
      await carries(after(from, timer.min));
      await expect(port).seesNo(datagrams, within(from, timer.max, plus(timer.max, s(60)), ...timer.reasons));
    };
    const lastMember = bounds.timer('last member query time: last member interval, last member count times', times(vmbr0.holds('mcast_last_member_interval'), 2));

    switch (v.ending) {
      case 'at-once': case 'other-goes-deaf':
        // What leaves by the port later than the leave came in by it is too late.
        await expect(port).seesNo(datagrams, since(leave, s(30)));
        await expect(port).sees(frame.groupQuery(group), since(leave, s(30)), { atLeast: tracksHosts ? 1 : 0, atMost: tracksHosts ? 1 : 0 });
        break;
      case 'asked':
        await expect(port).sees(frame.groupQuery(group), since(leave, plus(ns(2e9 / bounds.hz), bounds.slack)));
        await carriesUntil(asked, lastMember);
        break;
      case 'membership':
        await expect(port).seesNo(frame.groupQuery(group), since(leave, s(30)));
        await carriesUntil(lastReport, bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval')));
        break;
      case 'never':
        await carries(after(leave, s(600)));
        break;
      case 'other-stays':
        await expect(flow).to(dave).continues(since(leave, s(60)));
    }
    if (v.ending === 'other-goes-deaf') {
      const next = { ...(await port.sees(frame.generalQuery(), s(130), leave)), what: 'the next general query' };
      const deaf = ns(next.ns - leave.ns);
      const answered = later(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')), ns(4e9 / bounds.hz), 'an answer leaves up to 3 ticks after its time');
      const { outageS } = await expect(flow).to(dave).outage(since(leave, plus(deaf, answered.max, s(10))), { atLeast: deaf, atMost: plus(deaf, answered.max), reasons: ['until the next general query', ...answered.reasons] });
      figure('otherDeafS', outageS);
    }
    if (!pair) {
      const last = port.last(datagrams);
      figure('carriedAfterLeaveS', last && Math.max(0, (last.ns - leave.ns) / 1e9));
    }
  },
});
