// A bond asks for a machine behind the switches, by ARP or by neighbour solicitations. What does it do while that machine is
// gone, although both of its links are well, and when does it work again?
//
//   far   near      targets; far vanishes and returns
//     └─ sw ─┘
//      ╱    ╲
//  eth0      eth1
//      └bond0┘      hv: active-backup, asks every second, arp_validate all
//
//   far    ── vanishes ───────────────────────────────── returns ──
//   bond0  eth0  |── 2 to 3 s ──▶ eth1 ── 3 rounds ──▶ none |── 1 to 2 s ──▶ a slave
//
// One question a second leaves by the active slave, and while there is none by one slave after the other. With validation
// an idle slave is up while it hears the bond's own questions come round; so the bond tries it when the active one hears
// no answer, and gives it up too. Over IPv6 likewise: the solicited-node group counts as the target (bond_get_targets_ip6).
//
// With two targets one will do (arp_all_targets any, the default), or both have to answer (all). Over IPv6 "all" counts
// answers of the first target alone: slave_oldest_target_arp_rx goes by the list of ARP targets.
import { after, bound, frame, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { NOT_SCALED, told } from '../topologies/two-access-switches.ts';
import { ARP_INTERVAL, arpDetection } from '../topologies/watched-bond.ts';
import { addressOf, PING_EVERY, pingedOf, type Targets, watchedTargets } from '../topologies/watched-targets.ts';

/** Longer than both slaves are believed in, and some rounds of the search. */
const GONE = s(20);

interface Settings { by: Targets; both?: 'far-first' | 'near-first'; all?: true; loses: 'far' | 'path' | 'nothing'; claims: 'gone' | 'stays' | 'moves' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'targets of the ARP monitor',
  cases: ['C7'],
  inDefaultSet: false,
  variants: {
    'arp-vanishes': variant({ by: 'arp', loses: 'far', claims: 'gone' }),
    'arp-one-of-two-vanishes': variant({ by: 'arp', both: 'far-first', loses: 'far', claims: 'stays' }),
    'arp-one-of-all-vanishes': variant({ by: 'arp', both: 'near-first', all: true, loses: 'far', claims: 'gone' }),
    'ns-vanishes': variant({ by: 'ns', loses: 'far', claims: 'gone' }),
    'ns-link-local-vanishes': variant({ by: 'ns-link-local', loses: 'far', claims: 'gone' }),
    'ns-path-fails': variant({ by: 'ns', loses: 'path', claims: 'moves' }),
    'ns-second-of-all-vanishes': variant({ by: 'ns', both: 'near-first', all: true, loses: 'far', claims: 'stays' }),
  },
  controls: {
    'arp-nothing-vanishes': { ...variant({ by: 'arp', loses: 'nothing', claims: 'gone' }), breaks: ['becomes eth1', 'becomes none'] },
    'arp-one-of-all-said-to-do': { ...variant({ by: 'arp', both: 'near-first', all: true, loses: 'far', claims: 'stays' }), breaks: 'stays eth0' },
    'ns-first-of-all-said-to-do': { ...variant({ by: 'ns', both: 'far-first', all: true, loses: 'far', claims: 'stays' }), breaks: 'stays eth0' },
    'ns-path-fails-said-to-stay': { ...variant({ by: 'ns', loses: 'path', claims: 'gone' }), breaks: 'becomes none' },
  },
  // Far is cut off from everybody, whichever slave the bond uses; a path that fails is what the bond is there for.
  diagnosis: {
    'arp-vanishes': 'silent-cut', 'arp-one-of-two-vanishes': 'silent-cut', 'arp-one-of-all-vanishes': 'silent-cut', 'arp-one-of-all-said-to-do': 'silent-cut',
    'ns-vanishes': 'silent-cut', 'ns-link-local-vanishes': 'silent-cut', 'ns-second-of-all-vanishes': 'silent-cut', 'ns-first-of-all-said-to-do': 'silent-cut',
  },
  topology: (v) => watchedTargets(v),
  captures: () => [{ node: 'sw', device: 'far', only: 'arp or icmp6' }, { node: 'sw', device: 'near', only: 'arp or icmp6' }],
  notScaled: NOT_SCALED,

  async story({ sw, bond0, first, far, wire }, { variant: v, expect, capture, now, passes, until, bounds, random, figure }) {
    const [toFar, toNear] = [capture({ node: 'sw', device: 'far' }), capture({ node: 'sw', device: 'near' })];
    const asks = (who: 'far' | 'near') => (v.by === 'arp' ? frame.arpRequest(addressOf(v.by, who)) : frame.neighbourSolicitation(addressOf(v.by, who), 'multicast', { mac: bond0.mac, name: 'bond0' }));
    const round = bounds.timer('arp_interval', ARP_INTERVAL);
    /** One a round; the window may begin and end anywhere in one. */
    const oneARound = (length: { ns: number }) => ({ atLeast: Math.floor(length.ns / (round.max.ns + 2e9 / bounds.hz)), atMost: Math.ceil(length.ns / round.min.ns) + 1 });

    await passes(plus(s(10), times(ARP_INTERVAL, random())));
    const begun = now('the bond had settled');
    const ping = far.pings(pingedOf(v.by), { every: PING_EVERY });
    await until(begun, s(15));
    await Promise.all([
      expect(bond0.activeSlave).stays('eth0', since(begun, s(15))),
      // A question by the other slave would move the bond's MAC there.
      expect(sw.fdbEntry(bond0.mac)).stays('hv0', since(begun, s(15))),
      expect(toFar).sees(asks('far'), since(begun, s(15)), oneARound(s(15))),
      ...(v.both ? [expect(toNear).sees(asks('near'), since(begun, s(15)), oneARound(s(15)))] : []),
      expect(ping).continues(since(begun, s(14))),
    ]);
    await passes(times(ARP_INTERVAL, random()));

    const found = arpDetection(bounds);
    const gone = v.loses === 'nothing' ? now('nothing vanished') : v.loses === 'path' ? first.silences('b') : wire.silences('b');
    if (v.claims === 'moves') {
      await Promise.all([
        expect(bond0.activeSlave).becomes('eth1', within(gone, told(found, bounds))),
        expect(ping).outage(since(gone, GONE), { atLeast: found.min, atMost: plus(found.max, PING_EVERY), reasons: found.reasons }),
      ]);
      return;
    }
    if (v.claims === 'stays') {
      await Promise.all([
        expect(bond0.activeSlave).stays('eth0', since(gone, GONE)),
        expect(toNear).sees(asks('near'), since(gone, GONE), oneARound(GONE)),
      ]);
      return;
    }
    const none = bound(plus(found.min, times(round.min, 3)), plus(found.max, times(round.max, 3)), ...found.reasons, 'a slave that has just become the active one is left alone for two and a half intervals');
    await Promise.all([
      expect(bond0.activeSlave).becomes('eth1', within(gone, told(found, bounds))),
      expect(bond0.activeSlave).becomes('none', within(gone, told(none, bounds))),
    ]);
    const searching = after(gone, none.max, 'the search was on');
    await until(gone, GONE);
    const back = v.loses === 'nothing' ? now('nothing returned') : wire.speaksAgain('b');
    const found2 = bound(round.min, plus(times(round.max, 2), PING_EVERY, ms(5), ns(2e9 / bounds.hz)), 'the next question is answered, at any moment of a round', 'the round after it takes the slave', 'the next ping', ...round.reasons);
    await Promise.all([
      expect(bond0.activeSlave).stays('none', since(searching, ns(back.ns - searching.ns))),
      // The switch floods: at near's port the search is seen though far is cut off.
      expect(toNear).sees(asks('far'), since(searching, ns(back.ns - searching.ns)), oneARound(ns(back.ns - searching.ns))),
      expect(ping).resumes(within(back, found2)),
    ]);
    figure('downS', (back.ns - gone.ns) / 1e9);
  },
});
