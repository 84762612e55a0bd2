// A guest migrates to and fro twenty times. Is it reached at its new place each time as soon as after the first?
//
//                outside (pings vm, ten times a second)
//                   │
//                  sw
//                ╱    ╲
//         hv1: br0     hv2: br0
//               │       │
//              vm ◀──▶ vm           announced by RARP each time, and silent else
//
// Each move leaves something behind that the next could stumble over: an entry of the guest's MAC in the bridge that it
// left, which now hears it behind its own uplink, and an entry in the switch that is a move old.
//
// Unannounced, every other round is lost: the switch goes on sending to hv1, and that is right when the guest is back.
import { ms, ns, plus, s, scenario, since, within } from '../../harness/scenario.ts';
import { announced, movingGuest } from '../topologies/moving-guest.ts';

const EVERY = ms(100);
const ROUNDS = 20;
/** How long a round is watched after the move. */
const WATCHED = s(3);

interface Settings { announce: 'none' | 'rarp'; claims?: 'every-other-round' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'ping-pong migration',
  cases: ['D8', 'D3'],
  inDefaultSet: false,
  variants: {
    'twenty-rounds': variant({ announce: 'rarp' }),
    'twenty-rounds-unannounced': variant({ announce: 'none', claims: 'every-other-round' }),
  },
  controls: {
    'nobody-announces': { ...variant({ announce: 'none' }), breaks: ['FDB', 'outage'] },
    'announced-said-to-be-lost': { ...variant({ announce: 'rarp', claims: 'every-other-round' }), breaks: ['FDB', 'outage'] },
  },
  diagnosis: { 'twenty-rounds-unannounced': 'migration-unannounced', 'nobody-announces': 'migration-unannounced' },
  topology: () => movingGuest(),

  async story({ sw, hv1, hv2, vm, outside }, { variant: v, expect, passes, bounds, now, step, figure, random }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    await passes(s(2));
    const learned = announced(bounds);
    let [total, most, longest] = [0, 0, 0];
    for (let round = 1; round <= ROUNDS; round++) {
      const to = round % 2;
      const [from, at] = to === 1 ? ['hv1', 'hv2'] : ['hv2', 'hv1'];
      step(`round ${round}: from ${from} to ${at}`);
      // At any moment between two pings, and at any between two rounds.
      await passes(s(1 + random()));
      const left = now(`round ${round}: the guest left ${from}`);
      const there = await vm.migrates(to, { announce: v.announce });
      const standstill = ns(there.ns - left.ns);
      if (v.claims === 'every-other-round') {
        // The switch goes on believing in hv1: at home it is reached at once, away never.
        await expect(sw.fdbEntry(vm.mac)).stays('hv1', since(left, plus(standstill, WATCHED)));
        const sent = Math.floor((standstill.ns + WATCHED.ns) / EVERY.ns) - 1;
        const { lostDatagrams = 0 } = await expect(ping).outage(since(left, plus(standstill, WATCHED)), to === 1
          ? { lostAtLeast: sent, recovers: false, reasons: [`${sent} pings at least are sent while it is there`] }
          : { atMost: plus(standstill, learned.max), reasons: ['it is where the switch believes it to be', ...learned.reasons] });
        total += lostDatagrams;
        continue;
      }
      await expect(sw.fdbEntry(vm.mac)).becomes(at, within(there, learned));
      // The bridge that it left hears the announcement by its uplink; the one where it is, by the guest's port.
      await expect((to === 1 ? hv1 : hv2).fdbEntry(vm.mac)).becomes('eth0', within(there, learned));
      await expect((to === 1 ? hv2 : hv1).fdbEntry(vm.mac)).stays('vm', since({ ns: there.ns + learned.max.ns, what: `round ${round}'s announcement` }, s(1)));
      const lostAtMost = Math.floor((standstill.ns + learned.max.ns) / EVERY.ns) + 1;
      const { lostDatagrams = 0, outageS = 0 } = await expect(ping).outage(since(left, plus(standstill, WATCHED)), {
        atMost: plus(standstill, learned.max), lostAtMost,
        reasons: [`the guest stood still for ${standstill.ns / 1e9} s`, ...learned.reasons, `${lostAtMost} pings at most are sent in that time`],
      });
      figure(`round${String(round).padStart(2, '0')}LostPings`, lostDatagrams);
      total += lostDatagrams;
      most = Math.max(most, lostDatagrams);
      longest = Math.max(longest, outageS);
    }
    figure('lostPings', total);
    figure('worstRoundLostPings', most);
    figure('longestOutageS', longest);
  },
});
