/** Addresses between text and network bytes, under the names that requests use; lib/wire/address.ts does the work. */
import { formatIp, formatMac, parseIp, parseMac } from '../wire/address.ts';

export { parseMac as macToBytes, formatMac as macFromBytes, parseIp as ipToBytes, formatIp as ipFromBytes };

/** "192.0.2.1/24" to bytes and prefix length; without a prefix the whole address (32 or 128). */
export function prefixToBytes(text: string): { bytes: Uint8Array; prefix: number } {
  const [address = '', length] = text.split('/', 2);
  const bytes = parseIp(address);
  const prefix = length === undefined ? bytes.length * 8 : Number(length);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > bytes.length * 8) throw new RangeError(`not a prefix length: "${text}"`);
  return { bytes, prefix };
}
