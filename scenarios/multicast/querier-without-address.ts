// A switch that snoops asks without an address of its own ("querier address 0.0.0.0"). Who takes it for a querier?
//
//   alice (sends)   bob, dave (joined)   carol (not joined)      core (asks from 0.0.0.0)
//        └───────────────┴─────────┬────────────────┴────────────────────┘
//           vmbr0: snooping on; own querier off, or on and asking from 0.0.0.0 or from an address of its own
//
// Believed (RFC 3376 section 6.6.2, RFC 4541 section 2.1.1): such a querier takes no part in the election, and its port is no
// router port. Linux, seen here: hosts answer it, the bridge counts it as a querier and its port as a router's, and it
// wins every election: 0.0.0.0 is no higher than any address. A bridge's own querier falls silent for it.
import { between, bound, frame, min, minus, ns, plus, portOf, s, scenario, signalling, since, topology, type Duration, type QuerierVersion, type VariantCommon } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';

interface Settings {
  version: QuerierVersion;
  /** Source of the outside queries. */
  source: string;
  /** The bridge's own querier, and where its queries come from. */
  own: 'off' | 'without-address' | 'with-address';
  coreRuns: boolean;
  otherQuerier?: Duration;
  fallsSilent?: true;
  breaks?: string;
}

const NOBODYS_GROUP = '239.192.5.6';

const variants: Record<string, Settings> = {
  'igmpv2': { version: 'IGMPv2', source: '0.0.0.0', own: 'off', coreRuns: true },
  'igmpv3': { version: 'IGMPv3', source: '0.0.0.0', own: 'off', coreRuns: true },
  'silences-own-querier': { version: 'IGMPv2', source: '0.0.0.0', own: 'without-address', coreRuns: true },
  'silences-own-querier-with-address': { version: 'IGMPv2', source: '0.0.0.0', own: 'with-address', coreRuns: true },
};
const controls: Record<string, Settings & VariantCommon> = {
  'falls-silent': { version: 'IGMPv2', source: '0.0.0.0', own: 'off', coreRuns: true, otherQuerier: min(60), fallsSilent: true, breaks: 'delivery continues' },
  // The bridge asks from the lower address: it is elected, and goes on.
  'higher-address': { version: 'IGMPv2', source: '192.0.2.99', own: 'with-address', coreRuns: true, breaks: 'no IGMP or MLD general queries that are frames from vmbr0' },
  'nobody-asks-from-outside': { version: 'IGMPv2', source: '0.0.0.0', own: 'without-address', coreRuns: false, breaks: 'no IGMP or MLD general queries that are frames from vmbr0' },
};

export default scenario({
  title: 'a querier without an address',
  cases: ['A5'],
  inDefaultSet: false,
  variants, controls,
  diagnosis: { 'falls-silent': 'membership-expired' },
  topology: ({ version, source, own, otherQuerier }) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', {
      snooping: true, querier: false, ...(otherQuerier ? { otherQuerier } : {}),
      ...(own === 'with-address' ? { addresses: ['192.0.2.50/24'], options: { mcast_query_use_ifaddr: true } } : {}),
    });
    const on = { on: vmbr0 };
    return {
      vmbr0, alice: t.guest('alice', on), bob: t.guest('bob', on), carol: t.guest('carol', on), dave: t.guest('dave', on),
      core: t.querier('core', { on: vmbr0, version, source }),
    };
  }),
  captures: ({ vmbr0, bob, carol, core }) => [signalling(portOf(vmbr0, bob)), portOf(vmbr0, carol), portOf(vmbr0, core)],

  async story({ vmbr0, alice, bob, carol, dave, core }, { variant, expect, capture, now, passes, until, bounds, figure }) {
    const group = groupOf(4);
    const response = bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval'));
    if (variant.own !== 'off') vmbr0.sets({ mcast_querier: true });
    // Past the bridge's second query, where it asks itself.
    await passes(s(40));
    const first = variant.coreRuns ? core.starts() : now('core would have asked');
    await until(first, response.max);
    for (const guest of [bob, dave]) guest.joins(group);
    await passes(REPORTED);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(5), to: [bob, dave] });
    const unheard = alice.sends(NOBODYS_GROUP, { every: s(20), to: [] });
    if (variant.fallsSilent) core.fallsSilent();

    // 900 s beyond the instant at which a membership that nobody refreshes would have expired.
    const length = plus(vmbr0.holds('mcast_membership_interval'), s(900));
    for (const guest of [bob, dave]) {
      const { lostDatagrams } = await expect(flow).to(guest).continues(since(begun, length));
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
    const end = now('the end');
    const queries = Math.floor(minus(length, core.spec.responseInterval).ns / core.spec.queryInterval.ns);
    const asked = frame.and(frame.generalQuery(variant.version), frame.from(core.mac, 'core'));
    await expect(capture(portOf(vmbr0, bob))).sees(asked, between(begun, end), { atLeast: queries });
    await expect(capture(portOf(vmbr0, bob))).sees(frame.report(group, bob, variant.version), between(begun, end), { atLeast: queries });
    // By its MDB, so the bridge takes core for a querier, or its own for one.
    await expect(capture(portOf(vmbr0, carol))).seesNo(frame.udpTo(group), between(begun, end));
    // What nobody asked for goes to routers alone.
    const { datagrams, window } = unheard.whole(begun, end);
    await expect(capture(portOf(vmbr0, core))).sees(frame.udpTo(NOBODYS_GROUP), window, { atLeast: datagrams, atMost: datagrams });
    await expect(capture(portOf(vmbr0, carol))).seesNo(frame.udpTo(NOBODYS_GROUP), window);

    if (variant.own === 'off') return;
    const own = frame.and(frame.generalQuery(), frame.from(vmbr0.mac, 'vmbr0'));
    await expect(capture(portOf(vmbr0, bob))).sees(own, between({ ns: 0, what: 'the begin' }, first), { atLeast: 2 });
    // A query of its own may have been on its way.
    const yielded = bound(ns(2e9 / bounds.hz), minus(length, bounds.slack), 'a tick for each side');
    await expect(capture(portOf(vmbr0, bob))).seesNo(own, { anchor: first, ...yielded });
  },
});
