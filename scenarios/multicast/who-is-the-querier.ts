// "Which switch has a querier?" The bridge says who it is, behind which port, and how long it still believes in it.
//
//   alice (sends)   bob (joined)   carol (not joined)     north (querier)
//        └──────────────┴───────┬────────┴────────────────────┘
//                vmbr0: snooping on, own querier off
//
//   north   ?──────?────── † (asks no more)
//   vmbr0                        |asked: "north, 195 s left" ····· 195 s ·····|  from here on it floods
//   carol   ───────────────────── not a datagram ────────────────────────────|▓▓▓▓▓▓▓▓▓▓▓▓▓
//
// What the kernel tells is read and not believed: the time left is held against the datagrams at carol's port.
import { between, frame, ms, plus, portOf, s, scenario, since, times, topology, wheelStep, within } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';

export default scenario({
  title: 'who is the querier',
  cases: ['B9'],
  inDefaultSet: false,
  variants: {
    'igmp': { family: 4 as const, falls: true, runs: true },
    'mld': { family: 6 as const, falls: true, runs: true },
  },
  controls: {
    // Nobody asks: the bridge must not name anybody, and floods from the begin.
    'nobody-asks': { family: 4 as const, falls: true, runs: false, breaks: 'querier IPv4 stays' },
    // It asks again before the time is over: what the bridge said of it no longer holds.
    'goes-on': { family: 4 as const, falls: false, runs: true, breaks: 'carol: datagrams to' },
  },
  diagnosis: {},
  topology: ({ family }) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false });
    return {
      vmbr0, alice: t.guest('alice', { on: vmbr0 }), bob: t.guest('bob', { on: vmbr0 }), carol: t.guest('carol', { on: vmbr0 }),
      north: t.querier('north', { on: vmbr0, version: family === 4 ? 'IGMPv3' : 'MLDv2' }),
    };
  }, { ipv6: family === 6 }),
  captures: ({ vmbr0, carol }) => [portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, carol, north }, { variant, expect, capture, passes, until, now, bounds, figure }) {
    const group = groupOf(variant.family);
    const begun = now('the begin');
    if (variant.runs) north.starts();
    // No querier counts before a response interval is over.
    await until(begun, plus(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max, REPORTED));
    bob.joins(group);
    await passes(REPORTED);
    const every = s(1);
    const flow = alice.sends(group, { every, to: [bob] });
    await passes(s(60));
    if (variant.falls) north.fallsSilent();

    const { state, asked, givenUpIn = s(0) } = vmbr0.saysOfQuerier(variant.family);
    figure('givenUpInS', givenUpIn.ns / 1e9);
    await expect(state).stays(`${north.asksFrom} behind north`, since(asked, ms(1)));
    const step = wheelStep(vmbr0.holds('mcast_querier_interval'), bounds.hz);
    const datagrams = frame.udpTo(group);
    const port = capture(portOf(vmbr0, carol));
    await expect(port).seesNo(datagrams, between(asked, { ns: asked.ns + givenUpIn.ns - bounds.slack.ns, what: 'the time left is over' }));
    await expect(port).sees(datagrams, within(asked, givenUpIn, plus(givenUpIn, step, times(every, 2), bounds.slack)));
    await expect(flow).to(bob).continues(between(asked, { ns: asked.ns + givenUpIn.ns, what: 'the time left is over' }));
  },
});
