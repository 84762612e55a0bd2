// udpPayload is a short cut past decodeFrame: whenever it answers, it must answer the same.
import t from 'tap';
import { decodeFrame, ipv4Frame, udpFrame, udpPayload, vlanTag } from '../../../lib/wire/index.ts';
import { generator, mutate } from './generator.ts';
import { samples } from './samples.ts';

const ports = { srcMac: '52:54:00:00:00:01', srcPort: 5000, dstPort: 4321, payload: Uint8Array.from({ length: 20 }, (_, i) => i) };
const frames = [
  { name: 'IPv4', frame: udpFrame({ ...ports, source: '192.0.2.1', destination: '239.1.2.3' }) },
  { name: 'IPv6', frame: udpFrame({ ...ports, source: '2001:db8::1', destination: 'ff15::1' }) },
  { name: 'tagged', frame: udpFrame({ ...ports, source: '192.0.2.1', destination: '239.1.2.3', vlans: [vlanTag(5)] }) },
  { name: 'tagged twice', frame: udpFrame({ ...ports, source: '2001:db8::1', destination: 'ff15::1', vlans: [vlanTag(5, { tpid: 0x88a8 }), vlanTag(6)] }) },
  { name: 'padded', frame: udpFrame({ ...ports, payload: new Uint8Array(3), source: '192.0.2.1', destination: '239.1.2.3' }) },
];

t.test('the payload of a datagram, wherever its headers end', (t) => {
  for (const { name, frame } of frames) t.same(udpPayload(frame), decodeFrame(frame).payload, name);
  t.end();
});

t.test('what is no whole datagram has none', (t) => {
  const fragment = ipv4Frame({ srcMac: ports.srcMac }, { src: '192.0.2.1', dst: '239.1.2.3', protocol: 17, ttl: 8, fragmentOffset: 64 }, new Uint8Array(40));
  t.equal(udpPayload(fragment), undefined, 'a later fragment');
  const whole = frames[0]?.frame as Uint8Array;
  for (let length = 0; length < 14 + 20 + 8 + 20; length++) t.equal(udpPayload(whole.subarray(0, length)), undefined, `cut to ${length} bytes`);
  t.end();
});

t.test('it agrees with decodeFrame, on samples and on damaged frames', (t) => {
  const random = generator(7);
  let answered = 0;
  for (const { name, frame } of [...samples, ...frames]) {
    for (let round = 0; round < 40; round++) {
      const bytes = round === 0 ? frame : mutate(random, frame);
      const payload = udpPayload(bytes);
      if (!payload) continue;
      answered++;
      const decoded = decodeFrame(bytes);
      // Of a packet with wrong lengths decodeFrame keeps what it can: only sound ones are compared.
      if (decoded.udp && decoded.problems.length === 0) t.same(payload, decoded.payload, name);
    }
  }
  t.ok(answered > 20);
  t.end();
});
