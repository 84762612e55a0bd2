// Somebody sends with another's MAC. Where does the bridge then believe that station, and what becomes of its frames?
//
//   alice (answers, no more)   mallory (sends once with alice's MAC)   carol (pings alice)
//               └───────────────────────┼──────────────────────────────────┘
//                                      br0
//
// A bridge believes the port where a MAC was heard last. A static entry does not age, but it moves all the same
// (br_fdb_update); only a sticky one stays where it is, and mallory's frame changes nothing.
import { after, between, bound, frame, later, ms, ns, plus, portOf, s, scenario, since, topology, within } from '../../harness/scenario.ts';

const EVERY = ms(200);

interface Settings { entry: 'sticky' | 'static' | 'learned'; claims: 'stays' | 'moves' }
const settings = (entry: Settings['entry'], claims: Settings['claims']): Settings => ({ entry, claims });

export default scenario({
  title: 'sticky stations',
  cases: [],
  inDefaultSet: false,
  variants: {
    'sticky-stays': settings('sticky', 'stays'),
    'static-moves': settings('static', 'moves'),
    'learned-moves': settings('learned', 'moves'),
  },
  controls: {
    'static-said-to-stay': { ...settings('static', 'stays'), breaks: ['stays alice', 'no frames to alice'] },
    'sticky-said-to-move': { ...settings('sticky', 'moves'), breaks: ['becomes mallory', ': frames to alice'] },
  },
  diagnosis: { 'static-moves': 'mac-leaked', 'learned-moves': 'mac-leaked', 'static-said-to-stay': 'mac-leaked' },
  topology: () => topology((t) => {
    const br0 = t.bridge('br0', { snooping: false });
    const [alice, mallory, carol] = [t.guest('alice', { on: br0 }), t.guest('mallory', { on: br0, addresses: [] }), t.guest('carol', { on: br0 })];
    // Nobody asks for anybody: only the frames of the story move the entry.
    t.knows(alice, '192.0.2.2', { node: 'carol', device: 'eth0' });
    t.knows(carol, '192.0.2.1', { node: 'alice', device: 'eth0' });
    return { br0, alice, mallory, carol };
  }),
  captures: ({ br0, mallory }) => [portOf(br0, mallory)],

  async story({ br0, alice, mallory, carol }, { variant: v, expect, capture, now, passes, bounds }) {
    if (v.entry !== 'learned') br0.believes(alice, 'alice', { sticky: v.entry === 'sticky' });
    const ping = carol.pings(alice.address(), { every: EVERY });
    await passes(s(5));
    const toMallory = capture(portOf(br0, mallory));
    const spoofed = { ...mallory.sendsFrame(aliceSays(alice.mac)), what: "mallory's frame" };
    await passes(s(10));
    const end = now('the end');
    const told = later(bound(ns(0), ms(5), 'with the frame'), plus(bounds.slack), "the story's process reads the notification");
    const pings = frame.to(alice.mac, 'alice');
    if (v.claims === 'stays') {
      await expect(ping).continues(between(after(spoofed, ms(-4000)), end));
      await expect(br0.fdbEntry(alice.mac)).stays('alice', since(after(spoofed, ms(-1000)), s(10)));
      await expect(toMallory).seesNo(pings, between(spoofed, end));
    } else {
      // Alice hears no ping, so she answers none, and nothing tells the bridge better.
      await expect(ping).outage(since(spoofed, s(9)), { atLeast: s(8), recovers: false, reasons: ['alice is silent unless she is asked'] });
      await expect(br0.fdbEntry(alice.mac)).becomes('mallory', within(spoofed, told));
      await expect(toMallory).sees(pings, since(spoofed, s(10)), { atLeast: 49, atMost: 51 });
    }
  },
});

/** Any frame with alice's MAC as its sender; to everybody. */
function aliceSays(mac: string): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...mac.split(':').map((octet) => Number.parseInt(octet, 16)), 0x88, 0xb5]);
  return bytes;
}
