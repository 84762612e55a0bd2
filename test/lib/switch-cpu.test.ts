// What a snooping switch's CPU passes on, and where.
import t from 'tap';
import { SwitchCpu } from '../../lib/switch-cpu.ts';
import { decodeFrame, igmpLeave, igmpQuery, igmpReport, igmpV3Report, mldDone, mldQuery, mldReport, mldV2Report, udpFrame, type GroupRecord } from '../../lib/wire/index.ts';

const MAC = '02:00:00:00:00:01', GROUP = '239.192.5.5', GROUP6 = 'ff15::5:5';
const ports = ['a', 'b', 'c', 'r'];
const cpu = (suppresses?: 'v1-v2' | 'all'): ((port: string, frame: Uint8Array, s?: number) => string) => {
  const made = new SwitchCpu({ ports, suppresses, routerPortNs: 255e9 });
  return (port, frame, s = 0) => made.takes(decodeFrame(frame), port, s * 1e9).to.join(' ');
};
const query = (version: 1 | 2 | 3 = 2, group?: string, source = '192.0.2.9'): Uint8Array => igmpQuery({ version, source, srcMac: MAC, maxResponse: 10_000, queryInterval: 125_000, ...(group ? { group } : {}) });
const report = (group = GROUP): Uint8Array => igmpReport({ version: 2, source: '192.0.2.1', group, srcMac: MAC });
const v3 = (type: GroupRecord['type'] = 'is-exclude', ...groups: string[]): Uint8Array => igmpV3Report({ source: '192.0.2.1', srcMac: MAC, records: (groups.length ? groups : [GROUP]).map((group) => ({ type, group, sources: [] })) });
const leave = (): Uint8Array => igmpLeave({ source: '192.0.2.1', group: GROUP, srcMac: MAC });

t.test('queries and link-local multicast go everywhere else; reports to queriers only', async (t) => {
  const takes = cpu();
  t.equal(takes('a', report()), '', 'no querier, no port');
  t.equal(takes('r', query()), 'a b c');
  t.equal(takes('r', query(2, GROUP)), 'a b c');
  for (const frame of [report(), report(), leave(), v3(), v3()]) t.equal(takes('a', frame), 'r');
  t.equal(takes('r', report()), '', 'not back');
  t.equal(takes('b', udpFrame({ srcMac: MAC, source: '192.0.2.1', destination: '224.0.0.5', srcPort: 1, dstPort: 2, payload: new Uint8Array(9) })), 'a c r');
});

t.test('a querier is forgotten, and one without an address is none', async (t) => {
  const takes = cpu();
  takes('r', query());
  t.equal(takes('a', report(), 254), 'r');
  t.equal(takes('a', report(), 255), '');
  t.equal(takes('r', query(2, undefined, '0.0.0.0'), 300), 'a b c');
  t.equal(takes('a', report(), 301), '');
});

t.test('IGMP and MLD are two matters', async (t) => {
  const takes = cpu();
  takes('r', mldQuery({ version: 2, srcMac: MAC, maxResponse: 10_000, queryInterval: 125_000 }));
  t.equal(takes('a', report()), '');
  for (const frame of [mldReport({ group: GROUP6, srcMac: MAC }), mldDone({ group: GROUP6, srcMac: MAC }), mldV2Report({ srcMac: MAC, records: [{ type: 'is-exclude', group: GROUP6, sources: [] }] })]) t.equal(takes('a', frame), 'r');
});

t.test('one report a group and query', async (t) => {
  const takes = cpu('v1-v2');
  takes('r', query());
  t.same(['a', 'b', 'c'].map((port) => takes(port, report())), ['r', '', '']);
  t.equal(takes('a', report('239.192.6.6')), 'r', 'another group');
  takes('r', query(2, '239.192.6.6'));
  t.equal(takes('b', report()), '', 'a query for another group');
  t.equal(takes('b', report('239.192.6.6')), 'r');
  takes('r', query());
  t.same(['b', 'a'].map((port) => takes(port, report())), ['r', '']);
  t.equal(takes('a', leave()), 'r', 'leaves pass');
  t.equal(takes('a', report()), 'r', 'and who comes back is news');
});

t.test('version 3: passed by a switch that suppresses versions 1 and 2, and once it was asked in version 3 it passes all', async (t) => {
  const takes = cpu('v1-v2');
  takes('r', query());
  t.same(['a', 'b'].map((port) => takes(port, v3())), ['r', 'r']);
  takes('r', query(3));
  t.same(['a', 'b'].map((port) => takes(port, report())), ['r', 'r']);
});

t.test('suppression of all versions: by record; changes are always news', async (t) => {
  const takes = cpu('all');
  takes('r', query(3));
  t.same(['a', 'b'].map((port) => takes(port, v3())), ['r', '']);
  t.equal(takes('b', v3('is-exclude', GROUP, '239.192.6.6')), 'r', 'one of its groups is new');
  t.equal(takes('c', v3('is-exclude', '239.192.6.6')), '');
  t.same(['a', 'b'].map((port) => takes(port, v3('to-include'))), ['r', 'r']);
  takes('r', query(3));
  t.equal(takes('b', v3()), 'r');
});

t.test('a report of which some was said before goes on with the rest of it, from the same host', async (t) => {
  const made = new SwitchCpu({ ports, suppresses: 'all', routerPortNs: 255e9 });
  const takes = (frame: Uint8Array) => made.takes(decodeFrame(frame), 'a', 0);
  made.takes(decodeFrame(query(3)), 'r', 0);
  made.takes(decodeFrame(mldQuery({ version: 2, srcMac: MAC, maxResponse: 10_000, queryInterval: 125_000 })), 'r', 0);
  t.notOk('instead' in takes(v3()), 'whole');
  const rest = decodeFrame(takes(v3('is-exclude', GROUP, '239.192.6.6')).instead ?? new Uint8Array());
  t.match(rest, { eth: { src: MAC }, ipv4: { src: '192.0.2.1', dst: '224.0.0.22' }, igmp: { type: 'report', version: 3, records: [{ group: '239.192.6.6' }] }, problems: [] });
  t.equal(rest.igmp && 'records' in rest.igmp && rest.igmp.records.length, 1);
  const mld = (...groups: string[]): Uint8Array => mldV2Report({ srcMac: MAC, records: groups.map((group) => ({ type: 'is-exclude' as const, group, sources: [] })) });
  takes(mld(GROUP6, 'ff02::1:ff00:1'));
  const rest6 = decodeFrame(takes(mld(GROUP6, 'ff02::1:ff00:2')).instead ?? new Uint8Array());
  t.match(rest6, { eth: { src: MAC }, ipv6: { src: decodeFrame(mld(GROUP6)).ipv6?.src, dst: 'ff02::16' }, mld: { records: [{ group: 'ff02::1:ff00:2' }] }, problems: [] });
});

t.test('what is corrupt is not passed on', async (t) => {
  const takes = cpu();
  const spoilt = query();
  spoilt[40] = 0xff;
  t.equal(takes('r', spoilt), '');
});
