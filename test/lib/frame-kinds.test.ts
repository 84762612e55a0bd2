// Which frames a claim speaks of: built as they are on the wire, decoded as a capture decodes them.
import t from 'tap';
import * as kinds from '../../lib/frame-kinds.ts';
import { s } from '../../lib/units.ts';
import {
  arpFrame, decodeFrame, describeFrame, type Frame, gratuitousArp, type GroupRecord, igmpLeave, igmpQuery, igmpReport, igmpV3Report, ipv6Frame, lacpFrame, mldDone, mldQuery, mldReport, mldV2Report, rarpAnnouncement, stpFrame, udpFrame, vlanTag,
} from '../../lib/wire/index.ts';
import { encodeIcmpv6 } from '../../lib/wire/icmpv6.ts';
import { lacpState } from '../../lib/wire/lacp.ts';

const bob = { name: 'bob', mac: '02:00:00:00:00:0b' };
const carol = { name: 'carol', mac: '02:00:00:00:00:0c' };
const [srcMac, source, group, group6] = [bob.mac, '192.0.2.2', '239.192.5.5', 'ff15::5:5'];
const is = (kind: kinds.FrameKind, bytes: Uint8Array): boolean => kind.matches(decodeFrame(bytes));
const v3 = (type: GroupRecord['type'], sources: string[] = [], of = group): Uint8Array => igmpV3Report({ srcMac, source, records: [{ type, group: of, sources }] });

const reports = {
  IGMPv1: igmpReport({ srcMac, source, group, version: 1 }),
  IGMPv2: igmpReport({ srcMac, source, group, version: 2 }),
  IGMPv3: v3('to-exclude'),
};
const reports6 = {
  MLDv1: mldReport({ srcMac, group: group6 }),
  MLDv2: mldV2Report({ srcMac, records: [{ type: 'is-exclude', group: group6, sources: [] }] }),
};

t.test('reports', (t) => {
  for (const [version, bytes] of [...Object.entries(reports), ...Object.entries(reports6)] as [kinds.MembershipVersion, Uint8Array][]) {
    const of = version.startsWith('MLD') ? group6 : group;
    t.ok(is(kinds.report(of), bytes), version);
    t.ok(is(kinds.report(of, bob, version), bytes), `${version} from bob`);
    t.notOk(is(kinds.report(of, carol), bytes), `${version} not from carol`);
    t.notOk(is(kinds.report(of, bob, version === 'IGMPv2' ? 'IGMPv3' : 'IGMPv2'), bytes), `${version} and no other`);
    t.notOk(is(kinds.report(version.startsWith('MLD') ? 'ff15::5:6' : '239.192.5.6'), bytes), 'not for another group');
  }
  t.equal(kinds.report(group, bob, 'IGMPv3').what, 'IGMPv3 reports for 239.192.5.5 from bob');
  t.ok(is(kinds.report('FF15:0:0::5:5'), reports6.MLDv1), 'however the address is spelt');
  t.throws(() => kinds.report('239.192.5'), 'a wrong address is told when the claim is made');
  t.end();
});

t.test('corosync’s datagrams by type and way', (t) => {
  const datagram = (payload: string, destination: string, dstMac: string) => udpFrame({ srcMac, dstMac, source, destination, srcPort: 5404, dstPort: 5405, payload: new Uint8Array(Buffer.from(payload, 'hex')) });
  const join = datagram('70c0030300010000000000000001', group, '01:00:5e:40:05:05');
  const token = datagram('70c0030000010000000000000001', '192.0.2.3', carol.mac);
  t.ok(is(kinds.totem(), join) && is(kinds.totem('join'), join) && is(kinds.totem('join', 'multicast'), join));
  t.notOk(is(kinds.totem('join', 'unicast'), join) || is(kinds.totem('token'), join));
  t.ok(is(kinds.totem('token', 'unicast'), token));
  t.ok(is(kinds.totem('hold-cancel'), datagram('c0700305', group, '01:00:5e:40:05:05')), 'from a machine of the other byte order');
  for (const other of ['', '70c0', '70c00203', '70c003ff', '00000303']) t.notOk(is(kinds.totem(), datagram(other, group, '01:00:5e:40:05:05')), other);
  t.equal(kinds.totem('message', 'multicast').what, 'multicast totem messages');
  t.match(describeFrame(decodeFrame(token)), /14 bytes, totem token$/);
  t.end();
});

