// A guest migrates, and its announcement bears the wrong ethertype: 0x0835 in place of RARP's 0x8035, a QEMU fault of
// its time. Is the guest reachable all the same, and does the capture tell?
//
//                outside (pings vm, once a second)
//                   │
//                  sw                 learns: vm is behind hv2, from whatever frame it was
//                ╱    ╲                … or takes IPv4, ARP and RARP only, and learns nothing from others
//         hv1: br0     hv2: br0
//               │       │
//              vm  ───▶ (vm)          announced by frames of ethertype 0x0835
//
// A bridge learns from the source address and forwards by the destination: to neither does the ethertype matter. It
// matters to a switch that drops unknown ethertypes as they come in (`passesOnly`): it goes on believing in hv1, as if
// nobody had announced the guest, until the guest itself speaks or the switch forgets it.
import { announcementOffsets, frame, minus, ms, ns, plus, QEMU_SCHEDULE, s, scenario, since, type SwitchLike, within } from '../../harness/scenario.ts';
import { ageing } from '../topologies/fdb-ageing.ts';
import { announced, movingGuest } from '../topologies/moving-guest.ts';

const EVERY = s(1);
/** What QEMU sent, and what it should have sent. */
const ODD = 0x0835, RARP = 0x8035;
const FILTERS: SwitchLike = { passesOnly: ['IPv4', 'ARP', 'RARP'] };
/** How long the guest has nothing to say after the move: long enough for the reported 30 pings. */
const SILENCE = s(40);

