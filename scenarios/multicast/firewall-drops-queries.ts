// A host firewall lets corosync's ports in, and drops the rest: IGMP queries too. Who still counts as a member?
//
//   alice (sends)   bob (joined, guarded)   carol (joined)      core (querier: asks every 125 s)
//        └────────────────┴─────────┬──────────┴───────────────────┘
//                        vmbr0: snooping on, own querier off
//
//   core   ?──────────?──────────?──────────?
//   bob    R ─ ─ ─ ─ ─ 260 s ─ ─ ─ ─ ─▶|deaf          (the query reaches his port, and dies in INPUT)
//   carol  R──────────R──────────R──────────R          (answers each)
//
// A query is addressed to 224.0.0.1 and is no UDP: a rule for ports leaves it out. Everything works for 260 s, because a
// join is reported unasked; then the bridge, which is in the right, forgets the member. A rule for all that goes to
// a group (addrtype MULTICAST) lets queries in as well: of the two rules it is the one that keeps bob a member.
import { between, frame, portOf, s, scenario, signalling, since, times, wheelStep, within, type VariantCommon } from '../../harness/scenario.ts';
import { accepts, dropsByDefault, guardedGuest, modulesOf, programsOf, type Rule, type Tool } from '../topologies/guarded-guest.ts';

const GROUP = '239.192.5.5';

interface Settings { tool: Tool; rules: readonly Rule[]; expires: boolean }

const variants: Record<string, Settings> = {
  'ports-only': { tool: 'iptables-nft', rules: ['corosync'], expires: true },
  'ports-only-legacy': { tool: 'iptables-legacy', rules: ['corosync'], expires: true },
  'ports-only-nft': { tool: 'nft', rules: ['corosync'], expires: true },
  'groups-too': { tool: 'iptables-nft', rules: ['multicast', 'corosync'], expires: false },
  'groups-too-nft': { tool: 'nft', rules: ['multicast', 'corosync'], expires: false },
};
const controls: Record<string, Settings & VariantCommon> = {
  'groups-too-for-expiry': { tool: 'iptables-nft', rules: ['multicast', 'corosync'], expires: true, breaks: ['delivery stops', 'no reports for'] },
  'ports-only-for-a-member': { tool: 'iptables-nft', rules: ['corosync'], expires: false, breaks: [/bob hears .*: delivery continues/, 'bob: reports for'] },
};

export default scenario({
  title: 'a host firewall that drops queries',
  cases: ['B6'],
  inDefaultSet: false,
  variants, controls,
  diagnosis: {
    'ports-only': 'queries-unanswered', 'ports-only-legacy': 'queries-unanswered', 'ports-only-nft': 'queries-unanswered',
    'ports-only-for-a-member': 'queries-unanswered',
  },
  topology: () => guardedGuest(),
  captures: ({ vmbr0, bob, carol }) => [bob, carol].map((guest) => signalling(portOf(vmbr0, guest))),
  programs: ({ tool }) => programsOf(tool),
  modules: ({ tool }) => modulesOf(tool),

  async story({ vmbr0, alice, bob, carol, core }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const interval = vmbr0.holds('mcast_membership_interval');
    const membership = bounds.timer('membership interval', interval);
    await dropsByDefault(bob, variant.tool);
    await accepts(bob, variant.tool, variant.rules);
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(interval, bounds.hz), random()));
    await until(core.starts(), bounds.timer('query response interval', core.spec.responseInterval).max);
    for (const guest of [bob, carol]) guest.joins(GROUP);
    const joined = now('bob and carol joined');
    await passes(s(5));
    const reported = now('the join was reported');
    const flow = alice.sends(GROUP, { every: s(1), to: [bob, carol] });
    const [bobsPort, carolsPort] = [capture(portOf(vmbr0, bob)), capture(portOf(vmbr0, carol))];

    if (variant.expires) {
      const deaf = await expect(flow).to(bob).stops(within(vmbr0.lastReport(GROUP, bob), membership), { watch: s(300) });
      figure('deafAfterS', deaf['stoppedAfterS']);
      figure('deafBeyondIntervalS', deaf['stoppedAfterS'] && deaf['stoppedAfterS'] - interval.ns / 1e9);
    } else {
      await expect(flow).to(bob).continues(since(joined, s(600)));
    }
    await until(joined, s(600));
    const end = now('the end');
    // Two queries at least came to bob's port in any window of 300 s: whoever is silent was asked.
    await expect(bobsPort).sees(frame.generalQuery('IGMPv3'), between(reported, end), { atLeast: 3 });
    if (variant.expires) await expect(bobsPort).seesNo(frame.report(GROUP, bob), between(reported, end));
    else await expect(bobsPort).sees(frame.report(GROUP, bob), between(reported, end), { atLeast: 3 });
    // The same queries, and another guest who hears them: neither querier nor bridge is at fault.
    await expect(carolsPort).sees(frame.report(GROUP, carol), between(reported, end), { atLeast: 3 });
    await expect(flow).to(carol).continues(between(reported, end));
  },
});
