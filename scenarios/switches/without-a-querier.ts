// A switch that never falls back to flooding: what do joined hosts hear without a querier, and what with one?
//
//   alice (sends)   bob, dave (joined)   carol (not joined)      core (queries, or never does)
//        └────────────────┴──────┬────────────┴───────────────────┘
//                  sw: like { noFloodFallback }
//
// A Linux bridge without a querier floods (multicast/flood-without-querier). Switches of other makes do not: they
// forward to ports that they know of, and without a querier nothing keeps them informed. Here the bridge is told not to
// flood (mcast_flood off on every port), and a switch CPU of ours carries general queries to all ports, which a Linux
// bridge with that option would withhold. Who has joined is in the MDB either way; the querier makes the difference.
import { frame, plus, portOf, s, scenario, since, type SwitchLike } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { ANSWERED, strictSwitch } from '../topologies/strict-switch.ts';

interface Settings { family: 4 | 6; like?: SwitchLike; queries: boolean; claims: 'nothing' | 'members-only' }
const strict: SwitchLike = { noFloodFallback: true };
const variant = (settings: Settings): Settings => settings;

/** How long it is watched: longer than a membership lasts without a querier. */
const WATCHED = s(300);

export default scenario({
  title: 'a strict switch without a querier',
  cases: ['B3'],
  inDefaultSet: false,
  variants: {
    'no-querier-ipv4': variant({ family: 4, like: strict, queries: false, claims: 'nothing' }),
    'querier-ipv4': variant({ family: 4, like: strict, queries: true, claims: 'members-only' }),
    'no-querier-ipv6': variant({ family: 6, like: strict, queries: false, claims: 'nothing' }),
    'querier-ipv6': variant({ family: 6, like: strict, queries: true, claims: 'members-only' }),
  },
  controls: {
    'linux-floods': { ...variant({ family: 4, queries: false, claims: 'nothing' }), breaks: 'carol: no datagrams to' },
    'linux-floods-ipv6': { ...variant({ family: 6, queries: false, claims: 'nothing' }), breaks: ['carol: no datagrams to', 'no echo requests'] },
    'no-querier-said-to-deliver': { ...variant({ family: 4, like: strict, queries: false, claims: 'members-only' }), breaks: ['bob: datagrams to', 'dave: datagrams to'] },
    'querier-said-to-be-none': { ...variant({ family: 4, like: strict, queries: true, claims: 'nothing' }), breaks: ['bob: no datagrams to', 'dave: no datagrams to'] },
  },
  diagnosis: { 'no-querier-ipv4': 'strict-no-querier', 'no-querier-ipv6': 'strict-no-querier', 'no-querier-said-to-deliver': 'strict-no-querier' },
  topology: ({ family, like }) => strictSwitch({ family, ...(like ? { like } : {}) }),
  captures: ({ sw, bob, carol, dave, core }) => [bob, carol, dave, core].map((host) => portOf(sw, host)),

  async story({ sw, alice, bob, carol, dave, core }, { variant: v, expect, capture, now, passes, until, bounds, figure }) {
    const group = groupOf(v.family);
    const members = [bob, dave];
    if (v.queries) await until(core.starts(), plus(bounds.timer('query response interval', core.spec.responseInterval).max, ANSWERED));
    for (const member of members) member.joins(group);
    await passes(REPORTED);

    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(1), to: members });
    // Each port is alive throughout: unicast passes.
    for (const host of [bob, carol, dave]) alice.pings(host.address(4), { every: s(10) });
    // Neighbour discovery asks a group of the asked host's own, which is as registered as any.
    const discovery = v.family === 6 ? alice.pings(bob.address(6), { every: s(5) }) : undefined;
    // Without a querier too the switch knows who has joined, as long as a membership lasts; it does not help them.
    for (const member of members) await expect(sw.mdbEntry(group, member)).stays('present', since(begun, v.queries ? WATCHED : s(250)));
    await until(begun, WATCHED);
    flow.stop();
    await passes(plus(s(1), bounds.slack));
    const { datagrams, window } = flow.whole(begun, now('the flow ended'));

    for (const host of [bob, carol, dave]) {
      const port = capture(portOf(sw, host));
      const hears = v.claims === 'members-only' && members.includes(host);
      if (hears) await expect(port).sees(frame.udpTo(group), window, { atLeast: datagrams, atMost: datagrams });
      else await expect(port).seesNo(frame.udpTo(group), window);
      await expect(port).sees(frame.echoTo(host.address(4)), window, { atLeast: 29 });
      figure(`${host.name}Frames`, port.seen(frame.udpTo(group)).length);
    }
    if (discovery) {
      if (v.claims === 'members-only') await expect(discovery).outage(since(begun, WATCHED), { atMost: s(10) });
      else await expect(capture(portOf(sw, bob))).seesNo(frame.echoTo(bob.address(6)), window);
    }
    if (v.queries) {
      // The CPU's work: the query is at every port, the answers at the querier's.
      for (const host of [bob, carol]) await expect(capture(portOf(sw, host))).sees(frame.generalQuery(core.spec.version), window, { atLeast: 2 });
      for (const member of members) await expect(capture(portOf(sw, core))).sees(frame.report(group, member), window, { atLeast: 2 });
      await expect(capture(portOf(sw, carol))).seesNo(frame.report(group), window);
    }
    figure('sentDatagrams', datagrams);
  },
});
