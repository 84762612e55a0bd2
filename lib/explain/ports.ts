/** Behind which interface of the capture a station is: where its frames come in first. */
import { macOf } from './cite.ts';
import type { SeenFrame } from './types.ts';

export class Ports {
  readonly #count = new Map<string, Map<string, number>>();
  readonly #latest = new Map<string, { where: string; number: number; atS: number }>();

  see(seen: SeenFrame): void {
    const mac = macOf(seen);
    if (mac === undefined || !seen.first) return;
    const counts = this.#count.get(mac) ?? new Map<string, number>();
    counts.set(seen.where, (counts.get(seen.where) ?? 0) + 1);
    this.#count.set(mac, counts);
    this.#latest.set(mac, { where: seen.where, number: seen.number, atS: seen.atS });
  }

  /** Where it was seen come in last. */
  latest(mac: string): { where: string; number: number; atS: number } | undefined {
    return this.#latest.get(mac);
  }

  /** Where most of its frames came in. */
  usual(mac: string): string | undefined {
    const counts = this.#count.get(mac);
    return counts && [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
  }
}
