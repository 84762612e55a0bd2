// Two hundred guests, ten of which are members of a group. Who gets it, and what does it cost the others?
//
//   alice (sends)   g20, g40 … g200 (joined)   g1, g2 … g199 (not joined)
//        └──────────────────┴───────┬──────────────┘
//                                 vmbr0
//
// Counted at all two hundred ports: by the kernel's counter of frames that left by each, in a minute in which nothing
// but the flow is sent; and by captures at three of them. Snooping spares the 190 others every frame. Without snooping,
// and where nobody queries, every port carries all of it: that is what one sender costs two hundred ports.
import { bound, frame, type Guest, ms, plus, portOf, s, scenario, within } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { MEMBERS, OTHERS, twoHundredGuests } from '../topologies/two-hundred-guests.ts';

const EVERY = ms(250);
const GROUP = groupOf(4);
/** Where captures confirm the counters: a member, and the first and the last of the others. */
const SAMPLE = ['g100', 'g1', 'g199'] as const;

const EACH_OTHER = `frames at each of ${OTHERS.length} ports`;

interface Settings { snooping: boolean; querier: boolean; claims: 'members' | 'everybody' }
const settings = (snooping: boolean, querier: boolean, claims: Settings['claims']): Settings => ({ snooping, querier, claims });

export default scenario({
  title: 'ten members of two hundred guests',
  cases: ['B1', 'B2'],
  inDefaultSet: false,
  variants: {
    'snooping': settings(true, true, 'members'),
    'no-snooping': settings(false, false, 'everybody'),
    'nobody-queries': settings(true, false, 'everybody'),
  },
  controls: {
    'no-snooping-said-to-spare': { ...settings(false, false, 'members'), breaks: [EACH_OTHER, 'no datagrams to'] },
    'nobody-queries-said-to-spare': { ...settings(true, false, 'members'), breaks: [EACH_OTHER, 'no datagrams to'] },
    'snooping-said-to-flood': { ...settings(true, true, 'everybody'), breaks: EACH_OTHER },
  },
  diagnosis: {},
  topology: (v) => twoHundredGuests(v),
  captures: ({ vmbr0 }) => SAMPLE.map((name) => ({ node: vmbr0.node, device: name })),

  async story({ vmbr0, alice, ...lab }, { variant: v, expect, capture, now, passes, until, bounds, figure }) {
    const guests = new Map<string, Guest>(Object.entries(lab));
    const named = (names: readonly string[]): Guest[] => names.flatMap((name) => guests.get(name) ?? []);
    const [members, others] = [named(MEMBERS), named(OTHERS)];
    // A broadcast before and one after: each port has counted a frame, and captures have seen one, whatever is in between.
    alice.gratuitousArp();
    const begun = v.querier ? vmbr0.sets({ mcast_querier: true }) : now('the begin');
    await until(begun, bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max);
    for (const guest of members) guest.joins(GROUP);
    // Past the second query and its answers; the third comes two minutes after it. In between the bridge sends nothing.
    await until(begun, s(45));
    const count = vmbr0.counts();
    const first = now('the flow began');
    const flow = alice.sends(GROUP, { every: EVERY, to: members });
    await passes(s(60));
    flow.stop();
    await passes(plus(ms(100), bounds.slack));
    const counted = count.until('the flow ended');
    const sent = flow.whole(first, now('the flow ended'));
    const exactly = { atLeast: sent.datagrams, atMost: sent.datagrams };

    const atMembers = await expect(counted.at(members)).each(exactly);
    const atOthers = await expect(counted.at(others)).each(v.claims === 'members' ? { atMost: 0 } : exactly);
    alice.gratuitousArp();
    for (const guest of named(SAMPLE)) {
      const port = capture(portOf(vmbr0, guest));
      if (v.claims === 'everybody' || members.includes(guest)) await expect(port).sees(frame.udpTo(GROUP), sent.window, exactly);
      else await expect(port).seesNo(frame.udpTo(GROUP), sent.window);
    }
    // And it is heard, each datagram, where it was asked for.
    for (const guest of members) await expect(flow).to(guest).continues(within(first, bound(ms(0), s(59))));
    figure('memberPorts', atMembers['ports']);
    figure('otherPorts', atOthers['ports']);
    // The load while the flow lasted, not while it was counted.
    const lengthS = (sent.datagrams * EVERY.ns) / 1e9;
    const bits = (8 * (atOthers['bytesPerPort'] ?? 0)) / lengthS;
    figure('framesPerSecondPerOtherPort', (atOthers['mostFrames'] ?? 0) / lengthS);
    figure('bitsPerSecondPerOtherPort', bits);
    figure('bitsPerSecondOverAllOtherPorts', bits * others.length);
  },
});
