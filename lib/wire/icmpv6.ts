/** ICMPv6 (RFC 4443) with neighbour discovery (RFC 4861). Listener discovery is in mld.ts. */
import { formatIpv6, formatMac, parseIpv6, parseMac, pseudoHeaderSum, type Ipv6Address, type Mac } from './address.ts';
import { checksumProblem, internetChecksum, Reader, setChecksum, Writer } from './bytes.ts';
import { IP_PROTOCOL } from './ipv4.ts';
import type { Endpoints } from './udp.ts';

/** RFC 4861 section 4.6. */
export type NdOption =
  | { type: 'source-link-layer' | 'target-link-layer'; mac: Mac }
  | { type: 'mtu'; mtu: number }
  | {
      type: 'prefix';
      prefix: Ipv6Address;
      length: number;
      onLink: boolean;
      autonomous: boolean;
      /** Seconds; 0xffffffff is for ever. */
      validS: number;
      preferredS: number;
    }
  /** Data without type and length: 6 bytes, or 8 more, and so on. */
  | { type: 'other'; code: number; data: Uint8Array };

export type Icmpv6 =
  | { type: 'echo-request' | 'echo-reply'; id: number; sequence: number; data: Uint8Array }
  | { type: 'router-solicitation'; options: NdOption[] }
  | {
      type: 'router-advertisement';
      hopLimit: number;
      managed: boolean;
      otherConfiguration: boolean;
      /** Seconds; 0: not a default router. */
      lifetimeS: number;
      reachableMs: number;
      retransmitMs: number;
      options: NdOption[];
    }
  | { type: 'neighbor-solicitation'; target: Ipv6Address; options: NdOption[] }
  | {
      type: 'neighbor-advertisement';
      target: Ipv6Address;
      router: boolean;
      solicited: boolean;
      override: boolean;
      options: NdOption[];
    }
  /** Errors and the rest; the body follows the checksum. */
  | { type: 'other'; icmpType: number; code: number; body: Uint8Array };

const TYPE = {
  'echo-request': 128,
  'echo-reply': 129,
  'router-solicitation': 133,
  'router-advertisement': 134,
  'neighbor-solicitation': 135,
  'neighbor-advertisement': 136,
} as const;

function decodeOption(code: number, data: Uint8Array): NdOption {
  const reader = new Reader(data, 'neighbour discovery option');
  if ((code === 1 || code === 2) && data.length === 6) {
    return { type: code === 1 ? 'source-link-layer' : 'target-link-layer', mac: formatMac(data) };
  }
  if (code === 5 && data.length === 6) {
    reader.skip(2);
    return { type: 'mtu', mtu: reader.u32() };
  }
  if (code === 3 && data.length === 30) {
    const length = reader.u8();
    const flags = reader.u8();
    const validS = reader.u32();
    const preferredS = reader.u32();
    reader.skip(4);
    const prefix = formatIpv6(reader.take(16));
    const onLink = (flags & 0x80) !== 0;
    return { type: 'prefix', prefix, length, onLink, autonomous: (flags & 0x40) !== 0, validS, preferredS };
  }
  return { type: 'other', code, data };
}

function decodeOptions(reader: Reader, problems: string[]): NdOption[] {
  const options: NdOption[] = [];
  while (reader.remaining > 0) {
    const code = reader.u8();
    const length = reader.remaining > 0 ? reader.u8() * 8 : 0;
    // RFC 4861 section 4.6: a packet with an option of length 0 is dropped.
    if (length === 0 || length - 2 > reader.remaining) {
      problems.push(`neighbour discovery option ${code}: length ${length} bytes is wrong`);
      break;
    }
    options.push(decodeOption(code, reader.take(length - 2)));
  }
  return options;
}

/** Says what is wrong with the checksum of any ICMPv6 message, MLD's too. */
export function icmpv6ChecksumProblem(bytes: Uint8Array, { src, dst }: Endpoints): string | undefined {
  return checksumProblem('ICMPv6', bytes, 2, pseudoHeaderSum(src, dst, IP_PROTOCOL.icmpv6, bytes.length));
}

