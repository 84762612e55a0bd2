// Two ports of a bridge are isolated from each other. What passes between them, and what does not?
//
//   alice   bob        isolated
//      ╲     ╱
//        br0 ── carol  not isolated
//
// Isolated ports hear the ports that are not, and are heard by them; between two isolated ones nothing passes, known or
// unknown, unicast, broadcast or multicast (should_deliver). What a switch calls protected ports or a private VLAN.
import { after, between, frame, type Moment, plus, portOf, s, scenario, since, topology } from '../../harness/scenario.ts';

const EVERY = s(1);
const NOBODY = '02:00:5e:00:53:99', EXPERIMENT = 0x88b5;

interface Settings { family: 4 | 6; isolated: 'both' | 'alice' | 'none' }
const settings = (family: 4 | 6, isolated: Settings['isolated'] = 'both'): Settings => ({ family, isolated });

/** An Ethernet frame that holds nothing. */
function bareFrame(dst: string, src: string): Uint8Array {
  const octets = (mac: string): number[] => mac.split(':').map((octet) => Number.parseInt(octet, 16));
  const bytes = new Uint8Array(60);
  bytes.set([...octets(dst), ...octets(src), EXPERIMENT >> 8, EXPERIMENT & 0xff]);
  return bytes;
}

export default scenario({
  title: 'isolated ports',
  cases: [],
  inDefaultSet: false,
  variants: { ipv4: settings(4), ipv6: settings(6) },
  controls: {
    'only-one-is-isolated': { ...settings(4, 'alice'), breaks: ['br0:bob: no frames from alice', 'br0:alice: no frames from bob'] },
    'none-is-isolated': { ...settings(6, 'none'), breaks: ['br0:bob: no frames from alice', 'br0:alice: no frames from bob'] },
  },
  diagnosis: {},
  topology: ({ family, isolated }) => topology((t) => {
    const br0 = t.bridge('br0', { snooping: false });
    const port = (name: 'alice' | 'bob') => ({ on: br0, port: { isolated: isolated === 'both' || isolated === name } });
    return { br0, alice: t.guest('alice', port('alice')), bob: t.guest('bob', port('bob')), carol: t.guest('carol', { on: br0 }) };
  }, { ipv6: family === 6 }),
  captures: ({ br0, alice, bob, carol }) => [alice, bob, carol].map((guest) => portOf(br0, guest)),

  async story({ br0, alice, bob, carol }, { variant: v, expect, capture, now, passes, until, bounds }) {
    const [atAlice, atBob, atCarol] = [alice, bob, carol].map((guest) => capture(portOf(br0, guest))) as [ReturnType<typeof capture>, ReturnType<typeof capture>, ReturnType<typeof capture>];
    const begun = now('the pings began');
    // Alice asks who has bob's address, by broadcast or multicast, and nobody answers.
    alice.pings(bob.address(v.family), { every: EVERY });
    const [heard, hears] = [carol.pings(bob.address(v.family), { every: EVERY }), alice.pings(carol.address(v.family), { every: EVERY })];
    await passes(s(20));
    const floods = async (from: typeof alice, count: number): Promise<Moment> => {
      const began = now(`${from.name}'s frames for nobody began`);
      for (let i = 0; i < count; i++) {
        from.sendsFrame(bareFrame(NOBODY, from.mac));
        await until(began, s(i + 1));
      }
      return began;
    };
    const byAlice = await floods(alice, 5), byCarol = await floods(carol, 5), end = now('the end');
    const nobodys = (who: typeof alice) => frame.and(frame.to(NOBODY, 'nobody'), frame.from(who.mac, who.name));
    const five = { atLeast: 5, atMost: 5 };
    await passes(plus(s(1), bounds.slack));
    await expect(heard).continues(since(after(begun, s(1)), s(28)));
    await expect(hears).continues(since(after(begun, s(1)), s(28)));
    await expect(atBob).seesNo(frame.from(alice.mac, 'alice'), between(begun, end));
    await expect(atAlice).seesNo(frame.from(bob.mac, 'bob'), between(begun, end));
    // Unknown unicast from one isolated port: to carol alone. From hers: to both.
    await expect(atCarol).sees(nobodys(alice), between(byAlice, byCarol), five);
    for (const port of [atAlice, atBob]) await expect(port).sees(nobodys(carol), between(byCarol, end), five);
  },
});
