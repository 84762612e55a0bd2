// What does an option of a port keep in, and what comes out of it all the same?
//
//   alice (sends ten frames)   bob   carol
//             └─────────────────┼──────┘
//                              br0         does not snoop; an option of one port, where the variant has one
//
//   to a MAC that nobody has    everybody else                     flood off: not this port
//   to a group                  everybody else                     mcast_flood off: not this port
//   to all                      everybody else                     bcast_flood off: not this port; hairpin on at alice's: back to her as well
//   to bob, who has spoken      bob alone                          learning off at bob's: everybody else
//
// An option withholds one kind of frame and no other: an unknown station's frames are not a group's. It is the port of the option
// that is meant: what is withheld from carol bob still gets.
import { between, frame, ms, portOf, s, scenario, topology } from '../../harness/scenario.ts';

type Name = 'alice' | 'bob' | 'carol';
type Kind = 'unknown' | 'group' | 'all' | 'bob';
interface Settings {
  to: Kind;
  /** Option and port. */
  sets?: readonly [Name, string, boolean];
  reaches: readonly Name[];
}
const variant = (to: Kind, reaches: readonly Name[], sets?: Settings['sets']): Settings => ({ to, reaches, ...(sets ? { sets } : {}) });

const FRAMES = 10;
/** Of experiments (IEEE 802): one for what is counted, one by which each port's capture shows that it sees. */
const COUNTED = 0x88b5, SIGN_OF_LIFE = 0x88b6;
const NOBODY = '02:aa:aa:aa:aa:aa', GROUP = '03:00:00:00:00:01', ALL = 'ff:ff:ff:ff:ff:ff';
const BOTH = ['bob', 'carol'] as const;

export default scenario({
  title: 'options of a port',
  cases: [],
  inDefaultSet: false,
  variants: {
    'unknown-is-flooded': variant('unknown', BOTH),
    'flood-off': variant('unknown', ['bob'], ['carol', 'flood', false]),
    'flood-off-and-a-group': variant('group', BOTH, ['carol', 'flood', false]),
    'mcast-flood-off': variant('group', ['bob'], ['carol', 'mcast_flood', false]),
    'mcast-flood-off-and-all': variant('all', BOTH, ['carol', 'mcast_flood', false]),
    'bcast-flood-off': variant('all', ['bob'], ['carol', 'bcast_flood', false]),
    'bcast-flood-off-and-unknown': variant('unknown', BOTH, ['carol', 'bcast_flood', false]),
    'hairpin': variant('all', ['alice', ...BOTH], ['alice', 'hairpin', true]),
    'learned': variant('bob', ['bob']),
    'learning-off': variant('bob', BOTH, ['bob', 'learning', false]),
  },
  controls: {
    'flood-on': { ...variant('unknown', ['bob']), breaks: 'br0:carol: no' },
    'mcast-flood-on': { ...variant('group', ['bob'], ['carol', 'bcast_flood', false]), breaks: 'br0:carol: no' },
    'bcast-flood-on': { ...variant('all', ['bob'], ['carol', 'flood', false]), breaks: 'br0:carol: no' },
    'no-hairpin': { ...variant('all', ['alice', ...BOTH]), breaks: 'br0:alice: frames' },
    'learning-on': { ...variant('bob', BOTH), breaks: 'br0:carol: frames' },
    'learning-said-to-be-on': { ...variant('bob', ['bob'], ['bob', 'learning', false]), breaks: 'br0:carol: no' },
  },
  diagnosis: {},
  topology: () => topology((t) => {
    const br0 = t.bridge('br0', { snooping: false, ipv6: false });
    return { br0, alice: t.guest('alice', { on: br0 }), bob: t.guest('bob', { on: br0 }), carol: t.guest('carol', { on: br0 }) };
  }),
  captures: ({ br0, alice, bob, carol }) => [alice, bob, carol].map((guest) => portOf(br0, guest)),

  async story({ br0, ...guests }, { variant: v, expect, capture, now, passes }) {
    const { alice, bob } = guests;
    if (v.sets) {
      const [who, option, value] = v.sets;
      br0.setsPort(guests[who], { [option]: value });
    }
    const live = (): void => { for (const guest of Object.values(guests)) guest.sendsFrame(of(SIGN_OF_LIFE, guest.mac, ALL)); };
    live();
    await passes(s(1));
    const destination = { unknown: NOBODY, group: GROUP, all: ALL, bob: bob.mac }[v.to];
    const begun = now('the frames began');
    for (let n = 0; n < FRAMES; n++) {
      alice.sendsFrame(of(COUNTED, alice.mac, destination));
      await passes(ms(100));
    }
    const end = now('the end');
    await passes(s(1));
    live();
    await passes(s(1));
    const counted = frame.etherType(COUNTED, 'counted');
    for (const guest of Object.values(guests)) {
      const port = capture(portOf(br0, guest));
      const came = v.reaches.includes(guest.name as Name);
      // At alice's port they are seen as they come in, and with hairpin as they go out again.
      const times = guest === alice ? (came ? 2 : 1) : 1;
      if (came || guest === alice) await expect(port).sees(counted, between(begun, end), { atLeast: times * FRAMES, atMost: times * FRAMES });
      else await expect(port).seesNo(counted, between(begun, end));
    }
  },
});

/** A frame of 60 bytes that says nothing. */
function of(etherType: number, from: string, to: string): Uint8Array {
  const octets = (mac: string): number[] => mac.split(':').map((octet) => Number.parseInt(octet, 16));
  const bytes = new Uint8Array(60);
  bytes.set([...octets(to), ...octets(from), etherType >> 8, etherType & 0xff]);
  return bytes;
}
