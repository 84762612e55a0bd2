/** A guest: a machine behind a bridge port; where the topology says so it can move to another bridge, or crash. */
import { announcementOffsets, type AnnouncementSchedule, QEMU_SCHEDULE } from '../../lib/announcement.ts';
import { decodeLink, linkGet, linkSet } from '../../lib/netlink/index.ts';
import { portKey } from '../../lib/state-keys.ts';
import type { StateTimeline } from '../../lib/timeline.ts';
import type { MovableSpec } from '../../lib/topology.ts';
import { type Duration, type Moment, ms, ns } from '../../lib/units.ts';
import { gratuitousArp, rarpAnnouncement } from '../../lib/wire/index.ts';
import { PacketSocket } from '../system/native/packet-socket.ts';
import type { LabCore } from './lab.ts';
import { Machine } from './machine.ts';
import type { Node } from './node.ts';
import { waitUntilUp } from './ready.ts';

export interface MoveOptions {
  /** Who tells the network, if anybody: QEMU by RARP, or the guest's own driver by gratuitous ARP. */
  announce: 'none' | 'rarp' | 'gratuitous-arp';
  /** Before the destination's port is in its bridge, or once it forwards. Default after. */
  when?: 'before-attach' | 'after-attach';
  schedule?: AnnouncementSchedule;
  /** EtherType of the RARP; 0x0835 was a QEMU fault. */
  etherType?: number;
  /** The guest stands still between the two hosts for this long. Default 50 ms. */
  downtime?: Duration;
}

export class Guest extends Machine {
  readonly #movable: MovableSpec | undefined;
  #place = 0;
  readonly #taps = new Map<string, PacketSocket>();

  constructor(lab: LabCore, node: string, device: string) {
    super(lab, node, device);
    this.#movable = lab.topology.movables.find((m) => m.guest === node);
  }

  /** Live migration to another of its bridges: silent, then there; eth0 keeps its carrier. Returns when the guest runs at the destination. */
  async migrates(to: number, options: MoveOptions): Promise<Moment> {
    const { announce, when = 'after-attach', downtime = ms(50) } = options;
    this.lab.step(`${this.name} migrates to ${this.#placeAt(to).node}`);
    this.#detach();
    await this.lab.clock.passes(downtime);
    if (when === 'before-attach') await this.#announces(announce, to, options);
    await this.#attach(to);
    const there = this.lab.clock.moment(`${this.name} ran at ${this.#placeAt(to).node}`);
    this.lab.step(`${this.name} runs at ${this.#placeAt(to).node}`);
    if (when === 'after-attach') await this.#announces(announce, to, options);
    return there;
  }

  /**
   * The destination's tap is in its bridge before the guest is, as where a pod is prepared for it, and one broadcast with
   * the guest's MAC leaves it. The guest runs on where it is; frames for it that come to that tap are lost.
   */
  async leaksFrom(to: number): Promise<Moment> {
    await this.#plugsIn(to, { guest: false });
    this.lab.step(`${this.name}'s MAC leaks from ${this.#placeAt(to).node}`);
    const leaked = this.lab.clock.moment(`${this.name}'s MAC leaked from ${this.#placeAt(to).node}`);
    this.#fromTap(to, gratuitousArp({ mac: this.mac, ip: this.address(4) }));
    return leaked;
  }

  /** Crashed, and its tap is left as it was: nothing goes in or out any more, and its port keeps its carrier. */
  freezes(): Moment {
    return this.#card({ master: 0 }, 'froze');
  }

  /** The end of it: its kernel finds itself where it stopped. */
  thaws(): Moment {
    const nic = this.#nic();
    return this.#card({ master: nic.indexOf('wire') }, 'thawed');
  }

  /** Its power, or its cable, is gone: its port loses the carrier. Nothing is sent any more, no leave either. */
  losesCarrier(): Moment {
    const { node, port, uplink } = this.#placeAt(this.#place);
    const nic = this.#nic();
    this.lab.step(`${node}:${port} loses its carrier`);
    const moment = this.lab.clock.moment(`${this.name} lost its carrier`);
    nic.netlink.request([linkSet(nic.indexOf(uplink), { up: false })]);
    return moment;
  }

  /** Resolves when its port forwards again. */
  async regainsCarrier(): Promise<Moment> {
    await this.#plugsIn(this.#place, { guest: true });
    return this.lab.clock.moment(`${this.name} had its carrier again`);
  }