t.test('a record reports if somebody listens by it', (t) => {
  for (const [type, sources, listens] of [
    ['is-exclude', [], true], ['to-exclude', [], true], ['to-exclude', [source], true], ['is-include', [source], true], ['to-include', [source], true], ['allow', [source], true],
    ['is-include', [], false], ['to-include', [], false], ['allow', [], false], ['block', [source], false],
  ] as const) t.equal(is(kinds.report(group), v3(type, [...sources])), listens, `${type} of ${sources.length} sources`);
  const two = igmpV3Report({ srcMac, source, records: [{ type: 'to-include', group: '239.192.5.6', sources: [] }, { type: 'to-exclude', group, sources: [] }] });
  t.ok(is(kinds.report(group), two), 'any of the records');
  t.notOk(is(kinds.report('239.192.5.6'), two));
  t.notOk(is(kinds.report(group), igmpLeave({ srcMac, source, group })), 'an IGMPv2 leave');
  t.notOk(is(kinds.report(group6), mldDone({ srcMac, group: group6 })), 'an MLDv1 done');
  t.end();
});

t.test('word that a packet was too big', (t) => {
  const frame = (layers: object): Frame => ({ link: 'ip', problems: [], ...layers });
  const about = new Uint8Array(28), body = new Uint8Array(4);
  t.ok(kinds.tooBig().matches(frame({ icmp: { type: 'unreachable', code: 4, about } })));
  t.notOk(kinds.tooBig().matches(frame({ icmp: { type: 'unreachable', code: 3, about } })), 'a port');
  t.ok(kinds.tooBig().matches(frame({ icmpv6: { type: 'other', icmpType: 2, code: 0, body } })));
  t.notOk(kinds.tooBig().matches(frame({ icmpv6: { type: 'other', icmpType: 1, code: 0, body } })), 'unreachable');
  t.end();
});

t.test('general queries', (t) => {
  for (const version of [1, 2, 3] as const) {
    t.ok(is(kinds.generalQuery(), igmpQuery({ version, source, srcMac })));
    t.ok(is(kinds.generalQuery(`IGMPv${version}`), igmpQuery({ version, source, srcMac })));
    t.notOk(is(kinds.generalQuery(version === 1 ? 'IGMPv2' : 'IGMPv1'), igmpQuery({ version, source, srcMac })));
  }
  for (const version of [1, 2] as const) {
    t.ok(is(kinds.generalQuery(`MLDv${version}`), mldQuery({ version, srcMac })));
    t.notOk(is(kinds.generalQuery(`IGMPv${version}`), mldQuery({ version, srcMac })), 'IGMP is not MLD');
  }
  t.notOk(is(kinds.generalQuery(), igmpQuery({ version: 2, source, srcMac, group })), 'one for a group is not general');
  t.notOk(is(kinds.generalQuery(), mldQuery({ version: 2, srcMac, group: group6 })));
  t.notOk(is(kinds.generalQuery(), reports.IGMPv2));
  t.end();
});

