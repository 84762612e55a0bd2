/** What a capture shows, said in the terms of the cases. */
import type { Frame } from '../wire/frame.ts';

/** A frame of a capture, or of several that were merged by time. */
export interface SeenFrame {
  /** In its capture, from 1, as Wireshark counts. */
  readonly number: number;
  /** Seconds since the first frame. */
  readonly atS: number;
  /** The interface, "vmbr0:bob"; with several captures the file stands in front. */
  readonly where: string;
  readonly frame: Frame;
  /** The first sighting of these bytes: on its way through a bridge a frame is seen at several interfaces. */
  readonly first: boolean;
}

/** alarm: something broke in this capture. notice: it can break, or broke for a moment. fact: what is there. */
export type Level = 'alarm' | 'notice' | 'fact';
/** certain: the frames show it. likely: nothing else known does it. possible: one of several causes. */
export type Sure = 'certain' | 'likely' | 'possible';

export interface Cited {
  readonly frame: number;
  readonly atS: number;
  readonly text: string;
}

export type ExplainKind =
  | 'querier'
  | 'querier-silent'
  | 'no-querier'
  | 'older-querier'
  | 'two-queriers'
  | 'members'
  | 'membership-expired'
  | 'group-stopped'
  | 'station-unreachable'
  | 'moved-unannounced'
  | 'announcement-lost'
  | 'port-not-forwarding'
  | 'odd-ethertype'
  | 'announcement'
  | 'neighbour-unanswered'
  | 'query-names-no-group'
  | 'duplicate-address'
  | 'lacp-no-partner'
  | 'nothing-found';

export interface ExplainFinding {
  readonly kind: ExplainKind;
  readonly level: Level;
  readonly sure: Sure;
  /** Where in the capture, if it is one interface. */
  readonly where?: string;
  readonly what: string;
  readonly frames: readonly Cited[];
}

/** Takes frames in the order of time and keeps what it needs of them, not the frames: captures can be large. */
export interface Detector {
  see(seen: SeenFrame): void;
  end(lastS: number): ExplainFinding[];
}

export interface Explanation {
  readonly frames: number;
  readonly lengthS: number;
  readonly interfaces: readonly string[];
  readonly findings: readonly ExplainFinding[];
}
