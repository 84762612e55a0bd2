// A guest that is member of a group migrates. Unicast finds it at once, for it is announced; when does the group?
//
//     alice (sends)   core (querier)
//               ╲      ╱
//                  sw                       MDB: the group is behind hv1
//                ╱    ╲
//         hv1: br0     hv2: br0             MDB of hv2: empty
//         ╱   │           │
//      bob   vm   ───▶  (vm)                bob: joined as well, and stays
//
//   core  ?───────────── 125 s ─────────────▶?
//   vm         R    moves|          deaf       ··R···· up to 10 s
//
// The announcement is a broadcast from the guest's MAC: it moves an FDB entry and no MDB entry. The guest's kernel sees
// no change of carrier, so it does not report again by itself. What brings the group back: the next general query and
// the guest's answer to it; the guest's joining anew; or a querier that asks when it learns of the change.
import { between, bound, later, ns, plus, s, scenario, since, within } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { movingMember } from '../topologies/moving-member.ts';
import { announced } from '../topologies/moving-guest.ts';

const EVERY = s(1);
const GROUP = groupOf(4);

type Cure = 'none' | 'joins-again' | 'querier-asks';
/** What is done once the guest has moved, and what the claims take for the cure. */
interface Settings { does: Cure; claims: Cure }
const variant = (does: Cure, claims: Cure = does): Settings => ({ does, claims });

export default scenario({
  title: 'the group stays behind when its member moves',
  cases: ['D9'],
  inDefaultSet: false,
  variants: {
    'until-the-next-query': variant('none'),
    'joins-again': variant('joins-again'),
    'querier-asks': variant('querier-asks'),
  },
  controls: {
    'not-lost-at-all': { ...variant('joins-again', 'none'), breaks: 'nothing arrives' },
    'nobody-joins-again': { ...variant('none', 'joins-again'), breaks: ['delivery resumes', 'MDB'] },
    'nobody-asks': { ...variant('none', 'querier-asks'), breaks: ['delivery resumes', 'MDB'] },
  },
  diagnosis: {
    'until-the-next-query': 'group-left-behind', 'joins-again': 'group-left-behind', 'querier-asks': 'group-left-behind',
    'not-lost-at-all': 'group-left-behind', 'nobody-joins-again': 'group-left-behind', 'nobody-asks': 'group-left-behind',
  },
  topology: () => movingMember(),

  async story({ sw, hv1, hv2, alice, core, vm, bob }, { variant: v, expect, passes, until, bounds, now, figure, random }) {
    const response = bounds.timer('query response interval', core.spec.responseInterval);
    // Answers leave within 3 ticks of their time (IGMP's timers), and pass two bridges.
    const answered = bound(ns(0), plus(response.max, ns(4e9 / bounds.hz)), ...response.reasons, 'a guest picks a moment of the response interval, and its answer leaves up to 3 ticks after it');
    const unasked = bound(ns(0), plus(ns(3e9 / bounds.hz), bounds.slack, bounds.slack), `a first report leaves within 3 ticks of the join at HZ=${bounds.hz}`);

    await until(core.starts(), response.max);
    const [membership] = [vm, bob].map((guest) => guest.joins(GROUP));
    await passes(REPORTED);
    const flow = alice.sends(GROUP, { every: EVERY, to: [vm, bob] });
    // Past the second query, which comes a quarter of the interval after the first, and the answers to it: none is on its way.
    await passes(s(40 + 20 * random()));

    const left = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: 'rarp' });
    figure('standstillS', (there.ns - left.ns) / 1e9);
    await expect(sw.fdbEntry(vm.mac)).becomes('hv2', within(there, announced(bounds)));
    // hv1's bridge dropped what it knew of the port that went away; the switch still believes in hv1, for bob's sake and for vm's.
    await expect(hv1.mdbEntry(GROUP, vm)).becomes('absent', within(left, announced(bounds)));

    await passes(s(5));
    if (v.does === 'joins-again') {
      membership?.leaves();
      await passes(s(2));
    }
    const acted = now('the cure');
    if (v.does === 'joins-again') vm.joins(GROUP);
    const asked = v.does === 'querier-asks' ? core.asks() : acted;

    if (v.claims === 'none') {
      const last = core.lastQuery ?? asked;
      const next = { ns: last.ns + core.spec.queryInterval.ns, what: 'the next general query' };
      const deaf = within(there, ns(0), ns(next.ns - there.ns - bounds.slack.ns - 1e6));
      await expect(flow).to(vm).neverArrives(deaf);
      const back = await expect(flow).to(vm).resumes(within(next, later(answered, bounds.slack, 'the querier may be late in real time')));
      figure('resumedAfterQueryS', back['resumedAfterS']);
    } else {
      await expect(flow).to(vm).neverArrives(between(there, { ...acted, ns: acted.ns - 1e6 }));
      const back = await expect(flow).to(vm).resumes(within(asked, v.claims === 'joins-again' ? unasked : answered));
      figure('resumedAfterCureS', back['resumedAfterS']);
    }
    await expect(hv2.mdbEntry(GROUP, vm)).becomes('present', within(there, ns(0), ns(now('the end').ns - there.ns)));
    const { lostDatagrams } = await expect(flow).to(vm).outage(between(left, now('the end')), { lostAtLeast: 5, atMost: plus(core.spec.queryInterval, answered.max, s(1)), reasons: ['no longer than until the next query is answered'] });
    figure('lostDatagrams', lostDatagrams);
    // Who stayed lost nothing.
    await expect(flow).to(bob).continues(since(left, s(30)));
  },
});
