// The workaround, in time: `echo 1 > /sys/class/net/vmbr0/bridge/multicast_querier` before the first membership expires.
//
//   alice (sends)   bob, dave (joined)   carol (not joined)
//        └────────────────┴──────┬────────────┘
//               vmbr0: snooping on; own querier off, then on
//
//   vmbr0  floods ─────── on|? 10 s ▶| consults its MDB ─────?──────── … asks every 125 s
//   bob    R─────────── member for 260 s ──────▶
//
// One response interval after the switch the bridge counts its own querier as present and stops flooding. Guests must
// be members by then, and stay so because they are asked.
import { after, between, frame, min, portOf, s, scenario, since, times, wheelStep, type Duration, type VariantCommon } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { guestsOnABridge } from '../topologies/guests-on-a-bridge.ts';

interface Settings extends VariantCommon { family: 4 | 6; queryInterval?: Duration }

const variants: Record<string, Settings> = { 'cured-ipv4': { family: 4 }, 'cured-ipv6': { family: 6 } };
const controls: Record<string, Settings & VariantCommon> = {
  // Present but mute: after its start-up queries it does not ask for an hour.
  'querier-that-does-not-ask': { family: 4, queryInterval: min(60), diagnosis: 'membership-expired', breaks: 'delivery continues' },
};

export default scenario({
  title: 'own querier switched on in time',
  cases: ['A3', 'A6'],
  variants, controls,
  topology: (v) => guestsOnABridge({ family: v.family, snooping: true, ...(v.queryInterval ? { queryInterval: v.queryInterval } : {}) }),

  captures: ({ vmbr0, carol }) => [portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, carol, dave }, { variant, expect, capture, now, passes, bounds, figure, random }) {
    const group = groupOf(variant.family);
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(vmbr0.holds('mcast_membership_interval'), bounds.hz), random()));
    for (const guest of [bob, dave]) guest.joins(group);
    await passes(REPORTED);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(1), to: [bob, dave] });
    await passes(s(100));
    const on = vmbr0.sets({ mcast_querier: true });

    for (const guest of [bob, dave]) {
      const { lostDatagrams } = await expect(flow).to(guest).continues(since(on, s(900)));
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
    // Flooded before, by membership after: the port of one who has not joined sees it end.
    const present = bounds.timer('query response interval, before which the bridge does not count its querier', vmbr0.holds('mcast_query_response_interval'));
    const port = capture(portOf(vmbr0, carol));
    const { datagrams, window } = flow.whole(begun, after(on, present.min));
    await expect(port).sees(frame.udpTo(group), window, { atLeast: datagrams, atMost: datagrams });
    await expect(port).seesNo(frame.udpTo(group), between(after(on, present.max), now('the end'), ...present.reasons));
    const last = port.last(frame.udpTo(group));
    figure('floodedForS', last && (last.ns - on.ns) / 1e9);
  },
});
