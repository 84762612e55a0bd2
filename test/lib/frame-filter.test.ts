// What each rule drops and what it lets pass, on real frames.
import t from 'tap';
import { CPU_MARK, describeRule, directionOf, type FrameRule, programOf, puntedToCpu } from '../../lib/frame-filter.ts';
import { assemble, bpfBytes, VERDICT } from '../../lib/netlink/index.ts';
import { fromHex, gratuitousArp, igmpLeave, igmpQuery, igmpReport, igmpV3Report, mldDone, mldQuery, mldReport, mldV2Report, rarpAnnouncement, udpFrame } from '../../lib/wire/index.ts';
import { runBpf } from './netlink/bpf-machine.ts';

const MAC = '02:00:00:00:00:01', BRIDGE = '02:00:00:00:00:99';
const drops = (rule: FrameRule, frame: Uint8Array, mark = 0): boolean => {
  const verdict = runBpf(programOf(rule), frame, mark);
  t.ok(verdict === VERDICT.drop || verdict === VERDICT.next, `verdict ${verdict}`);
  return verdict === VERDICT.drop;
};
const udp = (dst: string, ipBytes: number, dstMac?: string): Uint8Array =>
  udpFrame({ srcMac: MAC, source: dst.includes(':') ? '2001:db8::1' : '192.0.2.1', destination: dst, srcPort: 1, dstPort: 2, payload: new Uint8Array(ipBytes - (dst.includes(':') ? 48 : 28)), ...(dstMac ? { dstMac } : {}) });

t.test('passes-only: unknown ethertypes are dropped, lengths are none', async (t) => {
  const rule: FrameRule = { rule: 'passes-only', etherTypes: [0x0800, 0x0806, 0x8035] };
  t.equal(directionOf(rule), 'ingress');
  t.notOk(drops(rule, rarpAnnouncement({ mac: MAC })));
  t.ok(drops(rule, rarpAnnouncement({ mac: MAC, etherType: 0x0835 })));
  t.notOk(drops(rule, gratuitousArp({ mac: MAC, ip: '192.0.2.1' })));
  t.notOk(drops(rule, udp('239.192.5.5', 100)));
  t.ok(drops(rule, udp('ff15::5:5', 100)));
  const length = udp('239.192.5.5', 100);
  new DataView(length.buffer).setUint16(12, 0x05ff);
  t.notOk(drops(rule, length), 'a BPDU has a length there');
  new DataView(length.buffer).setUint16(12, 0x0600);
  t.ok(drops(rule, length));
});

t.test('multicast-limit: exactly so many bytes pass; unicast is not looked at', async (t) => {
  const rule: FrameRule = { rule: 'multicast-limit', ipBytes: 2044 };
  t.equal(directionOf(rule), 'egress');
  for (const group of ['239.192.5.5', 'ff15::5:5']) {
    t.notOk(drops(rule, udp(group, 2044)), group);
    t.ok(drops(rule, udp(group, 2045)), group);
  }
  t.notOk(drops(rule, udp('192.0.2.2', 4000, '02:00:00:00:00:02')));
  t.ok(drops(rule, udp('192.0.2.255', 2045, 'ff:ff:ff:ff:ff:ff')), 'broadcast is multicast to such a link');
});

const query4 = igmpQuery({ version: 2, source: '0.0.0.0', srcMac: BRIDGE, maxResponse: 10_000, queryInterval: 125_000 });
const query6 = mldQuery({ version: 1, srcMac: BRIDGE, maxResponse: 10_000, queryInterval: 125_000 });
const specific4 = igmpQuery({ version: 2, source: '0.0.0.0', srcMac: BRIDGE, maxResponse: 1_000, queryInterval: 125_000, group: '239.192.5.5' });
const specific6 = mldQuery({ version: 1, srcMac: BRIDGE, maxResponse: 1_000, queryInterval: 125_000, group: 'ff15::5:5' });
const hosts = [
  igmpReport({ version: 1, source: '192.0.2.1', group: '239.192.5.5', srcMac: MAC }), igmpReport({ version: 2, source: '192.0.2.1', group: '239.192.5.5', srcMac: MAC }),
  igmpLeave({ source: '192.0.2.1', group: '239.192.5.5', srcMac: MAC }), igmpV3Report({ source: '192.0.2.1', srcMac: MAC, records: [{ type: 'is-exclude', group: '239.192.5.5', sources: [] }] }),
  mldReport({ group: 'ff15::5:5', srcMac: MAC }), mldDone({ group: 'ff15::5:5', srcMac: MAC }), mldV2Report({ srcMac: MAC, records: [{ type: 'is-exclude', group: 'ff15::5:5', sources: [] }] }),
];

