/** What the record shows as the cause of one lost datagram, before it is put in words: facts by kind. */
import type { FindingKind } from './kinds.ts';
import type { Network } from './network.ts';
import type { Outage } from './outages.ts';
import type { Change, Join, Reading, SeenFrame, SentFrame, Story } from './story.ts';
import type { Querier } from './groups.ts';
import type { Parting } from './walk.ts';

export interface Context { readonly story: Story; readonly net: Network }

/** A query as it is known: sent by a machine of the story, or seen in a capture. */
export interface KnownQuery { readonly ns: number; readonly from: string; readonly event?: number; readonly frame?: SeenFrame }

/** A limit of groups that left no room for one more. */
export interface GroupLimit {
  readonly of: 'bridge' | 'port';
  readonly most: number;
  readonly held: number;
  /** When the report came that was one too many. */
  readonly ns: number;
  /** The entry that took the last place. */
  readonly full?: Change<string> | undefined;
}

export interface GroupFacts {
  readonly bridge: string;
  readonly port: string;
  readonly group: string;
  readonly receiver: string;
  /** The group is that by which IPv6 asks for an address: whose, and who asks. */
  readonly asks?: { readonly who: string; readonly address: string } | undefined;
  readonly querier?: Querier | undefined;
  /** The bridge's own querier is switched on. */
  readonly ownQuerier: boolean;
  readonly removed?: Change<string> | undefined;
  readonly intervalNs: number;
  readonly querierIntervalNs: number;
  readonly lastReport?: SeenFrame | undefined;
  readonly lastQuery?: KnownQuery | undefined;
  readonly nextQuery?: KnownQuery | undefined;
  readonly joined?: Join | undefined;
  readonly reading?: Reading | undefined;
  /** Where the member was when the group still came. */
  readonly oldPort?: string | undefined;
  readonly moved?: Moved | undefined;
  readonly left?: Join | undefined;
  readonly fastleave?: boolean;
  /** Each member behind the port has an entry of its own. */
  readonly forEach?: boolean;
  readonly limit?: GroupLimit;
  /** Queries for the group that named no group, and when the router gave the group up. */
  readonly asked?: readonly KnownQuery[];
  readonly stopped?: { readonly ns: number; readonly event: number };
  readonly heard?: SeenFrame | undefined;
  /** Another port that got its entry while this member was to answer. */
  readonly other?: { readonly port: string; readonly change: Change<string> } | undefined;
}

/** When, and by what, a station came to be somewhere else. */
export interface Moved {
  readonly by: 'bond' | 'migration';
  readonly ns: number;
  readonly event: number;
  /** The bond, or the port that the guest is plugged into now. */
  readonly at: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** A link that went down shortly before it. */
  readonly after?: { readonly label: string; readonly change: Change<string> } | undefined;
}

/** A frame of the station's after it moved, and what became of it. */
export interface Announcement { readonly sent: SentFrame; readonly parting: Parting | undefined; readonly attached: boolean }

export interface StationFacts {
  readonly bridge: string;
  readonly station: string;
  readonly mac: string;
  readonly believed: string;
  readonly learned: Change<string>;
  readonly should: string;
  readonly vlan: number;
  readonly moved?: Moved | undefined;
  readonly announcements: readonly Announcement[];
  /** What the switch filters is drawn. */
  readonly drawn?: boolean;
  readonly reading?: Reading | undefined;
  readonly leak?: SentFrame | undefined;
  /** Somebody's frame after it, by which it ended. */
  readonly endedBy?: { readonly ns: number; readonly event: number; readonly value: string } | undefined;
}

export interface PlaceFacts {
  readonly at: string;
  readonly station?: string;
  readonly vlan?: number;
  readonly since?: Change<string> | undefined;
  readonly state?: string;
  readonly why: Parting['why'];
  readonly bond?: string | undefined;
  readonly slave?: string | undefined;
  /** When the bond used another slave. */
  readonly foundNs?: number | undefined;
  readonly foundEvent?: number | undefined;
  /** When its carrier was back, before the bond gave it up. */
  readonly returnedNs?: number;
  readonly changes?: number;
  readonly mtu?: number;
  /** For groups and broadcasts, where that is less than the MTU. */
  readonly limit?: number;
  /** Of the fragments that a datagram leaves in, where it does. */
  readonly longest?: number;
  readonly bytes?: number;
  readonly address?: string;
  readonly announcements?: readonly Announcement[];
  /** Devices by which the frame had come. */
  readonly by?: readonly string[];
}

export interface HostFacts {
  readonly machine: string;
  readonly group: string | undefined;
  readonly to: string;
  readonly port: number;
  readonly sent: number;
  readonly first?: Reading | undefined;
  readonly last?: Reading | undefined;
  readonly deltas?: Readonly<Record<string, number>> | undefined;
  readonly seenAt?: SeenFrame | undefined;
  readonly notSeenAt?: string | undefined;
}

/** A sender that has the MAC which a bond had with another slave. */
export interface NeighbourFacts {
  readonly bond: string;
  /** The machine that has it. */
  readonly who: string;
  readonly address: string;
  readonly moved: Moved;
  /** When it learned the MAC. */
  readonly known: Change<string>;
  readonly oldSlave: string;
  readonly newSlave: string;
  readonly oldMac: string;
  readonly newMac: string;
  /** How often the bond announces: num_grat_arp. */
  readonly notices: number;
  /** A capture of the bond's new link, which shows no announcement. */
  readonly silentAt: string | undefined;
  /** A frame to the old MAC. */
  readonly stray: SeenFrame | undefined;
}

export interface Cause {
  readonly kind: FindingKind;
  /** Where it is lost. */
  readonly where: string;
  /** Two causes of one kind, place and key are one. */
  readonly key: string;
  readonly group?: GroupFacts;
  readonly station?: StationFacts;
  readonly place?: PlaceFacts;
  readonly host?: HostFacts;
  readonly neighbour?: NeighbourFacts;
  readonly outage: Outage;
}
