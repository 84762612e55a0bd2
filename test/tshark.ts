/** Our decode of a capture against tshark's, frame by frame and field by field. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedTree, fetchProgram } from '../harness/setup/fetch-program.mjs';
import { isInstalled } from '../harness/setup/programs.mjs';
import { decodePacket, parseCapture } from '../lib/tcpdump-parser/index.ts';
import type { Frame } from '../lib/wire/frame.ts';
import { GROUP_RECORD_TYPES } from '../lib/wire/group-records.ts';
import { lacpStateOctet } from '../lib/wire/lacp.ts';
import { describeFrame } from '../lib/wire/describe.ts';

interface Tshark {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The one that is installed, or Debian's package unpacked in our cache; else why there is none. */
async function findTshark(): Promise<Tshark | string> {
  if (isInstalled('tshark')) return { program: 'tshark', env: process.env };
  if (cachedTree('tshark') === undefined) {
    if (process.env['WIREWARP_NO_FETCH'] !== undefined)
      return 'tshark is not installed, and --no-install forbids fetching it';
    const { failed } = await fetchProgram('tshark', { say: () => undefined });
    if (failed !== undefined) return `tshark is not installed, and ${failed}`;
  }
  const tree = cachedTree('tshark');
  if (tree === undefined) return 'tshark is not installed';
  const libraries = readdirSync(join(tree, 'usr/lib')).map((folder) => join(tree, 'usr/lib', folder));
  return {
    program: join(tree, 'usr/bin/tshark'),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: libraries.join(':'),
      WIRESHARK_DATA_DIR: join(tree, 'usr/share/wireshark'),
    },
  };
}

const tshark = await findTshark();
/** For tests: false, or why they are skipped. */
export const noTshark = typeof tshark === 'string' ? tshark : false;

type Said = string | undefined;
const hex = (value: number | undefined, digits = 4): Said =>
  value === undefined ? undefined : `0x${value.toString(16).padStart(digits, '0')}`;
const dec = (value: number | undefined): Said => value?.toString();
const flag = (value: boolean | undefined): Said => (value === undefined ? undefined : value ? '1' : '0');
const list = (values: readonly (string | number)[] | undefined): Said =>
  values === undefined || values.length === 0 ? undefined : values.join(',');
const records = (frame: Frame, of: 'igmp' | 'mld') => {
  const message = frame[of];
  return message && 'records' in message ? message.records : undefined;
};
const igmp = (frame: Frame) => (frame.igmp && frame.igmp.type !== 'other' ? frame.igmp : undefined);
const igmpType = (frame: Frame): Said => {
  const message = igmp(frame);
  if (!message) return undefined;
  if (message.type === 'query') return '0x11';
  if (message.type === 'leave') return '0x17';
  return { 1: '0x12', 2: '0x16', 3: '0x22' }[message.version];
};
const MLD_TYPES = { query: 130, done: 132 } as const;
const icmpv6Type = (frame: Frame): Said => {
  const { mld, icmpv6 } = frame;
  if (mld) return dec(mld.type === 'report' ? (mld.version === 1 ? 131 : 143) : MLD_TYPES[mld.type]);
  if (!icmpv6) return undefined;
  if (icmpv6.type === 'other') return dec(icmpv6.icmpType);
  return dec(
    {
      'echo-request': 128,
      'echo-reply': 129,
      'router-solicitation': 133,
      'router-advertisement': 134,
      'neighbor-solicitation': 135,
      'neighbor-advertisement': 136,
    }[icmpv6.type],
  );
};
const tree = (frame: Frame) => (frame.stp && frame.stp.type !== 'topology-change' ? frame.stp : undefined);
const echo = (frame: Frame) => (frame.icmp && 'sequence' in frame.icmp ? frame.icmp : undefined);

