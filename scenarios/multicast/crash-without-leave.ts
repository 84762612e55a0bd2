// A member crashes and says no good-bye. How long does its port go on carrying the group?
//
//   alice (sends)   bob (joined; crashes)   dave (joined)      core (querier: asks every 125 s)
//        └───────────────────┴──────┬───────────┴───────────────────┘
//                       vmbr0: snooping on, own querier off; frames are counted at bob's port
//
//   carrier lost    R ······ crash| nothing: the port is down, and its memberships with it
//   frozen          R ─ 260 s ──── crash ─────────────────────▶| nothing
//                   R ── crash ───────────────────────────────▶| nothing
//   nobody queries  ········ crash ──── flooded, for ever
//
// A crashed machine whose carrier is gone (a server without power) is forgotten at once (br_stp_disable_port,
// br_multicast_disable_port). One that keeps it (a guest that is paused or hangs: its tap is there) answers no query any
// more, and is a member until the membership interval is over: 260 s after its last report, so the sooner after the crash
// the longer the last report is ago. Where nobody queries there is no membership to expire.
import { after, ms, frame, type Moment, ns, plus, portOf, s, scenario, since, times, wheelStep, within } from '../../harness/scenario.ts';
import { crashingMember } from '../topologies/crashing-member.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';

const EVERY = s(1);

type Crash = 'carrier-lost' | 'frozen' | 'frozen-for-a-while';
/** When: soon after a report, or shortly before the next would be due. */
interface Settings { family: 4 | 6; crash: Crash; phase: 'early' | 'late'; querier: boolean; claims: 'at-once' | 'membership' | 'for-ever'; notScaled?: string }
const settings = (family: 4 | 6, crash: Crash, phase: Settings['phase'], claims: Settings['claims'], querier = true): Settings => ({
  family, crash, phase, querier, claims, ...(crash === 'carrier-lost' ? { notScaled: 'the kernel looks after carriers once a second, whatever its protocols’ timers are' } : {}),
});