t.test('leaves, and queries for one group', (t) => {
  const leaves: [string, Uint8Array, string][] = [
    ['IGMPv2', igmpLeave({ srcMac, source, group }), group], ['IGMPv3', v3('to-include'), group],
    ['MLDv1', mldDone({ srcMac, group: group6 }), group6], ['MLDv2', mldV2Report({ srcMac, records: [{ type: 'to-include', group: group6, sources: [] }] }), group6],
  ];
  for (const [version, bytes, of] of leaves) {
    t.ok(is(kinds.leave(of), bytes), version);
    t.ok(is(kinds.leave(of, bob), bytes), `${version} from bob`);
    t.notOk(is(kinds.leave(of, carol), bytes), `${version} not from carol`);
    t.notOk(is(kinds.leave(of === group ? '239.192.5.6' : 'ff15::5:6'), bytes), 'not of another group');
    t.notOk(is(kinds.report(of), bytes), 'no report');
  }
  for (const bytes of [...Object.values(reports), v3('to-include', [source]), v3('is-include'), v3('block', [source]), igmpQuery({ version: 2, source, srcMac, group })]) t.notOk(is(kinds.leave(group), bytes), 'no leave');
  t.equal(kinds.leave(group, bob).what, 'leaves of 239.192.5.5 from bob');

  for (const version of [2, 3] as const) t.ok(is(kinds.groupQuery(group), igmpQuery({ version, source, srcMac, group })), `IGMPv${version}`);
  for (const version of [1, 2] as const) t.ok(is(kinds.groupQuery(group6), mldQuery({ version, srcMac, group: group6 })), `MLDv${version}`);
  t.notOk(is(kinds.groupQuery(group), igmpQuery({ version: 2, source, srcMac })), 'a general query asks for all');
  t.notOk(is(kinds.groupQuery('239.192.5.6'), igmpQuery({ version: 2, source, srcMac, group })));
  t.notOk(is(kinds.groupQuery(group), reports.IGMPv2));
  t.end();
});

t.test('queries for a group', (t) => {
  for (const version of [2, 3] as const) {
    t.ok(is(kinds.groupQuery(group), igmpQuery({ version, source, srcMac, group })));
    t.ok(is(kinds.groupQuery(group, `IGMPv${version}`), igmpQuery({ version, source, srcMac, group })));
    t.notOk(is(kinds.groupQuery(group), igmpQuery({ version, source, srcMac })), 'a general one');
    t.notOk(is(kinds.groupQuery(group), igmpQuery({ version, source, srcMac, group: '239.192.5.6' })), 'for another');
    const nameless = igmpQuery({ version, source, srcMac, group, namesNoGroup: true });
    t.notOk(is(kinds.groupQuery(group), nameless), 'sent to the group, but naming none');
    t.equal(decodeFrame(nameless).ipv4?.dst, group);
  }
  t.notOk(is(kinds.groupQuery(group), igmpQuery({ version: 3, source, srcMac, group, sources: [source] })), 'for a source');
  t.notOk(is(kinds.groupQuery(group, 'IGMPv2'), igmpQuery({ version: 3, source, srcMac, group })));
  for (const version of [1, 2] as const) t.ok(is(kinds.groupQuery(group6, `MLDv${version}`), mldQuery({ version, srcMac, group: group6 })));
  t.equal(kinds.groupQuery(group6).what, 'MLD queries for ff15::5:5');
  t.end();
});

t.test('who has this IPv6 address', (t) => {
  const [target, src] = ['2001:db8::3', '2001:db8::2'];
  const asks = (dst: string, dstMac: string): Uint8Array => ipv6Frame(
    { srcMac, dstMac }, { src, dst, protocol: 58, hopLimit: 255 },
    encodeIcmpv6({ type: 'neighbor-solicitation', target, options: [{ type: 'source-link-layer', mac: srcMac }] }, { src, dst }));
  const [all, one] = [asks('ff02::1:ff00:3', '33:33:ff:00:00:03'), asks(target, carol.mac)];
  t.ok(is(kinds.neighbourSolicitation(target), all));
  t.ok(is(kinds.neighbourSolicitation(target), one));
  t.ok(is(kinds.neighbourSolicitation(target, 'multicast', bob), all));
  t.notOk(is(kinds.neighbourSolicitation(target, 'multicast'), one));
  t.ok(is(kinds.neighbourSolicitation(target, 'unicast'), one));
  t.notOk(is(kinds.neighbourSolicitation(target, 'unicast'), all));
  t.notOk(is(kinds.neighbourSolicitation(src), all));
  t.notOk(is(kinds.neighbourSolicitation(target, undefined, carol), all));
  t.end();
});

t.test('how long a query gives to answer', (t) => {
  for (const bytes of [igmpQuery({ version: 2, source, srcMac, maxResponse: 2000 }), igmpQuery({ version: 3, source, srcMac, maxResponse: 2000 }), mldQuery({ version: 1, srcMac, maxResponse: 2000 })]) {
    t.ok(is(kinds.givesToAnswer(s(2)), bytes));
    t.notOk(is(kinds.givesToAnswer(s(10)), bytes));
  }
  t.notOk(is(kinds.givesToAnswer(s(2)), reports.IGMPv2));
  t.equal(kinds.givesToAnswer(s(2)).what, 'queries that give 2 s to answer');
  t.end();
});

