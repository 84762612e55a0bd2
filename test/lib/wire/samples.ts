/** One frame of every kind the builders make, with a regular expression for what tcpdump -vv -e says of it. */
import {
  arpFrame,
  ARP_OPERATION,
  gratuitousArp,
  igmpLeave,
  igmpQuery,
  igmpReport,
  igmpV3Report,
  IP_PROTOCOL,
  ipv4Frame,
  ipv6Frame,
  lacpFrame,
  mldDone,
  mldQuery,
  mldReport,
  mldV2Report,
  rarpAnnouncement,
  stpFrame,
  udpFrame,
  vlanTag,
} from '../../../lib/wire/index.ts';
import { encodeIcmp } from '../../../lib/wire/icmp.ts';
import { encodeIcmpv6, type Icmpv6 } from '../../../lib/wire/icmpv6.ts';
import { lacpState } from '../../../lib/wire/lacp.ts';
import { concat } from '../../../lib/wire/bytes.ts';
import { encodeIpv4 } from '../../../lib/wire/ipv4.ts';
import { encodeUdp } from '../../../lib/wire/udp.ts';

const srcMac = '52:54:00:00:00:01';
const dstMac = '52:54:00:00:00:02';
const source = '192.0.2.1';
const group = '239.1.2.3';
const group6 = 'ff15::1234';
const local = 'fe80::5054:ff:fe00:1';
const data = new TextEncoder().encode('0123456789abcdef');

const nd = (dst: string, mac: string, message: Icmpv6): Uint8Array => {
  const header = { src: local, dst, protocol: IP_PROTOCOL.icmpv6, hopLimit: 255 };
  return ipv6Frame({ srcMac, dstMac: mac }, header, encodeIcmpv6(message, { src: local, dst }));
};
const bridge = { priority: 0x8000, mac: srcMac };
const party = { systemPriority: 65535, system: srcMac, key: 9, portPriority: 255, port: 1 };
const tree = {
  topologyChange: true,
  topologyChangeAcknowledged: false,
  root: bridge,
  rootPathCost: 100,
  bridge: { priority: 0x9000, mac: dstMac },
  port: 0x8002,
  messageAgeMs: 1000,
  maxAgeMs: 20000,
  helloMs: 2000,
  forwardDelayMs: 15000,
};
const datagram = encodeUdp({ srcPort: 5000, dstPort: 4321 }, concat(data, data), { src: source, dst: group });
const piece = { src: source, dst: group, protocol: IP_PROTOCOL.udp, identification: 77 };

export interface Sample {
  name: string;
  frame: Uint8Array;
  tcpdump: RegExp;
}

