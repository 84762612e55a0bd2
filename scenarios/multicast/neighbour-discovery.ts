// Snooping and IPv6 neighbour discovery: when does nobody find a guest any more?
//
//   friend (knows vm)   newcomer (does not)   carol (not concerned)   vm (sought)      core (querier, then silent)
//        └────────────────────┴──────────┬──────────┴──────────────────┴──────────────────┘
//                                 vmbr0: snooping on
//
//   core      ?──?──── silence
//   vm             R──────────── member of ff02::1:ff…, for 260 s ─────────▶|
//   newcomer                                                                  NS NS NS …  lost
//   friend    pings ──────────────────── (asks by unicast what it knows) ────────────────────▶
//
// "Who has this address?" goes to a group of its own for (nearly) each address, the solicited-node group. To the bridge it
// is a group as any other: only ff02::1 is flooded whatever happens. So a neighbour is found as long as its membership
// lasts, or no querier is believed in and the bridge floods. Where the bridge goes by an MDB that has lost the guest,
// whoever knows it keeps it (a known neighbour is probed by unicast), and whoever does not never finds it. That is what
// "it takes a long time to discover neighbours" (lxc/incus-os 1213) and "it works after boot and not later" look like.
import { after, between, bound, frame, min, minus, ns, plus, portOf, s, scenario, since, type Duration } from '../../harness/scenario.ts';
import { soughtGuest, solicitedNode } from '../topologies/solicited-node.ts';

interface Settings {
  querier: 'core' | 'own' | 'none';
  coreFallsSilent?: true;
  otherQuerier?: Duration;
  flood?: boolean;
  claims: 'found-by-membership' | 'found-by-flood' | 'lost-until-snooping-ends' | 'lost-until-it-speaks';
  breaks?: string | string[];
}

const variants: Record<string, Settings> = {
  'querier-asks': { querier: 'core', claims: 'found-by-membership' },
  'own-querier-asks': { querier: 'own', claims: 'found-by-membership' },
  'no-querier': { querier: 'none', claims: 'found-by-flood' },
  // As the kernel ships: given up before the first membership ends.
  'querier-given-up': { querier: 'core', coreFallsSilent: true, claims: 'found-by-flood' },
  'querier-gone-and-believed-in': { querier: 'core', coreFallsSilent: true, otherQuerier: min(60), claims: 'lost-until-snooping-ends' },
  // The queries go to ff02::1, and that is withheld too: the guest is never asked.
  'port-without-flood': { querier: 'core', flood: false, claims: 'lost-until-it-speaks' },
};
const controls: Record<string, Settings> = {
  'believed-in-loses-it': { querier: 'core', coreFallsSilent: true, otherQuerier: min(60), claims: 'found-by-membership', breaks: ['delivery continues', 'stays present'] },
  'port-without-flood-loses-it': { querier: 'core', flood: false, claims: 'found-by-membership', breaks: ['delivery continues', 'stays present'] },
  'flood-is-not-by-membership': { querier: 'none', claims: 'found-by-membership', breaks: 'vmbr0:carol: no multicast' },
  'asked-is-not-flooded': { querier: 'core', claims: 'found-by-flood', breaks: 'vmbr0:carol: multicast' },
  'asked-is-not-lost': { querier: 'core', claims: 'lost-until-snooping-ends', breaks: ['stays absent', 'vmbr0:vm: no multicast', 'outage'] },
};

const EVERY = s(1);
const TRYING = s(30);
/** Pings wait for an answer for this long: three solicitations, a second apart (mcast_solicit, retrans_time). */
const ASKING = s(3);

