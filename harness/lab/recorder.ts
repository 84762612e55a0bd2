/** The story's events, in order of protocol time: what events.ndjson holds. */
export type StoryEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

export class Recorder {
  readonly #events: { ns: number; event: StoryEvent }[] = [];

  record(ns: number, event: StoryEvent): void {
    this.#events.push({ ns, event });
  }

  /** Those so far, in the order they were recorded. */
  get events(): readonly { readonly ns: number; readonly event: StoryEvent }[] {
    return this.#events;
  }

  /** One JSON text a line, sorted by time; events of one instant stay in the order they were recorded. */
  toNdjson(): string {
    const sorted = this.#events.map((e, i) => ({ ...e, i })).sort((a, b) => a.ns - b.ns || a.i - b.i);
    return sorted.map(({ ns, event }) => `${JSON.stringify({ atNs: ns, ...event })}\n`).join('');
  }
}