export const samples: Sample[] = [
  {
    name: 'IGMPv1 query',
    frame: igmpQuery({ version: 1, source, srcMac }),
    tcpdump: /ttl 1,.*\n.*192\.0\.2\.1 > 224\.0\.0\.1: igmp query v1/,
  },
  {
    name: 'IGMPv2 query',
    frame: igmpQuery({ version: 2, source, srcMac, maxResponse: 2500 }),
    tcpdump: /ttl 1,.*options \(RA\)\)\n.*> 224\.0\.0\.1: igmp query v2 \[max resp time 25\]/,
  },
  {
    name: 'IGMPv2 query of a group',
    frame: igmpQuery({ version: 2, source, srcMac, group, maxResponse: 1000 }),
    tcpdump: /> 239\.1\.2\.3: igmp query v2 \[max resp time 10\] \[gaddr 239\.1\.2\.3\]/,
  },
  {
    name: 'IGMPv3 query',
    frame: igmpQuery({ version: 3, source, srcMac, maxResponse: 24_800 }),
    tcpdump: /tos 0xc0.*options \(RA\)\)\n.*> 224\.0\.0\.1: igmp query v3 \[max resp time 24\.8s\]/,
  },
  {
    name: 'IGMPv3 query of sources',
    frame: igmpQuery({ version: 3, source, srcMac, group, sources: ['192.0.2.9', '198.51.100.1'] }),
    tcpdump: /igmp query v3 .*\[gaddr 239\.1\.2\.3 \{ 192\.0\.2\.9 198\.51\.100\.1 \}\]/,
  },
  {
    name: 'IGMPv1 report',
    frame: igmpReport({ version: 1, source, group, srcMac }),
    tcpdump: /igmp v1 report 239\.1\.2\.3/,
  },
  {
    name: 'IGMPv2 report',
    frame: igmpReport({ version: 2, source, group, srcMac }),
    tcpdump: /> 239\.1\.2\.3: igmp v2 report 239\.1\.2\.3/,
  },
  {
    name: 'IGMPv2 leave',
    frame: igmpLeave({ source, group, srcMac }),
    tcpdump: /> 224\.0\.0\.2: igmp leave 239\.1\.2\.3/,
  },
  {
    name: 'IGMPv3 report',
    frame: igmpV3Report({
      source,
      srcMac,
      records: [
        { type: 'is-include', group, sources: ['192.0.2.9'] },
        { type: 'is-exclude', group, sources: [] },
        { type: 'to-include', group, sources: [] },
        { type: 'to-exclude', group, sources: [] },
        { type: 'allow', group, sources: ['192.0.2.9'] },
        { type: 'block', group, sources: ['192.0.2.9'] },
      ],
    }),
    tcpdump:
      /> 224\.0\.0\.22: igmp v3 report, 6 group record\(s\) \[gaddr 239\.1\.2\.3 is_in \{ 192\.0\.2\.9 \}\] \[gaddr 239\.1\.2\.3 is_ex \{ \}\] \[gaddr 239\.1\.2\.3 to_in \{ \}\] \[gaddr 239\.1\.2\.3 to_ex \{ \}\] \[gaddr 239\.1\.2\.3 allow \{ 192\.0\.2\.9 \}\] \[gaddr 239\.1\.2\.3 block \{ 192\.0\.2\.9 \}\]/,
  },
  {
    name: 'MLDv1 query',
    frame: mldQuery({ version: 1, srcMac }),
    tcpdump: /hlim 1,.*HBH \(rtalert: 0x0000\).*multicast listener query ?max resp delay: 10000 addr: ::/,
  },
  {
    name: 'MLDv2 query',
    frame: mldQuery({ version: 2, srcMac, group: group6, sources: ['2001:db8::9'], maxResponse: 80_000 }),
    tcpdump:
      /ff15::1234: HBH \(rtalert: 0x0000\).*multicast listener query v2 \[max resp delay=80000\] \[gaddr ff15::1234.*2001:db8::9/,
  },
  {
    name: 'MLDv1 report',
    frame: mldReport({ srcMac, group: group6 }),
    tcpdump: /multicast listener report.*addr: ff15::1234/,
  },
  {
    name: 'MLDv1 done',
    frame: mldDone({ srcMac, group: group6 }),
    tcpdump: /ff02::2: HBH.*multicast listener done.*addr: ff15::1234/,
  },
  {
    name: 'MLDv2 report',
    frame: mldV2Report({
      srcMac,
      records: [
        { type: 'to-exclude', group: group6, sources: [] },
        { type: 'block', group: group6, sources: ['2001:db8::9'] },
      ],
    }),
    tcpdump:
      /ff02::16: HBH.*multicast listener report v2, 2 group record\(s\) \[gaddr ff15::1234 to_ex \{ \}\] \[gaddr ff15::1234 block \{ 2001:db8::9 \}\]/,
  },
  {
    name: 'gratuitous ARP request',
    frame: gratuitousArp({ mac: srcMac, ip: source }),
    tcpdump:
      /52:54:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype ARP .*(Announcement 192\.0\.2\.1|Request who-has 192\.0\.2\.1.* tell 192\.0\.2\.1)/,
  },
  {
    name: 'gratuitous ARP reply',
    frame: gratuitousArp({ mac: srcMac, ip: source, form: 'reply' }),
    tcpdump: /Reply 192\.0\.2\.1 is-at 52:54:00:00:00:01/,
  },
  {
    name: 'ARP request',
    frame: arpFrame(
      {
        operation: ARP_OPERATION.request,
        senderMac: srcMac,
        senderIp: source,
        targetMac: '00:00:00:00:00:00',
        targetIp: '192.0.2.7',
      },
      { srcMac },
    ),
    tcpdump: /Request who-has 192\.0\.2\.7 tell 192\.0\.2\.1/,
  },
  {
    name: 'RARP announcement',
    frame: rarpAnnouncement({ mac: srcMac }),
    tcpdump:
      /> ff:ff:ff:ff:ff:ff, ethertype Reverse ARP \(0x8035\), length 60: .*Reverse Request who-is 52:54:00:00:00:01 tell 52:54:00:00:00:01/,
  },
  {
    name: 'tagged frame',
    frame: gratuitousArp({
      mac: srcMac,
      ip: source,
      vlans: [vlanTag(100, { tpid: 0x88a8 }), vlanTag(7, { pcp: 5, dei: true })],
    }),
    tcpdump: /802\.1Q-QinQ \(0x88a8\).*vlan 100, p 0.*802\.1Q.*vlan 7, p 5, DEI.*ARP/,
  },
  {
    name: 'UDP over IPv4',
    frame: udpFrame({ srcMac, source, destination: group, srcPort: 5000, dstPort: 4321, payload: data }),
    tcpdump: /01:00:5e:01:02:03.*ttl 1,.*\n.*192\.0\.2\.1\.5000 > 239\.1\.2\.3\.4321: \[udp sum ok\] UDP, length 16/,
  },
  {
    name: 'UDP over IPv6',
    frame: udpFrame({ srcMac, source: local, destination: group6, srcPort: 5000, dstPort: 4321, payload: data }),
    tcpdump: /33:33:00:00:12:34.*hlim 1,.*fe80::5054:ff:fe00:1\.5000 > ff15::1234\.4321: \[udp sum ok\] UDP, length 16/,
  },
  {
    name: 'ICMP echo',
    frame: ipv4Frame(
      { srcMac, dstMac },
      { src: source, dst: '192.0.2.2', protocol: IP_PROTOCOL.icmp },
      encodeIcmp({ type: 'echo-request', id: 7, sequence: 9, data }),
    ),
    tcpdump: /ICMP echo request, id 7, seq 9, length 24/,
  },
  {
    name: 'ICMP port unreachable',
    frame: ipv4Frame(
      { srcMac, dstMac },
      { src: source, dst: '192.0.2.2', protocol: IP_PROTOCOL.icmp },
      encodeIcmp({
        type: 'unreachable',
        code: 3,
        about: encodeIpv4(
          { src: '192.0.2.2', dst: source, protocol: IP_PROTOCOL.udp },
          encodeUdp({ srcPort: 1, dstPort: 9 }, data, { src: '192.0.2.2', dst: source }),
        ),
      }),
    ),
    tcpdump: /ICMP 192\.0\.2\.1 udp port 9 unreachable/,
  },
  {
    name: 'ICMPv6 echo',
    frame: nd('fe80::2', dstMac, { type: 'echo-reply', id: 7, sequence: 9, data }),
    tcpdump: /\[icmp6 sum ok\] ICMP6, echo reply, id 7, seq 9/,
  },
  {
    name: 'router solicitation',
    frame: nd('ff02::2', '33:33:00:00:00:02', {
      type: 'router-solicitation',
      options: [{ type: 'source-link-layer', mac: srcMac }],
    }),
    tcpdump: /router solicitation.*\n.*source link-address option \(1\), length 8 \(1\): 52:54:00:00:00:01/,
  },
  {
    name: 'router advertisement',
    frame: nd('ff02::1', '33:33:00:00:00:01', {
      type: 'router-advertisement',
      hopLimit: 64,
      managed: true,
      otherConfiguration: false,
      lifetimeS: 1800,
      reachableMs: 30000,
      retransmitMs: 1000,
      options: [
        { type: 'mtu', mtu: 1280 },
        {
          type: 'prefix',
          prefix: '2001:db8::',
          length: 64,
          onLink: true,
          autonomous: true,
          validS: 2592000,
          preferredS: 604800,
        },
      ],
    }),
    tcpdump:
      /hop limit 64, Flags \[managed\], pref medium, router lifetime 1800s, reachable time 30000ms, retrans timer 1000ms\n.*mtu option.*1280\n[^]*2001:db8::\/64, Flags \[onlink, auto\], valid time 2592000s, pref\. time 604800s/,
  },
  {
    name: 'neighbor solicitation',
    frame: nd('ff02::1:ff00:2', '33:33:ff:00:00:02', {
      type: 'neighbor-solicitation',
      target: 'fe80::2',
      options: [{ type: 'source-link-layer', mac: srcMac }],
    }),
    tcpdump: /\[icmp6 sum ok\] ICMP6, neighbor solicitation.*who has fe80::2/,
  },
  {
    name: 'neighbor advertisement',
    frame: nd('ff02::1', '33:33:00:00:00:01', {
      type: 'neighbor-advertisement',
      target: local,
      router: false,
      solicited: false,
      override: true,
      options: [{ type: 'target-link-layer', mac: srcMac }],
    }),
    tcpdump:
      /neighbor advertisement.*tgt is fe80::5054:ff:fe00:1, Flags \[override\]\n.*destination link-address option/,
  },
  {
    name: 'first fragment',
    frame: ipv4Frame({ srcMac }, { ...piece, moreFragments: true }, datagram.subarray(0, 24)),
    tcpdump: /id 77, offset 0, flags \[\+\], proto UDP/,
  },
  {
    name: 'last fragment',
    frame: ipv4Frame({ srcMac }, { ...piece, fragmentOffset: 24 }, datagram.subarray(24)),
    tcpdump: /id 77, offset 24, flags \[none\], proto UDP/,
  },
  {
    name: 'LACP',
    frame: lacpFrame(
      {
        version: 1,
        actor: { ...party, state: lacpState(0x3f) },
        partner: { ...party, system: dstMac, state: lacpState(0x45) },
        collectorMaxDelay: 0,
      },
      { srcMac },
    ),
    tcpdump:
      /LACPv1.*length 110\n.*Actor Information.*\n.*System 52:54:00:00:00:01, System Priority 65535, Key 9, Port 1, Port Priority 255\n.*State Flags \[Activity, Timeout, Aggregation, Synchronization, Collecting, Distributing\]\n[^]*State Flags \[Activity, Aggregation, Default\]/,
  },
  {
    name: 'STP',
    frame: stpFrame({ type: 'configuration', ...tree }, { srcMac }),
    tcpdump:
      /STP 802\.1d, Config, Flags \[Topology change\], bridge-id 9000\.52:54:00:00:00:02\.8002, length 35\n.*message-age 1\.00s, max-age 20\.00s, hello-time 2\.00s, forwarding-delay 15\.00s\n.*root-id 8000\.52:54:00:00:00:01, root-pathcost 100/,
  },
  {
    name: 'RSTP',
    frame: stpFrame(
      {
        type: 'rapid',
        version: 2,
        proposal: true,
        role: 'designated',
        learning: true,
        forwarding: false,
        agreement: false,
        ...tree,
      },
      { srcMac },
    ),
    tcpdump:
      /STP 802\.1w, Rapid STP, Flags \[Topology change, Proposal, Learn\], bridge-id 9000\.52:54:00:00:00:02\.8002, length 36\n[^]*port-role Designated/,
  },
  {
    name: 'STP topology change',
    frame: stpFrame({ type: 'topology-change' }, { srcMac }),
    tcpdump: /STP 802\.1d, Topology Change/,
  },
];
