// Addresses: text both ways, and what is derived from them. Expected values are the examples of the RFCs named.
import t from 'tap';
import {
  formatIpv6,
  isGratuitous,
  isIpv4,
  isIpv6,
  isMac,
  isMulticastIp,
  isMulticastMac,
  linkLocal,
  multicastMac,
  parseIpv4,
  parseIpv6,
  solicitedNode,
  toHex,
} from '../../../lib/wire/index.ts';
import { generator } from './generator.ts';

t.test('IPv6 text is that of RFC 5952', (t) => {
  const canonical = (text: string): string => formatIpv6(parseIpv6(text));
  for (const [text, expected] of [
    ['2001:0db8::0001', '2001:db8::1'], // 4.1
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'], // 4.2.1
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // 4.2.2: one group is not shortened
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // 4.2.3: the longest
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // 4.2.3: the first of equals
    ['2001:DB8::A', '2001:db8::a'], // 4.3
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'], // 5
    ['0:0:0:0:0:0:0:0', '::'],
    ['fe80:0:0:0:0:0:0:0', 'fe80::'],
    ['::1', '::1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ] as const) {
    t.equal(canonical(text), expected, text);
  }
  t.end();
});

t.test('every IPv6 address survives its text', (t) => {
  const g = generator(1);
  const wrong: string[] = [];
  for (let i = 0; i < 2000; i++) {
    // Many zero groups, so that the shortening is exercised.
    const bytes = Uint8Array.from({ length: 16 }, (_, at) => (at % 2 === 0 || g.below(3) > 0 ? 0 : g.below(256)));
    const text = formatIpv6(bytes);
    if (toHex(parseIpv6(text)) !== toHex(bytes)) wrong.push(`${toHex(bytes)} became ${text}`);
  }
  t.same(wrong, []);
  t.end();
});

t.test('what is no address is refused', (t) => {
  for (const text of [
    '',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'fe80::1%eth0',
    '::1.2.3',
    '::256.1.1.1',
    'g::',
    '1:2:3:4:5:6:7:8::',
  ]) {
    t.notOk(isIpv6(text), `IPv6 "${text}"`);
  }
  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', '-1.2.3.4', '1..2.3']) {
    t.notOk(isIpv4(text), `IPv4 "${text}"`);
  }
  for (const text of ['', '52:54:00:00:00', '52:54:00:00:00:00:00', '52:54:00:00:00:zz', '525400000000']) {
    t.notOk(isMac(text), `MAC "${text}"`);
  }
  t.ok(isIpv4('255.255.255.255') && isIpv6('::') && isMac('52-54-00-AA-bb-0c'));
  t.same(parseIpv4('192.0.2.255'), Uint8Array.of(192, 0, 2, 255));
  t.end();
});

t.test('derived addresses', (t) => {
  t.equal(multicastMac('224.0.0.1'), '01:00:5e:00:00:01');
  t.equal(multicastMac('239.129.2.3'), '01:00:5e:01:02:03', 'the 24th bit is lost: RFC 1112 6.4');
  t.equal(multicastMac('ff02::1:ff9a:bcde'), '33:33:ff:9a:bc:de', 'RFC 2464 7');
  t.throws(() => multicastMac('192.0.2.1'), RangeError);
  t.equal(linkLocal('34:56:78:9a:bc:de'), 'fe80::3656:78ff:fe9a:bcde', 'RFC 2464 4 and 5');
  t.equal(linkLocal('02:00:00:00:00:01'), 'fe80::ff:fe00:1', 'a local MAC: the bit is flipped to 0');
  t.equal(solicitedNode('4037::01:800:200e:8c6c'), 'ff02::1:ff0e:8c6c', 'RFC 4291 2.7.1');
  t.ok(
    isMulticastIp('239.255.255.255') &&
      isMulticastIp('ff15::1') &&
      !isMulticastIp('240.0.0.1') &&
      !isMulticastIp('fe80::1'),
  );
  t.ok(isMulticastMac('01:00:5e:00:00:01') && !isMulticastMac('52:54:00:00:00:01'));
  t.end();
});

t.test('what a gratuitous ARP is', (t) => {
  const own = {
    senderMac: '52:54:00:00:00:01',
    senderIp: '192.0.2.1',
    targetMac: '00:00:00:00:00:00',
    targetIp: '192.0.2.1',
  };
  t.ok(isGratuitous({ operation: 1, ...own }), 'request');
  t.ok(isGratuitous({ operation: 2, ...own }), 'reply');
  t.notOk(isGratuitous({ operation: 1, ...own, targetIp: '192.0.2.2' }), 'asks for another');
  t.notOk(isGratuitous({ operation: 1, ...own, senderIp: '0.0.0.0' }), 'RFC 5227 probe');
  t.notOk(isGratuitous({ operation: 3, ...own, senderIp: '0.0.0.0', targetIp: '0.0.0.0' }), 'RARP');
  t.end();
});
