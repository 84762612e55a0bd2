// Packets of the originals, captured, byte for byte: what they wrote is what we write, and what we read of it is what they meant.
import t from 'tap';
import { encodeInit, encodeReply, encodeRequest, encodeServerResponse, readRfcMessage, RFC } from '../../../lib/ping/rfc-message.ts';
import { encodeSsmRequest, readSsmReply, readSsmRequest, SSM_GROUP, writeSsmReply } from '../../../lib/ping/ssm-message.ts';
import { fromHex, toHex } from '../../../lib/wire/bytes.ts';

const hex = (parts: string): Uint8Array => fromHex(parts.replace(/\|/g, ''));
const CLIENT = hex('ca4d00000a4d000289488a681415070da4e8adb1de099f23');
const SESSION = hex('c94d00005eee6172d31ac570157a4bb3');
const GROUP = '232.43.211.234', GROUP6 = 'ff3e::4321:1234';
const OMPING = {
  init: '49000000010200010018ca4d00000a4d000289488a681415070da4e8adb1de099f23000a0007000120e82bd3ea',
  accept: '53000000010200010018ca4d00000a4d000289488a681415070da4e8adb1de099f23000400060001e82bd3ea000b0010c94d00005eee6172d31ac570157a4bb3',
  query: '51000000010200010018ca4d00000a4d000289488a681415070da4e8adb1de099f230002000400000001000300086b0148c100098dac000400060001e82bd3ea000b0010c94d00005eee6172d31ac570157a4bb3',
  answer: '41000000010200010018ca4d00000a4d000289488a681415070da4e8adb1de099f230002000400000001000300086b0148c100098dac000400060001e82bd3ea0009000140',
  stopToQuery: '530000000102000100184a5000000a4d0001e57b0d43932a5b660fc86e9dc856eb6a0002000400000003',
  stopToInit: '530000000102000100184a5000000a4d000151a46919fa54838390571d9576359fce',
  hint: '530000000102000100180b5100000a4d00025cfe6b829e605a92780be04d944221c4000a0007000120ef010203',
  initAskingVersion: '49000000010200010018285600000a4d00017abf186b5275ba66654ec37a220bb160000500020006000a0007000120e82bd3ea',
  acceptWithVersion: '53000000010200010018285600000a4d00017abf186b5275ba66654ec37a220bb160000400060001e82bd3ea0006000c6f6d70696e6720302e302e35000b0010295600004acb36c98243ee33280cc7fa',
  init6: '4900000001020001001827510000fd7700000000000000000000000000018490ab43000a0013000280ff3e0000000000000000000043211234',
};
const id = (text: string): Uint8Array => fromHex(text).slice(10, 34);

void t.test('omping: every captured message is written again from what it says', async (t) => {
  t.equal(toHex(encodeInit({ clientId: CLIENT, group: GROUP })), OMPING.init);
  t.equal(toHex(encodeInit({ clientId: id(OMPING.initAskingVersion), group: GROUP, asks: [RFC.serverInfo] })), OMPING.initAskingVersion);
  t.equal(toHex(encodeInit({ clientId: id(OMPING.init6), group: GROUP6 })), OMPING.init6);
  t.equal(toHex(encodeServerResponse({ clientId: CLIENT, accepted: { group: GROUP, sessionId: SESSION } })), OMPING.accept);
  t.equal(toHex(encodeServerResponse({ clientId: id(OMPING.acceptWithVersion), accepted: { group: GROUP, sessionId: hex('295600004acb36c98243ee33280cc7fa') }, info: 'omping 0.0.5' })), OMPING.acceptWithVersion);
  t.equal(toHex(encodeServerResponse({ clientId: id(OMPING.stopToQuery), sequence: 3 })), OMPING.stopToQuery);
  t.equal(toHex(encodeServerResponse({ clientId: id(OMPING.stopToInit) })), OMPING.stopToInit);
  t.equal(toHex(encodeServerResponse({ clientId: id(OMPING.hint), hint: '239.1.2.3' })), OMPING.hint);
  const query = encodeRequest({ clientId: CLIENT, sequence: 1, time: () => ({ seconds: 0x6b0148c1, microseconds: 0x00098dac }), group: GROUP, sessionId: SESSION });
  t.equal(toHex(query), OMPING.query);
  const message = readRfcMessage(query);
  t.ok(message);
  if (message) t.equal(toHex(encodeReply(query, message, 64).bytes), OMPING.answer);
});

void t.test('omping: captured messages are read', async (t) => {
  t.match(readRfcMessage(fromHex(OMPING.query)), { type: 0x51, version: 2, sequence: 1, clientTime: { seconds: 0x6b0148c1, microseconds: 0x98dac }, group: GROUP, asks: [] });
  t.match(readRfcMessage(fromHex(OMPING.answer)), { type: 0x41, ttl: 64, sequence: 1, group: GROUP, sessionId: undefined });
  t.match(readRfcMessage(fromHex(OMPING.hint)), { type: 0x53, prefixes: [{ family: 'inet', length: 32 }], group: undefined });
  t.match(readRfcMessage(fromHex(OMPING.init6)), { prefixes: [{ family: 'inet6', length: 128 }] });
  t.match(readRfcMessage(fromHex(OMPING.initAskingVersion)), { asks: [6] });
  t.equal(Buffer.from(readRfcMessage(fromHex(OMPING.acceptWithVersion))?.serverInfo ?? []).toString(), 'omping 0.0.5');
});

