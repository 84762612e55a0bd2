// What does a host say of its groups, when, and in which version?
//
//   bob (joins two groups, leaves one)   core (asks by hand)
//             └──────────┬──────────────────┘
//                       br0        does not snoop: every frame is everywhere
//
//   bob    join|RR    ?general|···R(both)··10 s   ?group A|·R(A)·1 s    leave A|LL         twice in IGMPv3 and MLDv2, once before
//
//   core   ?v1/v2 ── 240 s ── ?newer|R in the old version ── 262 s after the old one ── ?newer|R in the new version
//
// A join is reported twice, since one report may be lost (robustness 2): in IGMPv3 and MLDv2 within a second, before that within
// ten. A query is answered within the time that it gives, one for a group for that group alone. A host that hears an
// older querier speaks its version until 2 × 125 s and 10 s have passed without another (RFC 3376 section 8.12, RFC 3810 section
// 9.12): on Linux to the tick, for that is a comparison and no timer.
import { after, cardOf, frame, later, ns, plus, s, scenario, since, topology, within, type Bound, type Duration } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { familyOf, type Version } from '../topologies/two-behind-a-port.ts';

const OTHER = { 4: '239.192.6.6', 6: 'ff15::6:6' } as const;
const NEWEST = { 4: 'IGMPv3', 6: 'MLDv2' } as const;
const GENERAL = s(10), SPECIFIC = s(1);
/** Older version querier present: robustness times query interval, and a response interval. */
const PRESENT = s(260);

interface Settings { version: Version; says?: Version; asksForOther?: true; remembersFor?: Duration }
const variant = (version: Version, more: Omit<Settings, 'version'> = {}): Settings => ({ version, ...more });

export default scenario({
  title: 'reports of a host',
  cases: ['A5', 'A6'],
  inDefaultSet: false,
  notScaled: "a host's own timers are not the bridge's, and are not divided",
  variants: { 'igmpv2': variant('IGMPv2'), 'igmpv3': variant('IGMPv3'), 'mldv1': variant('MLDv1'), 'mldv2': variant('MLDv2') },
  controls: {
    'igmpv2-said-to-be-igmpv3': { ...variant('IGMPv2', { says: 'IGMPv3' }), breaks: 'IGMPv3 reports for' },
    'mldv2-said-to-be-mldv1': { ...variant('MLDv2', { says: 'MLDv1' }), breaks: 'MLDv1 reports for' },
    'asked-for-both': { ...variant('IGMPv3', { asksForOther: true }), breaks: /no (IGMP|MLD)?v?\d? ?reports for 239.192.6.6/ },
    'forgets-it-early': { ...variant('IGMPv2', { remembersFor: s(200) }), breaks: 'IGMPv3 reports for' },
    'remembers-it-for-long': { ...variant('MLDv1', { remembersFor: s(320) }), breaks: 'MLDv1 reports for' },
  },
  diagnosis: {},
  topology: ({ version }) => topology((t) => {
    const br0 = t.bridge('br0', { snooping: false, ipv6: false });
    return { bob: t.guest('bob', { on: br0 }), core: t.guest('core', { on: br0 }) };
  }, { ipv6: familyOf(version) === 6 }),
  captures: ({ core }) => [cardOf(core)],

  async story({ bob, core }, { variant: v, expect, capture, now, passes, until, bounds, random }) {
    const family = familyOf(v.version);
    const [group, other] = [groupOf(family), OTHER[family]];
    const wire = capture(cardOf(core));
    const old = v.version === 'IGMPv2' || v.version === 'MLDv1';
    const says = v.says ?? v.version;
    const reports = (of: string, version: Version = says) => frame.report(of, bob, version);
    const ticks = (n: number): Duration => plus(ns((n * 1e9) / bounds.hz), bounds.slack);
    const answered = (length: Duration): Bound => later({ ...bounds.timer('a moment of the time to answer, drawn by the host', length), min: ns(0) }, ticks(6), 'answers leave up to 3 ticks after their time');
    const once = { atLeast: 1, atMost: 1 }, twice = { atLeast: 2, atMost: 2 };
    await passes(plus(REPORTED, s(5 * random())));
    // Whoever has heard nobody speaks the newest version.
    if (old) core.queries(v.version, { maxResponse: GENERAL });
    await passes(s(15));

    const unsolicited = answered(old ? s(10) : s(1));
    const joins = now('the joins');
    bob.joins(other);
    const join = bob.joins(group);
    await until(joins, s(40));
    for (const of of [group, other]) {
      await expect(wire).sees(reports(of), within(joins, ns(0), ticks(4), 'the first at once'), { atLeast: 1 });
      await expect(wire).sees(reports(of), within(joins, unsolicited), twice);
      await expect(wire).seesNo(frame.report(of, bob), since(after(joins, unsolicited.max), s(25)));
    }

    const general = core.queries(v.version, { maxResponse: GENERAL });
    await until(general, s(30));
    for (const of of [group, other]) await expect(wire).sees(reports(of), within(general, answered(GENERAL)), once);
    const specific = core.queries(v.version, { group, maxResponse: SPECIFIC });
    if (v.asksForOther) core.queries(v.version, { group: other, maxResponse: SPECIFIC });
    await until(specific, s(30));
    await expect(wire).sees(reports(group), within(specific, answered(SPECIFIC)), once);
    await expect(wire).seesNo(frame.report(other, bob), since(specific, s(30)));

    const left = join.leaves();
    await until(left, s(15));
    await expect(wire).sees(frame.leave(group, bob), since(left, s(10)), old ? once : twice);
    await expect(wire).sees(frame.leave(group, bob), within(left, ns(0), ticks(4), 'the first at once'), { atLeast: 1 });
    if (!old) return;

    const last = core.queries(v.version, { maxResponse: GENERAL });
    const remembered = (v.remembersFor ?? PRESENT).ns;
    for (const [at, version] of [[remembered - 20e9, says], [remembered + 2e9, NEWEST[family]]] as const) {
      await until(last, ns(at));
      const asked = { ...core.queries(NEWEST[family], { maxResponse: GENERAL }), what: `core's newer query, ${at / 1e9} s after its last older one` };
      await until(asked, plus(GENERAL, s(2)));
      await expect(wire).sees(reports(other, version), within(asked, answered(GENERAL)), once);
    }
  },
});