t.test('membership-by-cpu: only what the CPU sends goes out, and what the bridge itself asks', async (t) => {
  const rule: FrameRule = { rule: 'membership-by-cpu', bridgeMac: BRIDGE, muteQuerier: false };
  const mute: FrameRule = { ...rule, muteQuerier: true };
  for (const frame of hosts) {
    t.ok(drops(rule, frame));
    t.notOk(drops(rule, frame, CPU_MARK));
    t.notOk(drops(mute, frame, CPU_MARK));
  }
  for (const frame of [query4, query6, specific4, specific6]) t.notOk(drops(rule, frame));
  for (const frame of [query4, query6]) t.ok(drops(mute, frame), 'mute: no general query');
  for (const frame of [specific4, specific6]) t.notOk(drops(mute, frame), 'but those after a leave');
  t.ok(drops(rule, igmpQuery({ version: 2, source: '192.0.2.1', srcMac: MAC, maxResponse: 10_000, queryInterval: 125_000 })), 'a query of somebody else, that the bridge would pass on');
  for (const frame of [udp('239.192.5.5', 100), udp('ff15::5:5', 100), gratuitousArp({ mac: MAC, ip: '192.0.2.1' })]) t.notOk(drops(mute, frame));
});

t.test('what is punted to the CPU: IGMP, MLD, and link-local multicast that everybody hears', async (t) => {
  const punts = (frame: Uint8Array): boolean => runBpf(puntedToCpu(), frame) > 0;
  for (const frame of [...hosts, query4, query6, specific4, specific6, udp('224.0.0.5', 100), udp('224.0.0.251', 100), udp('ff02::1', 100)]) t.ok(punts(frame));
  for (const frame of [udp('224.0.1.1', 100), udp('239.192.5.5', 100), udp('ff02::1:ff00:1', 100), udp('ff02::fb', 100), udp('ff15::5:5', 100), udp('192.0.2.2', 100, '02:00:00:00:00:02'), gratuitousArp({ mac: MAC, ip: '192.0.2.1' })]) t.notOk(punts(frame));
});

t.test('in words', async (t) => {
  t.equal(describeRule({ rule: 'passes-only', etherTypes: [0x0800, 0x88b5] }), 'takes no ethertypes but IPv4, 0x88b5');
  t.match(describeRule({ rule: 'membership-by-cpu', bridgeMac: BRIDGE, muteQuerier: true }), /no general queries of the bridge$/);
});

t.test('the assembler refuses what cannot be a program', async (t) => {
  t.throws(() => assemble([{ goTo: 'nowhere' }, { end: 0 }]), /no label nowhere/);
  t.throws(() => assemble([{ label: 'back' }, { load: 'length' }, { goTo: 'back' }, { end: 0 }]), /forwards only/);
  t.throws(() => assemble([{ label: 'x' }, { label: 'x' }, { end: 0 }]), /stands twice/);
  t.throws(() => assemble([{ load: 'length' }]), /ends with an end/);
  t.throws(() => assemble([{ test: 'equal', value: 1, then: 'far' }, ...Array.from({ length: 256 }, () => ({ load: 'length' as const })), { label: 'far' }, { end: 0 }]), /at most 255/);
  t.same(bpfBytes(assemble([{ end: -1 }])), fromHex('06000000ffffffff'));
});