  #card(to: { master: number }, what: string): Moment {
    const nic = this.#nic();
    this.lab.step(`${this.name} ${what}`);
    const moment = this.lab.clock.moment(`${this.name} ${what}`);
    nic.netlink.request([linkSet(nic.indexOf('card'), to)]);
    return moment;
  }

  #nic(): Node {
    if (!this.#movable) throw new Error(`${this.name} cannot crash: its topology gives it no card of its own; draw it with crashes: true`);
    return this.lab.node(this.#movable.nic);
  }

  /** What the bridge lets the guest's port at a place do: "forwarding", with STP at first "listening". */
  portState(place: number): StateTimeline {
    const { node, port } = this.#placeAt(place);
    return this.lab.states.timeline(portKey(`${node}:${port}`));
  }

  #placeAt(index: number): MovableSpec['places'][number] {
    const place = this.#movable?.places[index];
    if (!place) throw new Error(`${this.name} cannot move to place ${index}: its topology gives it ${this.#movable ? `${this.#movable.places.length} places` : 'no movesTo'}`);
    return place;
  }

  /** The old host's tap goes away with its QEMU. */
  #detach(): void {
    const place = this.#placeAt(this.#place);
    const nic = this.#nic();
    const host = this.lab.node(place.node);
    nic.netlink.request([linkSet(nic.indexOf(place.uplink), { master: 0 }), linkSet(nic.indexOf(place.uplink), { up: false })]);
    host.netlink.request([linkSet(host.indexOf(place.port), { master: 0 }), linkSet(host.indexOf(place.port), { up: false })]);
  }

  /** The new host's tap enters its bridge; done when the port does what the bridge lets it: forwarding, or with STP at least listening. */
  async #attach(to: number): Promise<void> {
    await this.#plugsIn(to, { guest: true });
    this.#place = to;
  }

  async #plugsIn(to: number, { guest }: { guest: boolean }): Promise<void> {
    const place = this.#placeAt(to);
    const nic = this.#nic();
    const host = this.lab.node(place.node);
    const port = `${place.node}:${place.port}`;
    const since = this.lab.clock.ns;
    host.netlink.request([linkSet(host.indexOf(place.port), { master: host.indexOf(place.bridge) }), linkSet(host.indexOf(place.port), { up: true })]);
    nic.netlink.request([...(guest ? [linkSet(nic.indexOf(place.uplink), { master: nic.indexOf('wire') })] : []), linkSet(nic.indexOf(place.uplink), { up: true })]);
    await waitUntilUp(this.lab.nodes, [
      { node: place.node, device: place.port, master: this.#speaksSpanningTree(place) ? undefined : place.bridge },
      { node: nic.name, device: place.uplink },
    ]);
    this.lab.recorder.record(this.lab.clock.ns, { type: 'attached', guest: this.name, port, tookNs: this.lab.clock.ns - since });
  }

  /** Without spanning tree a port forwards at once, whatever the forward delay is; asked of the kernel, for a story may have changed it. */
  #speaksSpanningTree({ node, bridge }: MovableSpec['places'][number]): boolean {
    const host = this.lab.node(node);
    return host.netlink.get(linkGet(host.indexOf(bridge), { skipStats: true }), decodeLink).options?.['stp_state'] === true;
  }

  async #announces(kind: MoveOptions['announce'], to: number, { schedule = QEMU_SCHEDULE, etherType }: MoveOptions): Promise<void> {
    if (kind === 'none') return;
    const begin = this.lab.clock.ns;
    for (const offset of kind === 'rarp' ? announcementOffsets(schedule) : [ns(0)]) {
      await this.lab.clock.until(begin + offset.ns);
      if (kind === 'gratuitous-arp') {
        this.lab.step(`${this.name} announces itself by gratuitous ARP`);
        this.gratuitousArp();
      } else {
        this.lab.step(`QEMU announces ${this.name} by RARP`);
        this.#rarp(to, etherType);
      }
    }
  }

  /** QEMU writes the frame into its tap itself: the guest knows nothing of it. */
  #rarp(to: number, etherType: number | undefined): void {
    this.#fromTap(to, rarpAnnouncement({ mac: this.mac, ...(etherType === undefined ? {} : { etherType }) }));
  }

  #fromTap(to: number, frame: Uint8Array): void {
    const nic = this.#nic();
    const { uplink } = this.#placeAt(to);
    let socket = this.#taps.get(uplink);
    if (!socket) {
      // Kept open: closing one waits for the kernel's grace period, tens of milliseconds in which nobody reads anything.
      const opened = (socket = new PacketSocket({ namespace: nic.namespace.fd, index: nic.indexOf(uplink) }));
      this.lab.scope.defer(`close QEMU's end of ${nic.name}:${uplink}`, () => { opened.close(); });
      this.#taps.set(uplink, socket);
    }
    const { ns: sentNs } = this.lab.clock;
    // Before the tap is in use the interface is down, and the frame is lost as it is on a real host (ENETDOWN).
    const errno = socket.send(frame);
    this.lab.notesFrame(sentNs, { node: nic.name, device: uplink }, frame, errno);
  }
}
