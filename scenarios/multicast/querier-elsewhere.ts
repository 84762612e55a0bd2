// The cure on the switch's side: somebody on the LAN keeps asking. Does delivery hold with the bridge's own querier off?
//
//   alice (sends)   bob, dave, erin (joined)   carol (not joined)      core (querier: asks every 125 s)
//        └───────────────┴─────────┬────────────────┴────────────────────┘
//                   vmbr0: snooping on, own querier off
//
// Memberships alone carry: carol, who has not joined, hears nothing, so the bridge is not flooding. Whatever version
// the querier speaks, hosts answer in it.
import { between, frame, min, minus, plus, portOf, s, scenario, signalling, since, type Duration, type QuerierVersion, type VariantCommon } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { querierOutside } from '../topologies/querier-outside.ts';

interface Settings extends VariantCommon { family: 4 | 6; version: QuerierVersion; otherQuerier?: Duration; fallsSilent?: true; notScaled?: string }

const variants: Record<string, Settings> = {
  'igmpv1': { family: 4, version: 'IGMPv1', notScaled: 'hosts give IGMPv1 queries a fixed 10 s to answer (RFC 1112)' },
  'igmpv2': { family: 4, version: 'IGMPv2' },
  'igmpv3': { family: 4, version: 'IGMPv3' },
  'mldv1': { family: 6, version: 'MLDv1' },
  'mldv2': { family: 6, version: 'MLDv2' },
};
const controls: Record<string, Settings & VariantCommon> = {
  'querier-falls-silent': { family: 4, version: 'IGMPv3', otherQuerier: min(60), fallsSilent: true, diagnosis: 'membership-expired', breaks: 'delivery continues' },
  'querier-falls-silent-ipv6': { family: 6, version: 'MLDv1', otherQuerier: min(60), fallsSilent: true, diagnosis: 'membership-expired', breaks: 'delivery continues' },
};

export default scenario({
  title: 'a querier elsewhere on the LAN',
  cases: ['A5', 'A6'],
  variants, controls,
  topology: (v) => querierOutside(v),
  captures: ({ vmbr0, bob, carol }) => [signalling(portOf(vmbr0, bob)), portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, carol, dave, erin, core }, { variant, expect, capture, now, passes, until, bounds, figure }) {
    const group = groupOf(variant.family);
    // Joined once the bridge counts the querier as present: what is reported earlier is flooded, and before IGMPv3 a
    // guest that hears another's report keeps its own back.
    await until(core.starts(), bounds.timer('query response interval', core.spec.responseInterval).max);
    for (const guest of [bob, dave, erin]) guest.joins(group);
    await passes(REPORTED);
    // A lost membership would be missing until the next query.
    const flow = alice.sends(group, { every: s(5), to: [bob, dave, erin] });
    if (variant.fallsSilent) core.fallsSilent();

    // 900 s beyond the instant at which a membership that nobody refreshes would have expired.
    const begun = now('the flow began');
    const length = plus(vmbr0.holds('mcast_membership_interval'), s(900));
    for (const guest of [bob, dave, erin]) {
      const { lostDatagrams } = await expect(flow).to(guest).continues(since(begun, length));
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
    const end = now('the end');
    // Each query but one whose answer may be cut off by the end.
    const queries = Math.floor(minus(length, core.spec.responseInterval).ns / core.spec.queryInterval.ns);
    await expect(capture(portOf(vmbr0, bob))).sees(frame.report(group, bob, variant.version), between(begun, end), { atLeast: queries });
    await expect(capture(portOf(vmbr0, carol))).seesNo(frame.udpTo(group), between(begun, end));
  },
});
