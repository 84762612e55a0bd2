// A flow as a capture saw it: numbers read from frames, whoever else sends through the same interface.
import t from 'tap';
import { udpFrame } from '../../../lib/wire/index.ts';
import type { Capture } from '../../../harness/capture/capture.ts';
import { type Flow, numberOf } from '../../../harness/probes/flow.ts';
import { onTheWire } from '../../../harness/probes/on-the-wire.ts';

const payload = (flow: number, seq: number): Uint8Array => {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x5757464c);
  view.setUint32(4, flow);
  view.setUint32(8, seq);
  return bytes;
};
const seen = (ns: number, bytes: Uint8Array) => ({ ns, packet: { bytes: udpFrame({ srcMac: '02:00:00:00:00:01', source: '192.0.2.1', destination: '239.1.1.1', srcPort: 9, dstPort: 5405, payload: bytes }) } });
const flow = (id: number, sentNs: number[]): Flow => ({ id, name: 'alice → 239.1.1.1', sentNs, endedNs: 40, refused: new Map() }) as unknown as Flow;

t.test('numbers of a payload', (t) => {
  t.same(numberOf(payload(3, 77)), { flow: 3, seq: 77 });
  t.equal(numberOf(payload(3, 77).subarray(0, 11)), undefined, 'too short');
  t.equal(numberOf(new Uint8Array(64)), undefined, 'somebody else\'s');
  t.end();
});

t.test('each flow by itself: received, lost, doubled and out of order', (t) => {
  const frames = [seen(1, payload(1, 0)), seen(2, payload(2, 0)), seen(12, payload(1, 2)), seen(13, payload(1, 1)), seen(14, payload(1, 2)), seen(15, new Uint8Array(64))];
  const capture = { where: { node: 'br0', device: 'bob' }, frames } as unknown as Capture;
  const first = onTheWire(flow(1, [0, 10, 11, 20]), capture);
  t.match(first, { receiver: 'br0:bob', receivedNs: [1, 13, 12], duplicates: 1, reordered: 1, endedNs: 40 });
  t.equal(first.receivedNs[3], undefined);
  t.same(onTheWire(flow(2, [0]), capture).receivedNs, [2]);
  t.same(onTheWire(flow(3, [0]), capture).receivedNs, [], 'never seen');
  frames.push(seen(21, payload(1, 3)));
  t.equal(onTheWire(flow(1, [0, 10, 11, 20]), capture).receivedNs[3], 21, 'a capture that has grown is read again');
  t.end();
});
