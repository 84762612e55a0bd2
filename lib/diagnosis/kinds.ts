/**
 * What can have happened, by names that scenarios, records and `explain` share. A kind is added here with its title; its
 * words are in words/, and how a run's record tells it from the others in causes/.
 */
export const KINDS = {
  // A group is not forwarded to a member.
  'membership-expired': 'the membership expired: nobody asks any more',
  'query-withheld': 'queries do not reach the member, so its membership expired',
  'query-names-no-group': 'queries for the group named no group, so nobody answered and the router gave it up',
  'queries-unanswered': 'the member does not answer queries, so its membership expired',
  'strict-no-querier': 'no querier, and the port takes no multicast that no table names',
  'never-joined': 'the receiver is not a member of the group',
  'report-lost': 'the member’s report did not reach the bridge',
  'group-limit': 'there was no room for the group: a limit of groups was reached',
  'report-suppressed': 'the member kept its report back, because it heard another’s',
  'fast-leave': 'one member’s leave cut off another behind the same port',
  'group-left-behind': 'the member moved, and the group’s tables still point at its old place',
  'flushed-with-port': 'the group was dropped with its port',
  // A station is not where switches believe.
  'failover-unannounced': 'the bond moved, and nobody told the switches',
  'mac-changed-unannounced': 'the bond has another MAC, and nobody told its neighbours',
  'migration-unannounced': 'the guest moved, and nobody told the switches',
  'announcement-too-early': 'the announcement left before the port was in its bridge',
  'announcement-lost': 'the announcement was sent, and lost on the way',
  'announcement-filtered': 'the announcement’s ethertype was filtered out',
  'port-not-forwarding': 'the port does not forward yet',
  'mac-leaked': 'a frame from elsewhere moved the station’s address',
  'lacp-no-partner': 'LACP has no partner, so the bond’s links are no group',
  // Frames do not pass a place.
  'silent-cut': 'frames vanish on a link whose carrier is good',
  'bond-flaps': 'the bond goes back to a dead path again and again',
  'link-down': 'a link is down, and there is no other way',
  'vlan-missing': 'a port does not carry the VLAN',
  'flood-withheld': 'a port takes no frames that no table of its bridge names',
  'port-locked': 'a locked port takes nothing from stations that nobody entered',
  'broadcast-withheld': 'broadcasts, and so ARP requests, do not pass a port',
  'size-limit': 'the frames are larger than a link on the way takes',
  'fragments-missing': 'fragments are missing, so large datagrams are never whole',
  // They arrive, and the receiver's system drops them.
  'host-firewall': 'the receiver’s own firewall drops them',
  'reverse-path-filter': 'the receiver’s reverse path filter drops them',
  'receive-buffer-full': 'the receiver’s socket buffer overflows',
  'guest-hangs': 'the guest hangs: its port keeps its carrier, and nothing goes in or out',
  // Short, and part of what happens.
  'failover-detection': 'lost until the bond noticed the dead link',
  'guest-standstill': 'lost while the guest stood still between two hosts',
  'lacp-renegotiation': 'lost while the two sides of an LACP group agreed anew',
  // An honest end.
  'unexplained': 'the record does not tell why',
} as const;

export type FindingKind = keyof typeof KINDS;

/** What a healthy network loses when it does its work: no fault by itself, so a variant need not expect it. */
const INHERENT: ReadonlySet<FindingKind> = new Set(['failover-detection', 'guest-standstill', 'lacp-renegotiation']);
export const isInherent = (kind: string): boolean => INHERENT.has(kind as FindingKind);
export const isKind = (word: string): word is FindingKind => Object.hasOwn(KINDS, word);
