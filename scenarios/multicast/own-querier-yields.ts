// A bridge asks, and then another querier appears. Who goes on asking?
//
//   bob (listens)        core (asks, by a lower or by a higher address)
//        └──────┬──────────┘
//             vmbr0      its own querier is on, and asks from an address of its own
//
//   core lower    vmbr0  ?────?────|yields ──────────────── (as long as core asks)
//                 core             ?────?────?────?────?
//   core higher   vmbr0  ?────?────────?────────?────────    asks on, every 125 s
//
// The lower address wins (RFC 3376 section 6.6.2; RFC 3810 section 7.6.2 by link-local address). Whoever asks on although
// he lost doubles the answers; where both yield, nobody asks. Each further query of the winner starts the
// other-querier-present interval (255 s) anew. The core of this story never yields: it is the bridge that is on trial.
import { bound, frame, ns, plus, portOf, s, scenario, signalling, since, topology } from '../../harness/scenario.ts';

type Version = 'IGMPv2' | 'MLDv1';
interface Settings { version: Version; core: 'lower' | 'higher'; claims: 'yields' | 'asks-on'; coreRuns: boolean }
const variant = (version: Version, core: Settings['core'], claims: Settings['claims'] = core === 'lower' ? 'yields' : 'asks-on', coreRuns = true): Settings => ({ version, core, claims, coreRuns });

/** More than twice as long as the bridge believes in a querier after one query. */
const WATCHED = s(600);
const BRIDGES = '192.0.2.100/24';
/** An MLD querier's address follows from its MAC. */
const CORE = { lower: { mac: '02:00:00:00:00:01', addresses: ['192.0.2.9/24'] }, higher: { mac: '02:ff:ff:ff:ff:fe', addresses: ['192.0.2.200/24'] } };

export default scenario({
  title: 'own querier and another',
  cases: ['A5', 'A6'],
  inDefaultSet: false,
  variants: {
    'igmp-lower': variant('IGMPv2', 'lower'), 'igmp-higher': variant('IGMPv2', 'higher'),
    'mld-lower': variant('MLDv1', 'lower'), 'mld-higher': variant('MLDv1', 'higher'),
  },
  controls: {
    'nobody-to-yield-to': { ...variant('MLDv1', 'lower', 'yields', false), breaks: 'no frames from vmbr0' },
    'lower-said-to-lose': { ...variant('MLDv1', 'lower', 'asks-on'), breaks: 'frames from vmbr0' },
    'higher-said-to-win': { ...variant('IGMPv2', 'higher', 'yields'), breaks: 'no frames from vmbr0' },
  },
  diagnosis: {},
  topology: ({ version, core }) => topology((t) => {
    const igmp = version === 'IGMPv2';
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, ...(igmp ? { addresses: [BRIDGES], options: { mcast_query_use_ifaddr: true } } : {}) });
    const { mac, addresses } = CORE[core];
    return { vmbr0, bob: t.guest('bob', { on: vmbr0 }), core: t.querier('core', { on: vmbr0, version, mac, ...(igmp ? { addresses } : {}) }) };
  }, { ipv6: version === 'MLDv1' }),
  captures: ({ vmbr0, bob }) => [signalling(portOf(vmbr0, bob))],

  async story({ vmbr0, bob, core }, { variant: v, expect, capture, now, passes, until, bounds, random }) {
    await passes(s(1));
    const on = vmbr0.sets({ mcast_querier: true });
    // Past the two queries of its start.
    await until(on, s(40 + 60 * random()));
    const port = capture(portOf(vmbr0, bob));
    const own = frame.and(frame.from(vmbr0.mac, 'vmbr0'), frame.generalQuery(v.version));
    const begun = v.coreRuns ? core.starts() : now('core would have asked');
    await until(begun, WATCHED);
    await expect(port).sees(own, { ...since(on, s(40)) }, { atLeast: 2, atMost: 2 });
    if (v.coreRuns) await expect(port).sees(frame.and(frame.from(core.mac, 'core'), frame.generalQuery(v.version)), since(begun, WATCHED), { atLeast: 5 });
    const told = bound(ns(2e9 / bounds.hz), plus(WATCHED), 'a query of its own may have been on its way');
    if (v.claims === 'yields') await expect(port).seesNo(own, { anchor: begun, ...told });
    else await expect(port).sees(own, since(begun, WATCHED), { atLeast: 4, atMost: 5 });
  },
});
