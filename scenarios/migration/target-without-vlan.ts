// After a migration the guest reaches nobody and nobody reaches it; migrated back, all is well (harvester 1944).
//
//                outside (pings vm)
//                   │
//                  sw                 filters VLANs
//         100 tagged╱    ╲ 100 missing
//         hv1: br0     hv2: br0       vm's port: VLAN 100, untagged
//               │       │
//              vm  ◀──▶ vm
//
// What fits the report: the switch's port to the target host does not carry the guest's VLAN. The announcement is on
// the wire there, rightly tagged, and the switch drops it (ingress filtering), with everything that the guest sends. It
// goes on believing in the source host, so nothing comes to the guest either, and no further announcement would help.
import { between, frame, ms, minus, ns, plus, s, scenario, since, within } from '../../harness/scenario.ts';
import { announced } from '../topologies/moving-guest.ts';
import { VLAN, vlanTrunks } from '../topologies/vlan-trunks.ts';

const EVERY = s(1);
/** How long the guest is at the target. */
const AWAY = s(60);

interface Settings { trunk: boolean; claims: 'unreachable' | 'reachable' }
const variant = (trunk: boolean, claims: Settings['claims']): Settings => ({ trunk, claims });

export default scenario({
  title: 'the target’s switch port lacks the guest’s VLAN',
  cases: ['harvester 1944'],
  inDefaultSet: false,
  variants: {
    'vlan-missing': variant(false, 'unreachable'),
    'vlan-there': variant(true, 'reachable'),
  },
  controls: {
    'vlan-missing-is-not-reachable': { ...variant(false, 'reachable'), breaks: [/outside pings .*: outage/, /vm pings .*: delivery continues/] },
    'vlan-there-is-reachable': { ...variant(true, 'unreachable'), breaks: ['hv2: no echo requests', /outside pings .*: outage/] },
  },
  diagnosis: { 'vlan-missing': 'vlan-missing', 'vlan-missing-is-not-reachable': 'vlan-missing' },
  topology: (v) => vlanTrunks({ toHv2: v.trunk }),
  captures: () => [{ node: 'sw', device: 'hv2' }],

  async story({ sw, vm, outside }, { variant: v, expect, passes, until, bounds, capture, now, figure, random }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    const own = vm.pings(outside.address(), { every: EVERY });
    await passes(s(5 + random()));
    const left = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: 'rarp' });
    const standstill = ns(there.ns - left.ns);
    await until(there, AWAY);
    const back = now('the guest left hv2');
    const home = await vm.migrates(0, { announce: 'rarp' });

    const learned = announced(bounds);
    const away = minus(ns(back.ns - there.ns), ms(1));
    const place = sw.fdbEntry(vm.mac, VLAN);
    // Either way the announcement comes as far as the switch's port, in its VLAN.
    await expect(capture({ node: 'sw', device: 'hv2' })).sees(frame.and(frame.rarp(vm.mac), frame.inVlan(VLAN)), within(there, ns(0), s(2)), { atLeast: 5, atMost: 5 });
    if (v.claims === 'unreachable') {
      await expect(place).stays('hv1', since(left, away));
      await expect(capture({ node: 'sw', device: 'hv2' })).seesNo(frame.echoTo(vm.address()), since(left, away));
      const lost = Math.floor((back.ns - left.ns) / EVERY.ns) - 1;
      const inward = await expect(ping).outage(between(left, { ...back, ns: back.ns - 1e6 }), { lostAtLeast: lost, recovers: false, reasons: [`${lost} pings at least are sent while it is there`] });
      const outward = await expect(own).outage(since(there, away), { lostAtLeast: lost - 1, recovers: false, reasons: ['the switch drops what comes from it, too'] });
      figure('lostInwardPings', inward['lostDatagrams']);
      figure('lostOutwardPings', outward['lostDatagrams']);
    } else {
      await expect(place).becomes('hv2', within(there, learned));
      const most = Math.floor((standstill.ns + learned.max.ns) / EVERY.ns) + 1;
      const { lostDatagrams } = await expect(ping).outage(since(left, minus(away, ms(50))), { atMost: plus(standstill, learned.max), lostAtMost: most, reasons: learned.reasons });
      figure('lostInwardPings', lostDatagrams);
      await expect(own).continues(since(there, minus(away, ms(100))));
    }
    // At home again it is reached as before, by whoever.
    const again = plus(ns(home.ns - back.ns), learned.max);
    const { outageS } = await expect(ping).outage(since(back, plus(again, s(20))), { atMost: plus(again, EVERY), reasons: ['the way back is announced as well', ...learned.reasons] });
    figure('backHomeOutageS', outageS);
    await expect(place).stays('hv1', since({ ns: home.ns + learned.max.ns, what: 'the announcement at home' }, s(10)));
  },
});
