/** What `explain` has to say of the captures of the catalogue's stories, and what it does say. */
import { readFileSync } from 'node:fs';
import { Explainer } from '../lib/explain/explain.ts';
import type { ExplainFinding, ExplainKind } from '../lib/explain/types.ts';
import { CaptureReader } from '../lib/tcpdump-parser/index.ts';

/** With a question mark one that the seed may bring about. */
type Alarms = readonly (ExplainKind | `${ExplainKind}?`)[];
/** Of a scenario's variants and controls those whose captures must give alarms; all others must give none. */
type Variants = Readonly<Record<string, Alarms>>;

const EXPIRED: Alarms = ['membership-expired'];
const STOPPED: Alarms = ['group-stopped'];
const UNANNOUNCED: Alarms = ['moved-unannounced'];
/** One does not answer, and sends to everybody meanwhile. */
const UNREACHABLE: Alarms = ['station-unreachable'];
/** Asked for again and again, and alive. */
const UNANSWERED: Alarms = ['neighbour-unanswered'];
const NAMELESS: Alarms = ['query-names-no-group'];
const ODD: Alarms = ['odd-ethertype'];

/**
 * Captures of what claims speak of: few interfaces, and of many only what is not UDP. So most faults do not show in them,
 * and what does not show must not ring.
 */
