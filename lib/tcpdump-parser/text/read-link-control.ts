/** What a line says of ARP, RARP, LACP and spanning tree. */
import { ARP_OPERATION } from '../../wire/arp.ts';
import { lacpState, type LacpParty, type LacpState } from '../../wire/lacp.ts';
import type { StpPortRole } from '../../wire/stp.ts';
import type { Cursor } from './cursor.ts';
import type { ArpFacts, StpFacts, TextFacts } from './facts.ts';
import { plainMac } from './read-link.ts';

const MAC = String.raw`([0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5})(?: \(oui [^)]*\))?`;
const IP = String.raw`(\d{1,3}(?:\.\d{1,3}){3})`;
const REQUEST = new RegExp(String.raw`^(?:Request )?who-has ${IP}(?: \(${MAC}\))? tell ${IP}`, 'i');
const REPLY = new RegExp(String.raw`^Reply ${IP} is-at ${MAC}`, 'i');
const ANNOUNCEMENT = new RegExp(String.raw`^(Announcement|Probe) ${IP}`, 'i');
const REVERSE_REQUEST = new RegExp(String.raw`^(?:Reverse Request |rarp )?who-is ${MAC} tell ${MAC}`, 'i');
const REVERSE_REPLY = new RegExp(String.raw`^Reverse Reply ${MAC} at ${IP}`, 'i');

/** Old versions begin with "arp" and "rarp", newer with "ARP, " and -v's sizes. */
export function readArp(cursor: Cursor, facts: TextFacts): void {
  cursor.take(/^(?:ARP, |Reverse ARP, |arp )/i);
  cursor.take(/^Ethernet \(len 6\), IPv4 \(len 4\), /i);
  const arp = readArpBody(cursor);
  if (arp) facts.arp = arp;
}

function readArpBody(cursor: Cursor): ArpFacts | undefined {
  const request = cursor.take(REQUEST);
  if (request) {
    const [, targetIp, targetMac, senderIp] = request;
    return {
      operation: ARP_OPERATION.request,
      ...pick({ targetIp, senderIp }),
      ...(targetMac !== undefined && { targetMac: plainMac(targetMac) }),
    };
  }
  const announcement = cursor.take(ANNOUNCEMENT);
  if (announcement) {
    const targetIp = announcement[2] as string;
    return {
      operation: ARP_OPERATION.request,
      targetIp,
      senderIp: announcement[1]?.toLowerCase() === 'probe' ? '0.0.0.0' : targetIp,
    };
  }
  const reply = cursor.take(REPLY);
  if (reply)
    return { operation: ARP_OPERATION.reply, senderIp: reply[1] as string, senderMac: plainMac(reply[2] as string) };
  const reverse = cursor.take(REVERSE_REQUEST);
  if (reverse)
    return {
      operation: ARP_OPERATION.reverseRequest,
      targetMac: plainMac(reverse[1] as string),
      senderMac: plainMac(reverse[2] as string),
    };
  const answered = cursor.take(REVERSE_REPLY);
  if (answered)
    return {
      operation: ARP_OPERATION.reverseReply,
      targetMac: plainMac(answered[1] as string),
      targetIp: answered[2] as string,
    };
  return undefined;
}

const pick = (from: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(from).filter((pair): pair is [string, string] => pair[1] !== undefined));

/** tcpdump's names of the state bits. */
const STATE_WORDS: Readonly<Record<string, keyof LacpState>> = {
  activity: 'active',
  timeout: 'shortTimeout',
  aggregation: 'aggregatable',
  synchronization: 'synchronized',
  collecting: 'collecting',
  distributing: 'distributing',
  default: 'defaulted',
  expired: 'expired',
};

const PARTY = new RegExp(
  String.raw`^.*?System ${MAC}, System Priority (\d+), Key (\d+), Port (\d+), Port Priority (\d+),? State Flags \[([^\]]*)\]`,
  'i',
);

