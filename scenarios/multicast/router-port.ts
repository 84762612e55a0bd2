// What nobody has joined goes to routers alone. How long is a port a router's?
//
//   alice (sends to a group without members, and to bob's)   bob (joined one)   carol (joined none)   core (querier)
//        └──────────────────────────────────────────────────────┴──────┬──────────┴──────────────────────┘
//                                                                    vmbr0      mcast_router of the ports: 1, temporary
//
//   core          ?──────?──────?──────?──────?──────       every 125 s: its port is a router's for 255 s after each
//   core's port   ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓       every datagram of both groups
//   carol's       ───────────────────────────────────       none
//
// A multicast router hears what it has to route by no membership of its own: it must be sent everything (RFC 4541 section 2.1.2). Linux
// takes a port by which queries come for a router's, and each query starts its time anew. A port can be told that it always is one
// (permanent; a router that lost the election asks no more) or never.
import { between, frame, plus, portOf, s, scenario, since } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { querierOutside } from '../topologies/querier-outside.ts';

const NOBODYS = { 4: '239.192.66.66', 6: 'ff15::66:66' } as const;
/** More than twice as long as the bridge would take the port for a router's after one query. */
const WATCHED = s(600);

interface Settings { family: 4 | 6; carol?: 'permanent'; core?: 'disabled'; claims: 'core' | 'core-and-carol' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'router ports',
  cases: ['A5', 'B1'],
  inDefaultSet: false,
  variants: {
    'igmp': variant({ family: 4, claims: 'core' }),
    'mld': variant({ family: 6, claims: 'core' }),
    'permanent': variant({ family: 4, carol: 'permanent', claims: 'core-and-carol' }),
    'permanent-mld': variant({ family: 6, carol: 'permanent', claims: 'core-and-carol' }),
  },
  controls: {
    'core-is-said-to-be-none': { ...variant({ family: 4, core: 'disabled', claims: 'core' }), breaks: 'core: ' },
    'core-is-said-to-be-none-mld': { ...variant({ family: 6, core: 'disabled', claims: 'core' }), breaks: 'core: ' },
    'carol-is-none': { ...variant({ family: 4, claims: 'core-and-carol' }), breaks: 'carol: ' },
    'carol-is-one': { ...variant({ family: 4, carol: 'permanent', claims: 'core' }), breaks: 'carol: no datagrams' },
  },
  diagnosis: {},
  topology: ({ family }) => querierOutside({ family }),
  captures: ({ vmbr0, bob, carol, core }) => [bob, carol, core].map((host) => portOf(vmbr0, host)),

  async story({ vmbr0, alice, bob, carol, core }, { variant: v, expect, capture, now, passes, until, bounds, random }) {
    const [group, nobodys] = [groupOf(v.family), NOBODYS[v.family]];
    if (v.carol) vmbr0.setsPort(carol, { mcast_router: v.carol });
    if (v.core) vmbr0.setsPort(core, { mcast_router: v.core });
    // In the tick in which a bridge comes up its own query timer still runs, and a first MLD query of another is not taken then.
    await passes(s(1));
    await until(core.starts(), plus(bounds.timer('query response interval', core.spec.responseInterval).max, REPORTED));
    bob.joins(group);
    await passes(plus(REPORTED, s(10 * random())));
    const begun = now('the flows began');
    const known = alice.sends(group, { every: s(1), to: [bob] });
    const flow = alice.sends(nobodys, { every: s(1), to: [] });
    await until(begun, WATCHED);
    const end = now('the end');
    const at = (host: typeof bob) => capture(portOf(vmbr0, host));
    const unknown = flow.whole(begun, end), members = known.whole(begun, end);
    const all = ({ datagrams }: { datagrams: number }): { atLeast: number; atMost: number } => ({ atLeast: datagrams, atMost: datagrams });
    await expect(at(core)).sees(frame.udpTo(nobodys), unknown.window, all(unknown));
    await expect(at(core)).sees(frame.udpTo(group), members.window, all(members));
    await expect(at(bob)).sees(frame.udpTo(group), members.window, all(members));
    await expect(at(bob)).seesNo(frame.udpTo(nobodys), between(begun, end));
    if (v.claims === 'core-and-carol') await expect(at(carol)).sees(frame.udpTo(nobodys), unknown.window, all(unknown));
    else await expect(at(carol)).seesNo(frame.udpTo(nobodys), between(begun, end));
    await expect(known).to(bob).continues(since(begun, WATCHED));
  },
});
