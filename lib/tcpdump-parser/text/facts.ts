/** What a packet's line says, as far as it was understood. Nothing is assumed: what the line leaves out is not here. */
import type { GroupRecord } from '../../wire/group-records.ts';
import type { LacpParty } from '../../wire/lacp.ts';
import type { VlanTag } from '../../wire/ethernet.ts';
import type { StpPortRole } from '../../wire/stp.ts';

export interface LinkFacts {
  src?: string;
  dst?: string;
  /** Outermost first. */
  vlans: VlanTag[];
  /** EtherType after the tags. */
  etherType?: number;
  /** 802.3 with LLC in place of an EtherType. */
  llc?: boolean;
  /** Bytes on the wire, link header included. */
  length?: number;
}

/** A listing of the interface "any". */
export interface CookedFacts {
  interface?: string;
  direction: 'In' | 'Out' | 'B' | 'M' | 'P';
}

export interface IpFacts {
  version: 4 | 6;
  src?: string;
  dst?: string;
  tos?: number;
  ttl?: number;
  identification?: number;
  protocol?: number;
  /** IPv4: the whole packet. IPv6: what follows the fixed header. */
  length?: number;
  fragment?: { offset: number; more: boolean };
  dontFragment?: boolean;
}

/** IGMP and MLD: a line tells more of them the more -v there are. */
export interface MembershipFacts {
  type: 'query' | 'report' | 'leave';
  version: 1 | 2 | 3;
  /** Absent: a general query, or not told. */
  group?: string;
  maxResponseMs?: number;
  sources?: string[];
  recordCount?: number;
  records?: GroupRecord[];
}

export interface ArpFacts {
  operation: number;
  senderMac?: string;
  senderIp?: string;
  targetMac?: string;
  targetIp?: string;
}

export interface StpFacts {
  type: 'configuration' | 'rapid' | 'topology-change';
  bridge?: { priority: number; mac: string; port: number };
  root?: { priority: number; mac: string };
  rootPathCost?: number;
  messageAgeMs?: number;
  maxAgeMs?: number;
  helloMs?: number;
  forwardDelayMs?: number;
  flags?: string[];
  role?: StpPortRole;
}

export interface TextFacts {
  link?: LinkFacts;
  cooked?: CookedFacts;
  ip?: IpFacts;
  udp?: { srcPort: number; dstPort: number; /** Of the payload. */ length?: number };
  echo?: {
    version: 4 | 6;
    type: 'echo-request' | 'echo-reply';
    id: number;
    sequence: number;
    /** With its header. */ length?: number;
  };
  igmp?: MembershipFacts;
  mld?: MembershipFacts;
  arp?: ArpFacts;
  neighbor?: {
    type: 'neighbor-solicitation' | 'neighbor-advertisement';
    target: string;
    mac?: string;
    flags?: string[];
  };
  router?: 'router-solicitation' | 'router-advertisement';
  lacp?: { version: number; actor?: LacpParty; partner?: LacpParty; collectorMaxDelay?: number };
  stp?: StpFacts;
  /** What is left of the line and nobody understood. */
  rest?: string;
}