export default scenario({
  title: 'crash without a leave',
  cases: ['B1', 'B2'],
  inDefaultSet: false,
  variants: {
    'carrier-lost-ipv4': settings(4, 'carrier-lost', 'early', 'at-once'),
    'carrier-lost-ipv6': settings(6, 'carrier-lost', 'early', 'at-once'),
    'frozen-after-a-report-ipv4': settings(4, 'frozen', 'early', 'membership'),
    'frozen-before-the-next-ipv4': settings(4, 'frozen', 'late', 'membership'),
    'frozen-after-a-report-ipv6': settings(6, 'frozen', 'early', 'membership'),
    'frozen-before-the-next-ipv6': settings(6, 'frozen', 'late', 'membership'),
    'frozen-and-nobody-queries': settings(4, 'frozen', 'early', 'for-ever', false),
  },
  controls: {
    'frozen-said-to-be-forgotten': { ...settings(4, 'frozen', 'early', 'at-once'), breaks: ['becomes absent', 'no datagrams to'] },
    'carrier-lost-said-to-be-carried-on': { ...settings(4, 'carrier-lost', 'early', 'membership'), breaks: /bob: datagrams to/ },
    'frozen-for-a-while': { ...settings(4, 'frozen-for-a-while', 'early', 'membership'), breaks: 'no datagrams to' },
  },
  diagnosis: {
    'frozen-after-a-report-ipv4': 'guest-hangs', 'frozen-before-the-next-ipv4': 'guest-hangs', 'frozen-after-a-report-ipv6': 'guest-hangs',
    'frozen-before-the-next-ipv6': 'guest-hangs', 'frozen-and-nobody-queries': 'guest-hangs', 'frozen-said-to-be-forgotten': 'guest-hangs',
    'carrier-lost-said-to-be-carried-on': 'link-down', 'carrier-lost-ipv4': ['link-down', 'flushed-with-port'], 'carrier-lost-ipv6': ['link-down', 'flushed-with-port'], 'frozen-for-a-while': 'guest-hangs',
  },
  topology: (v) => crashingMember(v),
  captures: ({ vmbr0, bob }) => [portOf(vmbr0, bob)],

  async story({ vmbr0, alice, bob, dave, core }, { variant: v, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(v.family);
    const port = capture(portOf(vmbr0, bob));
    const datagrams = frame.udpTo(group);
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(vmbr0.holds('mcast_membership_interval'), bounds.hz), random()));
    const begun = v.querier ? core.starts() : now('the begin');
    // Past the second query, a quarter of the interval after the first, and the answers to it.
    await until(begun, s(45));
    for (const guest of [bob, dave]) guest.joins(group);
    await passes(REPORTED);
    const flow = alice.sends(group, { every: EVERY, to: [bob, dave] });
    // The third query comes a quarter and a whole interval after the first; its answers are over 10 s later.
    const third: Moment = { ns: begun.ns + times(core.spec.queryInterval, 1.25).ns, what: 'the third query' };
    await until(third, v.phase === 'early' ? s(12 + 8 * random()) : s(115 + 8 * random()));

    // Before the crash: to decode what was captured takes this process tens of milliseconds, in which it reads no notification.
    const reported = v.querier ? vmbr0.lastReport(group, bob) : undefined;
    const noticed = plus(ns(2e9 / bounds.hz), bounds.slack);
    if (v.crash === 'carrier-lost') {
      // So that the next datagram comes a moment after the port has to be silent.
      const last: Moment = { ns: flow.sentNs.at(-1) ?? begun.ns, what: 'the last datagram' };
      await until(last, ns(2 * EVERY.ns - noticed.ns - 1e6));
    }
    const crash = v.crash === 'carrier-lost' ? bob.losesCarrier() : bob.freezes();
    const lastReport = reported ?? crash;
    figure('reportedBeforeCrashS', (crash.ns - lastReport.ns) / 1e9);
    if (v.crash === 'frozen-for-a-while') {
      await passes(s(30));
      bob.thaws();
    }
    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    /** Every datagram sent from the crash until then goes to a machine that is not there. */
    const wasted = async (end: Moment): Promise<void> => {
      await until(end);
      const sent = flow.whole(crash, end);
      await expect(port).sees(datagrams, sent.window, { atLeast: sent.datagrams, atMost: sent.datagrams });
      figure('wastedFrames', port.seen(datagrams).filter((f) => f.ns > crash.ns && f.ns < end.ns).length);
    };

    if (v.claims === 'at-once') {
      await expect(vmbr0.mdbEntry(group, bob)).becomes('absent', within(crash, ns(0), plus(noticed, ms(5)), 'a stacked device’s carrier is looked at at once (linkwatch_urgent_event)', 'br_stp_disable_port drops the memberships of the port', 'the story reads the notification'));
      await until(crash, s(20));
      // That the capture works is shown by what comes after the carrier's return.
      const back = v.crash === 'carrier-lost' ? await bob.regainsCarrier() : now('the end of watching');
      await expect(port).seesNo(datagrams, within(crash, noticed, ns(back.ns - crash.ns - bounds.slack.ns - 1e6)));
      core.asks();
      await expect(port).sees(frame.generalQuery(), since(back, s(10)));
    } else if (v.claims === 'membership') {
      await wasted(after(lastReport, membership.min));
      await expect(port).seesNo(datagrams, within(lastReport, membership.max, plus(membership.max, s(120)), ...membership.reasons));
      const last = port.seen(datagrams).at(-1);
      figure('carriedAfterReportS', last && (last.ns - lastReport.ns) / 1e9);
      figure('carriedAfterCrashS', last && (last.ns - crash.ns) / 1e9);
    } else await wasted(after(crash, s(600)));
    // Who is there loses nothing.
    await expect(flow).to(dave).continues(since(crash, s(60)));
  },
});
