/** Captures from files or a pipe, frame by frame: pcap and pcapng as streams, tcpdump's text whole. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { CapturedFrame } from '../../lib/explain/explain.ts';
import { CaptureReader, parseTcpdumpText } from '../../lib/tcpdump-parser/index.ts';

/** What was read of one capture, once it was. */
export interface ReadCapture {
  readonly name: string;
  format: 'pcap' | 'pcapng' | 'text';
  frames: number;
  /** Why reading ended before the end, or what could not be read. */
  notes: string[];
}

/** Pasted text is read whole: nobody pastes more. */
const MOST_TEXT_BYTES = 256 * 1024 * 1024;

const MAGICS = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a'];

export function captureName(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** The frames of one capture in its order. `told` is complete when the generator is done. */
export async function* captureFrames(file: string, told: ReadCapture, prefix: string): AsyncGenerator<CapturedFrame> {
  const stream: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 });
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  if (MAGICS.includes(head.toString('hex', 0, 4))) yield* binaryFrames(head, chunks, told, prefix);
  else yield* textFrames(head, chunks, told, prefix);
}

async function* binaryFrames(
  head: Buffer,
  rest: AsyncIterable<Buffer>,
  told: ReadCapture,
  prefix: string,
): AsyncGenerator<CapturedFrame> {
  const reader = new CaptureReader();
  const named = (id: number): string => prefix + (reader.interfaces[id]?.name ?? `interface ${id}`);
  let number = 0;
  const take = function* (chunk: Buffer): Generator<CapturedFrame> {
    for (const packet of reader.push(chunk)) {
      number++;
      const { timestampNs, bytes, linkType, originalLength, interfaceId } = packet;
      yield { timestampNs, bytes, linkType, originalLength, number, where: named(interfaceId) };
    }
  };
  yield* take(head);
  for await (const chunk of rest) yield* take(chunk);
  const end = reader.end();
  told.format = reader.format ?? 'pcap';
  told.frames = number;
  if (!end.clean) told.notes.push(`reading ended at byte ${end.offset}: ${end.reason}`);
}

async function* textFrames(
  head: Buffer,
  rest: AsyncIterable<Buffer>,
  told: ReadCapture,
  prefix: string,
): AsyncGenerator<CapturedFrame> {
  const pieces = [head];
  let length = head.length;
  for await (const chunk of rest) {
    length += chunk.length;
    if (length > MOST_TEXT_BYTES)
      throw new Error(
        `Cannot read ${told.name}: it is no pcap or pcapng, and too long for pasted text (${MOST_TEXT_BYTES >> 20} MiB).`,
      );
    pieces.push(chunk);
  }
  const { packets, interfaces, unread } = parseTcpdumpText(Buffer.concat(pieces).toString('utf8'));
  told.format = 'text';
  told.frames = packets.length;
  for (const { line, why } of unread.slice(0, 5)) told.notes.push(`line ${line}: ${why}`);
  if (unread.length > 5) told.notes.push(`and ${unread.length - 5} lines more`);
  for (const { line, disagreements } of packets)
    for (const what of disagreements.slice(0, 3)) told.notes.push(`line ${line}: ${what}`);
  for (const [index, packet] of packets.entries()) {
    const { timestampNs, bytes, linkType, originalLength, interfaceId } = packet;
    yield {
      timestampNs,
      bytes,
      linkType,
      originalLength,
      number: index + 1,
      where: prefix + (interfaces[interfaceId]?.name ?? 'the listing'),
    };
  }
}

/** Several captures of one time, as one: the earliest frame next. */
export async function* merged(sources: readonly AsyncGenerator<CapturedFrame>[]): AsyncGenerator<CapturedFrame> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  for (;;) {
    let earliest = -1;
    heads.forEach((head, i) => {
      const best = heads[earliest];
      if (
        head.done !== true &&
        (best === undefined || best.done === true || head.value.timestampNs < best.value.timestampNs)
      )
        earliest = i;
    });
    const head = heads[earliest];
    if (head === undefined || head.done === true) return;
    yield head.value;
    heads[earliest] = await (sources[earliest] as AsyncGenerator<CapturedFrame>).next();
  }
}

/** What stands in front of interface names when there is more than one capture. */
export const prefixOf = (file: string, several: boolean): string => (several ? `${basename(file)} ` : '');
