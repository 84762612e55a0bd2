// After a migration the guest reaches everybody, but newcomers do not reach the guest (harvester 5831: unreachable on
// one host, reachable on the other, and "no issues FROM the VM").
//
//      outside (knows vm's MAC)   newcomer (does not)
//                    ╲            ╱
//                        sw
//                      ╱    ╲ keeps broadcasts from hv2
//              hv1: br0     hv2: br0
//                 │           │
//                vm  ───▶   (vm)
//
// The thread names no cause; this one has all its symptoms: broadcasts do not come as far as the target host (a storm
// control, a filter, a card that drops them). The announcement goes the other way and arrives, so whoever knows the
// guest's MAC notices nothing. Who must ask for it by ARP is not heard. As soon as the guest itself asks for the
// newcomer, its request tells the newcomer the MAC, and both ways work: that is why it looks well from within.
import { between, frame, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { announced } from '../topologies/moving-guest.ts';
import { deafHost } from '../topologies/deaf-host.ts';

const EVERY = s(1);
/** How long the newcomer tries in vain. */
const TRYING = s(30);
/** Datagrams wait for an answer for this long: three requests, a second apart (ucast_solicit, retrans_time). */
const ASKING = s(3);

interface Settings { broadcasts: boolean }
const variant = (broadcasts: boolean): Settings => ({ broadcasts });

export default scenario({
  title: 'the target host gets no broadcasts',
  cases: ['harvester 5831'],
  inDefaultSet: false,
  variants: { 'broadcasts-withheld': variant(false) },
  controls: { 'broadcasts-pass': { ...variant(true), breaks: ['hv2:eth0: no ARP requests', /newcomer pings .*: outage/] } },
  diagnosis: { 'broadcasts-withheld': 'broadcast-withheld' },
  topology: (v) => deafHost({ broadcastsToHv2: v.broadcasts }),
  captures: () => [{ node: 'hv2', device: 'eth0' }, { node: 'sw', device: 'newcomer' }],

  async story({ sw, vm, outside, newcomer }, { expect, passes, until, bounds, capture, now, figure, random }) {
    const known = outside.pings(vm.address(), { every: EVERY });
    await passes(s(5 + random()));
    const left = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: 'rarp' });
    const standstill = ns(there.ns - left.ns);
    const learned = announced(bounds);
    await expect(sw.fdbEntry(vm.mac)).becomes('hv2', within(there, learned));

    const came = now('the newcomer came');
    const unknown = newcomer.pings(vm.address(), { every: EVERY });
    await until(came, TRYING);
    const spoke = now('the guest spoke to the newcomer');
    const own = vm.pings(newcomer.address(), { every: EVERY });
    await passes(s(10));

    // The newcomer asks, and nobody at hv2 hears it; unicast passes there all the while.
    const trying = between(came, { ...spoke, ns: spoke.ns - 1e6 });
    const asks = frame.arpRequest(vm.address());
    await expect(capture({ node: 'sw', device: 'newcomer' })).sees(asks, trying, { atLeast: 10 });
    await expect(capture({ node: 'hv2', device: 'eth0' })).seesNo(asks, trying);
    await expect(capture({ node: 'hv2', device: 'eth0' })).sees(frame.echoTo(vm.address()), trying, { atLeast: 10 });
    const most = Math.floor((standstill.ns + learned.max.ns) / EVERY.ns) + 1;
    await expect(known).outage(since(left, plus(standstill, TRYING)), { atMost: plus(standstill, learned.max), lostAtMost: most, reasons: learned.reasons });
    // Those that wait for an answer when the guest speaks are sent then, late.
    const lost = Math.floor((spoke.ns - came.ns - ASKING.ns - times(bounds.slack, 2).ns) / EVERY.ns) - 1;
    const { lostDatagrams } = await expect(unknown).outage(since(came, plus(ns(spoke.ns - came.ns), s(9))), {
      lostAtLeast: lost, atMost: plus(ns(spoke.ns - came.ns), EVERY, learned.max), reasons: [`${lost} pings at least are sent before the guest speaks, those of the last ${ASKING.ns / 1e9} s wait for an answer to the request`],
    });
    figure('lostPings', lostDatagrams);
    // From within all is well, from the first ping on.
    await expect(own).continues(since(spoke, s(8)));
  },
});
