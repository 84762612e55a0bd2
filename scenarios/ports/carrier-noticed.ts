// A port loses its carrier, and another one a moment later. When does the bridge notice, and send nothing there any more?
//
//   alice (sends to everybody)      east ╳       west    ╳
//       └────────── vmbr0 ────────────┴───────────┘
//
//   cards    east  ╳| at once            the last round of linkwatch is long over
//            west    ╳──────────────|    the next comes a second after it
//   cables   both  ╳|╳| at once          a veth stands on another device
//
// What a driver says of carriers is dealt with by linkwatch, which takes lost ones of ordinary cards up once a second at
// most (linkwatch_schedule_work). It is in no such a hurry limit for devices that stand on others, a VLAN's, a veth's, and
// for a bond and its slaves (linkwatch_urgent_event). So whatever is measured with veths is up to a second better than a
// real switch port of Linux.
import { after, bound, later, minus, ms, ns, plus, s, scenario, since, times, topology, within } from '../../harness/scenario.ts';

const EVERY = ms(10), GROUP = '239.192.5.5';
/** linkwatch's own: HZ jiffies. */
const ROUND = s(1);
const PORTS = ['east', 'west'] as const;

interface Settings { ports: 'cards' | 'cables'; claims: 'a-second-apart' | 'at-once' }
const settings = (ports: Settings['ports'], claims: Settings['claims']): Settings => ({ ports, claims });

export default scenario({
  title: 'a lost carrier is noticed',
  cases: ['C7'],
  inDefaultSet: false,
  variants: { cards: settings('cards', 'a-second-apart'), cables: settings('cables', 'at-once') },
  controls: {
    'cards-said-to-be-noticed-at-once': { ...settings('cards', 'at-once'), breaks: 'vmbr0:west: nothing arrives' },
    'cables-said-to-wait': { ...settings('cables', 'a-second-apart'), breaks: 'vmbr0:west: delivery stops' },
  },
  diagnosis: {},
  topology: ({ ports }) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: false });
    const alice = t.guest('alice', { on: vmbr0 });
    if (ports === 'cards') {
      for (const name of PORTS) t.card(name, { on: vmbr0 });
      return { vmbr0, alice };
    }
    const [east, west] = PORTS.map((name) => t.link(vmbr0, t.host(name), { b: { name: 'eth0' } }));
    return { vmbr0, alice, ...(east && west ? { east, west } : {}) };
  }),
  captures: () => [...PORTS, 'alice'].map((device) => ({ node: 'vmbr0', device, only: 'udp' })),
  notScaled: 'linkwatch looks at carriers once a second, whatever protocols’ timers are',

  async story({ vmbr0, alice, east, west }, { variant: v, expect, capture, passes, until, bounds, random, figure }) {
    // Longer than a round: whatever came up with the network has been looked at.
    await passes(plus(s(5), times(EVERY, random())));
    const flow = alice.sends(GROUP, { every: EVERY, to: [] });
    await passes(s(1));
    const loses = (port: (typeof PORTS)[number]) => {
      const link = { east, west }[port];
      return link ? link.fails('b') : vmbr0.portLosesCarrier(port);
    };
    const first = loses('east');
    await until(first, ms(300 + 400 * random()));
    const second = loses('west');
    const gap = ns(second.ns - first.ns), tick = ns(1e9 / bounds.hz);
    const atOnce = bound(ns(0), plus(times(tick, 2), bounds.slack), 'work for now');
    const left = minus(ROUND, gap);
    const waits = later(bounds.timer('linkwatch: a second after the round before', left), plus(times(tick, 2), bounds.slack), 'work for now');
    const at = (port: string) => expect(flow).at(capture({ node: 'vmbr0', device: port }));
    const silent = (port: string, lost: typeof first) => at(port).neverArrives(since(after(lost, atOnce.max), s(2)));
    await Promise.all([
      silent('east', first),
      // The round began in the tick of the first loss, or the one after it.
      v.claims === 'at-once' ? silent('west', second) : at('west').stops(within(second, { ...waits, min: minus(left, tick) }), { watch: s(2) }),
      at('alice').continues(since(first, s(2))),
    ]);
    figure('gapS', gap.ns / 1e9);
  },
});
