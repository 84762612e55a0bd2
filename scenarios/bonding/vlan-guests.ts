// The active link of a bond fails. Guests sit in VLANs over it. Does their being in a VLAN help them?
//
//   outside ── core ─ sw1 ╳ eth0 ┐
//                 └── sw2 ─ eth1 ┴ bond0     hv: active-backup, miimon 100 ms
//
//   a bridge a VLAN:    bond0.10 ─ br10 ─ vm10,  bond0.20 ─ br20 ─ vm20
//   a VLAN-aware one:   bond0 (tagged 10, 20) ─ br0 ─ vm10 (pvid 10), vm20 (pvid 20)
//
// It does not: as C1. Bonding announces its VLANs' addresses, and there are none; a bridge on bond0.10 passes the
// notice no further than one on bond0. A guest that says nothing is gone until it speaks, and its frame carries its
// VLAN's tag. That its neighbour in the other VLAN speaks is of no use to it.
import { bound, frame, min, minus, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { detection, NOT_SCALED, told } from '../topologies/two-access-switches.ts';
import { addressOf, guestVlansOverABond } from '../topologies/vlans-over-a-bond.ts';

const EVERY = ms(200);
const SILENCE = s(30);
/** What frames on their way and the story's own work may take: to open a socket, to read a notification. */
const FLIGHT = ms(50);

interface Settings { wiring: 'bridges' | 'aware'; announces?: true }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'guests in VLANs behind a failover',
  cases: ['C10'],
  inDefaultSet: false,
  variants: {
    'a-bridge-for-each-vlan': variant({ wiring: 'bridges' }),
    'a-vlan-aware-bridge': variant({ wiring: 'aware' }),
  },
  controls: {
    'it-announces-itself': { ...variant({ wiring: 'bridges', announces: true }), breaks: ['no gratuitous ARPs', 'outage'] },
  },
  diagnosis: {
    'a-bridge-for-each-vlan': 'failover-unannounced', 'a-vlan-aware-bridge': 'failover-unannounced',
    'it-announces-itself': 'failover-unannounced',
  },
  topology: (v) => guestVlansOverABond(v.wiring),
  captures: ({ sw2 }) => [{ node: sw2.node, device: 'hv' }],
  notScaled: NOT_SCALED,

  async story({ core, sw2, bond0, first, vm10, vm20, outside }, { variant: v, expect, passes, until, bounds, capture, now, random }) {
    const ping = outside.pings(vm10.address(), { every: EVERY });
    if (v.announces) vm10.gratuitousArpEvery(s(5));
    await passes(plus(s(3), times(EVERY, random())));
    const cut = first.fails('b');
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(detection(bounds), bounds)));
    const place = core.fdbEntry(vm10.mac);
    const wire = capture({ node: sw2.node, device: 'hv' });

    // The other guest speaks, and is reachable.
    await until(cut, s(5));
    const other = vm20.pings(addressOf(20, 'outside'), { every: s(1) });
    await until(cut, SILENCE);
    const silence = minus(SILENCE, EVERY);
    await expect(other).continues(since({ ns: other.record.sentNs[0] as number, what: 'the guest in VLAN 20 spoke' }, s(20)));
    await expect(place).stays('sw1', since(cut, silence));
    await expect(wire).seesNo(frame.gratuitousArp(), since(cut, silence));
    // The bridge on bond0.10 reports its own membership (of all snoopers) with the tag; that is not the guest's MAC.
    await expect(wire).seesNo(frame.from(vm10.mac, vm10.name), since(cut, silence));
    await expect(ping).outage(since(cut, silence), { lostAtLeast: silence.ns / EVERY.ns - 1, recovers: false, reasons: ['five a second, and nobody speaks in VLAN 10'] });

    const spoke = now('the guest in VLAN 10 sent');
    vm10.pings(addressOf(10, 'outside'), { every: min(1) });
    const taught = bound(ns(0), plus(FLIGHT, bounds.slack), 'one frame through two bridges, and the opening of a socket to send it');
    await expect(wire).sees(frame.and(frame.from(vm10.mac, vm10.name), frame.inVlan(10)), within(spoke, taught));
    await expect(place).becomes('sw2', within(spoke, taught));
    await expect(ping).resumes(within(spoke, taught));
  },
});
