// A bond with a leg on each of two switches that act as one (vPC, MLAG). Each leg fails in turn, and then a whole switch.
//
//                outside (pings vm) ── br0 ─ po1
//                                      core ╱  ╲
//                                        sw1 ── sw2       know the same stations; each is the other's way round
//                                           ╲  ╱
//                         vm (silent) ── br0 ─ bond0  hv
//
// As with one switch (C4, C5): nobody has to learn anything again. The machine whose leg failed sends by the other one;
// the switch whose leg failed hands what it gets for that machine to its peer, and the peer knows where it is. What is
// lost is what went into the dead leg until each side noticed. The return of a leg costs nothing in a static group. Under
// LACP it costs two seconds and a half here: a bond says that it has a carrier before its only port is in the group, so
// the switch hands frames to a leg that sends none of them. (A switch that waits for LACP would not.) How the two are made to act as one, and what of such a
// pair is not modelled, is said in topologies/virtual-port-group.ts. Two switches that do not help each other out lose
// whatever the far machine's hash sends to the wrong one, for as long as the leg is down.
import { between as from, bound, type Bound, frame, ms, plus, s, scenario, since, times } from '../../harness/scenario.ts';
import { detection, NOT_SCALED } from '../topologies/two-access-switches.ts';
import { virtualPortGroup, type VirtualPortGroup } from '../topologies/virtual-port-group.ts';

const EVERY = ms(50);
/** LACP has settled: fast at first, whatever the rate. */
const SETTLED = s(10);
/** bonding's rounds of LACP, of which a LACPDU leaves in every third at most; a port waits two seconds of them before it joins (AD_AGGREGATE_WAIT_TIME). */
const AD_TICK = ms(100), TX_ROUNDS = 3, WAIT_ROUNDS = 20;

const variant = (settings: VirtualPortGroup): VirtualPortGroup => settings;

export default scenario({
  title: 'virtual port group over two switches',
  cases: ['C6'],
  inDefaultSet: false,
  variants: {
    'balance-xor': variant({ mode: 'balance-xor' }),
    'lacp-fast': variant({ mode: '802.3ad', lacpRate: 'fast' }),
  },
  controls: {
    'lacp-no-way-round': { ...variant({ mode: '802.3ad', lacpRate: 'fast', backup: false }), breaks: ['outage', 'echo requests'] },
  },
  // A leg's return under LACP is no fault; a leg that is down, with nobody to go round it, is one.
  diagnosis: { 'lacp-no-way-round': 'link-down' },
  topology: (v) => virtualPortGroup(v),
  captures: ({ sw1 }) => [{ node: sw1.node, device: 'peer' }],
  notScaled: NOT_SCALED,

  async story({ sw1, sw2, hv1, hv2, core1, core2, between, vm, outside }, { variant: v, expect, passes, until, bounds, capture, now, step, random, figure }) {
    const begin = now('all links were up');
    step('the switches tell each other where the stations are');
    for (const sw of [sw1, sw2]) {
      sw.believes(vm, 'hv');
      sw.believes(outside, 'core');
    }
    if (v.mode === '802.3ad') await until(begin, SETTLED);
    const ping = outside.pings(vm.address(), { every: EVERY });
    await expect(ping).continues(since(now('the pings began'), s(2)));
    await passes(ms(100 * random()));

    const found = detection(bounds);
    const round = bounds.timer('LACP state machine', AD_TICK);
    const together: Bound = v.mode === 'balance-xor' ? found
      : bound(ms(0), plus(found.max, times(round.max, WAIT_ROUNDS + 2 * (TX_ROUNDS + 1))), 'a group of one link has a carrier as soon as the link has, so the switch stops going round',
        `its port waits two seconds (${WAIT_ROUNDS} rounds), then each side tells the other, a LACPDU in every third round; until then the group sends nothing`, ...round.reasons);
    for (const leg of [hv1, hv2, core1, core2]) {
      const cut = leg.fails('b');
      await expect(ping).outage(since(cut, s(5)), { atMost: found.max, reasons: found.reasons });
      const back = now('the leg came back');
      await leg.returns('b');
      await expect(ping).outage(since(back, s(10)), { atMost: together.max, reasons: together.reasons });
    }
    const dead = now('sw1 died');
    for (const link of [hv1, core1]) link.fails('b');
    between.fails('a');
    await expect(ping).outage(since(dead, s(5)), { atMost: found.max, reasons: found.reasons });
    // While a leg was down, what the far machine's hash sent to that switch went round: the ping one way or the other.
    await expect(capture({ node: sw1.node, device: 'peer' })).sees(frame.echoTo(vm.address()), from(begin, dead), { atLeast: 1 });
    const lost = ping.record.sentNs.filter((_, seq) => ping.record.receivedNs[seq] === undefined).length;
    figure('lostPings', lost);
  },
});
