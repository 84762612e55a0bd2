// A guest migrates, and its announcement bears the wrong ethertype: 0x0835 in place of RARP's 0x8035, a QEMU fault of
// its time. Is the guest reachable all the same, and does the capture tell?
//
//                outside (pings vm, once a second)
//                   │
//                  sw                 learns: vm is behind hv2, from whatever frame it was
//                ╱    ╲
//         hv1: br0     hv2: br0
//               │       │
//              vm  ───▶ (vm)          announced by frames of ethertype 0x0835
//
// A bridge learns from the source address and forwards by the destination: to neither does the ethertype matter. It
// matters to a switch that lets only known ethertypes pass. Linux bridges have no such setting of their own (it takes
// nft or tc, which the VM has not), so that half of the story is not told here; to the guest it would be as if nobody
// had announced it, which migration/unannounced tells.
import { announcementOffsets, frame, ns, plus, QEMU_SCHEDULE, s, scenario, since, within } from '../../harness/scenario.ts';
import { announced, movingGuest } from '../topologies/moving-guest.ts';

const EVERY = s(1);
/** What QEMU sent, and what it should have sent. */
const ODD = 0x0835;

interface Settings { announce: 'none' | 'rarp'; etherType?: number }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'an announcement with the wrong ethertype',
  cases: ['D4'],
  inDefaultSet: false,
  variants: { '0x0835': variant({ announce: 'rarp', etherType: ODD }) },
  controls: {
    'nobody-announces': variant({ announce: 'none' }),
    // Reachable as well, but by the right frames: the capture tells the one from the other.
    '0x8035': variant({ announce: 'rarp' }),
  },
  topology: () => movingGuest(),
  captures: ({ sw }) => [{ node: sw.node, device: 'hv2' }, { node: sw.node, device: 'outside' }],

  async story({ sw, vm, outside }, { variant: v, expect, passes, bounds, capture, now, figure, random }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    // At any moment between two pings.
    await passes(s(5 + random()));
    const left = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: v.announce, ...(v.etherType === undefined ? {} : { etherType: v.etherType }) });
    const standstill = ns(there.ns - left.ns);
    figure('standstillS', standstill.ns / 1e9);

    const learned = announced(bounds);
    const rounds = announcementOffsets(QEMU_SCHEDULE);
    const all = plus(rounds.at(-1) ?? ns(0), learned.max);
    const rightAfter = within(there, ns(0), all, 'QEMU’s rounds: announce-initial 50 ms, announce-step 100 ms');
    // At the switch's uplink, and flooded to everybody as any broadcast.
    for (const device of ['hv2', 'outside']) {
      const wire = capture({ node: 'sw', device });
      await expect(wire).sees(frame.and(frame.etherType(ODD), frame.from(vm.mac, 'vm')), rightAfter, { atLeast: rounds.length, atMost: rounds.length });
      await expect(wire).seesNo(frame.etherType(0x8035, 'RARP'), rightAfter);
    }
    await expect(sw.fdbEntry(vm.mac)).becomes('hv2', within(there, learned));
    const most = Math.floor((standstill.ns + learned.max.ns) / EVERY.ns) + 1;
    const lost = await expect(ping).outage(since(left, plus(standstill, s(20))), {
      atMost: plus(standstill, learned.max), lostAtMost: most,
      reasons: [`the guest stood still for ${standstill.ns / 1e9} s`, ...learned.reasons, `${most} pings at most are sent in that time`],
    });
    figure('lostPings', lost['lostDatagrams']);
  },
});
