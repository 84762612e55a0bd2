// A guest migrates, and the network is told once the guest's tap is in its new bridge.
//
//                outside (pings vm, once a second)
//                   │
//                  sw                 learns: vm is behind hv2
//                ╱    ╲
//         hv1: br0     hv2: br0
//               │       │
//              vm  ───▶ (vm)
//
// QEMU announces by RARP (ethertype 0x8035, broadcast, "request reverse" for the guest's own MAC), five times with
// growing pauses, for the first may still come too early. A guest whose driver knows of the move (Xen's netfront)
// sends one gratuitous ARP. Either is a broadcast from the guest's MAC, and that is what a switch learns from.
import { announcementOffsets, bound, frame, ms, ns, plus, QEMU_SCHEDULE, s, scenario, since, times, within, type VariantCommon } from '../../harness/scenario.ts';
import { twoHypervisors } from '../topologies/two-hypervisors.ts';

const EVERY = s(1);
/** What the story's own work may take: to open a socket for the announcement, and to read the switch's notification. */
const WORK = ms(50);

interface Settings extends VariantCommon { announce: 'none' | 'gratuitous-arp' | 'rarp'; claims: 'gratuitous-arp' | 'rarp'; when?: 'before-attach' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'announced migration',
  cases: ['D3', 'D5'],
  variants: {
    'rarp': variant({ announce: 'rarp', claims: 'rarp' }),
    'gratuitous-arp': variant({ announce: 'gratuitous-arp', claims: 'gratuitous-arp' }),
  },
  controls: {
    'nobody-announces': { ...variant({ announce: 'none', claims: 'rarp', diagnosis: 'migration-unannounced' }), breaks: ['RARP announcements', 'outage'] },
    'announced-too-early': { ...variant({ announce: 'gratuitous-arp', when: 'before-attach', claims: 'gratuitous-arp', diagnosis: 'announcement-too-early' }), breaks: ['gratuitous ARPs', 'outage'] },
  },
  topology: () => twoHypervisors(),
  captures: ({ sw }) => [{ node: sw.node, device: 'hv2' }],

  async story({ sw, vm, outside }, { variant: v, expect, passes, bounds, capture, now, figure, random }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    // At any moment between two pings.
    await passes(s(5 + random()));
    const left = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: v.announce, ...(v.when ? { when: v.when } : {}) });
    const standstill = ns(there.ns - left.ns);
    figure('standstillS', standstill.ns / 1e9);

    const arrives = bound(ns(0), plus(WORK, times(bounds.slack, 2)), 'one broadcast, through two bridges', `the story’s own work: ${WORK.ns / 1e6} ms`, 'in real time it may send late, and read late');
    const wire = capture({ node: 'sw', device: 'hv2' });
    if (v.claims === 'rarp') {
      const rounds = announcementOffsets(QEMU_SCHEDULE);
      const all = plus(rounds.at(-1) ?? ns(0), arrives.max);
      await expect(wire).sees(frame.rarp(vm.mac), within(there, ns(0), all, 'QEMU’s rounds: announce-initial 50 ms, announce-step 100 ms'), { atLeast: rounds.length, atMost: rounds.length });
    } else await expect(wire).sees(frame.gratuitousArp({ ip: vm.address() }), within(there, arrives), { atLeast: 1, atMost: 1 });
    await expect(sw.fdbEntry(vm.mac)).becomes('hv2', within(there, arrives));
    // Those of the standstill, and one that was on its way to hv1 when the switch learned.
    const most = Math.floor((standstill.ns + arrives.max.ns) / EVERY.ns) + 1;
    await expect(ping).outage(since(left, plus(standstill, s(20))), {
      atMost: plus(standstill, arrives.max), lostAtMost: most,
      reasons: [`the guest stood still for ${standstill.ns / 1e9} s`, ...arrives.reasons, `${most} pings at most are sent in that time`],
    });
  },
});