export const BY_CLAIMS: Readonly<Record<string, Variants>> = {
  'bonding/fail-over-mac': {},
  'bonding/failback': {},
  // Pings are in none.
  'bonding/failover-in-last-seconds': {},
  'bonding/host-address': {},
  // The bridge keeps LACPDUs to itself.
  'bonding/lacp-through-a-bridge': { 'mask-of-the-bridge-refused': ['lacp-no-partner'] },
  'bonding/lacpdus-after-address': {},
  'bonding/link-delays': {},
  'bonding/mode-changed': {},
  // The target pings the bond, over IPv6 in sight, and is cut off while the bond asks on; the ARP variants leave pings out.
  'bonding/monitored-targets': {
    'ns-vanishes': UNREACHABLE,
    'ns-link-local-vanishes': UNREACHABLE,
    'ns-second-of-all-vanishes': UNREACHABLE,
    'ns-first-of-all-said-to-do': UNREACHABLE,
  },
  'bonding/multicast-after-failover': {},
  'bonding/peer-notifications': {},
  'bonding/port-group': {
    'lacp-no-partner': ['lacp-no-partner'],
    // Of two links without a group the network believes in one, and loses what it sends by it when it is cut.
    'lacp-no-partner-two-switches': ['lacp-no-partner', 'moved-unannounced'],
  },
  'bonding/released-slave': {},
  'bonding/silent-guest': { 'until-somebody-asks': UNANNOUNCED, 'nobody-asks': UNANNOUNCED },
  'bonding/speaking-guest': {},
  'bonding/virtual-port-group': {},
  'bonding/vlan-announcements': {},
  'bonding/vlan-guests': {},
  'clusters/corosync-frames': {},
  'clusters/corosync-without-querier': { 'udp-one-message': EXPIRED, 'udp-idle': EXPIRED, 'udp-without-a-cure': EXPIRED },
  'migration/announced': {},
  'migration/forwarding-delay': {},
  'migration/no-flood': {},
  'migration/odd-ethertype': {
    '0x0835': ODD,
    'filtered-until-it-speaks': [...ODD, 'announcement-lost'],
    'filtered-until-forgotten': [...ODD, 'announcement-lost'],
    'nobody-announces': UNANNOUNCED,
    'said-to-be-filtered': ODD,
    'filter-that-knows-it': ODD,
    'rarp-unknown-too': ['announcement-lost'],
  },
  // The router hears nothing at its new place until it asks. With IGMPv3 it goes on hearing what members there ask for.
  'migration/queriers-host-moves': { 'until-the-next-query-igmpv2': STOPPED, 'asks-nobody-said-to-ask': STOPPED },
  'migration/target-leaks-mac': {},
  'migration/target-without-broadcasts': { 'broadcasts-withheld': UNANSWERED },
  'migration/target-without-vlan': {},
  'migration/unannounced': {},
  // The newcomer's questions go to where the guest was, whose answers to a friend come from elsewhere.
  'migration/unknown-to-newcomers': {
    'until-the-next-query': UNANSWERED,
    'until-core-asks': UNANSWERED,
    'snooping-loses-it': UNANSWERED,
  },
  // The group goes with the port's carrier, and comes back with a report.
  'multicast/crash-without-leave': { 'carrier-lost-ipv4': STOPPED, 'carrier-lost-ipv6': STOPPED },
  // Who stays of two hears nothing from the other's leave until the next report.
  // Whether the other one answers a general query soon enough to be seen coming back is the seed's choice.
  'multicast/fast-leave': { 'fast-with-two-igmpv2': ['group-stopped?'], 'fast-with-two-mldv1': ['group-stopped?'], 'fast-with-two-said-to-keep': ['group-stopped?'] },
  'multicast/firewall-drops-queries': {},
  'multicast/flood-without-querier': {},
  'multicast/flood-without-snooping': {},
  'multicast/host-reports': {},
  // Whose answer comes first, after snooping was switched on again, takes the room: a group that is heard, or another.
  'multicast/mdb-limits': { 'bridge-switched-on-again': ['group-stopped?'], 'bridge-raised-and-switched-on-again': ['group-stopped?'], 'switched-on-again-said-to-help': ['group-stopped?'] },
  'multicast/membership-expiry': {},
  'multicast/mld-from-global-address': {},
  'multicast/neighbour-discovery': {
    'querier-gone-and-believed-in': UNANSWERED,
    'port-without-flood': UNANSWERED,
    'believed-in-loses-it': UNANSWERED,
    'port-without-flood-loses-it': UNANSWERED,
  },
  // What is sent to the group is in no capture.
  'multicast/omping-everywhere': {},
  // Nobody asked who is left, and who is left is deaf until everybody is asked.
  'multicast/one-leaver-of-two': {
    'router-that-does-not-igmpv3': STOPPED,
    'router-that-does-not-mldv2': STOPPED,
    'nobody-asks': STOPPED,
    'igmpv3-does-not-ignore-it': STOPPED,
  },
  'multicast/only-who-asked': {},
  'multicast/own-querier-after-outage': {},
  'multicast/own-querier-in-time': {},
  'multicast/own-querier-rounds': {},
  'multicast/own-querier-takes-over': {},
  'multicast/own-querier-yields': {},
  'multicast/persistent-settings': {},
  'multicast/querier-election': {},
  'multicast/querier-elsewhere': {},
  'multicast/querier-interval': {},
  'multicast/querier-without-address': {},
  // The question is malformed whoever hears it; what it does to the flow is in no capture.
  'multicast/query-that-names-no-group': {
    malformed: NAMELESS,
    'malformed-without-snooping': NAMELESS,
    'malformed-is-not-answered': NAMELESS,
  },
  'multicast/report-suppression': {},
  'multicast/router-port': {},
  'multicast/several-guests-of-one-host': {},
  'multicast/size-limit': {},
  // The pings themselves are left out.
  'multicast/ssmping-asmping': {},
  'multicast/ten-of-two-hundred': {},
  'multicast/two-own-queriers': {},
  'multicast/two-subnets': {},
  'multicast/who-is-the-querier': {},
  'ports/carrier-noticed': {},
  // Two that a bridge keeps apart ask for each other in vain, and others hear them.
  'ports/isolated': { ipv4: UNANSWERED, ipv6: UNANSWERED },
  // Whom a port keeps out never answers, and is not missed.
  'ports/locked': {},
  'ports/options': {},
  'ports/sticky-station': {},
  // Nobody joins.
  'snooping/entries-by-hand': {},
  // What bob reported goes with his port's carrier, until he reports again. Over IPv4 ten datagrams before are too few to judge by.
  // explain speaks of a flow from its eleventh datagram on: before the port fails ten or eleven have come.
  'snooping/entries-over-link-down': { ipv6: ['group-stopped?'] },
  'snooping/exclude-beside-include': {},
  'snooping/source-filters': {},
  // The member's reports are written by hand, and it answers no query: what it has asked for runs out.
  'snooping/source-lists': {
    'igmpv3-from-include': EXPIRED,
    'igmpv3-from-exclude': EXPIRED,
    'mldv2-from-include': EXPIRED,
    'mldv2-from-exclude': EXPIRED,
    'no-change-reported': EXPIRED,
    // The bridge speaks MLDv1: the group as a whole expires, unless an answer to a query keeps it.
    'mldv1-bridge': ['membership-expired?'],
  },
  // In VLAN 21 a membership lasts 20 s, and nobody asks within them.
  'snooping/vlan-members': { igmp: STOPPED, mld: STOPPED, 'vlan-20-snooped': STOPPED, 'no-router-port': STOPPED },
  'snooping/vlan-queriers': {},
  'switches/fast-leave': {
    'two-behind-one-port': STOPPED,
    'two-behind-one-port-mldv1': STOPPED,
    'two-behind-one-port-igmpv3': STOPPED,
    'own-querier': STOPPED,
    'igmpv3-bridge-leaves-the-asking': STOPPED,
    'mldv2-bridge-leaves-the-asking': STOPPED,
    'two-said-to-stay': STOPPED,
  },
  'switches/report-suppression': {},
  'switches/unknown-multicast': {},
  'switches/without-a-querier': {},
};

/** The alarms of a capture, each kind once, in their order of time; nothing for a capture without frames. */
export function alarmsIn(capture: string): { kinds: ExplainKind[]; words: string } | undefined {
  const reader = new CaptureReader();
  const explainer = new Explainer();
  let frames = 0;
  for (const packet of reader.push(readFileSync(capture))) {
    frames++;
    explainer.see({ ...packet, number: frames, where: reader.interfaces[packet.interfaceId]?.name ?? '' });
  }
  if (frames === 0) return undefined;
  const alarms: ExplainFinding[] = explainer.end().findings.filter(({ level }) => level === 'alarm');
  return { kinds: [...new Set(alarms.map(({ kind }) => kind))], words: alarms.map(({ what }) => what).join(' ') };
}
