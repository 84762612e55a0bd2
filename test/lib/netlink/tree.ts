/** A request as a tree of attributes, so that two encoders can be compared: order and the NESTED flag are theirs to choose. */
import { eachAttribute } from '../../../lib/netlink/index.ts';

/** `nests`: paths of attribute numbers that hold attributes, with the size of a struct in front of them: "18.2.1": 16. */
export function attributeTree(payload: Uint8Array, header: number, nests: Readonly<Record<string, number>>, path = ''): unknown[] {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const attributes: [number, unknown][] = [];
  eachAttribute(payload, header, (type, value) => {
    const here = path === '' ? String(type) : `${path}.${String(type)}`;
    const inner = nests[here];
    attributes.push([type, inner === undefined ? hex(value) : attributeTree(value, inner, nests, here)]);
  });
  attributes.sort(([a], [b]) => a - b);
  return [hex(payload.subarray(0, header)), ...attributes];
}
