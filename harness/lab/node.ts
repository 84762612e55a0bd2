/** One namespace of the lab, with its rtnetlink socket and the indices of its devices. */
import { type Link, decodeLink, linkGet, type Notification, type NotificationGroup } from '../../lib/netlink/index.ts';
import type { NodeSpec } from '../../lib/topology.ts';
import { createNamespace, inNamespace, type NetworkNamespace } from '../system/native/namespaces.ts';
import { NetlinkSocket, type Subscription } from '../system/native/netlink-socket.ts';

/** Index 1 is the loopback; ours start where nobody else's are. */
const FIRST_INDEX = 10;

/**
 * Interface indices that no other device of the lab has, whatever its namespace: a cable with the same index at both ends
 * looks to the kernel like a device that is not stacked (linkwatch_urgent_event compares ifindex with iflink), and its
 * carrier is noticed up to a second late.
 */
export class Indices {
  #next = FIRST_INDEX;
  take(): number { return this.#next++; }
}

export class Node implements Disposable {
  readonly spec: NodeSpec;
  readonly name: string;
  readonly namespace: NetworkNamespace;
  readonly netlink: NetlinkSocket;
  readonly #indices = new Map<string, number>();
  readonly #free: Indices;

  constructor(spec: NodeSpec, free: Indices) {
    this.spec = spec;
    this.#free = free;
    this.name = spec.name;
    this.namespace = createNamespace();
    this.netlink = new NetlinkSocket(this.namespace.fd);
  }

  /** The index that a device to be made here will have. */
  assign(device: string): number {
    const index = this.#free.take();
    this.#indices.set(device, index);
    return index;
  }

  indexOf(device: string): number {
    const index = this.#indices.get(device);
    if (index === undefined) throw new Error(`${this.name} has no device ${device}; it has ${[...this.#indices.keys()].join(', ') || 'none'}`);
    return index;
  }

  nameOf(index: number): string | undefined {
    for (const [name, i] of this.#indices) if (i === index) return name;
    return undefined;
  }

  /** Strictly synchronous work inside this namespace. */
  inside<T>(work: () => T): T {
    return inNamespace(this.namespace.fd, work);
  }

  link(device: string): Link {
    return this.netlink.get(linkGet(this.indexOf(device), { skipStats: true }), decodeLink);
  }

  linkWithStats(device: string): Link {
    return this.netlink.get(linkGet(this.indexOf(device)), decodeLink);
  }

  follow(groups: readonly NotificationGroup[], onNotification: (notification: Notification) => void): Subscription {
    return this.netlink.subscribe(groups, onNotification);
  }

  [Symbol.dispose](): void {
    this.netlink.close();
    this.namespace.close();
  }
}
