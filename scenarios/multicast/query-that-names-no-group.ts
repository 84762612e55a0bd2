// A router asks who is left in a group, and its question is malformed. Who hears it, and who loses the group?
//
//   alice (sends) ── router ─────────────── vmbr0: snooping
//                    │  its other half:       ├── bob (joined, stays)
//                  core (querier) ────────────┤
//                                             └── eve (joined, leaves)
//
//   eve    leave|
//   core        |?   ?   ?   3 s, nobody has answered |prunes
//   bob         never asked                           |deaf
//
// mrouted 4.0 and 4.1 sent the query for a group to the group's address, but named no group in it (its issues 42 and 46). A
// bridge that snoops drops such a query (a query for every group goes to 224.0.0.1: RFC 2236, RFC 3376), and so did the
// physical switches of the reporter. Where nobody snoops, hosts take it for a general query and answer in time: that is
// why switching snooping off "cured" it. The bridge itself goes on forwarding; it is the router that stops.
import { bound, frame, minus, ns, plus, portOf, s, scenario, signalling, since, times, topology, within } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';

interface Settings {
  version: 'IGMPv2' | 'IGMPv3';
  namesNoGroup: boolean;
  snooping: boolean;
  claims: 'asked' | 'pruned';
  breaks?: string[];
}

/** mrouted asks three times, a second apart, and then takes the group for abandoned (LEAVE_EXPIRE_TIME). */
const COUNT = 3;
/** The harness's router asks a second apart. */
const INTERVAL = s(1);

const variants: Record<string, Settings> = {
  'igmpv2': { version: 'IGMPv2', namesNoGroup: false, snooping: true, claims: 'asked' },
  'igmpv3': { version: 'IGMPv3', namesNoGroup: false, snooping: true, claims: 'asked' },
  'malformed': { version: 'IGMPv3', namesNoGroup: true, snooping: true, claims: 'pruned' },
  'malformed-without-snooping': { version: 'IGMPv3', namesNoGroup: true, snooping: false, claims: 'asked' },
};
const controls: Record<string, Settings> = {
  'malformed-is-not-answered': { version: 'IGMPv3', namesNoGroup: true, snooping: true, claims: 'asked', breaks: ['general queries', 'delivery continues'] },
  'well-formed-is-answered': { version: 'IGMPv3', namesNoGroup: false, snooping: true, claims: 'pruned', breaks: ['queries for', 'delivery stops'] },
};

export default scenario({
  title: 'a query for a group that names no group',
  cases: ['troglobit/mrouted 42'],
  inDefaultSet: false,
  notScaled: 'a query for a group gives one second to answer: divided by more than ten, IGMPv2 cannot say it',
  variants, controls,
  diagnosis: { malformed: 'query-names-no-group', 'malformed-is-not-answered': 'query-names-no-group' },
  topology: ({ version, snooping }) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping, querier: false });
    // What the router forwards and what it asks leave by two ports here; on a real one they share it.
    const router = t.bridge('router', { snooping: false });
    return {
      vmbr0,
      forwards: t.link(router, vmbr0),
      core: t.querier('core', { on: vmbr0, version }),
      alice: t.guest('alice', { on: router }), bob: t.guest('bob', { on: vmbr0 }), eve: t.guest('eve', { on: vmbr0 }),
    };
  }),
  captures: ({ vmbr0, core, bob, eve }) => [core, bob, eve].map((machine) => signalling(portOf(vmbr0, machine))),

  async story({ vmbr0, forwards, core, alice, bob, eve }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(4);
    const ticks = (n: number) => plus(ns((n * 1e9) / bounds.hz), bounds.slack);
    const [atCore, atBob, atEve] = [core, bob, eve].map((machine) => capture(portOf(vmbr0, machine))) as [ReturnType<typeof capture>, ReturnType<typeof capture>, ReturnType<typeof capture>];
    const first = core.starts();
    // Between the answers to the second query and the third.
    await until(first, s(45 + 10 * random()));
    bob.joins(group);
    const eves = eve.joins(group);
    await passes(s(12));
    const flow = alice.sends(group, { every: s(0.25), to: [bob, eve] });
    await passes(REPORTED);
    const left = eves.leaves();
    const leave = await atEve.sees(frame.leave(group, eve), s(1), left);
    const heard = await core.asksWhoIsLeft(group, { count: COUNT, namesNoGroup: variant.namesNoGroup });
    const pruned = now('core knew');
    if (!heard) forwards.silences('a');

    const asks = frame.and(variant.namesNoGroup ? frame.generalQuery(variant.version) : frame.groupQuery(group, variant.version), frame.from(core.mac, 'core'));
    const asking = within(leave, ns(0), plus(times(INTERVAL, COUNT), ticks(2)));
    await expect(atCore).sees(asks, asking, { atLeast: COUNT, atMost: COUNT });
    if (variant.claims === 'pruned') {
      await expect(atBob).seesNo(asks, asking);
      await expect(atCore).seesNo(frame.report(group), asking);
      const { stoppedAfterS } = await expect(flow).to(bob).stops(within(leave, bound(minus(times(INTERVAL, COUNT), ticks(1)), plus(times(INTERVAL, COUNT), ticks(4)), `the router asks ${COUNT} times, a second apart`)), { watch: s(60) });
      figure('bobDeafAfterS', stoppedAfterS);
      // Not the bridge's doing: bob is a member all the while.
      await expect(vmbr0.mdbEntry(group, bob)).stays('present', since(leave, s(60)));
      return;
    }
    await expect(atBob).sees(asks, asking, { atLeast: COUNT });
    const asked = atBob.first(asks, leave) ?? leave;
    await expect(atBob).sees(frame.report(group, bob, variant.version), within(asked, ns(0), plus(INTERVAL, ticks(4)), 'answers leave up to 3 ticks after their time'));
    const { lostDatagrams } = await expect(flow).to(bob).continues(since(leave, s(300)));
    figure('bobLostDatagrams', lostDatagrams);
    if (!variant.snooping) return;
    // A bridge that hears a query for a group gives every port two response times to answer (mcast_last_member_count).
    const lastMember = bounds.timer('last member query time: two response times of 1 s', times(INTERVAL, 2));
    await expect(vmbr0.mdbEntry(group, eve)).becomes('absent', within(asked, lastMember));
    await expect(vmbr0.mdbEntry(group, bob)).stays('present', { ...since(leave, ns(pruned.ns - leave.ns + 60e9)), until: 'a minute later' });
  },
});
