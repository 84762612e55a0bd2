import t from 'tap';
import { compareEvents, EventLogError } from '../../../lib/compare/events.ts';

type Line = { atNs: number; type: string } & Record<string, unknown>;
const log = (...lines: Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

const begin = { atNs: 0, type: 'begin', realtimeNs: '1767225661387750558', scale: 1, hz: 250 };
const state = (atNs: number, what: string, value: string): Line => ({ atNs, type: 'state', what, value });
const flow = (receivedNs: (number | null)[], over: object = {}): Line => ({
  atNs: 9e9, type: 'flow', flow: 'alice → 239.192.5.5', receiver: 'bob', sentNs: [1e9, 2e9, 3e9], receivedNs, duplicates: 0, reordered: 0, ...over,
});

t.test('the same bytes are identical', (t) => {
  const text = log(begin, state(5, 'br0:bob operstate', 'up'));
  t.same(compareEvents(text, text), { identical: true, events: { before: 2, after: 2 } });
  t.end();
});

t.test('a nanosecond is a difference, and none of substance', (t) => {
  const { identical, first, substance, datagram } = compareEvents(log(begin, state(5, 'br0:bob operstate', 'up')), log(begin, state(6, 'br0:bob operstate', 'up')));
  t.equal(identical, false);
  t.match(first, { subject: 'br0:bob operstate', before: { atS: 5e-9, event: 2 }, after: { atS: 6e-9, event: 2 } });
  t.equal(substance, undefined);
  t.equal(datagram, undefined);
  t.end();
});

t.test('two subjects may change places', (t) => {
  const [one, other] = [(at: number) => state(at, 'br0:bob operstate', 'up'), (at: number) => state(at, 'br0:carol operstate', 'up')];
  t.equal(compareEvents(log(one(1), other(2)), log(other(1), one(2))).substance, undefined);
  const twice = compareEvents(log(one(1), state(2, 'br0:bob operstate', 'down')), log(state(1, 'br0:bob operstate', 'down'), one(2)));
  t.match(twice.substance, { before: { text: 'br0:bob operstate: up' }, after: { text: 'br0:bob operstate: down' } });
  t.end();
});

t.test('each datagram counts at the instant it was sent, not where its line stands', (t) => {
  const before = log(state(8e9, 'br0 STP', 'on'), flow([1.1e9, 2.1e9, 3.1e9]));
  const after = log(state(8e9, 'br0 STP', 'off'), flow([1.1e9, null, 3.1e9]));
  const { substance, datagram } = compareEvents(before, after);
  t.same(substance, datagram);
  t.match(datagram, { subject: 'alice → 239.192.5.5 at bob', before: { atS: 2, event: 2, text: 'datagram 2: delivered after 100.000 ms' }, after: { atS: 2, text: 'datagram 2: lost' } });
  t.end();
});

t.test('later, refused and unanswered are told apart', (t) => {
  t.equal(compareEvents(log(flow([1.1e9, 2.1e9, 3.1e9])), log(flow([1.1e9, 2.2e9, 3.1e9]))).datagram, undefined, 'late is not lost');
  t.match(compareEvents(log(flow([1.1e9, 2.1e9, null])), log(flow([1.1e9, 2.1e9, null], { refused: { ENOBUFS: [2] } }))).datagram, { before: { text: 'datagram 3: lost' }, after: { text: 'datagram 3: refused (ENOBUFS)' } });
  const ping = (repliedNs: (number | null)[]): Line => ({ atNs: 9e9, type: 'ping', ping: 'out pings 192.0.2.2', sentNs: [1e9], repliedNs, duplicates: 0 });
  t.match(compareEvents(log(ping([1.5e9])), log(ping([null]))).datagram, { subject: 'out pings 192.0.2.2', before: { text: 'ping 1: answered after 500.000 ms' }, after: { text: 'ping 1: lost' } });
  t.end();
});

t.test('duplicates differ although every datagram came', (t) => {
  const { substance, datagram } = compareEvents(log(flow([1, 2, 3])), log(flow([1, 2, 3], { duplicates: 4 })));
  t.match(substance, { subject: 'flow alice → 239.192.5.5 at bob, as a whole', before: { text: 'duplicates 0' }, after: { text: 'duplicates 4' } });
  t.equal(datagram, undefined);
  t.end();
});

t.test('of a long event only what differs is told', (t) => {
  const device = (options: object): Line => ({ atNs: 1, type: 'device', what: 'br0:br0', up: true, mtu: 1500, options });
  const { substance } = compareEvents(log(device({ mcast_querier: false, gone: 1 })), log(device({ mcast_querier: true })));
  t.match(substance, { before: { text: 'options.mcast_querier false, options.gone 1' }, after: { text: 'options.mcast_querier true, no options.gone' } });
  t.end();
});

t.test('what happened in one run only', (t) => {
  const { substance } = compareEvents(log(begin), log(begin, { atNs: 7e9, type: 'joins', who: 'bob', device: 'eth0', group: '239.1.1.1' }));
  t.same(substance, { subject: 'groups of bob', after: { atS: 7, event: 2, text: 'bob joins 239.1.1.1 on eth0' } });
  t.end();
});

t.test('clocks, counters and words of instants are no substance', (t) => {
  const claim = (observed: string, verdict = 'held'): Line => ({ atNs: 5, type: 'claim', claim: 'bob hears', verdict, observed });
  const reading = (received: number): Line => ({ atNs: 6, type: 'reading', machines: { bob: { received } } });
  const before = log(begin, claim('after 1.1 s'), reading(4));
  t.equal(compareEvents(before, log({ ...begin, realtimeNs: '0' }, claim('after 1.2 s'), reading(5))).substance, undefined);
  t.match(compareEvents(before, log(begin, claim('after 1.1 s', 'broken'), reading(4))).substance, { after: { text: 'broken: after 1.1 s' } });
  t.end();
});

t.test('a damaged log is named by its line', (t) => {
  t.throws(() => compareEvents(log(begin), '{"atNs":0,"type":"begin"}\n{"at'), new EventLogError('line 2 is no JSON'));
  t.throws(() => compareEvents(log(begin), '[]\n'), EventLogError);
  t.end();
});
