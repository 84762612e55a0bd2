/** A capture's frames, one after the other, to findings. Memory grows with stations and flows, not with frames. */
import { decodeFrame } from '../wire/frame.ts';
import { Addresses } from './addresses.ts';
import { joined, seconds } from './cite.ts';
import { Groups, MEMBERSHIP_INTERVAL_S } from './groups.ts';
import { Lacp } from './lacp.ts';
import { Neighbours } from './neighbours.ts';
import { Queriers } from './queriers.ts';
import { Stations } from './stations.ts';
import type { Detector, ExplainFinding, Explanation, Level, SeenFrame } from './types.ts';

export interface ExplainOptions {
  /** What the bridges on the way hold, s. The kernel's default is 260. */
  readonly membershipIntervalS?: number;
}

export interface CapturedFrame {
  readonly timestampNs: bigint;
  readonly where: string;
  readonly bytes: Uint8Array;
  readonly linkType: number;
  readonly originalLength: number;
  readonly number: number;
}

const latin1 = new TextDecoder('latin1');
const ORDER: readonly Level[] = ['alarm', 'notice', 'fact'];
/** A frame takes no longer through the bridges of one capture. */
const SAME_FRAME_S = 0.01;

export class Explainer {
  readonly #detectors: Detector[];
  readonly #interfaces = new Set<string>();
  #firstNs: bigint | undefined;
  #lastS = 0;
  #frames = 0;
  /** Sightings of late, by content: to know which was the first. */
  readonly #recent = new Map<string, { atS: number; where: string }>();

  constructor({ membershipIntervalS = MEMBERSHIP_INTERVAL_S }: ExplainOptions = {}) {
    this.#detectors = [
      new Queriers(),
      new Groups({ membershipIntervalS }),
      new Stations(),
      new Addresses(),
      new Neighbours(),
      new Lacp(),
    ];
  }

  see(packet: CapturedFrame): void {
    this.#firstNs ??= packet.timestampNs;
    const atS = Number(packet.timestampNs - this.#firstNs) / 1e9;
    this.#lastS = Math.max(this.#lastS, atS);
    this.#frames++;
    this.#interfaces.add(packet.where);
    const frame = decodeFrame(packet.bytes, { linkType: packet.linkType, originalLength: packet.originalLength });
    const seen: SeenFrame = {
      number: packet.number,
      atS,
      where: packet.where,
      frame,
      first: this.#isFirst(packet, atS),
    };
    for (const detector of this.#detectors) detector.see(seen);
  }

  #isFirst({ bytes, where }: CapturedFrame, atS: number): boolean {
    // VLAN tags come and go on the way; the addresses and the end of what is carried stay.
    const tail = bytes.length > 40 ? bytes.subarray(-28) : bytes.subarray(12);
    const key = latin1.decode(bytes.subarray(0, 12)) + latin1.decode(tail);
    const known = this.#recent.get(key);
    const again = known !== undefined && atS - known.atS < SAME_FRAME_S && known.where !== where;
    if (!again) {
      this.#recent.delete(key);
      this.#recent.set(key, { atS, where });
    }
    for (const [old, { atS: oldS }] of this.#recent) {
      if (atS - oldS < SAME_FRAME_S && this.#recent.size < 10_000) break;
      this.#recent.delete(old);
    }
    return !again;
  }

  end(): Explanation {
    const findings = this.#detectors.flatMap((detector) => detector.end(this.#lastS));
    findings.sort(
      (a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level) || (a.frames[0]?.atS ?? 0) - (b.frames[0]?.atS ?? 0),
    );
    if (!findings.some(({ level }) => level === 'alarm')) findings.unshift(this.#nothing(findings));
    return { frames: this.#frames, lengthS: this.#lastS, interfaces: [...this.#interfaces], findings };
  }

  /** That nothing was found is a finding too, with what it rests on. */
  #nothing(findings: readonly ExplainFinding[]): ExplainFinding {
    const has = (kind: ExplainFinding['kind']): boolean => findings.some((f) => f.kind === kind);
    const seen = [
      has('querier') ? 'queries' : 'no queries',
      has('members') ? 'memberships' : 'no memberships',
      has('announcement') ? 'announcements' : 'no announcements',
    ];
    const what = `Nothing is broken in these ${this.#frames} frames (${seconds(this.#lastS)}, ${joined([...this.#interfaces])}), which hold ${joined(seen)}. What happened before, after or elsewhere is not in them.`;
    return { kind: 'nothing-found', level: 'fact', sure: 'certain', what, frames: [] };
  }
}

export { type ExplainFinding, type Explanation } from './types.ts';
