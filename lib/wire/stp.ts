/** Spanning tree BPDUs: configuration and topology change (IEEE 802.1D-2004 section 9.3.1, 9.3.2), rapid (9.3.3). */
import { formatMac, parseMac, type Mac } from './address.ts';
import { Reader, WireError, Writer } from './bytes.ts';
import type { Llc } from './ethernet.ts';

/** Where bridges speak to each other; not forwarded. */
export const BRIDGE_GROUP_MAC: Mac = '01:80:c2:00:00:00';
export const STP_LLC: Llc = { dsap: 0x42, ssap: 0x42, control: 3 };

/** The priority holds the system identifier (the VLAN) in its lower 12 bits. */
export interface BridgeId {
  priority: number;
  mac: Mac;
}

export type StpPortRole = 'unknown' | 'alternate-or-backup' | 'root' | 'designated';
const ROLES: readonly StpPortRole[] = ['unknown', 'alternate-or-backup', 'root', 'designated'];

interface Configuration {
  topologyChange: boolean;
  topologyChangeAcknowledged: boolean;
  root: BridgeId;
  rootPathCost: number;
  bridge: BridgeId;
  /** Priority in the upper bits, port number below. */
  port: number;
  /** Times in ms; the wire counts 1/256 s. */
  messageAgeMs: number;
  maxAgeMs: number;
  helloMs: number;
  forwardDelayMs: number;
}

export type Bpdu =
  | { type: 'topology-change' }
  | ({ type: 'configuration' } & Configuration)
  | ({
      type: 'rapid';
      /** 2 for RSTP; 3 is MSTP, of which only the common part is decoded. */
      version: number;
      proposal: boolean;
      role: StpPortRole;
      learning: boolean;
      forwarding: boolean;
      agreement: boolean;
    } & Configuration);

const TYPE = { configuration: 0x00, rapid: 0x02, topologyChange: 0x80 } as const;
const TICKS_PER_MS = 256 / 1000;

/** What follows the LLC header. */
export function decodeStp(bytes: Uint8Array): Bpdu {
  const reader = new Reader(bytes, 'BPDU');
  const protocol = reader.u16();
  if (protocol !== 0) throw new WireError(`BPDU: protocol identifier ${protocol}`);
  const version = reader.u8();
  const type = reader.u8();
  if (type === TYPE.topologyChange) return { type: 'topology-change' };
  if (type !== TYPE.configuration && type !== TYPE.rapid) throw new WireError(`BPDU: type ${type}`);
  const flags = reader.u8();
  const bridgeId = (): BridgeId => ({ priority: reader.u16(), mac: formatMac(reader.take(6)) });
  const time = (): number => reader.u16() / TICKS_PER_MS;
  const configuration: Configuration = {
    topologyChange: (flags & 0x01) !== 0,
    topologyChangeAcknowledged: (flags & 0x80) !== 0,
    root: bridgeId(),
    rootPathCost: reader.u32(),
    bridge: bridgeId(),
    port: reader.u16(),
    messageAgeMs: time(),
    maxAgeMs: time(),
    helloMs: time(),
    forwardDelayMs: time(),
  };
  if (type === TYPE.configuration) return { type: 'configuration', ...configuration };
  return {
    type: 'rapid',
    version,
    proposal: (flags & 0x02) !== 0,
    role: ROLES[(flags >> 2) & 3] ?? 'unknown',
    learning: (flags & 0x10) !== 0,
    forwarding: (flags & 0x20) !== 0,
    agreement: (flags & 0x40) !== 0,
    ...configuration,
  };
}

/** Times are rounded to 1/256 s. */
export function encodeStp(bpdu: Bpdu): Uint8Array {
  if (bpdu.type === 'topology-change') return new Writer().u16(0).u8(0).u8(TYPE.topologyChange).done();
  let flags = (bpdu.topologyChange ? 0x01 : 0) | (bpdu.topologyChangeAcknowledged ? 0x80 : 0);
  if (bpdu.type === 'rapid') {
    flags |= (bpdu.proposal ? 0x02 : 0) | (ROLES.indexOf(bpdu.role) << 2) | (bpdu.learning ? 0x10 : 0);
    flags |= (bpdu.forwarding ? 0x20 : 0) | (bpdu.agreement ? 0x40 : 0);
  }
  const rapid = bpdu.type === 'rapid';
  const writer = new Writer()
    .u16(0)
    .u8(rapid ? bpdu.version : 0)
    .u8(rapid ? TYPE.rapid : TYPE.configuration)
    .u8(flags);
  writer.u16(bpdu.root.priority).bytes(parseMac(bpdu.root.mac)).u32(bpdu.rootPathCost);
  writer.u16(bpdu.bridge.priority).bytes(parseMac(bpdu.bridge.mac)).u16(bpdu.port);
  for (const ms of [bpdu.messageAgeMs, bpdu.maxAgeMs, bpdu.helloMs, bpdu.forwardDelayMs]) {
    writer.u16(Math.round(ms * TICKS_PER_MS));
  }
  // Version 1 length: there is no version 1 information (section 9.3.3).
  return rapid ? writer.u8(0).done() : writer.done();
}
