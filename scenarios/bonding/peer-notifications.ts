// The active slave changes and no link has failed: the primary returns. Is the change announced? (DPDK/grout 662: a bond
// that announced itself when it came up, and not when its active member changed.)
//
//      outside (pings hv)
//                     │
//                   core
//                  ╱    ╲
//               sw1      sw2
//                │        │            sw1's port comes back
//           eth0 └─ bond0 ┘ eth1       hv: active-backup, primary eth0; its address is on bond0
//
// num_grat_arp (num_unsol_na, num_peer_notif) counts the announcements of each change: the first at once, one more in each
// round of the monitor. Some kernels lose the second where miimon found the change: since "fix possible peer notify
// event loss or dup issue" (2025, in stable kernels as well) the round that switches slaves counts one down without
// sending it, so two and more become one less. With none nobody knows: the switches send to eth1, which drops what it gets while it is idle,
// so the host hears nothing, so it answers nothing, so the switches learn nothing.
import { frame, minus, ms, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { detection, NOT_SCALED, told, twoAccessSwitches } from '../topologies/two-access-switches.ts';

const EVERY = ms(200);
const WATCHED = s(30);

interface Settings { notices: number; claims: number }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'announcements of a new active slave',
  cases: ['C8'],
  inDefaultSet: false,
  variants: {
    'none': variant({ notices: 0, claims: 0 }),
    'three': variant({ notices: 3, claims: 3 }),
  },
  controls: {
    'none-said-to-be-one': { ...variant({ notices: 0, claims: 1 }), breaks: 'gratuitous ARPs' },
  },
  diagnosis: { none: 'failover-unannounced', 'none-said-to-be-one': 'failover-unannounced' },
  topology: (v) => twoAccessSwitches({ hostAddress: 'bond', bond: { num_peer_notif: v.notices } }),
  captures: ({ sw1 }) => [{ node: sw1.node, device: 'hv' }],
  notScaled: NOT_SCALED,

  async story({ core, hv, bond0, first, outside }, { variant: v, expect, passes, until, bounds, capture, now, random, figure }) {
    const ping = outside.pings(hv.address(), { every: EVERY });
    await passes(plus(s(3), ms(100 * random())));
    const cut = first.fails('b');
    const found = detection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));
    // Whatever the setting: by one frame of its own it is reachable by eth1.
    hv.gratuitousArp();
    await passes(plus(s(10), times(EVERY, random())));

    const opened = now('sw1 opened its port');
    await first.returns('b');
    await expect(bond0.activeSlave).becomes('eth0', within(opened, told(found, bounds)));
    const wire = capture({ node: 'sw1', device: 'hv' });
    const announcement = frame.gratuitousArp({ ip: hv.address() });
    if (v.claims === 0) {
      await until(opened, WATCHED);
      const silence = minus(WATCHED, EVERY);
      await expect(wire).seesNo(frame.from(hv.mac, 'hv'), since(opened, silence));
      await expect(core.fdbEntry(hv.mac)).stays('sw2', since(opened, silence));
      await expect(ping).outage(since(opened, silence), { lostAtLeast: Math.floor((silence.ns - found.max.ns) / EVERY.ns) - 1, recovers: false, reasons: ['five a second, and nobody announces the change'] });
      const spoke = now('the host sent');
      hv.gratuitousArp();
      await expect(ping).resumes(within(spoke, ms(0), plus(ms(50), bounds.slack), 'one frame of its own has taught the switches'));
      return;
    }
    const last = times(found.max, v.claims + 1);
    const count = { atLeast: Math.max(1, v.claims - 1), atMost: v.claims };
    await expect(wire).sees(announcement, since(opened, s(10), 'one with the switch and one in each further round', 'or one less: bond_mii_monitor may count one down without sending it'), count);
    await expect(wire).sees(announcement, within(opened, ms(0), last, ...found.reasons, 'a notice waits a round while linkwatch is at work on the slave (bond_should_notify_peers)'), count);
    figure('announcements', capture({ node: 'sw1', device: 'hv' }).seen(announcement).filter((f) => f.ns > opened.ns).length);
    await expect(ping).outage(since(opened, s(10)), { atMost: plus(found.max, found.max), reasons: ['from the switch of slaves to the first announcement, a round at most', ...found.reasons] });
  },
});
