// One port takes a group from anybody, another from two sources only. Does the one lose what the other asks for?
//
//   alice (sends from 1, 2, 3)   bob: all but 20     carol: only 1 and 2, 40 s later
//                └──────────────┬──────┴───────────────────┘
//                vmbr0: IGMPv3 or MLDv2, own querier on
//
// An entry for (source, group) is looked up before the one for the group (br_mdb_get), so as soon as carol asks for 1,
// what comes from 1 goes by her entry alone. The bridge therefore puts every port that is EXCLUDE for the group into it,
// too (added_by_star_ex), and takes them out when the last port that asked is gone. Bob must not lose a datagram when she
// comes. When she goes he may: her entry is empty first, and only in the next tick it is gone (br_multicast_del_pg). What comes
// from 1 in between goes by the empty entry, to nobody.
import { after, between, later, ms, ns, plus, portOf, s, scenario, since, within } from '../../harness/scenario.ts';
import { groupOf, manySources, type Source, sourceOf } from '../topologies/many-sources.ts';

const EVERY = s(1);
/** Bob's membership must outlast carol's by more than a timer may be late. */
const RENEWS = s(100);

interface Settings { family: 4 | 6; knowsSources: boolean; bob: 'is-exclude' | 'is-include' }
const settings = (family: 4 | 6, over: Partial<Settings> = {}): Settings => ({ family, knowsSources: true, bob: 'is-exclude', ...over });

export default scenario({
  title: 'exclude beside include',
  cases: ['B1'],
  inDefaultSet: false,
  variants: { igmpv3: settings(4), mldv2: settings(6) },
  controls: {
    // Carol then gets 3, which she did not ask for.
    'igmpv2-bridge': { ...settings(4, { knowsSources: false }), breaks: ['carol: nothing arrives', 'added_by_star_ex'] },
    // Bob asks for 20 alone: nobody adds his port to carol's entries.
    'bob-includes': { ...settings(6, { bob: 'is-include' }), breaks: ['added_by_star_ex', 'bob: delivery continues'] },
  },
  diagnosis: {},
  topology: (v) => manySources(v),
  captures: ({ vmbr0, bob, carol }) => [bob, carol].map((guest) => ({ ...portOf(vmbr0, guest), only: 'udp' })),

  async story({ vmbr0, alice, bob, carol }, { variant: v, expect, capture, now, passes, until, bounds }) {
    const group = groupOf(v.family, 5);
    const [toBob, toCarol] = [capture(portOf(vmbr0, bob)), capture(portOf(vmbr0, carol))];
    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    const settled = plus(ms(50), bounds.slack);
    vmbr0.sets({ mcast_querier: true });
    await passes(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max);

    const bobReports = () => bob.reports([{ type: v.bob, group, sources: [sourceOf(v.family, 20)] }]);
    bobReports();
    await passes(settled);
    const begun = now('the flows began');
    const from = (source: Source) => expect(alice.sends(group, { every: EVERY, from: sourceOf(v.family, source), to: [] }));
    const [one, two, three] = [from(1), from(2), from(3)];
    await until(begun, s(40));
    const asked = { ...carol.reports([{ type: 'is-include', group, sources: [1, 2].map((source) => sourceOf(v.family, source as Source)) }]), what: "carol's report" };
    await passes(settled);
    const read = vmbr0.readsMdb();
    const ofBob = (source: Source) => vmbr0.mdbEntry(group, bob, { source: sourceOf(v.family, source) });
    await expect(ofBob(1)).stays('added_by_star_ex', since(read, s(30)));
    await until(asked, RENEWS);
    bobReports();

    const gone = later(membership, plus(ms(5), bounds.slack), "the story's process reads the notification");
    const goes = after(asked, membership.min, "carol's membership may end");
    const empty = bounds.timer('an entry without ports goes in the next tick', ns(0));
    const end = after(asked, plus(membership.max, s(10)), 'the end');
    await Promise.all([
      // Carol hears what she asked for, as long as that lasts, and nothing else.
      ...[one, two].map((flow) => flow.at(toCarol).stops(within(asked, membership))),
      three.at(toCarol).neverArrives(between(begun, end)),
      // Bob hears all of it, but for what comes while an entry of hers is empty.
      three.at(toBob).continues(between(begun, end)),
      ...[one, two].flatMap((flow) => [
        flow.at(toBob).continues(between(begun, goes)),
        flow.at(toBob).outage(between(goes, end), { lostAtMost: Math.ceil(empty.max.ns / EVERY.ns), recovers: true, reasons: [...empty.reasons, 'what comes meanwhile goes to nobody'] }),
      ]),
      expect(ofBob(1)).becomes('absent', within(asked, gone)),
    ]);
  },
});
