// Questions without an answer, groups by VLANs, and stops that a report ends. Every alarm has a neighbour that must not ring.
import t from 'tap';
import { Explainer, type Explanation } from '../../../lib/explain/explain.ts';
import { arpFrame, igmpLeave, igmpQuery, igmpReport, ipv6Frame, udpFrame } from '../../../lib/wire/index.ts';
import { encodeIcmpv6, type Icmpv6 } from '../../../lib/wire/icmpv6.ts';

const tag = (id: number): { tpid: 0x8100; id: number; pcp: number; dei: boolean } => ({ tpid: 0x8100, id, pcp: 0, dei: false });
const GROUP = '239.192.5.5';
const mac = (n: number): string => `52:54:00:00:00:0${n}`;
const ip = (n: number): string => `192.0.2.${n}`;
const ip6 = (n: number): string => `2001:db8::${n}`;

interface At {
  s: number;
  where: string;
  bytes: Uint8Array;
}

const at = (s: number, where: string, bytes: Uint8Array): At => ({ s, where, bytes });
const every = (fromS: number, toS: number, stepS: number, make: (s: number) => At[]): At[] =>
  Array.from({ length: Math.floor((toS - fromS) / stepS) + 1 }, (_, i) => make(fromS + i * stepS)).flat();

function explained(frames: readonly At[]): Explanation {
  const explainer = new Explainer();
  [...frames]
    .sort((a, b) => a.s - b.s)
    .forEach(({ s, where, bytes }, i) => {
      const timestampNs = BigInt(Math.round(s * 1e9));
      explainer.see({ timestampNs, where, bytes, linkType: 1, originalLength: bytes.length, number: i + 1 });
    });
  return explainer.end();
}

const alarms = ({ findings }: Explanation): string[] => findings.filter((f) => f.level === 'alarm').map((f) => f.kind);
const words = ({ findings }: Explanation): string => findings[0]?.what ?? '';

const icmpv6 = (from: number, dst: string, message: Icmpv6, dstMac?: string): Uint8Array =>
  ipv6Frame(
    { srcMac: mac(from), ...(dstMac === undefined ? {} : { dstMac }) },
    { src: ip6(from), dst, protocol: 58, hopLimit: 255 },
    encodeIcmpv6(message, { src: ip6(from), dst }),
  );
/** 2 asks who has 4's address; 4 pings 3; 4 answers 2. */
const asks = icmpv6(2, 'ff02::1:ff00:4', { type: 'neighbor-solicitation', target: ip6(4), options: [] });
const speaks = (sequence: number, to = 3): Uint8Array =>
  icmpv6(4, ip6(to), { type: 'echo-reply', id: 7, sequence, data: new Uint8Array(8) }, mac(to));
const answers = icmpv6(
  4,
  ip6(2),
  { type: 'neighbor-advertisement', target: ip6(4), router: false, solicited: true, override: true, options: [] },
  mac(2),
);
const asked = (toS: number): At[] => every(10, toS, 1, (s) => [at(s, 'hv1:eth0', asks)]);
const alive = (to = 3): At[] => every(1, 40, 1, (s) => [at(s + 0.3, 'hv2:eth0', speaks(s, to))]);

t.test('a neighbour that is asked for in vain, and is there', (t) => {
  const found = explained([...asked(30), ...alive()]);
  t.same(alarms(found), ['neighbour-unanswered']);
  t.match(
    words(found),
    /2001:db8::2 asked for 2001:db8::4 by neighbour solicitations 21 times in 20\.0 s, .* seen at hv1:eth0, and not at hv2:eth0, .* no member of it there, or still has it at an old place/,
  );
  t.same(alarms(explained(asked(30))), [], 'nobody shows that it is there');
  t.same(alarms(explained([...asked(14), ...alive()])), [], 'found soon enough');
  t.same(alarms(explained([...every(10, 30, 1, (s) => [at(s, 'hv1:eth0', asks), at(s + 0.1, 'hv2:eth0', answers)]), ...alive()])), [], 'each is answered: somebody watches it');
  t.same(alarms(explained([...asked(30), ...alive(2)])), [], 'what it sends to who asks is an answer');
  const late = explained([...asked(30), ...every(25, 30, 1, (s) => [at(s + 0.001, 'hv2:eth0', asks)]), ...alive()]);
  t.match(words(late), /and not at hv2:eth0 before 23\.7 s/, 'they came there later');
  const heard = explained([...asked(30), ...every(10, 30, 1, (s) => [at(s + 0.001, 'hv2:eth0', asks)]), ...alive()]);
  t.match(words(heard), /seen at hv2:eth0, where its frames come from: it does not hear them, or does not answer/);
  t.end();
});

