// A guest migrates to a bridge that lets a new port listen and learn before it forwards. How long is it gone, and what
// becomes of its announcement?
//
//                outside (pings vm)
//                   │
//                  sw                 without spanning tree: passes BPDUs on, and is told nothing
//                ╱    ╲
//         hv1: br0     hv2: br0       spanning tree on: the guest's port there listens, learns, forwards
//               │       │
//              vm  ───▶ (vm)
//
//   vm's port   listening ── 15 s ──▶ learning ── 15 s ──▶ forwarding
//   QEMU        RRRRR lost                                 (announces no more)
//   guest                                                  its next frame teaches the switch, if it has one to send
//
// The forward delay alone delays nothing: without spanning tree a port forwards at once whatever the delay is
// (br_make_forwarding tests stp_enabled first). And a delay of 0 does not help where spanning tree is switched on:
// br_stp_start raises it to the 2 s that 802.1D allows at least.
import { between, bound, frame, minus, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { announced, movingGuest } from '../topologies/moving-guest.ts';

const EVERY = s(1);
/** How long the guest that has nothing to say is watched after its port forwards. */
const SILENCE = s(40);
const NEEDS_TWO_SECONDS = 'with spanning tree the kernel takes no forward_delay below 2 s';

interface Settings {
  /** Switched on once the bridges stand, as by `brctl stp br0 on`: of hv2's bridge, or of all three. */
  stp: 'off' | 'at-hv2' | 'everywhere';
  /** In seconds. */
  forwardDelay: number;
  /** Has it anything to say of its own, once a second, or does it only answer? */
  guest: 'speaks' | 'silent';
  claims: 'delayed' | 'at-once';
  notScaled?: string;
}
const variant = (settings: Settings): Settings => ({ ...settings, ...(settings.stp === 'off' ? {} : { notScaled: NEEDS_TWO_SECONDS }) });

export default scenario({
  title: 'forwarding delay at the destination',
  cases: ['D6'],
  inDefaultSet: false,
  variants: {
    'stp-guest-speaks': variant({ stp: 'at-hv2', forwardDelay: 15, guest: 'speaks', claims: 'delayed' }),
    'stp-guest-silent': variant({ stp: 'at-hv2', forwardDelay: 15, guest: 'silent', claims: 'delayed' }),
    'stp-everywhere': variant({ stp: 'everywhere', forwardDelay: 15, guest: 'silent', claims: 'delayed' }),
    'stp-over-delay-0': variant({ stp: 'at-hv2', forwardDelay: 0, guest: 'speaks', claims: 'delayed' }),
    'delay-without-stp': variant({ stp: 'off', forwardDelay: 15, guest: 'silent', claims: 'at-once' }),
    'neither': variant({ stp: 'off', forwardDelay: 0, guest: 'silent', claims: 'at-once' }),
  },
  controls: {
    'stp-is-at-once': { ...variant({ stp: 'at-hv2', forwardDelay: 15, guest: 'speaks', claims: 'at-once' }), breaks: ['RARP announcements', 'outage'] },
    'delay-without-stp-is-delayed': { ...variant({ stp: 'off', forwardDelay: 15, guest: 'silent', claims: 'delayed' }), breaks: 'port state becomes' },
  },
  diagnosis: {
    'stp-guest-speaks': 'port-not-forwarding', 'stp-guest-silent': 'port-not-forwarding', 'stp-everywhere': 'port-not-forwarding',
    'stp-over-delay-0': 'port-not-forwarding', 'stp-is-at-once': 'port-not-forwarding',
  },
  topology: (v) => {
    const delayed = { forward_delay: s(v.forwardDelay) };
    return movingGuest(v.stp === 'everywhere' ? { source: delayed, target: delayed, fabric: delayed } : { target: delayed });
  },
  captures: () => [{ node: 'sw', device: 'hv2' }],

  async story({ sw, hv1, hv2, vm, outside }, { variant: v, expect, passes, until, bounds, capture, now, figure, random }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    await passes(s(2));
    for (const bridge of v.stp === 'everywhere' ? [sw, hv1, hv2] : v.stp === 'at-hv2' ? [hv2] : []) bridge.sets({ stp_state: true });
    if (v.guest === 'speaks') vm.pings(outside.address(), { every: EVERY });
    await passes(s(5 + random()));
    const delay = hv2.holds('forward_delay');
    figure('forwardDelayS', delay.ns / 1e9);

    const left = now('the guest left hv1');
    // Five rounds of RARP, all of them within the first second.
    const there = await vm.migrates(1, { announce: 'rarp' });
    const standstill = ns(there.ns - left.ns);
    const learned = announced(bounds);
    const uplink = capture({ node: 'sw', device: 'hv2' });
    // The port comes to its bridge a little before the guest runs.
    const early = plus(ms(50), bounds.slack);

    if (v.claims === 'at-once') {
      await expect(uplink).sees(frame.rarp(vm.mac), since(left, plus(standstill, s(2))), { atLeast: 5, atMost: 5 });
      await expect(sw.fdbEntry(vm.mac)).becomes('hv2', within(there, learned));
      const most = Math.floor((standstill.ns + learned.max.ns) / EVERY.ns) + 1;
      const { outageS } = await expect(ping).outage(since(left, plus(standstill, s(40))), {
        atMost: plus(standstill, learned.max), lostAtMost: most, reasons: [`the guest stood still for ${standstill.ns / 1e9} s`, ...learned.reasons],
      });
      figure('outageS', outageS);
      return;
    }

    const stage = bounds.timer('forward_delay', delay);
    const twice = bound(minus(times(stage.min, 2), early), plus(times(stage.max, 2), learned.max), ...stage.reasons, 'once to listen, once to learn', 'the port comes to its bridge while the guest is still on its way');
    const state = vm.portState(1);
    await expect(state).becomes('learning', within(there, minus(stage.min, early), plus(stage.max, learned.max), ...stage.reasons));
    const { becameAfterS } = await expect(state).becomes('forwarding', within(there, twice));
    figure('forwardsAfterS', becameAfterS);
    const forwards = { ns: there.ns + (becameAfterS ?? 0) * 1e9, what: 'its port forwarded' };

    // None of the announcements reaches the switch; the uplink carries hv2's BPDUs meanwhile.
    await expect(uplink).seesNo(frame.from(vm.mac, 'vm'), between(left, { ...forwards, ns: forwards.ns - bounds.slack.ns - 5e6 }));
    if (v.guest === 'speaks') {
      const next = plus(twice.max, EVERY);
      await expect(sw.fdbEntry(vm.mac)).becomes('hv2', within(there, twice.min, next, ...twice.reasons, 'and up to a second until the guest sends again'));
      const { outageS } = await expect(ping).outage(since(left, plus(standstill, next, s(10))), {
        atLeast: twice.min, atMost: plus(standstill, next, EVERY), reasons: [`the guest stood still for ${standstill.ns / 1e9} s`, ...twice.reasons, 'and up to a second until the guest sends again, and another until the next ping'],
      });
      figure('outageS', outageS);
      return;
    }
    // It forwards now, but nobody announces the guest any more. A tree of all bridges tells of a topology change, which
    // shortens how long MACs are believed in, and yet ends nothing: an entry's age is looked at by br_fdb_cleanup alone,
    // whose timer was armed when the entries still had 300 s.
    if (v.stp === 'everywhere') await expect(uplink).sees(frame.topologyChange(), within(forwards, ns(0), s(5), 'hello_time 2 s, BPDUs at least a second apart'));
    await until(forwards, SILENCE);
    const spoke = now('the guest sent');
    vm.pings(outside.address(), { every: s(300) });
    const silence = minus(ns(spoke.ns - left.ns), ms(1));
    await expect(sw.fdbEntry(vm.mac)).stays('hv1', since(left, silence));
    const lost = Math.floor((spoke.ns - left.ns) / EVERY.ns) - 1;
    const { outageS } = await expect(ping).outage(since(left, silence), { lostAtLeast: lost, recovers: false, reasons: [`${lost} pings at least are sent between its leaving and its first frame`] });
    figure('outageS', outageS);
    await expect(ping).resumes(within(spoke, learned));
  },
});
