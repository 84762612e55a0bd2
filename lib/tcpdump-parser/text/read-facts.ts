/** A packet's line as facts. What is not understood is in `rest`; nothing is guessed. */
import { ETHER_TYPE } from '../../wire/ethernet.ts';
import { Cursor } from './cursor.ts';
import type { TextFacts } from './facts.ts';
import { readIp } from './read-ip.ts';
import { readArp, readLacp, readStp } from './read-link-control.ts';
import { readLink } from './read-link.ts';

export function readFacts(text: string): TextFacts {
  const cursor = new Cursor(text);
  const facts: TextFacts = readLink(cursor);
  const etherType = facts.link?.etherType;
  if (cursor.take(/^IP6 /) || etherType === ETHER_TYPE.ipv6) readIp(cursor, facts, 6);
  else if (cursor.take(/^IP /) || etherType === ETHER_TYPE.ipv4) readIp(cursor, facts, 4);
  else {
    readLacp(cursor, facts);
    readStp(cursor, facts);
    if (!facts.lacp && !facts.stp) readArp(cursor, facts);
  }
  const rest = cursor.rest.trim();
  if (rest !== '') facts.rest = rest;
  return facts;
}
