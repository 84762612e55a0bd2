/** The interfaces of this machine with their addresses, from the kernel's tables. */
import { addressDump, decodeAddress, decodeLink, linkDump } from '../../lib/netlink/index.ts';
import { NetlinkSocket } from '../system/native/netlink-socket.ts';

export interface Interface {
  readonly name: string;
  readonly index: number;
  /** IFF_* in the kernel's words: UP, MULTICAST, LOOPBACK, BROADCAST. */
  readonly flags: readonly string[];
  readonly addresses: readonly { readonly text: string; readonly broadcast?: string }[];
}

export function interfaces(): Interface[] {
  using netlink = new NetlinkSocket();
  const addresses = netlink.dump(addressDump(), decodeAddress);
  return netlink.dump(linkDump({ skipStats: true }), decodeLink).map(({ name, index, flags }) => ({
    name, index, flags,
    addresses: addresses.filter((entry) => entry.index === index).map(({ address, broadcast }) => ({ text: address, ...(broadcast === undefined ? {} : { broadcast }) })),
  }));
}

/** Of the interface that has this address; 0 when none has. */
export const indexOfAddress = (address: string): number => interfaces().find(({ addresses }) => addresses.some(({ text }) => text === address))?.index ?? 0;
