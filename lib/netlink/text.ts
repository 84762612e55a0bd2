/** Addresses between text and network bytes. Text comes from plans that were checked before: errors here name what was read. */

export function macToBytes(text: string): Uint8Array {
  const parts = text.split(':');
  const bytes = Uint8Array.from(parts, (part) => (/^[0-9a-f]{2}$/i.test(part) ? parseInt(part, 16) : NaN));
  if (bytes.length !== 6 || parts.some((part) => !/^[0-9a-f]{2}$/i.test(part))) throw new TypeError(`not a MAC address: "${text}"`);
  return bytes;
}

export function macFromBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (text === '' ? '' : ':') + byte.toString(16).padStart(2, '0');
  return text;
}

function ipv4ToBytes(text: string): Uint8Array | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  const numbers = match.slice(1).map(Number);
  return numbers.every((n) => n < 256) ? Uint8Array.from(numbers) : undefined;
}

function ipv6ToBytes(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const words = (half: string): number[] | undefined => {
    if (half === '') return [];
    const result: number[] = [];
    const parts = half.split(':');
    for (const [at, part] of parts.entries()) {
      const v4 = at === parts.length - 1 ? ipv4ToBytes(part) : undefined;
      if (v4) result.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0));
      else if (/^[0-9a-f]{1,4}$/i.test(part)) result.push(parseInt(part, 16));
      else return undefined;
    }
    return result;
  };
  const head = words(halves[0] ?? '');
  const tail = halves.length === 2 ? words(halves[1] ?? '') : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

/** 4 or 16 bytes in network order; throws TypeError when the text is neither IPv4 nor IPv6. */
export function ipToBytes(text: string): Uint8Array {
  const bytes = text.includes(':') ? ipv6ToBytes(text) : ipv4ToBytes(text);
  if (!bytes) throw new TypeError(`not an IP address: "${text}"`);
  return bytes;
}

/** From 4 or 16 bytes in network order; IPv6 as RFC 5952 writes it. */
export function ipFromBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new RangeError(`an IP address has 4 or 16 bytes, not ${String(bytes.length)}`);
  const words: number[] = [];
  for (let at = 0; at < 16; at += 2) words.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  // The longest run of two or more zero words becomes "::", the first of equals.
  let best = -1, bestLength = 1;
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && words[at + length] === 0) length++;
    if (length > bestLength) [best, bestLength] = [at, length];
    at += length;
  }
  const hex = (part: number[]): string => part.map((word) => word.toString(16)).join(':');
  if (best < 0) return hex(words);
  return `${hex(words.slice(0, best))}::${hex(words.slice(best + bestLength))}`;
}

/** "192.0.2.1/24" to bytes and prefix length; without a prefix the whole address (32 or 128). */
export function prefixToBytes(text: string): { bytes: Uint8Array; prefix: number } {
  const [address = '', length] = text.split('/', 2);
  const bytes = ipToBytes(address);
  const prefix = length === undefined ? bytes.length * 8 : Number(length);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > bytes.length * 8) throw new TypeError(`not a prefix length: "${text}"`);
  return { bytes, prefix };
}
