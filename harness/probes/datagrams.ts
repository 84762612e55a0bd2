/** A growing record of numbered datagrams, at one receiver: what a timeline is read from. */
import type { DatagramTimeline } from '../../lib/timeline.ts';

export class DatagramRecord implements DatagramTimeline {
  readonly flow: string;
  readonly receiver: string;
  readonly sentNs: number[];
  readonly receivedNs: (number | undefined)[] = [];
  duplicates = 0;
  reordered = 0;
  endedNs: number | undefined;
  readonly refused: ReadonlyMap<number, string>;
  #highest = -1;

  /** `sentNs` and `refused` are shared by all receivers of a flow. */
  constructor(flow: string, receiver: string, sentNs: number[], refused: ReadonlyMap<number, string>) {
    this.flow = flow;
    this.receiver = receiver;
    this.sentNs = sentNs;
    this.refused = refused;
  }

  arrived(seq: number, ns: number): void {
    if (seq >= this.sentNs.length) return;
    if (this.receivedNs[seq] !== undefined) {
      this.duplicates++;
      return;
    }
    this.receivedNs[seq] = ns;
    if (seq < this.#highest) this.reordered++;
    else this.#highest = seq;
  }
}