void t.test('omping: lengths of the table', async (t) => {
  const lengths = Object.fromEntries(Object.entries(OMPING).map(([name, text]) => [name, text.length / 2]));
  t.same(lengths, { init: 45, accept: 64, query: 84, answer: 69, stopToQuery: 42, stopToInit: 34, hint: 45, initAskingVersion: 51, acceptWithVersion: 80, init6: 57 });
  t.equal(encodeServerResponse({ clientId: CLIENT, accepted: { group: GROUP6, sessionId: SESSION } }).length, 76);
  const query6 = encodeRequest({ clientId: CLIENT, sequence: 1, time: () => ({ seconds: 0, microseconds: 0 }), group: GROUP6, sessionId: SESSION });
  t.equal(query6.length, 96);
  const message = readRfcMessage(query6);
  if (message) t.equal(encodeReply(query6, message, 64).bytes.length, 81);
});

const SSM = {
  query: '51|0001000400005d37|0002000400000001|000300086b014af6000440f3|0004000501e82bd3ea',
  queryAsking: '51|0001000400005d38|0002000400000001|000300086b014af6000440f3|00050000|0007000200c8|0004000501ef0102ea',
  query6: '51|0001000400005d39|0002000400000001|000300086b014af6000440f3|00050000|0004001102ff150000000000000000000043211234',
};
const base = { sequence: 1, seconds: 0x6b014af6, microseconds: 0x440f3 };

void t.test('ssmping: requests as captured', async (t) => {
  t.equal(toHex(encodeSsmRequest({ ...base, pid: 0x5d37, group: SSM_GROUP.inet })), toHex(hex(SSM.query)));
  t.equal(toHex(encodeSsmRequest({ ...base, pid: 0x5d38, group: '239.1.2.234', asksVersion: true, sizeBytes: 200 })), toHex(hex(SSM.queryAsking)));
  t.equal(toHex(encodeSsmRequest({ ...base, pid: 0x5d39, group: 'ff15::4321:1234', asksVersion: true })), toHex(hex(SSM.query6)));
  t.same([hex(SSM.query).length, hex(SSM.queryAsking).length, hex(SSM.query6).length], [38, 48, 54]);
});

void t.test('ssmping: replies are echoes with what was asked for behind', async (t) => {
  const reply = (text: string): string => {
    const request = hex(text), ask = readSsmRequest(request), into = new Uint8Array(2000);
    if (ask === undefined || ask === 'dialect 2') throw new Error('not read');
    return toHex(into.subarray(0, writeSsmReply(into, request, request.length, ask)));
  };
  t.equal(reply(SSM.query), `41${toHex(hex(SSM.query)).slice(2)}`);
  const asked = reply(SSM.queryAsking);
  const version = Buffer.from('0.9.1 (wirewarp) [asm][size]').toString('hex');
  t.equal(asked.length / 2, 200);
  t.equal(asked, `41${toHex(hex(SSM.queryAsking)).slice(2)}0006001c${version}00080074${'00'.repeat(116)}`);
  t.match(readSsmReply(fromHex(asked)), { pid: 0x5d38, sequence: 1, seconds: base.seconds, microseconds: base.microseconds, version: '0.9.1 (wirewarp) [asm][size]' });
  t.same(readSsmRequest(hex('51')), { asksVersion: false, sizeBytes: 0, group: 'default' }, 'a single byte is a request');
  t.match(readSsmRequest(hex('51|000400060001e82bd3ea')), { group: 'default' }, 'the group in the form of the RFC is none');
  t.match(readSsmRequest(hex('51|0004000501e82bd3ea|00050000|0007000200c8')), { asksVersion: false, sizeBytes: 0 }, 'nothing behind the group is read');
  t.equal(readSsmRequest(fromHex(OMPING.query)), 'dialect 2');
});

void t.test('what cannot be read is nothing', async (t) => {
  for (const text of ['', '49', '51000000', '5100000001', '4900000001020001ffff00', '490000000102000100', '51000000010200000001 02', '51 0000 0001 02 0002 0003 000000', '51 0000 0001 02 0004 0006 0003 e82bd3ea', '49 0000 0001 02 000a 0003 0001 21', '49 0000 0001 02 000a 0004 0001 10 e8']) {
    const message = readRfcMessage(fromHex(text));
    t.ok(message === undefined || message.version === undefined, text);
  }
  t.match(readRfcMessage(fromHex('49 0000 0001 02 000a 0003 0001 00')), { prefixes: [{ length: 0 }] }, 'the wildcard has no address bytes');
  t.match(readRfcMessage(fromHex('49 0000 0001 02 000a 0004 0001 08 e8')), { prefixes: [{ length: 8 }] }, 'a short prefix needs no more bytes than it covers');
});
