// Hosts choose sources by their sockets, and change their minds. What passes the port that they share, and from when to when?
//
//   alice (sends from 1, 2, 3)      bob   carol (real sockets)
//              │                      ╲   ╱
//              └──────── vmbr0 ─────── hub             vmbr0: IGMPv3 or MLDv2, own querier on
//
//   INCLUDE   bob joins 1 and 2, carol joins 1   | bob drops 2: nobody has it | bob drops 1: carol answers for it
//   EXCLUDE   bob joins all but 3                | allows 3 | blocks 1 | leaves
//
// What is allowed passes with the report. What is taken back passes on until the last member query time (2 s) is over,
// because somebody else behind the port may want it: the bridge asks for just that source, and an answer keeps it.
// RFC 3376 6.6.3 has it ask at once, and again after each last member interval. This one asks a last member interval late,
// and so only once: the query that it builds at once is for sources whose timers are above the last member query time, to
// which it has just set them (__grp_src_query_marked_and_rexmit, br_ip4_multicast_alloc_query).
import { after, bound, frame, later, minus, type Moment, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { groupOf, manySources, type Source, sourceOf } from '../topologies/many-sources.ts';

const PORT = { node: 'vmbr0', device: 'hub' };
const EVERY = ms(200);

interface Settings { family: 4 | 6; mode: 'include' | 'exclude'; knowsSources: boolean; carolStays: boolean }
const versionOf = ({ family, knowsSources }: Settings) => (family === 4 ? (knowsSources ? 'IGMPv3' : 'IGMPv2') : knowsSources ? 'MLDv2' : 'MLDv1');
const settings = (family: 4 | 6, mode: Settings['mode'], over: Partial<Settings> = {}): Settings => ({ family, mode, knowsSources: true, carolStays: true, ...over });

export default scenario({
  title: 'source filters of hosts',
  cases: ['B1'],
  inDefaultSet: false,
  variants: {
    'igmpv3-include': settings(4, 'include'),
    'igmpv3-exclude': settings(4, 'exclude'),
    'mldv2-include': settings(6, 'include'),
    'mldv2-exclude': settings(6, 'exclude'),
  },
  controls: {
    'igmpv2-bridge': { ...settings(4, 'include', { knowsSources: false }), breaks: ['nothing arrives', 'delivery stops', 'queries for'] },
    'mldv1-bridge': { ...settings(6, 'exclude', { knowsSources: false }), breaks: ['nothing arrives', 'filter mode', 'queries for'] },
    // Nobody is left to answer.
    'carol-is-gone': { ...settings(4, 'include', { carolStays: false }), breaks: 'outage' },
  },
  diagnosis: {},
  topology: (v) => manySources({ ...v, shared: true }),
  captures: () => [PORT, { node: 'vmbr0', device: 'alice', only: 'udp' }],
  notScaled: 'a query for a source gives 1 s to answer, in tenths of a second: divided by more than 10 it gives none',

  async story({ vmbr0, alice, bob, carol }, { variant: v, expect, capture, now, passes, until, bounds, random }) {
    const [port, group, hub] = [capture(PORT), groupOf(v.family, 5), { name: PORT.device }];
    const interval = vmbr0.holds('mcast_last_member_interval');
    const asked = bounds.timer('last member query time: last member interval, last member count times', times(interval, 2));
    const reported = bound(ns(0), plus(ns(4e9 / bounds.hz), bounds.slack), `a change of a filter is reported within 4 ticks at HZ=${bounds.hz}`);
    const told = later(asked, plus(ms(5), bounds.slack), "the story's process reads the notification");

    // A host that answers a general query within the last member interval after a report has answered what the bridge was about
    // to ask: nothing is left for the late query to name. So the story begins when the two start-up queries, which come within
    // 31.25 s, are answered, and ends long before the next one, 125 s later.
    const general = frame.generalQuery(versionOf(v));
    const [begun, startup] = [now('the querier began'), bounds.timer('startup query interval', vmbr0.holds('mcast_startup_query_interval'))];
    vmbr0.sets({ mcast_querier: true });
    const first = await port.sees(general, startup.max, begun);
    const second = await port.sees(general, plus(startup.max, s(1)), after(first, ms(1)));
    await until(second, plus(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max, times(s(2), random())));
    const sent = (source: Source) => {
      const address = sourceOf(v.family, source);
      return { address, passes: expect(alice.sends(group, { every: EVERY, from: address, to: [] })).at(port), asks: frame.sourceQuery(group, address) };
    };
    const [one, two, three] = [sent(1), sent(2), sent(3)];
    /** As the bridge hears it, the first of the two times that hosts say it; from the call on where a host's version has no word for it. */
    const heard = async (record: 'block' | 'to-include', sources: string[], told: Moment): Promise<Moment> =>
      ({ ...(await port.sees(frame.groupRecord(record, group, sources), s(2), told).catch(() => told)), what: `the ${record} record for ${sources.join(', ') || 'no source'}` });
    const block = (source: typeof one, told: Moment) => heard('block', [source.address], told);
    /** Not at once, and then one last member interval later. */
    const asksLate = (source: typeof one, from: Moment) => [
      expect(port).seesNo(source.asks, since(from, minus(interval, plus(bounds.slack, ns(1e9 / bounds.hz))))),
      expect(port).sees(source.asks, within(from, bounds.timer('last member interval', interval))),
    ];
    await passes(s(2));

    if (v.mode === 'include') {
      const joined = now('bob and carol joined');
      const ofBob = bob.joins(group, { sources: [one.address, two.address] }), ofCarol = carol.joins(group, { sources: [one.address] });
      await Promise.all([one.passes.resumes(within(joined, reported)), two.passes.resumes(within(joined, reported)), three.passes.neverArrives(since(joined, s(10)))]);

      const dropped = await block(two, ofBob.blocks(two.address));
      await Promise.all([
        two.passes.stops(within(dropped, asked)), one.passes.continues(since(dropped, s(12))), ...asksLate(two, dropped),
        expect(vmbr0.mdbEntry(group, hub, { source: two.address })).becomes('absent', within(dropped, told)),
      ]);

      if (!v.carolStays) ofCarol.leaves();
      await passes(s(3));
      const shared = await block(one, ofBob.blocks(one.address));
      await Promise.all([
        ...asksLate(one, shared),
        // The answer may come as late as the source goes: an interval late, an interval to answer, and the last member time is two.
        one.passes.outage(since(shared, s(12)), { lostAtMost: 1, recovers: true, reasons: ['carol is asked and answers', 'at most within the last ticks before the source goes, or in those after'] }),
      ]);
      const last = await block(one, ofCarol.leaves());
      await one.passes.stops(within(last, asked));
      return;
    }

    const joined = now('bob joined');
    const ofBob = bob.joins(group, { mode: 'exclude', sources: [three.address] });
    await Promise.all([
      one.passes.resumes(within(joined, reported)), two.passes.resumes(within(joined, reported)), three.passes.neverArrives(since(joined, s(10))),
      expect(vmbr0.filterMode(group, hub)).stays('exclude', since(after(joined, ms(50)), s(10))),
      expect(vmbr0.mdbEntry(group, hub, { source: three.address })).stays('blocked', since(after(joined, ms(50)), s(10))),
    ]);
    const allowed = ofBob.allows(three.address);
    await three.passes.resumes(within(allowed, reported));

    const blocked = await block(one, ofBob.blocks(one.address));
    await Promise.all([
      one.passes.stops(within(blocked, asked)), two.passes.continues(since(blocked, s(12))), three.passes.continues(since(blocked, s(12))), ...asksLate(one, blocked),
      expect(vmbr0.mdbEntry(group, hub, { source: one.address })).becomes('blocked', within(blocked, told)),
    ]);
    const left = await heard('to-include', [], ofBob.leaves());
    await Promise.all([
      two.passes.stops(within(left, asked)), three.passes.stops(within(left, asked)), one.passes.neverArrives(since(left, s(10))),
      expect(vmbr0.filterMode(group, hub)).becomes('absent', within(left, told)),
    ]);
  },
});