export default scenario({
  title: 'neighbour discovery under snooping',
  cases: ['lxc/incus-os 1213', 'ipspace/netlab 1669'],
  inDefaultSet: false,
  variants, controls,
  diagnosis: {
    'querier-gone-and-believed-in': 'membership-expired', 'believed-in-loses-it': 'membership-expired',
    'port-without-flood': 'query-withheld', 'port-without-flood-loses-it': 'query-withheld',
  },
  topology: (v) => soughtGuest(v),
  captures: ({ vmbr0, newcomer, carol, vm }) => [newcomer, carol, vm].map((guest) => ({ ...portOf(vmbr0, guest), only: 'icmp6' })),

  async story({ vmbr0, friend, newcomer, carol, vm, core }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const address = vm.address(6);
    const entry = vmbr0.mdbEntry(solicitedNode(address), vm);
    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    const response = bounds.timer('query response interval', core.spec.responseInterval);
    const begun = now('the begin');
    if (variant.querier === 'core') core.starts();
    if (variant.querier === 'own') vmbr0.sets({ mcast_querier: true });
    await until(begun, response.max);
    const known = friend.pings(address, { every: EVERY });
    // Carol's port is alive, and what is captured there sees what passes.
    carol.pings(friend.address(6), { every: s(10) });
    // Its second query is answered.
    await passes(s(40 + 10 * random()));
    if (variant.coreFallsSilent) core.fallsSilent();

    // Whoever is not asked again is no member any more.
    await until(begun, plus(s(60), response.max, membership.max));
    const came = now('the newcomer came');
    const ping = newcomer.pings(address, { every: EVERY });
    await until(came, TRYING);
    const [atNewcomer, atVm, atCarol] = [newcomer, vm, carol].map((guest) => capture(portOf(vmbr0, guest))) as [ReturnType<typeof capture>, ReturnType<typeof capture>, ReturnType<typeof capture>];
    const asks = frame.neighbourSolicitation(address, 'multicast', newcomer);
    const trying = { ...since(came, minus(TRYING, ns(1))), until: 'the newcomer had tried' };

    if (variant.claims === 'found-by-membership' || variant.claims === 'found-by-flood') {
      const { lostDatagrams } = await expect(ping).continues(trying);
      figure('lostPings', lostDatagrams);
      for (const port of [atNewcomer, atVm]) await expect(port).sees(asks, trying, { atLeast: 1 });
      if (variant.claims === 'found-by-membership') {
        await expect(entry).stays('present', since(came, TRYING));
        await expect(atCarol).seesNo(asks, trying);
      } else await expect(atCarol).sees(asks, trying, { atLeast: 1 });
    } else {
      await expect(entry).stays('absent', trying);
      const cured = now(variant.claims === 'lost-until-it-speaks' ? 'vm spoke to the newcomer' : 'snooping ended');
      let own: typeof ping | undefined;
      if (variant.claims === 'lost-until-it-speaks') own = vm.pings(newcomer.address(6), { every: EVERY });
      else vmbr0.sets({ mcast_snooping: false });
      // It asks all the while, and nobody hears it.
      await expect(atNewcomer).sees(asks, trying, { atLeast: 20 });
      await expect(atVm).seesNo(asks, trying);
      const lost = Math.floor((TRYING.ns - ASKING.ns - 2 * bounds.slack.ns) / EVERY.ns) - 1;
      const back = bound(ns(0), plus(EVERY, ns(3e9 / bounds.hz), bounds.slack), 'the newcomer asks once a second');
      const { lostDatagrams } = await expect(ping).outage(since(came, plus(TRYING, s(9))), {
        lostAtLeast: lost, atMost: plus(TRYING, back.max, EVERY), reasons: [`${lost} pings at least are sent before the cure; those of the last ${ASKING.ns / 1e9} s wait for an answer to the question`],
      });
      figure('lostPings', lostDatagrams);
      await expect(ping).continues(between(after(cured, back.max), after(cured, s(9)), ...back.reasons));
      if (own) await expect(own).continues(since(cured, s(8)));
    }
    // Who knew it has lost nothing, and asks by unicast when its knowledge grows stale.
    await expect(known).continues(between(after(begun, plus(response.max, EVERY)), now('the end')));
    await expect(atVm).sees(frame.neighbourSolicitation(address, 'unicast', friend), between(begun, now('the end')), { atLeast: 3 });
  },
});
