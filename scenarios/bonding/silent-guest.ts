// The active link of a bond fails. A guest behind the bond says nothing. Until when is it unreachable from outside?
//
//                  outside (pings vm)
//                     │
//                   core               believes: vm is behind sw1
//                  ╱    ╲
//               sw1      sw2
//                ╳        │            sw1 shuts its port
//           eth0 └─ bond0 ┘ eth1       hv: active-backup, miimon 100 ms
//                     │
//                    br0 ── vm (silent)
//
// Bonding moves to eth1 within a tenth of a second, and announces its own addresses, of which it has none here. The
// guest's MAC is not its own: nobody tells the core where it went. The echo requests go on to sw1 and die there. The
// outage has three ends: the guest sends something; the outside host's ARP entry goes stale, its unicast probes die as
// well, and it asks by broadcast; or the core forgets the MAC after ageing_time and floods.
import { bound, type Duration, frame, min, minus, ms, ns, plus, portOf, s, scenario, since, times, wheelStep, within } from '../../harness/scenario.ts';
import { ageing } from '../topologies/fdb-ageing.ts';
import { detection, NOT_SCALED, told, twoAccessSwitches } from '../topologies/two-access-switches.ts';

/** base_reachable_time: each device takes 0.5 to 1.5 of it at random. */
const REACHABLE = { least: s(15), most: s(45) };
/** delay_first_probe_time, retrans_time and ucast_solicit. */
const DELAY = s(5), RETRANS = s(1), PROBES = 3;
const EVERY = s(1);
const SILENCE = s(60);
/** What frames on their way and the story's own work may take: to open a socket, to read a notification. */
const FLIGHT = ms(50);

type Ending = 'guest-sends' | 'arp-ageing' | 'fdb-ageing';
interface Settings { ending: Ending; knows?: 'nobody'; announcesEvery?: Duration; coreAgeing?: Duration }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'silent guest behind a failover',
  cases: ['C1'],
  variants: {
    'until-it-sends': variant({ ending: 'guest-sends' }),
    'until-somebody-asks': variant({ ending: 'arp-ageing', knows: 'nobody' }),
    'until-the-core-forgets': variant({ ending: 'fdb-ageing' }),
  },
  controls: {
    'it-announces-itself': { ...variant({ ending: 'guest-sends', announcesEvery: s(5) }), breaks: [/FDB .* stays/, 'outage'] },
    'nobody-asks': { ...variant({ ending: 'arp-ageing' }), breaks: ['ARP requests', 'outage'] },
    'the-core-forgets-early': { ...variant({ ending: 'fdb-ageing', coreAgeing: s(200) }), breaks: [/FDB .* becomes absent/, 'outage'] },
  },
  diagnosis: {
    'until-it-sends': 'failover-unannounced', 'until-somebody-asks': 'failover-unannounced',
    'until-the-core-forgets': 'failover-unannounced', 'it-announces-itself': 'failover-unannounced', 'nobody-asks': 'failover-unannounced',
    'the-core-forgets-early': 'failover-unannounced',
  },
  topology: (v) => twoAccessSwitches(v),
  captures: ({ core, outside }, v) => (v.ending === 'arp-ageing' ? [portOf(core, outside)] : []),
  notScaled: NOT_SCALED,

  async story({ core, bond0, first, vm, outside }, { variant: v, expect, passes, until, bounds, capture, now, figure, random }) {
    const ping = outside.pings(vm.address(), { every: EVERY });
    if (v.announcesEvery) vm.gratuitousArpEvery(v.announcesEvery);
    // Where ARP runs, the guest confirms its own entry for the outside host 5 s after its first answer; that is a frame
    // of its own. 8 s is after that, and before anything else of the guest's is due; then at any moment between pings.
    await passes(plus(s(8), times(EVERY, random())));
    const cut = first.fails('b');
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(detection(bounds), bounds)));
    const place = core.fdbEntry(vm.mac);

    if (v.ending === 'guest-sends') {
      await until(cut, SILENCE);
      const silence = minus(SILENCE, ms(1));
      await expect(place).stays('sw1', since(cut, silence));
      await expect(ping).outage(since(cut, silence), { lostAtLeast: 59, recovers: false, reasons: ['one a second for just under 60 s, and nobody speaks'] });
      const spoke = now('the guest sent');
      vm.pings(outside.address(), { every: min(1) });
      await expect(place).becomes('sw2', within(spoke, ns(0), plus(FLIGHT, bounds.slack), 'one frame through two bridges, and the opening of a socket to send it'));
      await expect(ping).resumes(within(spoke, ns(0), plus(FLIGHT, bounds.slack), 'the guest’s frame has taught the core'));
    } else if (v.ending === 'arp-ageing') {
      // All from the first ping on, which resolved the address; the cut came 8 to 9 s later.
      const wheel = plus(wheelStep(REACHABLE.most, bounds.hz), wheelStep(DELAY, bounds.hz), times(wheelStep(RETRANS, bounds.hz), PROBES), ns(5e9 / bounds.hz));
      const begin = { ns: ping.record.sentNs[0] as number, what: 'the first ping' };
      const asks = bound(plus(REACHABLE.least, DELAY, times(RETRANS, PROBES)), plus(REACHABLE.most, DELAY, times(RETRANS, PROBES), wheel, EVERY),
        'reachable_time is 15 to 45 s (half to three halves of 30 s, at random)', 'delay_first_probe_time 5 s, then 3 unicast probes, 1 s apart', 'the next ping makes it ask by broadcast, a second later at most', `timer wheel: + ${wheel.ns / 1e9} s in all`);
      await expect(capture({ node: 'core', device: 'outside' })).sees(frame.and(frame.arpRequest(vm.address()), frame.to('ff:ff:ff:ff:ff:ff', 'broadcast')), within({ ...begin, ns: begin.ns + 1e6 }, asks), { atLeast: 1, atMost: 1 });
      const sinceBegin = ns(cut.ns - begin.ns);
      const out = plus(asks.max, s(2));
      await expect(place).becomes('sw2', within({ ...begin, ns: begin.ns + 1e6 }, asks));
      await expect(ping).outage(within(cut, ns(0), out), { atLeast: minus(asks.min, sinceBegin), atMost: minus(asks.max, sinceBegin), reasons: asks.reasons });
    } else {
      const last = ping.lastReply;
      const forgets = ageing(bounds);
      await expect(place).becomes('absent', within(last, forgets));
      await expect(ping).outage(since(cut, plus(forgets.max, s(3))), { atLeast: forgets.min, atMost: plus(forgets.max, EVERY), reasons: [...forgets.reasons, 'and up to a second until the next ping'] });
      figure('forgottenAfterS', ((place.changes.find((c) => c.ns > cut.ns)?.ns ?? NaN) - last.ns) / 1e9);
    }
  },
});