t.test('the same by ARP', (t) => {
  const who = arpFrame(
    { operation: 1, senderMac: mac(2), senderIp: ip(2), targetMac: '00:00:00:00:00:00', targetIp: ip(4) },
    { srcMac: mac(2) },
  );
  const other = udpFrame({ srcMac: mac(4), dstMac: mac(3), source: ip(4), destination: ip(3), srcPort: 1, dstPort: 2, payload: new Uint8Array(8) });
  const found = explained(every(1, 20, 1, (s) => [at(s, 'sw:newcomer', who), at(s + 0.5, 'sw:hv2', other)]));
  t.same(alarms(found), ['neighbour-unanswered']);
  t.match(words(found), /a port on the way takes no broadcasts, or is kept apart/);
  t.end();
});

const datagram = (n: number, vlans: number[] = []): Uint8Array =>
  udpFrame({ srcMac: mac(n), source: ip(n), destination: GROUP, srcPort: 40000, dstPort: 5405, payload: new Uint8Array(64), vlans: vlans.map(tag) });
const report = (n: number, vlans: number[] = []): Uint8Array =>
  igmpReport({ srcMac: mac(n), version: 2, source: ip(n), group: GROUP, vlans: vlans.map(tag) });

t.test('a leave in another VLAN is none in this one', (t) => {
  const left = at(20, 'br:bob', igmpLeave({ srcMac: mac(2), source: ip(2), group: GROUP, vlans: [tag(10)] }));
  const frames = [
    ...[10, 21].map((vid) => at(1, 'br:bob', report(2, [vid]))),
    ...every(2, 60, 1, (s) => [at(s, 'br:alice', datagram(1, [21])), ...(s <= 25 ? [at(s + 0.001, 'br:bob', datagram(1, [21]))] : [])]),
    left,
  ];
  const found = explained(frames);
  t.same(alarms(found), ['group-stopped']);
  t.match(words(found), /239\.192\.5\.5 in VLAN 21 from 192\.0\.2\.1 stopped at br:bob/);
  const here = at(24.5, 'br:bob', igmpLeave({ srcMac: mac(2), source: ip(2), group: GROUP, vlans: [tag(21)] }));
  t.same(alarms(explained([...frames, here])), [], 'in its own it is');
  t.end();
});

t.test('a stop that a report ends was not the sender’s', (t) => {
  const pause = (againS: number): At[] => every(2, 120, 1, (s) => (s <= 40 || s >= againS ? [at(s, 'br:hub', datagram(1))] : []));
  const found = explained([at(1, 'br:hub', report(2)), ...pause(80), at(79.8, 'br:hub', report(2))]);
  t.same(alarms(found), ['group-stopped']);
  t.match(words(found), /it came back after 40\.0 s, as soon as 192\.0\.2\.2 had reported/);
  t.same(alarms(explained([at(1, 'br:hub', report(2)), ...pause(80), at(60, 'br:hub', report(2))])), [], 'a report in the midst of it changed nothing');
  t.end();
});

t.test('a query that names no group', (t) => {
  const query = (options: object): Uint8Array => igmpQuery({ srcMac: mac(9), source: ip(9), version: 3, ...options });
  const found = explained([1, 2, 3].map((s) => at(s, 'br:core', query({ group: GROUP, namesNoGroup: true }))));
  t.same(alarms(found), ['query-names-no-group']);
  t.match(words(found), /192\.0\.2\.9 asked 3 times who wants 239\.192\.5\.5/);
  t.notOk(found.findings.some((f) => f.kind === 'querier'), 'it is no general query');
  t.same(alarms(explained([at(1, 'br:core', query({ group: GROUP })), at(2, 'br:core', query({}))])), []);
  t.end();
});
