// An MLD querier asks from its global address. Who hears it?
//
//   alice (sends)   bob, dave (joined)   carol (not joined)      core (asks from 2001:db8::99)
//        └───────────────┴─────────┬────────────────┴────────────────────┘
//                   vmbr0: snooping on, own querier off
//
// RFC 3810 section 5.1.14: queries from an address that is not link-local are dropped without a word. A Linux bridge that
// snoops does so before it forwards: the query goes in at core's port and comes out at none. To the bridge there is no
// querier, so it floods; nobody loses a datagram, and everybody gets everybody's.
import { between, frame, minus, plus, portOf, s, scenario, signalling, since, type VariantCommon } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { querierOutside } from '../topologies/querier-outside.ts';

interface Settings { family: 6; source?: string; anySource?: true; breaks?: string[] }

const variants: Record<string, Settings> = {
  'unheard': { family: 6, source: '2001:db8::99', anySource: true },
};
const controls: Record<string, Settings & VariantCommon> = {
  // Heard: the bridge does not flood, and the query reaches the guests.
  'link-local': { family: 6, breaks: ['vmbr0:bob: no IGMP or MLD general queries', 'vmbr0:carol: datagrams'] },
};

export default scenario({
  title: 'an MLD querier with a global address',
  cases: ['A5', 'A6'],
  inDefaultSet: false,
  variants, controls,
  diagnosis: {},
  topology: (v) => querierOutside({ ...v, version: 'MLDv2' }),
  captures: ({ vmbr0, bob, carol, core }) => [signalling(portOf(vmbr0, bob)), portOf(vmbr0, carol), signalling(portOf(vmbr0, core))],

  async story({ vmbr0, alice, bob, carol, dave, core }, { expect, capture, now, passes, until, bounds, figure }) {
    const group = groupOf(6);
    const first = core.starts();
    await until(first, bounds.timer('query response interval', core.spec.responseInterval).max);
    for (const guest of [bob, dave]) guest.joins(group);
    await passes(REPORTED);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(5), to: [bob, dave] });
    const length = plus(vmbr0.holds('mcast_membership_interval'), s(900));
    for (const guest of [bob, dave]) {
      const { lostDatagrams } = await expect(flow).to(guest).continues(since(begun, length));
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
    const end = now('the end');
    const queries = Math.floor(minus(length, core.spec.responseInterval).ns / core.spec.queryInterval.ns);
    await expect(capture(portOf(vmbr0, core))).sees(frame.generalQuery('MLDv2'), between(begun, end), { atLeast: queries });
    await expect(capture(portOf(vmbr0, bob))).seesNo(frame.generalQuery(), between({ ns: 0, what: 'the begin' }, end));
    const { datagrams, window } = flow.whole(begun, end);
    await expect(capture(portOf(vmbr0, carol))).sees(frame.udpTo(group), window, { atLeast: datagrams, atMost: datagrams });
    figure('carolFrames', capture(portOf(vmbr0, carol)).seen(frame.udpTo(group)).length);
  },
});
