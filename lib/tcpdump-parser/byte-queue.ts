/** Bytes that came and are not yet read: one buffer that is reused, so that a long stream does not grow it. */
export class ByteQueue {
  #buffer = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #consumed = 0;

  /** Bytes waiting. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Bytes taken out since the begin of the stream. */
  get consumed(): number {
    return this.#consumed;
  }

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #makeRoom(more: number): void {
    const waiting = this.#buffer.subarray(this.#start, this.#end);
    // Doubling keeps the copies linear when a large record comes in small chunks.
    const needed = waiting.length + more;
    const target =
      needed > this.#buffer.length ? new Uint8Array(Math.max(needed, 2 * this.#buffer.length)) : this.#buffer;
    target.set(waiting, 0);
    this.#buffer = target;
    this.#start = 0;
    this.#end = waiting.length;
  }

  /** The next `count` bytes, if they are there: a view that holds until the next push. */
  peek(count: number): Uint8Array | undefined {
    return count <= this.length ? this.#buffer.subarray(this.#start, this.#start + count) : undefined;
  }

  drop(count: number): void {
    const dropped = Math.min(count, this.length);
    this.#start += dropped;
    this.#consumed += dropped;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }
}
