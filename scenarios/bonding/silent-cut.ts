// A cut that takes no carrier: frames vanish, both ends stay up. Who finds it?
//
//      outside (pings hv) ── core
//                           ╱    ╲
//                         sw1     sw2
//                          ╳       │       sw1's port neither takes nor gives, or goes down behind the converter
//                      converter   │
//                          │       │
//                     eth0 └ bond0 ┘ eth1  hv: active-backup
//
// miimon looks at carriers. It finds a lost one within a round, and never a dead path behind a good one: a port that a
// switch blocks, a media converter that does not pass the loss on. The outage lasts as long as the fault. The ARP
// monitor asks a machine behind the switches in each round, and moves when answers stay away: between two and three
// intervals after the cut, not sooner, and not later.
import { bound, ms, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { detection, NOT_SCALED, told } from '../topologies/two-access-switches.ts';
import { ARP_INTERVAL, arpDetection, watchedBond } from '../topologies/watched-bond.ts';

const EVERY = ms(100);
const WATCHED = s(60);

/** carrier: eth0's own. converter: the far side's, which the converter hides. port: nobody's. */
interface Settings { watch: 'carrier' | 'arp'; cut: 'carrier' | 'converter' | 'port'; claims: 'carrier' | 'arp' | 'unseen' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'silent cut',
  cases: ['C7'],
  inDefaultSet: false,
  variants: {
    'carrier-loss-seen-by-miimon': variant({ watch: 'carrier', cut: 'carrier', claims: 'carrier' }),
    'unseen-by-miimon': variant({ watch: 'carrier', cut: 'port', claims: 'unseen' }),
    'media-converter-unseen-by-miimon': variant({ watch: 'carrier', cut: 'converter', claims: 'unseen' }),
    'seen-by-arp-monitor': variant({ watch: 'arp', cut: 'port', claims: 'arp' }),
  },
  controls: {
    'miimon-said-to-see-it': { ...variant({ watch: 'carrier', cut: 'port', claims: 'arp' }), breaks: ['active slave becomes', 'outage'] },
    'carrier-loss-said-to-be-unseen': { ...variant({ watch: 'carrier', cut: 'carrier', claims: 'unseen' }), breaks: ['active slave stays', 'outage'] },
  },
  diagnosis: { 'unseen-by-miimon': 'silent-cut', 'media-converter-unseen-by-miimon': 'silent-cut', 'miimon-said-to-see-it': 'silent-cut' },
  topology: (v) => watchedBond({ watch: v.watch }),
  notScaled: NOT_SCALED,

  async story({ hv, bond0, near, far, outside }, { variant: v, expect, passes, bounds, random, figure }) {
    const ping = outside.pings(hv.address(), { every: EVERY });
    // At any moment of the monitor's round.
    await passes(plus(s(6), times(ARP_INTERVAL, random())));
    const cut = v.cut === 'carrier' ? near.fails('b') : v.cut === 'converter' ? far.fails('b') : far.silences('b');

    if (v.claims === 'unseen') {
      await expect(bond0.activeSlave).stays('eth0', since(cut, WATCHED));
      await expect(ping).outage(since(cut, WATCHED), { lostAtLeast: WATCHED.ns / EVERY.ns - 1, recovers: false, reasons: ['ten a second, and nobody moves'] });
      // The path was there all along: it works again at once.
      const again = v.cut === 'port' ? far.speaksAgain('b') : await far.returns('b');
      await expect(ping).resumes(within(again, bound(ms(0), plus(EVERY, ms(50), bounds.slack), 'the next ping')));
      return;
    }
    const found = v.claims === 'arp' ? arpDetection(bounds) : detection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));
    await expect(ping).outage(since(cut, plus(found.max, s(10))), {
      ...(found.min.ns > 0 ? { atLeast: found.min } : {}), atMost: found.max, reasons: [...found.reasons, 'a gratuitous ARP leaves with the switch of slaves'],
    });
    const moved = bond0.activeSlave.changes.find((c) => c.ns > cut.ns && c.value === 'eth1');
    figure('detectedAfterS', moved && (moved.ns - cut.ns) / 1e9);
  },
});