/** tshark's names of fields (https://www.wireshark.org/docs/dfref/), and what we say of them. */
const FIELDS: Readonly<Record<string, (frame: Frame) => Said>> = {
  'eth.src': ({ eth }) => eth?.src,
  'eth.dst': ({ eth }) => eth?.dst,
  'vlan.id': ({ eth }) => list(eth?.vlans.filter(({ tpid }) => tpid !== 0x88a8).map(({ id }) => id)),
  'ieee8021ad.id': ({ eth }) => list(eth?.vlans.filter(({ tpid }) => tpid === 0x88a8).map(({ id }) => id)),
  'arp.opcode': ({ arp }) => dec(arp?.operation),
  'arp.src.hw_mac': ({ arp }) => arp?.senderMac,
  'arp.src.proto_ipv4': ({ arp }) => arp?.senderIp,
  'arp.dst.hw_mac': ({ arp }) => arp?.targetMac,
  'arp.dst.proto_ipv4': ({ arp }) => arp?.targetIp,
  'ip.src': ({ ipv4 }) => ipv4?.src,
  'ip.dst': ({ ipv4 }) => ipv4?.dst,
  'ip.ttl': ({ ipv4 }) => dec(ipv4?.ttl),
  'ip.proto': ({ ipv4 }) => dec(ipv4?.protocol),
  'ip.id': ({ ipv4 }) => hex(ipv4?.identification),
  'ip.flags.mf': ({ ipv4 }) => flag(ipv4?.moreFragments),
  'ipv6.src': ({ ipv6 }) => ipv6?.src,
  'ipv6.dst': ({ ipv6 }) => ipv6?.dst,
  'ipv6.hlim': ({ ipv6 }) => dec(ipv6?.hopLimit),
  'udp.srcport': ({ udp }) => dec(udp?.srcPort),
  'udp.dstport': ({ udp }) => dec(udp?.dstPort),
  'udp.length': ({ udp }) => dec(udp?.length),
  'icmp.ident': (frame) => dec(echo(frame)?.id),
  'icmp.seq': (frame) => dec(echo(frame)?.sequence),
  'icmpv6.type': icmpv6Type,
  'icmpv6.nd.ns.target_address': ({ icmpv6 }) => (icmpv6?.type === 'neighbor-solicitation' ? icmpv6.target : undefined),
  'icmpv6.nd.na.target_address': ({ icmpv6 }) =>
    icmpv6?.type === 'neighbor-advertisement' ? icmpv6.target : undefined,
  'icmpv6.mld.multicast_address': ({ mld }) => (mld && 'group' in mld ? mld.group : undefined),
  'icmpv6.mldr.mar.record_type': (frame) =>
    list(records(frame, 'mld')?.map(({ type }) => GROUP_RECORD_TYPES.indexOf(type) + 1)),
  'icmpv6.mldr.mar.multicast_address': (frame) => list(records(frame, 'mld')?.map(({ group }) => group)),
  'icmpv6.mldr.mar.source_address': (frame) => list(records(frame, 'mld')?.flatMap(({ sources }) => sources)),
  'igmp.type': igmpType,
  'igmp.version': (frame) => dec(igmp(frame)?.version),
  'igmp.maddr': (frame) => {
    const message = igmp(frame);
    return message && 'records' in message ? list(message.records.map(({ group }) => group)) : message?.group;
  },
  'igmp.record_type': (frame) => list(records(frame, 'igmp')?.map(({ type }) => GROUP_RECORD_TYPES.indexOf(type) + 1)),
  'igmp.saddr': (frame) => {
    const message = igmp(frame);
    if (message && 'records' in message) return list(message.records.flatMap(({ sources }) => sources));
    return message && 'sources' in message ? list(message.sources) : undefined;
  },
  'igmp.qrv': (frame) => {
    const message = igmp(frame);
    return message && 'qrv' in message ? dec(message.qrv) : undefined;
  },
  'lacp.version': ({ lacp }) => hex(lacp?.version, 2),
  'lacp.actor.sysid': ({ lacp }) => lacp?.actor.system,
  'lacp.actor.key': ({ lacp }) => dec(lacp?.actor.key),
  'lacp.actor.port': ({ lacp }) => dec(lacp?.actor.port),
  'lacp.actor.state': ({ lacp }) => lacp && hex(lacpStateOctet(lacp.actor.state), 2),
  'lacp.partner.sysid': ({ lacp }) => lacp?.partner.system,
  'lacp.partner.state': ({ lacp }) => lacp && hex(lacpStateOctet(lacp.partner.state), 2),
  'stp.root.hw': (frame) => tree(frame)?.root.mac,
  'stp.root.cost': (frame) => dec(tree(frame)?.rootPathCost),
  'stp.bridge.hw': (frame) => tree(frame)?.bridge.mac,
  'stp.port': (frame) => hex(tree(frame)?.port),
  'stp.forward': (frame) => {
    const bpdu = tree(frame);
    return bpdu && dec(bpdu.forwardDelayMs / 1000);
  },
};

export interface Disagreement {
  readonly frame: number;
  readonly field: string;
  readonly tshark: string;
  readonly ours: string;
  readonly line: string;
}

/** Errors quote the packet that they are about: tshark names its fields as well, we decode the frame itself. */
const quotes = ({ icmp, icmpv6 }: Frame): boolean =>
  icmp?.type === 'unreachable' || icmp?.type === 'time-exceeded' || (icmpv6?.type === 'other' && icmpv6.icmpType < 128);

/** @param ours what we decode, where a test wants it to differ */
export function compareWithTshark(
  capture: Uint8Array,
  ours = capture,
): { frames: number; disagreements: Disagreement[] } {
  const names = Object.keys(FIELDS);
  const dir = mkdtempSync(join(tmpdir(), 'wirewarp-tshark-'));
  const file = join(dir, 'capture');
  // Without reassembly and name resolution: what is in this frame.
  const options = [
    '-r',
    file,
    '-n',
    '-o',
    'ip.defragment:FALSE',
    '-o',
    'ipv6.defragment:FALSE',
    '-T',
    'fields',
    '-E',
    'occurrence=a',
    '-E',
    'aggregator=,',
    ...names.flatMap((name) => ['-e', name]),
  ];
  // It reads no socket, which a child's standard input is.
  writeFileSync(file, capture);
  if (typeof tshark === 'string') throw new Error(tshark);
  const run = spawnSync(tshark.program, options, {
    env: tshark.env,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    timeout: 120_000,
  });
  rmSync(dir, { recursive: true });
  if (run.status !== 0) throw new Error(`tshark: ${run.stderr}`);
  const lines = run.stdout.split('\n').slice(0, -1);
  const { packets } = parseCapture(ours);
  if (lines.length !== packets.length) throw new Error(`tshark saw ${lines.length} frames, we ${packets.length}`);
  const disagreements: Disagreement[] = [];
  lines.forEach((line, i) => {
    const frame = decodePacket(packets[i] as (typeof packets)[number]);
    if (quotes(frame)) return;
    const said = line.split('\t');
    names.forEach((name, k) => {
      const tshark = said[k] ?? '';
      const weSay = FIELDS[name]?.(frame) ?? '';
      if (tshark !== weSay)
        disagreements.push({ frame: i + 1, field: name, tshark, ours: weSay, line: describeFrame(frame) });
    });
  });
  return { frames: lines.length, disagreements };
}
