/** Recorded runs, trimmed (test/fixtures/diagnosis/make.ts), and alterations of them: the same symptom with another cause. */
import { readFileSync } from 'node:fs';
import { diagnose } from '../../../lib/diagnosis/diagnose.ts';
import type { StoryEvent, StoryInput } from '../../../lib/diagnosis/story.ts';
import type { Finding } from '../../../lib/diagnosis/types.ts';
import type { Topology } from '../../../lib/topology.ts';

export interface Fixture { readonly topology: Topology; readonly seed: number; readonly capture?: Uint8Array; readonly events: readonly StoryEvent[] }

export function fixture(name: string): Fixture {
  const [head = '', ...lines] = readFileSync(new URL(`../../fixtures/diagnosis/${name}.ndjson`, import.meta.url), 'utf8').trimEnd().split('\n');
  const { topology, seed, capture } = JSON.parse(head) as { topology: Topology; seed: number; capture?: string };
  return { topology, seed, ...(capture === undefined ? {} : { capture: Buffer.from(capture, 'base64') }), events: lines.map((line) => JSON.parse(line) as StoryEvent) };
}

export const inputOf = (f: Fixture): StoryInput => ({ ...f, events: f.events.map((e) => JSON.stringify(e)).join('\n'), virtualTime: true });
export const findings = (f: Fixture): Finding[] => diagnose(inputOf(f));

/** The record as it would be if some events were others, or were not. */
export const altered = (f: Fixture, change: (event: StoryEvent) => StoryEvent | undefined): Fixture => ({ ...f, events: f.events.flatMap((e) => change(e) ?? []) });
export const withoutCapture = ({ capture: _capture, ...f }: Fixture): Fixture => f;
