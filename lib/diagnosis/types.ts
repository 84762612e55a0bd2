/** What a diagnosis says. The same for a run's record and for a capture alone, where fewer kinds of evidence are there. */
import type { Cure } from '../cures/types.ts';
import type { FindingKind } from './kinds.ts';

/** certain: the tables or frames of the record show it. likely: nothing else that is known does it, but a link of the chain was not observed. possible: one of several. */
export type Sure = 'certain' | 'likely' | 'possible';

export interface Evidence {
  /** Protocol seconds since the story began; absent where no single instant is meant. */
  readonly atS?: number;
  /** Where it is to be looked up: the line of events.ndjson, or the number of the frame in capture.pcapng, both from 1. */
  readonly event?: number;
  readonly frame?: number;
  readonly text: string;
}

/** Who was without, from when until when. */
export interface Affected {
  /** "alice → 239.192.5.5", "outside pings 192.0.2.2". */
  readonly flow: string;
  readonly receiver: string;
  /** When the first that was lost was sent, and the last; protocol seconds. */
  readonly fromS: number;
  readonly toS: number;
  readonly lost: number;
  /** It lasted to the end of what was watched. */
  readonly open: boolean;
}

export interface Finding {
  readonly kind: FindingKind;
  /** The kind in words. */
  readonly title: string;
  readonly sure: Sure;
  /** The bridge, port or machine where it was lost: "vmbr0:bob". */
  readonly where: string;
  /** What happened, in sentences. */
  readonly what: string;
  readonly affects: readonly Affected[];
  readonly evidence: readonly Evidence[];
  readonly cures: readonly Cure[];
}

/** Before it is known whom it affects. `key`: what makes two causes one, beside kind and place. */
export interface Draft extends Omit<Finding, 'affects' | 'title'> { readonly key?: string }
