/** Messages of rtnetlink's multicast groups, sorted and decoded. */
import { RTM } from '../constants.ts';
import type { NetlinkMessage } from '../message.ts';
import { decodeAddress, decodeRoute, type AddressEntry, type RouteEntry } from './address.ts';
import { decodeLink, type Link } from './link.ts';
import { decodeMdb, type MdbMessage } from './mdb.ts';
import { decodeNeighbour, type ForwardingEntry, type NeighbourEntry } from './neighbour.ts';

/**
 * `event` is the message's name without RTM_. Mind: a port that leaves its bridge gives a DELLINK with
 * `link.bridgeFamily`; the device is still there. MDB timers are refreshed without notification.
 */
export type Notification =
  | { readonly event: 'NEWLINK' | 'DELLINK'; readonly link: Link }
  | { readonly event: 'NEWNEIGH' | 'DELNEIGH'; readonly neighbour: NeighbourEntry | ForwardingEntry }
  | { readonly event: 'NEWMDB' | 'DELMDB'; readonly mdb: MdbMessage }
  | { readonly event: 'NEWADDR' | 'DELADDR'; readonly address: AddressEntry }
  | { readonly event: 'NEWROUTE' | 'DELROUTE'; readonly route: RouteEntry };

/** Undefined for a message of a kind wirewarp does not follow. */
export function decodeNotification(message: NetlinkMessage): Notification | undefined {
  switch (message.type) {
    case RTM.NEWLINK: return { event: 'NEWLINK', link: decodeLink(message) };
    case RTM.DELLINK: return { event: 'DELLINK', link: decodeLink(message) };
    case RTM.NEWNEIGH: return { event: 'NEWNEIGH', neighbour: decodeNeighbour(message) };
    case RTM.DELNEIGH: return { event: 'DELNEIGH', neighbour: decodeNeighbour(message) };
    case RTM.NEWMDB: return { event: 'NEWMDB', mdb: decodeMdb(message) };
    case RTM.DELMDB: return { event: 'DELMDB', mdb: decodeMdb(message) };
    case RTM.NEWADDR: return { event: 'NEWADDR', address: decodeAddress(message) };
    case RTM.DELADDR: return { event: 'DELADDR', address: decodeAddress(message) };
    case RTM.NEWROUTE: return { event: 'NEWROUTE', route: decodeRoute(message) };
    case RTM.DELROUTE: return { event: 'DELROUTE', route: decodeRoute(message) };
    default: return undefined;
  }
}
