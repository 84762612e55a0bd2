// The active link of a bond fails under a guest that speaks: of itself, or because somebody made it announce itself.
//
//                  outside
//                     │
//                   core
//                  ╱    ╲
//               sw1      sw2
//                ╳        │            sw1 shuts its port
//           eth0 └─ bond0 ┘ eth1       hv: active-backup, miimon 100 ms
//                     │
//                    br0 ── vm (pings out, or sends a gratuitous ARP every 5 s)
//
// Every frame of the guest's that leaves by eth1 teaches sw2 and the core where it is now. A guest that pings out loses
// what was on its way and what it sent before bonding noticed. The workaround of a gratuitous ARP every 5 s
// (`arping -q -U -c1` in a loop) makes the outage as long as the way to the first one that leaves by the new slave.
import { bound, type Duration, frame, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { detection, NOT_SCALED, told, twoAccessSwitches } from '../topologies/two-access-switches.ts';

const ARPING = s(5);
/** What frames on their way and the story's own work may take: to open a socket, to read a notification. */
const FLIGHT = ms(50);

interface Settings { speaks: 'pings' | 'announces' | 'not'; claims: 'pings' | 'announces'; every: Duration }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'speaking guest behind a failover',
  cases: ['C2', 'C3'],
  variants: {
    'pings-out': variant({ speaks: 'pings', claims: 'pings', every: ms(50) }),
    'announces-itself': variant({ speaks: 'announces', claims: 'announces', every: ms(200) }),
  },
  controls: {
    // Told apart from C2 by who pings alone: the outside host does, and the guest only answers.
    'only-answers': { ...variant({ speaks: 'not', claims: 'pings', every: ms(50) }), breaks: 'outage' },
    'announces-nothing': { ...variant({ speaks: 'not', claims: 'announces', every: ms(200) }), breaks: ['gratuitous ARPs', 'outage'] },
  },
  diagnosis: { 'announces-itself': 'failover-unannounced', 'only-answers': 'failover-unannounced', 'announces-nothing': 'failover-unannounced' },
  topology: () => twoAccessSwitches(),
  captures: ({ sw2 }, v) => (v.claims === 'announces' ? [{ node: sw2.node, device: 'hv' }] : []),
  notScaled: NOT_SCALED,

  async story({ core, bond0, first, vm, outside }, { variant: v, expect, passes, bounds, capture, random, figure }) {
    const ping = v.speaks === 'pings' ? vm.pings(outside.address(), { every: v.every }) : outside.pings(vm.address(), { every: v.every });
    if (v.speaks === 'announces') vm.gratuitousArpEvery(ARPING);
    // Anywhere between two gratuitous ARPs, and so anywhere in a round of the monitor.
    await passes(plus(ARPING, times(ARPING, random())));
    const cut = first.fails('b');
    const found = detection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));

    if (v.claims === 'pings') {
      const most = Math.floor(found.max.ns / v.every.ns) + 1;
      await expect(ping).outage(since(cut, s(10)), {
        atMost: found.max, lostAtMost: most,
        reasons: [...found.reasons, `${most} pings, ${v.every.ns / 1e6} ms apart, are sent in that time at most`],
      });
      await expect(core.fdbEntry(vm.mac)).becomes('sw2', within(cut, bound(ns(0), plus(found.max, v.every, FLIGHT, bounds.slack), 'the guest’s next ping teaches the core')));
    } else {
      const next = bound(ns(0), plus(ARPING, found.max, FLIGHT, bounds.slack), `a gratuitous ARP every ${ARPING.ns / 1e9} s, the first of which may still leave by the dead slave`, ...found.reasons);
      await expect(capture({ node: 'sw2', device: 'hv' })).sees(frame.gratuitousArp({ ip: vm.address() }), within(cut, next), { atLeast: 1, atMost: 2 });
      await expect(core.fdbEntry(vm.mac)).becomes('sw2', within(cut, next));
      const taught = core.fdbEntry(vm.mac).changes.find((c) => c.ns > cut.ns && c.value === 'sw2');
      await expect(ping).outage(since(cut, plus(next.max, s(5))), {
        // Not shorter either: nothing but the announcement ends it.
        atMost: next.max, ...(taught ? { atLeast: ns(taught.ns - cut.ns) } : {}), reasons: [...next.reasons, 'nothing else ends it'],
      });
      if (taught) figure('announcedAfterS', (taught.ns - cut.ns) / 1e9);
    }
  },
});
