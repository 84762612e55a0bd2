// A fibre of a pair breaks, and nobody's carrier is lost: the hypervisor is deaf, or mute.
//
//      outside (pings hv) ── core
//                           ╱    ╲
//                         sw1     sw2
//                          │       │
//                      converter   │       lets frames through one way only
//                          ↕       │
//                     eth0 └ bond0 ┘ eth1  hv: active-backup
//
// To miimon the link is good both ways. The ARP monitor wants an answer to its own question, and misses it whichever
// way is broken: within the same bounds as when both are.
import { ms, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { NOT_SCALED, told } from '../topologies/two-access-switches.ts';
import { ARP_INTERVAL, arpDetection, watchedBond } from '../topologies/watched-bond.ts';

const EVERY = ms(100);
const WATCHED = s(60);

interface Settings { watch: 'carrier' | 'arp'; way: 'deaf' | 'mute'; claims: 'seen' | 'unseen' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'one-way cut',
  cases: ['C7'],
  inDefaultSet: false,
  variants: {
    'deaf-unseen-by-miimon': variant({ watch: 'carrier', way: 'deaf', claims: 'unseen' }),
    'deaf-seen-by-arp-monitor': variant({ watch: 'arp', way: 'deaf', claims: 'seen' }),
    'mute-seen-by-arp-monitor': variant({ watch: 'arp', way: 'mute', claims: 'seen' }),
  },
  controls: {
    'miimon-said-to-see-it': { ...variant({ watch: 'carrier', way: 'deaf', claims: 'seen' }), breaks: ['active slave becomes', 'outage'] },
  },
  diagnosis: { 'deaf-unseen-by-miimon': 'silent-cut', 'miimon-said-to-see-it': 'silent-cut' },
  topology: (v) => watchedBond({ watch: v.watch }),
  notScaled: NOT_SCALED,

  async story({ hv, bond0, near, far, outside }, { variant: v, expect, passes, bounds, random, figure }) {
    const ping = outside.pings(hv.address(), { every: EVERY });
    await passes(plus(s(6), times(ARP_INTERVAL, random())));
    // What would leave the converter towards the hypervisor, or towards the switch.
    const cut = v.way === 'deaf' ? near.silences('b', 'leave') : far.silences('a', 'leave');

    if (v.claims === 'unseen') {
      await expect(bond0.activeSlave).stays('eth0', since(cut, WATCHED));
      await expect(ping).outage(since(cut, WATCHED), { lostAtLeast: WATCHED.ns / EVERY.ns - 1, recovers: false, reasons: ['ten a second, and nobody moves'] });
      return;
    }
    const found = arpDetection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));
    await expect(ping).outage(since(cut, plus(found.max, s(10))), { atLeast: found.min, atMost: found.max, reasons: found.reasons });
    const moved = bond0.activeSlave.changes.find((c) => c.ns > cut.ns && c.value === 'eth1');
    figure('detectedAfterS', moved && (moved.ns - cut.ns) / 1e9);
  },
});