/** The checksum is not verified here: `icmpv6ChecksumProblem` does. */
export function decodeIcmpv6(bytes: Uint8Array, problems: string[] = []): Icmpv6 {
  const reader = new Reader(bytes, 'ICMPv6');
  const icmpType = reader.u8();
  const code = reader.u8();
  reader.skip(2);
  switch (icmpType) {
    case TYPE['echo-request']:
    case TYPE['echo-reply']: {
      const type = icmpType === TYPE['echo-request'] ? 'echo-request' : 'echo-reply';
      return { type, id: reader.u16(), sequence: reader.u16(), data: reader.rest() };
    }
    case TYPE['router-solicitation']: {
      reader.skip(4);
      return { type: 'router-solicitation', options: decodeOptions(reader, problems) };
    }
    case TYPE['router-advertisement']: {
      const hopLimit = reader.u8();
      const flags = reader.u8();
      return {
        type: 'router-advertisement',
        hopLimit,
        managed: (flags & 0x80) !== 0,
        otherConfiguration: (flags & 0x40) !== 0,
        lifetimeS: reader.u16(),
        reachableMs: reader.u32(),
        retransmitMs: reader.u32(),
        options: decodeOptions(reader, problems),
      };
    }
    case TYPE['neighbor-solicitation']: {
      reader.skip(4);
      const target = formatIpv6(reader.take(16));
      return { type: 'neighbor-solicitation', target, options: decodeOptions(reader, problems) };
    }
    case TYPE['neighbor-advertisement']: {
      const flags = reader.u32() >>> 29;
      return {
        type: 'neighbor-advertisement',
        target: formatIpv6(reader.take(16)),
        router: (flags & 4) !== 0,
        solicited: (flags & 2) !== 0,
        override: (flags & 1) !== 0,
        options: decodeOptions(reader, problems),
      };
    }
    default:
      return { type: 'other', icmpType, code, body: reader.rest() };
  }
}

function encodeOption(option: NdOption): Uint8Array {
  switch (option.type) {
    case 'source-link-layer':
      return new Writer().u8(1).u8(1).bytes(parseMac(option.mac)).done();
    case 'target-link-layer':
      return new Writer().u8(2).u8(1).bytes(parseMac(option.mac)).done();
    case 'mtu':
      return new Writer().u8(5).u8(1).u16(0).u32(option.mtu).done();
    case 'prefix': {
      const flags = (option.onLink ? 0x80 : 0) | (option.autonomous ? 0x40 : 0);
      const writer = new Writer().u8(3).u8(4).u8(option.length).u8(flags).u32(option.validS).u32(option.preferredS);
      return writer.u32(0).bytes(parseIpv6(option.prefix)).done();
    }
    case 'other':
      return new Writer()
        .u8(option.code)
        .u8((option.data.length + 2) / 8)
        .bytes(option.data)
        .done();
  }
}

function body(message: Icmpv6): Writer {
  const head = (type: number, code = 0): Writer => new Writer().u8(type).u8(code).u16(0);
  switch (message.type) {
    case 'echo-request':
    case 'echo-reply':
      return head(TYPE[message.type]).u16(message.id).u16(message.sequence).bytes(message.data);
    case 'router-solicitation':
      return head(TYPE[message.type]).u32(0);
    case 'router-advertisement': {
      const flags = (message.managed ? 0x80 : 0) | (message.otherConfiguration ? 0x40 : 0);
      const writer = head(TYPE[message.type]).u8(message.hopLimit).u8(flags).u16(message.lifetimeS);
      return writer.u32(message.reachableMs).u32(message.retransmitMs);
    }
    case 'neighbor-solicitation':
      return head(TYPE[message.type]).u32(0).bytes(parseIpv6(message.target));
    case 'neighbor-advertisement': {
      const flags = (message.router ? 4 : 0) | (message.solicited ? 2 : 0) | (message.override ? 1 : 0);
      return head(TYPE[message.type])
        .u8(flags << 5)
        .u8(0)
        .u16(0)
        .bytes(parseIpv6(message.target));
    }
    case 'other':
      return head(message.icmpType, message.code).bytes(message.body);
  }
}

/** The message with its checksum, which covers the addresses. */
export function encodeIcmpv6(message: Icmpv6, { src, dst }: Endpoints): Uint8Array {
  const writer = body(message);
  if ('options' in message) for (const option of message.options) writer.bytes(encodeOption(option));
  const bytes = writer.done();
  return setChecksum(bytes, 2, internetChecksum(bytes, pseudoHeaderSum(src, dst, IP_PROTOCOL.icmpv6, bytes.length)));
}
