import t from 'tap';
import {
  BOND_OPTIONS, BRIDGE_OPTIONS, BRIDGE_PORT_OPTIONS, decodeAcknowledgement, decodeOptions, eachMessage, encodeOptions, fromSysfs, optionProblem,
  parseAttributes, PayloadWriter, toIpArguments, toSysfs, writeRequest, type NetlinkMessage, type OptionTable, type OptionValue,
} from '../../../lib/netlink/index.ts';
import { ipFromBytes, ipToBytes, macToBytes, prefixToBytes } from '../../../lib/netlink/text.ts';
import { BOND_SAMPLES, BRIDGE_PORT_SAMPLES, BRIDGE_SAMPLES } from './samples.ts';

void t.test('an error with extended text is read, capped or not', async (t) => {
  const make = (capped: boolean): NetlinkMessage => {
    const request = Buffer.from('20000000100005060100000000000000000000000000000000000000ffffffff', 'hex');
    const echoed = capped ? request.subarray(0, 16) : request;
    const text = Buffer.from('14000100756e6b6e6f776e20696620696e646578', 'hex'); // 16 characters, no zero
    const body = Buffer.concat([Buffer.from('edffffff', 'hex'), echoed, text]);
    return { type: 2, flags: 0x200 | (capped ? 0x100 : 0), sequence: 1, port: 0, bytes: body };
  };
  for (const capped of [true, false]) t.same(decodeAcknowledgement(make(capped)), { errno: 19, message: 'unknown if index' });
  await Promise.resolve();
});

void t.test('truncated input is refused, not misread', async (t) => {
  const bytes = new Uint8Array(64), view = new DataView(bytes.buffer);
  const end = writeRequest(bytes, view, 0, { type: 18, flags: 0, payload: new Uint8Array(16), description: '' }, 4, 7);
  const seen: number[] = [];
  eachMessage(bytes.subarray(0, end), ({ sequence }) => seen.push(sequence));
  t.same(seen, [7]);
  t.throws(() => { eachMessage(bytes.subarray(0, end - 4), () => undefined); }, RangeError);
  t.throws(() => parseAttributes(Uint8Array.of(9, 0, 1, 0, 0, 0, 0, 0)), RangeError);
  await Promise.resolve();
});

void t.test('addresses both ways', async (t) => {
  for (const address of ['192.0.2.1', '::', '::1', '2001:db8::1', 'ff15::5', '2001:db8:0:1:1:1:1:1', '1:0:0:2::3', 'fe80::']) t.equal(ipFromBytes(ipToBytes(address)), address);
  t.equal(ipFromBytes(ipToBytes('::ffff:192.0.2.1')), '::ffff:192.0.2.1');
  for (const wrong of ['1.2.3', '1.2.3.256', ':::', '1::2::3', '12345::', '1:2:3:4:5:6:7:8:9', '']) t.throws(() => ipToBytes(wrong), RangeError, wrong);
  t.throws(() => macToBytes('02:00:00:00:00'), RangeError);
  t.throws(() => prefixToBytes('192.0.2.1/33'), RangeError);
  await Promise.resolve();
});

void t.test('options survive encoding and decoding, and sysfs text', async (t) => {
  for (const [table, samples] of [[BRIDGE_OPTIONS, BRIDGE_SAMPLES], [BRIDGE_PORT_OPTIONS, BRIDGE_PORT_SAMPLES], [BOND_OPTIONS, BOND_SAMPLES]] as [OptionTable, Record<string, OptionValue>][]) {
    t.same(Object.keys(samples).sort(), Object.keys(table).sort(), 'a sample for every option');
    for (const [key, value] of Object.entries(samples)) {
      t.equal(optionProblem(table, key, value), undefined, key);
      if (table[key]?.wire === 'flag') continue;
      const writer = new PayloadWriter();
      encodeOptions(writer, table, { [key]: value }, () => 1);
      t.same(decodeOptions(table, parseAttributes(writer.finish()))[key], table[key]?.kind === 'device' ? 1 : value, key);
      const sysfs = toSysfs(table, key, value);
      if (sysfs?.writes.length === 1 && table[key]?.kind !== 'addresses') t.same(fromSysfs(table, key, sysfs.writes[0] ?? ''), table[key]?.kind === 'device' ? String(value) : value, `${key} in sysfs`);
    }
  }
  await Promise.resolve();
});

void t.test('values that the kernel would refuse are told in words', async (t) => {
  t.match(optionProblem(BRIDGE_OPTIONS, 'max_age', 5_000), /6000 to 40000 ms.*br_set_max_age/);
  t.match(optionProblem(BRIDGE_OPTIONS, 'mcast_query_interval', 500), /clamped/);
  t.match(optionProblem(BRIDGE_OPTIONS, 'mcast_querier_interval', 255_005), /steps of 10 ms/);
  t.match(optionProblem(BOND_OPTIONS, 'mode', 'lacp'), /802\.3ad/);
  t.match(optionProblem(BOND_OPTIONS, 'arp_interval', 100, '802.3ad'), /not taken in mode 802\.3ad/);
  t.equal(optionProblem(BOND_OPTIONS, 'arp_interval', 100, 'active-backup'), undefined);
  t.match(optionProblem(BOND_OPTIONS, 'arp_ip_target', ['2001:db8::1']), /wrong family/);
  t.match(optionProblem(BRIDGE_OPTIONS, 'constructor', 1), /no option/);
  t.match(optionProblem(BRIDGE_OPTIONS, 'priority', 70_000), /outside/);
  t.throws(() => { encodeOptions(new PayloadWriter(), BRIDGE_OPTIONS, { mcast_querier: 1 }); }, TypeError);
  t.throws(() => { encodeOptions(new PayloadWriter(), BRIDGE_OPTIONS, { nonsense: 1 }); }, /no option/);
  t.throws(() => toIpArguments(BRIDGE_OPTIONS, { fdb_max_learned: 3 }), /no word/);
  t.same(toIpArguments(BRIDGE_OPTIONS, { mcast_querier_interval: 255_000, vlan_filtering: true }), ['mcast_querier_interval', '25500', 'vlan_filtering', '1']);
  await Promise.resolve();
});