interface Settings {
  announce: 'none' | 'rarp';
  etherType: number;
  like?: SwitchLike;
  /** Which of them is on the wire, and what comes of it. */
  claims: { sees: number; reachable: 'at-once' | 'once-it-speaks' | 'once-forgotten' };
}
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'an announcement with the wrong ethertype',
  cases: ['D4'],
  inDefaultSet: false,
  variants: {
    '0x0835': variant({ announce: 'rarp', etherType: ODD, claims: { sees: ODD, reachable: 'at-once' } }),
    'filtered-until-it-speaks': variant({ announce: 'rarp', etherType: ODD, like: FILTERS, claims: { sees: ODD, reachable: 'once-it-speaks' } }),
    'filtered-until-forgotten': variant({ announce: 'rarp', etherType: ODD, like: FILTERS, claims: { sees: ODD, reachable: 'once-forgotten' } }),
    // The switch that filters knows RARP.
    '0x8035-passes-the-filter': variant({ announce: 'rarp', etherType: RARP, like: FILTERS, claims: { sees: RARP, reachable: 'at-once' } }),
  },
  controls: {
    'nobody-announces': { ...variant({ announce: 'none', etherType: ODD, claims: { sees: ODD, reachable: 'at-once' } }), breaks: ['outside: frames of ethertype', 'outage'] },
    // Reachable as well, but by the right frames: the capture tells the one from the other.
    '0x8035': { ...variant({ announce: 'rarp', etherType: RARP, claims: { sees: ODD, reachable: 'at-once' } }), breaks: 'no frames of ethertype 0x8035' },
    // A switch without the filter learns from the odd frames.
    'said-to-be-filtered': { ...variant({ announce: 'rarp', etherType: ODD, claims: { sees: ODD, reachable: 'once-it-speaks' } }), breaks: ['outside: no frames of ethertype', 'outage'] },
    'filter-that-knows-it': { ...variant({ announce: 'rarp', etherType: ODD, like: { passesOnly: ['IPv4', 'ARP', ODD] }, claims: { sees: ODD, reachable: 'once-forgotten' } }), breaks: ['outside: no frames of ethertype', 'outage'] },
    'rarp-unknown-too': { ...variant({ announce: 'rarp', etherType: RARP, like: { passesOnly: ['IPv4', 'ARP'] }, claims: { sees: RARP, reachable: 'at-once' } }), breaks: ['outside: frames of ethertype', 'outage'] },
  },
  diagnosis: {
    'filtered-until-it-speaks': 'announcement-filtered', 'filtered-until-forgotten': 'announcement-filtered',
    'nobody-announces': 'migration-unannounced', 'rarp-unknown-too': 'announcement-filtered',
  },
  topology: ({ like }) => movingGuest(like ? { like } : {}),
  captures: ({ sw }) => [{ node: sw.node, device: 'hv2' }, { node: sw.node, device: 'outside' }],

  async story({ sw, vm, outside }, { variant: v, expect, passes, until, bounds, capture, now, figure, random }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    // At any moment between two pings.
    await passes(s(5 + random()));
    const left = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: v.announce, etherType: v.etherType });
    const standstill = ns(there.ns - left.ns);
    figure('standstillS', standstill.ns / 1e9);

    const learned = announced(bounds);
    const rounds = announcementOffsets(QEMU_SCHEDULE);
    const all = plus(rounds.at(-1) ?? ns(0), learned.max);
    const rightAfter = within(there, ns(0), all, 'QEMU’s rounds: announce-initial 50 ms, announce-step 100 ms');
    const { sees, reachable } = v.claims;
    const wanted = frame.and(frame.etherType(sees), frame.from(vm.mac, 'vm')), other = frame.etherType(sees === ODD ? RARP : ODD);
    // On the wire into the switch whatever it does with them; beyond it, as any broadcast, only where it takes them.
    const [into, beyond] = [capture({ node: 'sw', device: 'hv2' }), capture({ node: 'sw', device: 'outside' })];
    await expect(into).sees(wanted, rightAfter, { atLeast: rounds.length, atMost: rounds.length });
    await expect(into).seesNo(other, rightAfter);
    if (reachable === 'at-once') await expect(beyond).sees(wanted, rightAfter, { atLeast: rounds.length, atMost: rounds.length });
    else await expect(beyond).seesNo(wanted, rightAfter);
    await expect(beyond).seesNo(other, rightAfter);

    const place = sw.fdbEntry(vm.mac);
    if (reachable === 'at-once') {
      await expect(place).becomes('hv2', within(there, learned));
      const most = Math.floor((standstill.ns + learned.max.ns) / EVERY.ns) + 1;
      const lost = await expect(ping).outage(since(left, plus(standstill, s(20))), {
        atMost: plus(standstill, learned.max), lostAtMost: most,
        reasons: [`the guest stood still for ${standstill.ns / 1e9} s`, ...learned.reasons, `${most} pings at most are sent in that time`],
      });
      figure('lostPings', lost['lostDatagrams']);
    } else if (reachable === 'once-it-speaks') {
      await until(there, SILENCE);
      const spoke = now('the guest sent');
      const silence = minus(ns(spoke.ns - left.ns), ms(1));
      vm.pings(outside.address(), { every: s(300) });
      await expect(place).stays('hv1', since(left, silence));
      const lost = Math.floor((spoke.ns - left.ns - plus(ms(10), bounds.slack, bounds.slack).ns) / EVERY.ns);
      const { lostDatagrams } = await expect(ping).outage(since(left, silence), { lostAtLeast: lost, recovers: false, reasons: [`${lost} pings at least are sent between its leaving and its first frame`] });
      figure('lostPings', lostDatagrams);
      const arrives = within(spoke, learned);
      await expect(place).becomes('hv2', arrives);
      await expect(ping).resumes(arrives);
    } else {
      const last = ping.lastReply;
      const forgets = ageing(bounds);
      await expect(place).becomes('absent', within(last, forgets));
      const { lostDatagrams } = await expect(ping).outage(since(left, plus(forgets.max, s(3))), { atLeast: forgets.min, atMost: plus(forgets.max, EVERY), reasons: [...forgets.reasons, 'and up to a second until the next ping'] });
      figure('lostPings', lostDatagrams);
    }
  },
});
