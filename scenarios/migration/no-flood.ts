// A guest migrates while somebody outside sends to it. Who else gets its unicast?
//
//          outside (pings vm)   third           third and beside must see none of it
//                ╲   ╱
//                 sw
//               ╱    ╲
//        hv1: br0     hv2: br0
//         ╱   │         │   ╲
//      left  vm  ───▶ (vm)  beside
//
// Kernels before 2255bd6 ("bridge: fix initial packet flood if !STP") took a port that came up for a topology change
// even without spanning tree, and then believed in MACs for no longer than the forward delay: with a forward delay of
// 0 such a bridge learned nothing for half a minute and sent everything everywhere. Where one was on the way, a guest
// that nobody announced was reached all the same, and the missing announcement showed only when the flood was mended.
//
// What is flooded to this day: the bridge that the guest left forgets it with its port, and sends whatever still comes
// for it to its remaining guests, until the switch knows better. Unannounced, that is everything.
//
// Bridges that learn nothing show the fault itself: an unannounced guest is reached, because everybody gets its frames.
import { frame, ns, plus, s, scenario, since, within } from '../../harness/scenario.ts';
import { announced, movingGuest } from '../topologies/moving-guest.ts';

const EVERY = s(1);
/** How long it is watched: as long as the flood of old, max_age 20 s and forward_delay, with room. */
const WATCHED = s(60);

interface Settings { announce: 'none' | 'rarp'; forgets?: true; claims?: 'floods' }
const variant = (settings: Settings): Settings => settings;
/** What a topology change without a forward delay came to: hold_time() is 0, and nothing is learned (br_fdb_update). */
const FORGETS = { ageing_time: s(0) };

export default scenario({
  title: 'no flood hides a missing announcement',
  cases: ['D7'],
  inDefaultSet: false,
  variants: {
    'announced': variant({ announce: 'rarp' }),
    'unannounced': variant({ announce: 'none' }),
    'flooded-by-bridges-that-learn-nothing': variant({ announce: 'none', forgets: true, claims: 'floods' }),
  },
  controls: {
    'bridges-that-learn-nothing': { ...variant({ announce: 'rarp', forgets: true }), breaks: ['third: no frames to vm', 'beside: no frames to vm'] },
    'bridges-that-learn-nothing-unannounced': { ...variant({ announce: 'none', forgets: true }), breaks: ['third: no frames to vm', 'beside: no frames to vm'] },
    'bridges-that-learn-said-to-flood': { ...variant({ announce: 'none', claims: 'floods' }), breaks: ['outage', 'third: frames to vm', 'beside: frames to vm'] },
  },
  diagnosis: { unannounced: 'migration-unannounced', 'bridges-that-learn-said-to-flood': 'migration-unannounced' },
  topology: (v) => movingGuest(v.forgets ? { source: FORGETS, target: FORGETS, fabric: FORGETS } : {}),
  captures: () => [{ node: 'sw', device: 'third' }, { node: 'hv2', device: 'beside' }, { node: 'hv1', device: 'left' }],

  async story({ sw, vm, left, beside, outside, third }, { variant: v, expect, passes, bounds, capture, now, figure, random }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    // Their ports are alive, and the captures on them see what passes.
    for (const other of [third, left, beside]) outside.pings(other.address(), { every: s(5) });
    await passes(s(10 + random()));
    const gone = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: v.announce });
    const standstill = ns(there.ns - gone.ns);

    const forVm = frame.to(vm.mac, 'vm');
    const others = [capture({ node: 'sw', device: 'third' }), capture({ node: 'hv2', device: 'beside' })];
    const watched = since(gone, plus(standstill, WATCHED));
    if (v.claims !== 'floods') for (const other of others) await expect(other).seesNo(forVm, watched);

    const atLeft = capture({ node: 'hv1', device: 'left' });
    if (v.claims === 'floods') {
      const sent = Math.floor((standstill.ns + WATCHED.ns) / EVERY.ns) - 1;
      for (const other of [...others, atLeft]) await expect(other).sees(forVm, watched, { atLeast: sent });
      const most = Math.floor((standstill.ns + plus(announced(bounds).max).ns) / EVERY.ns) + 1;
      await expect(ping).outage(watched, { atMost: plus(standstill, announced(bounds).max), lostAtMost: most, reasons: ['what everybody gets reaches the guest as well, wherever it is'] });
    } else if (v.announce === 'rarp') {
      const learned = announced(bounds);
      await expect(sw.fdbEntry(vm.mac)).becomes('hv2', within(there, learned));
      await expect(atLeft).seesNo(forVm, within(there, learned.max, WATCHED, ...learned.reasons));
      const most = Math.floor((standstill.ns + learned.max.ns) / EVERY.ns) + 1;
      await expect(ping).outage(watched, { atMost: plus(standstill, learned.max), lostAtMost: most, reasons: [`the guest stood still for ${standstill.ns / 1e9} s`, ...learned.reasons] });
    } else {
      const sent = Math.floor((standstill.ns + WATCHED.ns) / EVERY.ns) - 1;
      await expect(sw.fdbEntry(vm.mac)).stays('hv1', watched);
      await expect(ping).outage(watched, { lostAtLeast: sent, recovers: false, reasons: [`${sent} pings at least are sent in that time, and the switch sends each to hv1`] });
      await expect(atLeft).sees(frame.echoTo(vm.address()), watched, { atLeast: sent });
    }
    figure('floodedToThirdFrames', others[0]?.seen(forVm).length);
    figure('floodedToBesideFrames', others[1]?.seen(forVm).length);
    figure('floodedToLeftFrames', atLeft.seen(forVm).length);
  },
});