function party(text: string): LacpParty | undefined {
  const found = PARTY.exec(text);
  if (!found) return undefined;
  const [, system = '', systemPriority, key, port, portPriority, flags = ''] = found;
  const state = lacpState(0);
  for (const word of flags.toLowerCase().split(/,\s*/)) {
    const bit = STATE_WORDS[word.trim()];
    if (bit !== undefined) state[bit] = true;
  }
  return {
    system: plainMac(system),
    systemPriority: Number(systemPriority),
    key: Number(key),
    port: Number(port),
    portPriority: Number(portPriority),
    state,
  };
}

/** "LACPv1, length 110", and from -v on the actor and the partner. */
export function readLacp(cursor: Cursor, facts: TextFacts): void {
  const head = cursor.take(/^LACPv(\d)(?:, length \d+)?/);
  if (!head) return;
  const said = cursor.rest;
  const [, after = ''] = said.split(/Actor Information TLV/);
  const [actorText = '', partnerText = ''] = after.split(/Partner Information TLV/);
  const [actor, partner] = [party(actorText), party(partnerText)];
  const delay = /Max Delay (\d+)/.exec(partnerText)?.[1];
  facts.lacp = {
    version: Number(head[1]),
    ...(actor && { actor }),
    ...(partner && { partner }),
    ...(delay !== undefined && { collectorMaxDelay: Number(delay) }),
  };
}

const ROLES: Readonly<Record<string, StpPortRole>> = {
  unknown: 'unknown',
  alternate: 'alternate-or-backup',
  backup: 'alternate-or-backup',
  root: 'root',
  designated: 'designated',
};

/** "STP 802.1d, Config, Flags [none], bridge-id 8000.02:f1:8f:17:cf:3f.8001, length 35", times from -v on. */
export function readStp(cursor: Cursor, facts: TextFacts): void {
  const head = cursor.take(/^STP 802\.1(?:d|w|s), (Config|Topology Change|Rapid STP|MSTP)/i);
  if (!head) return;
  const kind = head[1] as string;
  if (/^topology/i.test(kind)) {
    facts.stp = { type: 'topology-change' };
    return;
  }
  const said = cursor.rest;
  const stp: StpFacts = { type: /^config/i.test(kind) ? 'configuration' : 'rapid' };
  const flags = /Flags \[([^\]]*)\]/.exec(said)?.[1];
  if (flags !== undefined) stp.flags = flags.split(/,\s*/).filter((flag) => flag !== '' && flag !== 'none');
  const bridge = /bridge-id ([0-9a-f]{4})\.([0-9a-f:]{17})\.([0-9a-f]{4})/i.exec(said);
  if (bridge)
    stp.bridge = {
      priority: parseInt(bridge[1] as string, 16),
      mac: plainMac(bridge[2] as string),
      port: parseInt(bridge[3] as string, 16),
    };
  const root = /root-id ([0-9a-f]{4})\.([0-9a-f:]{17})/i.exec(said);
  if (root) stp.root = { priority: parseInt(root[1] as string, 16), mac: plainMac(root[2] as string) };
  const cost = /root-pathcost (\d+)/.exec(said)?.[1];
  if (cost !== undefined) stp.rootPathCost = Number(cost);
  const role = ROLES[/port-role (\w+)/i.exec(said)?.[1]?.toLowerCase() ?? ''];
  if (role !== undefined) stp.role = role;
  for (const [word, name] of [
    ['message-age', 'messageAgeMs'],
    ['max-age', 'maxAgeMs'],
    ['hello-time', 'helloMs'],
    ['forwarding-delay', 'forwardDelayMs'],
  ] as const) {
    const found = new RegExp(`${word} ([\\d.]+)s`).exec(said)?.[1];
    if (found !== undefined) stp[name] = Math.round(Number(found) * 1000);
  }
  facts.stp = stp;
}
