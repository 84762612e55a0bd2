// The destination is prepared while the guest still runs at the source, and a frame with the guest's MAC leaves there
// before the hand-over (kubevirt 17195: the target pod, on a bridge by Multus, announces the MAC when it is made).
//
//                outside (pings vm, once a second)
//                   │
//                  sw                 told: vm is behind hv2
//                ╱    ╲
//         hv1: br0     hv2: br0
//               │       │
//              vm      tap            the guest runs here; that tap leads nowhere yet
//
//   tap      frame from vm's MAC
//   sw       hv1 ─┤ hv2 ─────────────────────────────┤ hv1, if the guest sends      … ├ moves: hv2, for good
//
// The switch believes the latest frame. A guest that only answers is not asked any more and so never answers: it is
// gone until it migrates in earnest. A guest that sends of its own accord wins its place back with its next frame, and
// the switch sees the MAC flap. On a target that keeps silent nothing of this happens.
import { between, frame, minus, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { announced, movingGuest } from '../topologies/moving-guest.ts';

const EVERY = s(1);
/** From the making of the target to the hand-over: memory is copied meanwhile. */
const COPYING = s(30);

interface Settings { leaks: boolean; guest: 'silent' | 'speaks'; claims: 'stolen' | 'flaps' | 'quiet' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'the migration target leaks the guest’s MAC',
  cases: ['kubevirt 17195'],
  inDefaultSet: false,
  variants: {
    'guest-silent': variant({ leaks: true, guest: 'silent', claims: 'stolen' }),
    'guest-speaks': variant({ leaks: true, guest: 'speaks', claims: 'flaps' }),
    'target-silent': variant({ leaks: false, guest: 'silent', claims: 'quiet' }),
  },
  controls: {
    'leak-is-not-quiet': { ...variant({ leaks: true, guest: 'silent', claims: 'quiet' }), breaks: ['no frames from vm', 'delivery continues'] },
    'nothing-leaks': { ...variant({ leaks: false, guest: 'silent', claims: 'stolen' }), breaks: ['gratuitous ARPs', 'outage'] },
    'guest-speaks-is-not-stolen': { ...variant({ leaks: true, guest: 'speaks', claims: 'stolen' }), breaks: [/FDB .* stays hv2/, 'outage'] },
  },
  diagnosis: {
    'guest-silent': 'mac-leaked', 'guest-speaks': 'mac-leaked', 'leak-is-not-quiet': 'mac-leaked',
    'guest-speaks-is-not-stolen': 'mac-leaked',
  },
  topology: () => movingGuest(),
  captures: () => [{ node: 'sw', device: 'hv2' }],

  async story({ sw, vm, outside, beside }, { variant: v, expect, passes, until, bounds, capture, now, figure, random }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    // hv2's uplink is alive, and the capture on it sees what passes.
    outside.pings(beside.address(), { every: s(5) });
    if (v.guest === 'speaks') vm.pings(outside.address(), { every: EVERY });
    await passes(s(10 + random()));
    const prepared = v.leaks ? await vm.leaksFrom(1) : now('the target was prepared');
    await until(prepared, COPYING);

    const learned = announced(bounds);
    const left = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: 'rarp' });
    const standstill = ns(there.ns - left.ns);
    const place = sw.fdbEntry(vm.mac);
    // What was sent less than this before the end may still be on its way.
    const copying = minus(ns(left.ns - prepared.ns), ms(1));
    const wire = capture({ node: 'sw', device: 'hv2' });
    const arrived = { ns: there.ns + learned.max.ns, what: 'the announcement' };

    if (v.claims === 'quiet') {
      await expect(wire).seesNo(frame.from(vm.mac, 'vm'), since(prepared, copying));
      await expect(place).stays('hv1', since(prepared, copying));
      await expect(ping).continues(since(prepared, minus(copying, ms(50))));
    } else {
      await expect(wire).sees(frame.gratuitousArp({ mac: vm.mac }), within(prepared, learned), { atLeast: 1, atMost: 1 });
      await expect(place).becomes('hv2', within(prepared, learned));
      if (v.claims === 'stolen') {
        await expect(place).stays('hv2', between({ ns: prepared.ns + learned.max.ns, what: 'the leak' }, left));
        const lost = Math.floor((copying.ns - times(bounds.slack, 2).ns) / EVERY.ns) - 1;
        const { lostDatagrams } = await expect(ping).outage(since(prepared, copying), { lostAtLeast: lost, recovers: false, reasons: [`${lost} pings at least are sent between the leak and the hand-over`] });
        figure('lostPings', lostDatagrams);
      } else {
        // Until the guest's next frame, and every ping in between.
        const next = plus(EVERY, learned.max);
        await expect(place).becomes('hv1', within(prepared, ns(0), next, 'the guest sends once a second', ...learned.reasons));
        const { lostDatagrams } = await expect(ping).outage(since(prepared, copying), { atMost: next, lostAtMost: 2, reasons: ['the guest sends once a second', ...learned.reasons] });
        figure('lostPings', lostDatagrams);
      }
    }
    // The hand-over itself, announced as it should be, puts everything right.
    const most = Math.floor((standstill.ns + learned.max.ns) / EVERY.ns) + 1;
    await expect(place).stays('hv2', since(arrived, s(10)));
    await expect(ping).outage(since(left, plus(standstill, s(20))), { atMost: plus(standstill, learned.max, EVERY), lostAtMost: most, reasons: [`the guest stood still for ${standstill.ns / 1e9} s`, ...learned.reasons] });
  },
});