t.test('records about sources, and queries for them', (t) => {
  const [a, b] = ['192.0.2.1', '192.0.2.3'];
  const block = v3('block', [a, b]);
  t.ok(is(kinds.groupRecord('block', group), block));
  t.ok(is(kinds.groupRecord('block', group, [b, a]), block), 'in whatever order');
  t.notOk(is(kinds.groupRecord('block', group, [a]), block), 'not of one of them');
  t.notOk(is(kinds.groupRecord('allow', group), block));
  t.notOk(is(kinds.groupRecord('block', '239.192.5.6'), block));
  t.notOk(is(kinds.groupRecord('block', group), reports.IGMPv2));
  t.ok(is(kinds.groupRecord('to-exclude', group, []), reports.IGMPv3), 'of no source');
  t.equal(kinds.groupRecord('block', group, [a, b]).what, 'block records for 239.192.5.5 from 192.0.2.1, 192.0.2.3');

  const query = igmpQuery({ version: 3, source, srcMac, group, sources: [a, b] });
  for (const of of [a, b]) t.ok(is(kinds.sourceQuery(group, of), query));
  t.notOk(is(kinds.sourceQuery(group, '192.0.2.9'), query));
  t.notOk(is(kinds.sourceQuery(group, a), igmpQuery({ version: 3, source, srcMac, group })), 'one for the group asks for no source');
  t.notOk(is(kinds.sourceQuery(group, a), igmpQuery({ version: 2, source, srcMac, group })));
  t.ok(is(kinds.sourceQuery(group6, '2001:db8::1'), mldQuery({ version: 2, srcMac, group: group6, sources: ['2001:db8::1'] })));
  t.end();
});

t.test('announcements', (t) => {
  const gratuitous = gratuitousArp({ mac: bob.mac, ip: source });
  t.ok(is(kinds.gratuitousArp(), gratuitous));
  t.ok(is(kinds.gratuitousArp({ ip: source, mac: bob.mac }), gratuitousArp({ mac: bob.mac, ip: source, form: 'reply' })));
  t.notOk(is(kinds.gratuitousArp({ ip: '192.0.2.3' }), gratuitous));
  t.notOk(is(kinds.gratuitousArp({ mac: carol.mac }), gratuitous));
  t.notOk(is(kinds.arpRequest(source), gratuitous), 'an announcement asks nobody');
  const request = arpFrame({ operation: 1, senderMac: bob.mac, senderIp: source, targetMac: '00:00:00:00:00:00', targetIp: '192.0.2.3' }, { srcMac, dstMac: 'ff:ff:ff:ff:ff:ff' });
  t.ok(is(kinds.arpRequest('192.0.2.3'), request));
  t.notOk(is(kinds.gratuitousArp(), request));

  const rarp = rarpAnnouncement({ mac: bob.mac });
  t.ok(is(kinds.rarp(bob.mac), rarp));
  t.notOk(is(kinds.rarp(carol.mac), rarp));
  t.notOk(is(kinds.gratuitousArp(), rarp));
  const mistyped = rarpAnnouncement({ mac: bob.mac, etherType: 0x0835 });
  t.notOk(is(kinds.rarp(), mistyped), "QEMU's wrong ethertype is no RARP");
  t.ok(is(kinds.etherType(0x0835, 'the mistyped one'), mistyped));
  t.equal(kinds.etherType(0x0835, 'the mistyped one').what, 'frames of ethertype 0x0835 (the mistyped one)');
  t.end();
});

