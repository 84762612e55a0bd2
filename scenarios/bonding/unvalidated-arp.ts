// The ARP monitor asks for a machine behind the switches, the way there dies, and the switch in front lives on. Does
// the monitor find it? (lf-edge/eve 5939: arp_validate=none hides a dead path.)
//
//      outside (pings hv) ── core
//                           ╳    ╲         sw1's uplink fails; sw1 itself stays up
//          neighbour ───── sw1    sw2
//          (broadcasts)     │      │
//                       converter  │
//                           │      │
//                      eth0 └ bond0 ┘ eth1 hv: active-backup, asks for outside every second
//
// Without validation (the default) any frame that comes in by a slave counts as a sign of life, and a neighbour's
// broadcasts, such as its own ARP monitor's, come in as before: the bond stays on the dead path as long as the neighbour
// speaks. arp_validate=active counts answers of the target only, on the active slave. On the other one it still counts
// anything: a primary that lost its path is "up" again with the next broadcast, is preferred, is found dead, and so on.
// With arp_validate=all the idle slave has to hear the bond's own requests come round, and on a dead path it does not.
import { bound, minus, ms, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { NOT_SCALED, told } from '../topologies/two-access-switches.ts';
import { ARP_INTERVAL, arpDetection, watchedBond } from '../topologies/watched-bond.ts';

const EVERY = ms(100);
const WATCHED = s(60);
const BROADCASTS = ms(500);

interface Settings { validate: 'none' | 'active' | 'all'; primary?: true; neighbour: 'speaks' | 'silent'; claims: 'hidden' | 'found' | 'flaps' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'ARP monitor that takes anybody’s frames for an answer',
  cases: ['C7'],
  inDefaultSet: false,
  variants: {
    'unvalidated': variant({ validate: 'none', neighbour: 'speaks', claims: 'hidden' }),
    'validated-on-the-active-with-a-primary': variant({ validate: 'active', primary: true, neighbour: 'speaks', claims: 'flaps' }),
    'validated-on-all-with-a-primary': variant({ validate: 'all', primary: true, neighbour: 'speaks', claims: 'found' }),
  },
  controls: {
    // It is the neighbour's frames that hide it.
    'unvalidated-and-nobody-speaks': { ...variant({ validate: 'none', neighbour: 'silent', claims: 'hidden' }), breaks: ['active slave stays', 'outage'] },
  },
  diagnosis: { unvalidated: 'silent-cut', 'validated-on-the-active-with-a-primary': 'bond-flaps' },
  topology: (v) => watchedBond({ watch: 'arp', validate: v.validate, ...(v.primary ? { prefers: 'always' as const } : {}) }),
  notScaled: NOT_SCALED,

  async story({ hv, bond0, uplink, outside, neighbour }, { variant: v, expect, passes, until, bounds, random, figure }) {
    if (v.neighbour === 'speaks') neighbour.gratuitousArpEvery(BROADCASTS);
    const ping = outside.pings(hv.address(), { every: EVERY });
    await passes(plus(s(6), times(ARP_INTERVAL, random())));
    const cut = uplink.fails('b');

    if (v.claims === 'hidden') {
      await expect(bond0.activeSlave).stays('eth0', since(cut, WATCHED));
      await expect(ping).outage(since(cut, WATCHED), { lostAtLeast: WATCHED.ns / EVERY.ns - 1, recovers: false, reasons: ['the neighbour’s broadcasts pass for answers'] });
      return;
    }
    const found = arpDetection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));
    const moves = (): { ns: number; value: string }[] => bond0.activeSlave.changes.filter((c) => c.ns > cut.ns);
    if (v.claims === 'found') {
      await expect(ping).outage(since(cut, WATCHED), { atLeast: found.min, atMost: found.max, reasons: found.reasons });
      const eth1 = moves().find((c) => c.value === 'eth1');
      if (eth1) await expect(bond0.activeSlave).stays('eth1', since({ ns: eth1.ns, what: 'bonding moved to eth1' }, minus(WATCHED, found.max)));
    } else {
      const eth1 = moves().find((c) => c.value === 'eth1');
      const round = bounds.timer('arp_interval', ARP_INTERVAL);
      const back = bound(ms(0), plus(times(round.max, 2), ms(20)), 'the neighbour’s next broadcast makes the primary "up"; the next round of the monitor sees it');
      if (eth1) await expect(bond0.activeSlave).becomes('eth0', within({ ns: eth1.ns, what: 'bonding moved to eth1' }, told(back, bounds)));
      await until(cut, WATCHED);
      // Found dead again two and a half to four rounds after it was preferred, and preferred again a round or two later.
      await expect(ping).outage(since(cut, WATCHED), { lostAtLeast: 0.5 * WATCHED.ns / EVERY.ns, recovers: false, reasons: ['three rounds on the dead path for one or two on the good one'] });
    }
    figure('switchesOfSlave', moves().length);
    const lost = ping.record.sentNs.filter((at, seq) => at > cut.ns && at <= cut.ns + WATCHED.ns && ping.record.receivedNs[seq] === undefined).length;
    figure('lostPings', lost);
  },
});
