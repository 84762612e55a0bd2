/** mcfirst: what of a group arrives, how soon after the join, and at what rate. */
export interface McfirstDatagram {
  readonly length: number;
  readonly source: string;
  readonly ttl: number;
  /** Since the join. */
  readonly afterNs: number;
}

/** IP and UDP headers of one packet. */
const HEADER_BYTES = { inet: 28, inet6: 48 } as const;

export class Mcfirst {
  packets = 0;
  bytes = 0;
  readonly #headerBytes: number;
  #firstBytes = 0;
  #firstNs = 0;
  #lastNs = 0;

  constructor(family: 'inet' | 'inet6') { this.#headerBytes = HEADER_BYTES[family]; }

  static opening(group: string, source: string | undefined): string {
    return source === undefined ? `mcfirst joined (*,G) = (*,${group})` : `mcfirst joined (S,G) = (${source},${group})`;
  }

  received({ length, source, ttl, afterNs }: McfirstDatagram): string {
    if (this.packets++ === 0) { this.#firstBytes = length; this.#firstNs = afterNs; }
    this.bytes += length;
    this.#lastNs = afterNs;
    return `Received ${length} bytes from ${source} after ${(afterNs / 1e6).toFixed(3)} ms (ttl/hops ${ttl})`;
  }

  /** Kilobits a second, of what came after the first packet; undefined before two came. */
  get rates(): { payload: number; withHeaders: number } | undefined {
    const seconds = (this.#lastNs - this.#firstNs) / 1e9;
    if (this.packets < 2 || seconds <= 0) return undefined;
    const payload = this.bytes - this.#firstBytes;
    return { payload: payload * 8 / 1000 / seconds, withHeaders: (payload + (this.packets - 1) * this.#headerBytes) * 8 / 1000 / seconds };
  }

  summary(): string[] {
    const { rates } = this;
    return [
      `${this.bytes} bytes (payload) and ${this.packets} packets received in ${(this.#lastNs / 1e9).toFixed(3)} seconds`,
      ...(rates ? [`Average rate: ${rates.payload.toFixed(3)} kbits of payload per second`, `Estimated average rate including all headers: ${rates.withHeaders.toFixed(3)} kbits per second`] : []),
    ];
  }

  get exitStatus(): 0 | 1 { return this.packets > 0 ? 0 : 1; }

  report(group: string, source: string | undefined): object {
    const { packets, bytes, rates } = this;
    const rounded = (n: number): number => Number(n.toFixed(3));
    return {
      group, ...(source === undefined ? {} : { source }), packets, bytes,
      ...(packets > 0 ? { firstAfterMs: rounded(this.#firstNs / 1e6), lastAfterMs: rounded(this.#lastNs / 1e6) } : {}),
      ...(rates ? { payloadKbitPerS: rounded(rates.payload), totalKbitPerS: rounded(rates.withHeaders) } : {}),
    };
  }
}
