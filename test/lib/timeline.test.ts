// Losses, outages and latencies from what was recorded, and states at an instant.
import t from 'tap';
import { type DatagramTimeline, longestOutage, outages, sentWithin, stateAt, tally, wasReceived } from '../../lib/timeline.ts';

const flow = (arrivals: string): DatagramTimeline => ({
  flow: 'f', receiver: 'bob', duplicates: 0, reordered: 0,
  sentNs: [...arrivals].map((_, seq) => seq * 1000),
  receivedNs: [...arrivals].map((c, seq) => (c === '0' ? undefined : seq * 1000 + Number(c))),
});

t.test('what was sent between two instants, both included', (t) => {
  t.same(sentWithin(flow('11111'), 1000, 3000), [1, 2, 3]);
  t.same(sentWithin(flow('11111'), 1001, 2999), [2]);
  t.same(sentWithin(flow('11111'), 9000, 9999), []);
  t.equal(wasReceived(flow('10'), 0), true);
  t.equal(wasReceived(flow('10'), 1), false);
  t.equal(wasReceived(flow('10'), 7), false, 'not sent, so not received');
  t.end();
});

t.test('tally', (t) => {
  t.same(tally(flow('')), { sent: 0, received: 0, lost: 0, lossPercent: 0, latencyMedianNs: undefined, latencyMaxNs: undefined });
  t.same(tally(flow('3019')), { sent: 4, received: 3, lost: 1, lossPercent: 25, latencyMedianNs: 3, latencyMaxNs: 9 });
  t.same(tally(flow('3019'), 1000, 2000), { sent: 2, received: 1, lost: 1, lossPercent: 50, latencyMedianNs: 1, latencyMaxNs: 1 });
  t.equal(tally(flow('24')).latencyMedianNs, 2, 'of two the lower');
  t.equal(tally({ ...flow('111'), receivedNs: [1] }).lost, 2, 'a record that ends early has lost the rest');
  t.end();
});

t.test('outages', (t) => {
  t.same(outages(flow('111')), []);
  t.same(outages(flow('1001')), [{ lastDeliveredNs: 0, firstLostNs: 1000, lastLostNs: 2000, nextDeliveredNs: 3000, lost: 2, atLeastNs: 1000, atMostNs: 3000 }]);
  const open = outages(flow('0010'));
  t.match(open, [{ lastDeliveredNs: undefined, lost: 2, atMostNs: Infinity }, { nextDeliveredNs: undefined, lost: 1, atMostNs: Infinity }], 'open at either end');
  t.match(outages(flow('100001'), 2000, 3000), [{ firstLostNs: 2000, lastLostNs: 3000, lost: 2, nextDeliveredNs: undefined }], 'not followed beyond the window');
  t.equal(longestOutage(flow('101001'))?.firstLostNs, 3000);
  t.equal(longestOutage(flow('1001001'))?.firstLostNs, 1000, 'of equals the first');
  t.equal(longestOutage(flow('11')), undefined);
  t.end();
});

t.test('a state at an instant', (t) => {
  const timeline = { what: 'port', changes: [{ ns: 10, value: 'listening' }, { ns: 20, value: 'forwarding' }] };
  t.equal(stateAt(timeline, 9), undefined);
  t.equal(stateAt(timeline, 10), 'listening');
  t.equal(stateAt(timeline, 19), 'listening');
  t.equal(stateAt(timeline, 20), 'forwarding');
  t.end();
});