t.test('datagrams, and who sent them', (t) => {
  const ports = { srcPort: 4000, dstPort: 5405, payload: new Uint8Array(12) };
  const datagram = udpFrame({ srcMac, source, destination: group, ...ports });
  t.ok(is(kinds.udpTo(group), datagram));
  t.notOk(is(kinds.udpTo('239.192.5.6'), datagram));
  t.ok(is(kinds.udpTo(group, source), datagram));
  t.notOk(is(kinds.udpTo(group, '192.0.2.9'), datagram), 'from somebody else');
  t.ok(is(kinds.udpTo(group6, '2001:DB8:0::2'), udpFrame({ srcMac, source: '2001:db8::2', destination: group6, ...ports })), 'however the source is spelt');
  t.equal(kinds.udpTo(group, source).what, 'datagrams to 239.192.5.5 from 192.0.2.2');
  t.notOk(is(kinds.udpTo(group), reports.IGMPv2), 'a report goes to the group too, and is no datagram');
  t.ok(is(kinds.udpTo(group6), udpFrame({ srcMac, source: '2001:db8::2', destination: group6, ...ports })));
  t.ok(is(kinds.udpTo(group), udpFrame({ srcMac, source, destination: group, vlans: [vlanTag(5)], ...ports })), 'tagged');
  t.ok(is(kinds.inVlan(5), udpFrame({ srcMac, source, destination: group, ...ports, vlans: [vlanTag(5)] })));
  t.notOk(is(kinds.inVlan(6), udpFrame({ srcMac, source, destination: group, ...ports, vlans: [vlanTag(5)] })));
  t.notOk(is(kinds.inVlan(5), datagram));
  t.ok(is(kinds.untagged(), datagram));
  t.notOk(is(kinds.untagged(), udpFrame({ srcMac, source, destination: group, ...ports, vlans: [vlanTag(5)] })));
  t.ok(is(kinds.from(bob.mac, 'bob'), datagram));
  t.notOk(is(kinds.from(carol.mac), datagram));
  t.ok(is(kinds.to('01:00:5e:40:05:05'), datagram));
  t.ok(is(kinds.any(), datagram));
  t.ok(is(kinds.and(kinds.udpTo(group), kinds.from(bob.mac)), datagram));
  t.notOk(is(kinds.and(kinds.udpTo(group), kinds.from(carol.mac)), datagram));
  t.notOk(is(kinds.lacp(), datagram));
  t.notOk(is(kinds.echoTo(group), datagram));
  t.end();
});

t.test('LACPDUs by the system that sends them', (t) => {
  const party = (system: string, systemPriority: number) => ({ systemPriority, system, key: 1, portPriority: 255, port: 1, state: lacpState(5) });
  const pdu = lacpFrame({ version: 1, actor: party(bob.mac, 7), partner: party(carol.mac, 9), collectorMaxDelay: 0 }, { srcMac });
  t.ok(is(kinds.lacp(), pdu) && is(kinds.lacpOf(bob.mac), pdu) && is(kinds.lacpOf(bob.mac, 7), pdu));
  t.notOk(is(kinds.lacpOf(bob.mac, 9), pdu) || is(kinds.lacpOf(carol.mac), pdu), 'the partner in it does not send it');
  t.equal(kinds.lacpOf(bob.mac, 7).what, `LACPDUs of system 7,${bob.mac}`);
  t.end();
});

t.test('topology changes', (t) => {
  const bridge = { priority: 32768, mac: bob.mac };
  const configuration = {
    type: 'configuration' as const, topologyChange: false, topologyChangeAcknowledged: false, root: bridge, rootPathCost: 0, bridge, port: 0x8001,
    messageAgeMs: 0, maxAgeMs: 20_000, helloMs: 2_000, forwardDelayMs: 15_000,
  };
  t.notOk(is(kinds.topologyChange(), stpFrame(configuration, { srcMac })), 'a hello tells of none');
  t.ok(is(kinds.topologyChange(), stpFrame({ ...configuration, topologyChange: true }, { srcMac })));
  t.ok(is(kinds.topologyChange(), stpFrame({ type: 'topology-change' }, { srcMac })));
  t.notOk(is(kinds.topologyChange(), rarpAnnouncement({ mac: bob.mac })));
  t.end();
});

t.test('what is not whole is no frame of any kind', (t) => {
  for (const length of [0, 10, 14, 20, 30]) {
    const cut = reports.IGMPv3.slice(0, length);
    t.notOk(is(kinds.report(group), cut));
    t.notOk(is(kinds.generalQuery(), cut));
    t.notOk(is(kinds.udpTo(group), cut));
  }
  t.end();
});
