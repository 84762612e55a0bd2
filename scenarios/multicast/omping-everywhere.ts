// An omping on every guest: who hears whom, by unicast and by multicast, how soon, and how far away?
//
//   alice   bob   carol (each asks all others, and answers)      core (querier, then silent)
//     └───────┼───────┘                                            │
//           vmbr0: snooping on, own querier off ───────────────────┘
//
//   unicast    ═══════════════════════════════════════════════════════════════════▶
//   multicast  ═════════════════════════ 260 s after its last report ═══▶|deaf      |core asks again ═════▶
//
// This is what people run on a cluster's network for ten minutes before they trust it, and what they then see: all is
// well, and after some minutes multicast is lost while unicast goes on. An omping reports its membership when it starts;
// if nobody asks, that is its last report. Each guest is deaf to all others at once, for it is the hearer's port that
// is forgotten. As in membership-expiry.ts, the bridge is told to believe in the silent querier for an hour; its own
// would keep silent as long, so what cures it here is the querier on the LAN.
import { between, min, plus, portOf, s, scenario, signalling, since, times, topology, wheelStep, within } from '../../harness/scenario.ts';
import { REPORTED } from '../topologies/groups.ts';
import { OTHER_QUERIER_PRESENT } from '../topologies/querier-outside.ts';

interface Settings {
  family: 4 | 6;
  transport: 'asm' | 'ssm';
  otherQuerier: typeof OTHER_QUERIER_PRESENT;
  /** The querier on the LAN: goes on, falls silent and asks again when all are deaf, or falls silent for good. */
  asks: 'on' | 'late' | 'never';
  claims: 'stops' | 'goes-on';
}
const settings = (over: Partial<Settings>): Settings => ({ family: 4, transport: 'asm', otherQuerier: min(60), asks: 'late', claims: 'stops', ...over });
/** It floods when it believes in no querier any more, before the first membership ends. */
const asShipped = { otherQuerier: OTHER_QUERIER_PRESENT };

export default scenario({
  title: 'omping on every guest',
  cases: ['A1', 'A5', 'A6', 'B4'],
  inDefaultSet: false,
  variants: {
    'stops': { ...settings({}), diagnosis: 'membership-expired' },
    'stops-ipv6': { ...settings({ family: 6 }), diagnosis: 'membership-expired' },
    'stops-ssm': { ...settings({ transport: 'ssm' }), diagnosis: 'membership-expired' },
    'querier': settings({ asks: 'on', claims: 'goes-on' }),
    'querier-ipv6': settings({ family: 6, asks: 'on', claims: 'goes-on' }),
    'healthy-kernel': settings({ ...asShipped, asks: 'never', claims: 'goes-on' }),
  },
  controls: {
    'bridge-that-floods': { ...settings(asShipped), breaks: /alice hears bob .*delivery stops/ },
    'nobody-asks': { ...settings({ asks: 'never', claims: 'goes-on' }), breaks: [/alice hears bob .*delivery continues/, /carol hears bob .*delivery continues/], diagnosis: 'membership-expired' },
  },
  topology: ({ family, otherQuerier }) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, otherQuerier });
    const on = { on: vmbr0 };
    return {
      vmbr0, alice: t.guest('alice', on), bob: t.guest('bob', on), carol: t.guest('carol', on),
      core: t.querier('core', { on: vmbr0, version: family === 4 ? 'IGMPv3' : 'MLDv2' }),
    };
  }, { ipv6: family === 6 }),
  captures: ({ vmbr0, alice, bob, carol }) => [alice, bob, carol].map((guest) => signalling(portOf(vmbr0, guest))),

  async story({ vmbr0, alice, bob, carol, core }, { variant: v, expect, now, passes, until, bounds, figure, ompings, random }) {
    const guests = [alice, bob, carol];
    const pairs = guests.flatMap((hearer) => guests.filter((sender) => sender !== hearer).map((sender) => ({ hearer, sender })));
    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    const response = bounds.timer('query response interval', core.spec.responseInterval).max;
    await passes(times(wheelStep(vmbr0.holds('mcast_membership_interval'), bounds.hz), random()));
    await until(core.starts(), response);
    const omping = ompings(guests, { family: v.family, transport: v.transport, every: s(4) });
    const { group } = omping;
    await passes(s(20));
    const joined = now('everybody had joined');
    await passes(s(20));
    if (v.asks !== 'on') await until(core.fallsSilent(), response);
    const unicastGoesOn = (length: typeof response) => pairs.map(({ hearer, sender }) => expect(omping.unicast(hearer, sender)).continues(since(joined, length)));

    if (v.claims === 'goes-on') {
      const length = s(600);
      await Promise.all([...unicastGoesOn(length), ...pairs.map(({ hearer, sender }) => expect(omping.multicast(hearer, sender)).continues(since(joined, length)))]);
    } else {
      // Deaf to all at once: what the hearer's port has forgotten, nobody can send there.
      await Promise.all(pairs.map(async ({ hearer, sender }) => {
        const { stoppedAfterS } = await expect(omping.multicast(hearer, sender)).stops(within(vmbr0.lastReport(group, hearer), membership), { watch: s(40) });
        figure(`${hearer.name}DeafAfterS`, stoppedAfterS);
      }));
      const allDeaf = now('everybody was deaf');
      await passes(s(20));
      await Promise.all([...unicastGoesOn(s(300)), ...pairs.map(({ hearer, sender }) => expect(omping.multicast(hearer, sender)).neverArrives(between(allDeaf, now('core asked again'))))]);
      const asked = core.starts();
      await Promise.all(pairs.map(({ hearer, sender }) => expect(omping.multicast(hearer, sender)).resumes(since(asked, plus(response, REPORTED), 'a host answers at random within the response interval'), { watch: s(60) })));
    }
    omping.stop();
    // Each pair's own are in the report's matrix.
    for (const cast of ['unicast', 'multicast'] as const) {
      const rows = omping.matrix().filter((row) => row.cast === cast);
      figure(`${cast}WorstLossPercent`, Math.max(...rows.map(({ lossPercent }) => lossPercent)));
      figure(`${cast}WorstAvgMs`, Math.max(...rows.map(({ avgMs = 0 }) => avgMs)));
      figure(`${cast}MostHops`, Math.max(...rows.map(({ hops = 0 }) => hops)));
    }
  },
});
