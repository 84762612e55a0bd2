// Every kind of claim: held, broken too early, broken too late, undecidable, and at the very edge of its bounds.
import t from 'tap';
import { becomes, between, continues, frames, neverArrives, outage, resumes, since, stays, stops, type Sighting, within, withRefusals } from '../../lib/claims.ts';
import type { DatagramTimeline, StateTimeline } from '../../lib/timeline.ts';
import { after, type Moment, ms, s } from '../../lib/units.ts';

/** One datagram a second from 0 s on; '1' arrived, '0' was lost. */
const flow = (arrivals: string, over: Partial<DatagramTimeline> = {}): DatagramTimeline => ({
  flow: 'alice → 239.192.5.5', receiver: 'bob', duplicates: 0, reordered: 0,
  sentNs: [...arrivals].map((_, seq) => seq * 1e9),
  receivedNs: [...arrivals].map((c, seq) => (c === '1' ? seq * 1e9 + 50_000 : undefined)),
  ...over,
});
const anchor = (atS: number): Moment => ({ ns: atS * 1e9, what: 'the report' });
const arrived = (n: number): string => '1'.repeat(n);
const lost = (n: number): string => '0'.repeat(n);
const window = (fromS: number, toS: number, at = 0) => within(anchor(at), s(fromS), s(toS), 'membership interval: 260 s');

t.test('continues', (t) => {
  const held = continues(flow(arrived(20)), since(anchor(5), s(10)));
  t.equal(held.verdict, 'held');
  t.same(held.figures, { sentDatagrams: 11, lostDatagrams: 0 }, 'both edges are inside');
  t.match(held.expected, 'every datagram sent from the report on, for 10 s, arrives');

  const broken = continues(flow(arrived(8) + lost(3) + arrived(9)), since(anchor(5), s(10)));
  t.equal(broken.verdict, 'broken');
  t.same(broken.figures, { sentDatagrams: 11, lostDatagrams: 3, outageS: 2, firstLostS: 8 });
  t.equal(broken.decisiveNs, 8e9);
  t.equal(broken.observed, '3 of 11 lost; the longest outage began 3 s after the report and took 3 s');
  t.match(continues(flow(arrived(8) + lost(12)), since(anchor(5), s(10))).observed, /took until the end of the window/);

  t.equal(continues(flow(arrived(5) + '0' + arrived(10) + '0'), since(anchor(6), s(9))).verdict, 'held', 'losses on either side are none of its business');
  t.equal(continues(flow(''), since(anchor(5), s(10))).verdict, 'errored', 'zero samples');
  t.equal(continues(flow(arrived(3)), since(anchor(5), s(10))).verdict, 'errored', 'nothing sent in the window');

  const ended = continues(flow(arrived(10), { endedNs: 10e9 }), since(anchor(5), s(10)));
  t.equal(ended.verdict, 'errored', 'a flow that stopped in the window proves the rest of it not');
  t.match(ended.observed, /the flow itself ended 5 s after the report/);
  t.equal(continues(flow(arrived(16), { endedNs: 15e9 }), since(anchor(5), s(10))).verdict, 'held', 'ended with the window');
  t.equal(continues(flow('1111110', { endedNs: 7e9 }), since(anchor(5), s(10))).verdict, 'broken', 'a loss is a loss');
  t.end();
});

t.test('stops', (t) => {
  const decide = (arrivals: string, watchedToS: number, over: Partial<DatagramTimeline> = {}) => stops(flow(arrivals, over), window(260, 276.388), watchedToS * 1e9);
  const held = decide(arrived(270) + lost(20), 286);
  t.equal(held.verdict, 'held');
  t.same(held.figures, { stoppedAfterS: 270, lastDeliveredAfterS: 269, lostDatagrams: 17 });
  t.equal(held.expected, 'delivery stops between 260 s and 276.388 s after the report and stays stopped');
  t.equal(held.observed, 'last delivered 269 s after the report, first lost 270 s after the report, nothing since');

  t.test('the path died between the last delivered and the first lost: broken only if no instant in between will do', (t) => {
    t.equal(decide(arrived(260) + lost(30), 286).verdict, 'held', 'first lost at 260 s, the bound itself');
    const early = decide(arrived(259) + lost(30), 286);
    t.equal(early.verdict, 'broken', 'first lost at 259 s');
    t.match(early.observed, /: too early$/);
    t.equal(decide(arrived(277) + lost(10), 286).verdict, 'held', 'last delivered at 276 s, first lost at 277 s');
    const late = decide(arrived(278) + lost(10), 287);
    t.equal(late.verdict, 'broken', 'last delivered at 277 s');
    t.match(late.observed, /: too late$/);
    const edge = stops(flow(arrived(277) + lost(10)), window(260, 276), 286e9);
    t.equal(edge.verdict, 'held', 'delivered at the upper bound itself');
    t.end();
  });

  const back = decide(arrived(270) + lost(5) + arrived(20), 290);
  t.equal(back.verdict, 'broken', 'it must stay stopped');
  t.match(back.observed, /but 16 later datagrams arrived/);
  const never = decide(arrived(300), 286);
  t.equal(never.verdict, 'broken');
  t.match(never.observed, /delivery did not stop: all 287 arrived/);
  const dead = decide(lost(300), 286);
  t.equal(dead.verdict, 'broken', 'what never worked cannot stop');
  t.match(dead.observed, /nothing arrived after the report at all/);
  t.equal(decide('', 286).verdict, 'errored', 'zero samples');
  t.equal(decide(arrived(100), 286, { endedNs: 100e9 }).verdict, 'errored', 'the flow ended before the window: nothing could be missed');
  t.match(decide(arrived(270) + lost(3), 286, { endedNs: 273e9 }), { verdict: 'errored', observed: /nothing since, but the flow itself ended 273 s after/ }, 'three losses and no further datagram do not say "stays stopped"');
  t.equal(decide(arrived(100) + lost(3), 286, { endedNs: 103e9 }).verdict, 'broken', 'too early is too early');
  t.equal(decide(arrived(270) + '0', 286).verdict, 'errored', 'one loss at the very end does not say "stays stopped"');
  t.end();
});

t.test('resumes', (t) => {
  const decide = (arrivals: string, toS: number, over: Partial<DatagramTimeline> = {}) => resumes(flow(arrivals, over), window(10, 12, 5), toS * 1e9);
  const held = decide(lost(16) + arrived(20), 27);
  t.equal(held.verdict, 'held');
  t.same(held.figures, { resumedAfterS: 11, lostDatagrams: 11 });
  t.equal(decide(lost(15) + arrived(20), 27).verdict, 'held', 'delivered at the lower bound itself');
  t.match(decide(lost(14) + arrived(20), 27), { verdict: 'broken', observed: /: too early$/ });
  t.equal(decide(lost(18) + arrived(20), 27).verdict, 'held', 'lost at the upper bound itself');
  t.match(decide(lost(19) + arrived(20), 27), { verdict: 'broken', observed: /: too late$/ });
  t.match(decide(`${lost(16)}11011${arrived(20)}`, 27), { verdict: 'broken', observed: /it resumed and broke again/ });
  t.match(decide(lost(40), 27), { verdict: 'broken', observed: /nothing arrived until 22 s after the report/ });
  t.match(decide(arrived(40), 27), { verdict: 'errored', observed: /was not dead before the report/ });
  t.equal(decide('', 27).verdict, 'errored', 'zero samples');
  t.match(decide(lost(16) + '1', 27, { endedNs: 17e9 }), { verdict: 'errored', observed: /first delivered 11 s after .* but the flow itself ended/ }, 'one datagram does not go on');
  t.equal(decide(lost(16) + arrived(11), 27, { endedNs: 27e9 }).verdict, 'held', 'ended with the watch');
  t.match(decide(lost(10), 27, { endedNs: 10e9 }), { verdict: 'errored', observed: /the flow itself ended/ });
  t.end();
});

t.test('nothing arrives', (t) => {
  const control = flow(arrived(20), { receiver: 'dave' });
  t.match(neverArrives(flow(lost(20)), since(anchor(5), s(10)), [control]), { verdict: 'held', observed: 'none of 11 arrived, while dave received 11' });
  t.match(neverArrives(flow(lost(15) + '1'), since(anchor(5), s(10)), [control]), { verdict: 'broken', observed: '1 of 11 arrived', decisiveNs: 15e9 }, 'one datagram, at the edge');
  t.equal(neverArrives(flow(lost(16) + '1'), since(anchor(5), s(10)), [control]).verdict, 'held', 'one after the window');
  t.match(neverArrives(flow(lost(20)), since(anchor(5), s(10)), []), { verdict: 'errored', observed: /there is none/ }, 'without a control silence proves nothing');
  t.match(neverArrives(flow(lost(20)), since(anchor(5), s(10)), [flow(arrived(5) + lost(15), { receiver: 'dave' })]), { verdict: 'errored', observed: /no other receiver got all of them \(dave 0\)/ }, 'a control that is deaf in the window');
  t.match(neverArrives(flow(lost(20)), since(anchor(5), s(10)), [flow(arrived(6) + lost(14), { receiver: 'dave' })]), { verdict: 'errored', observed: /no other receiver got all of them \(dave 1\)/ }, 'a control that heard one datagram');
  t.equal(neverArrives(flow(lost(20)), since(anchor(5), s(10)), [flow(lost(20), { receiver: 'carol' }), control]).verdict, 'held', 'one that hears all is enough');
  t.match(neverArrives(flow(lost(7), { endedNs: 7e9 }), since(anchor(5), s(10)), [control]), { verdict: 'errored', observed: /none of 2 arrived, but the flow itself ended 2 s after/ }, 'what was not sent cannot arrive');
  t.equal(neverArrives(flow(''), since(anchor(5), s(10)), [control]).verdict, 'errored', 'zero samples');
  t.end();
});

t.test('outage', (t) => {
  const decide = (arrivals: string, bounds: Parameters<typeof outage>[2], over: Partial<DatagramTimeline> = {}) => outage(flow(arrivals, over), since(anchor(5), s(20)), bounds);
  // Lost at 10, 11 and 12 s; alive at 9 and 13 s: the outage took between 2 and 4 s.
  const three = arrived(10) + lost(3) + arrived(20);
  t.match(decide(three, { atMost: s(2) }), { verdict: 'held', figures: { lostDatagrams: 3, outageS: 3, outageBeganS: 10 } });
  t.equal(decide(three, { atMost: ms(1999) }).verdict, 'broken');
  t.equal(decide(three, { atLeast: s(4) }).verdict, 'held');
  t.equal(decide(three, { atLeast: ms(4001) }).verdict, 'broken');
  t.equal(decide(three, { lostAtLeast: 3, lostAtMost: 3 }).verdict, 'held');
  t.equal(decide(three, { lostAtMost: 2 }).verdict, 'broken');
  t.equal(decide(three, { lostAtLeast: 4 }).verdict, 'broken');
  t.match(decide(arrived(40), { atLeast: s(1) }), { verdict: 'broken', observed: 'no loss: all 21 arrived' });
  t.equal(decide(arrived(40), { atMost: s(1) }).verdict, 'held', 'no outage is a short one');

  t.equal(decide(arrived(20) + lost(20), { atMost: s(30) }).verdict, 'broken', 'at most, and then it works again: this one is open');
  t.equal(decide(arrived(20) + lost(20), { atMost: s(30), recovers: false }).verdict, 'held');
  t.equal(decide(arrived(20) + lost(20), { atLeast: s(6) }).verdict, 'held', 'open, and watched for 6 s');
  t.match(decide(arrived(20) + lost(20), { atLeast: s(7) }), { verdict: 'errored', observed: /watched too short to say/ });
  t.equal(decide(arrived(20) + lost(2), { atLeast: s(4) }, { endedNs: 22e9 }).verdict, 'errored', 'what the flow did not test is no outage');
  t.equal(decide(arrived(5) + lost(3) + arrived(30), { atLeast: s(4) }).verdict, 'held', 'delivered before the window, lost from its first instant');
  t.equal(decide(arrived(5) + lost(3) + arrived(30), { atLeast: ms(4001) }).verdict, 'broken');
  t.equal(decide(lost(8) + arrived(30), { atLeast: s(100) }).verdict, 'broken', 'what came before the first datagram is unknown, not endless');
  t.match(decide(arrived(10), { atMost: s(1) }, { endedNs: 10e9 }), { verdict: 'errored', observed: /no loss: all 5 arrived, but the flow itself ended/ }, 'no outage in a quarter of the window');
  t.equal(decide(arrived(8) + lost(5) + arrived(5), { atMost: s(1) }, { endedNs: 18e9 }).verdict, 'broken', 'too long is too long');
  t.equal(decide(arrived(8) + lost(5) + arrived(5), { atLeast: s(4) }, { endedNs: 18e9 }).verdict, 'held', 'long enough is long enough');
  t.match(decide(arrived(8) + lost(5), { atLeast: s(4) }, { endedNs: 13e9 }).figures, { outageS: 5 }, 'not longer than was watched');
  t.match(decide(lost(40), { atLeast: s(1) }), { verdict: 'errored', observed: /may never have worked/ });
  t.equal(decide(lost(40), { atMost: s(1) }).verdict, 'broken');
  t.equal(decide('', { atMost: s(1) }).verdict, 'errored', 'zero samples');
  t.throws(() => decide(three, {}), /give atLeast/);
  t.end();
});

t.test('frames', (t) => {
  const at = (...seconds: number[]): Sighting[] => seconds.map((x) => ({ ns: x * 1e9, line: `a report at ${x} s`, lengthBytes: 100 }));
  const decide = (seen: Sighting[], alive: boolean, bounds: Parameters<typeof frames>[5]) => frames('reports', 'vmbr0:bob', seen, alive, since(anchor(5), s(10)), bounds);
  t.match(decide(at(1, 5, 15, 16), true, { atLeast: 2, atMost: 2 }), { verdict: 'held', figures: { frames: 2, framesPerSecond: 0.2, bitsPerSecond: 160 } }, 'both edges are inside');
  t.match(decide(at(5), true, { atLeast: 1 }), { verdict: 'held', observed: '1, the first 0 s after the report: a report at 5 s' });
  t.match(decide(at(4), true, { atLeast: 1 }), { verdict: 'broken', observed: 'none' }, 'too early');
  t.match(decide(at(16), true, { atLeast: 1 }), { verdict: 'broken' }, 'too late');
  t.equal(decide([], false, { atLeast: 1 }).verdict, 'broken', 'what must be there and is not needs no control');
  t.equal(decide(at(6, 7, 8), true, { atMost: 2 }).verdict, 'broken');
  t.match(decide([], true, { atMost: 0 }), { verdict: 'held', expected: /^no reports at vmbr0:bob/ });
  t.match(decide(at(7), true, { atMost: 0 }), { verdict: 'broken', decisiveNs: 7e9 });
  t.match(decide([], false, { atMost: 0 }), { verdict: 'errored', observed: /the silence proves nothing/ }, 'a capture that saw nothing at all');
  t.throws(() => decide([], true, {}), /give atLeast or atMost/);

  t.test('a capture that ended in the window', (t) => {
    const ended = (seen: Sighting[], bounds: Parameters<typeof frames>[5], endedS = 9) => frames('reports', 'vmbr0:bob', seen, true, since(anchor(5), s(10)), bounds, endedS * 1e9);
    t.match(ended([], { atMost: 0 }), { verdict: 'errored', observed: 'none, but the capture at vmbr0:bob ended 4 s after the report' });
    t.equal(ended(at(6), { atLeast: 2 }).verdict, 'errored');
    t.equal(ended(at(6), { atLeast: 1, atMost: 1 }).verdict, 'errored');
    t.equal(ended(at(6), { atLeast: 1 }).verdict, 'held', 'seen is seen');
    t.equal(ended(at(6), { atMost: 0 }).verdict, 'broken', 'seen is seen');
    t.equal(ended([], { atMost: 0 }, 15).verdict, 'held', 'ended with the window');
    t.end();
  });
  t.end();
});

t.test('states', (t) => {
  const mdb = (...changes: [number, string][]): StateTimeline => ({ what: 'bob in the MDB', changes: changes.map(([x, value]) => ({ ns: x * 1e9, value })) });
  const w = window(10, 12, 5);
  t.match(becomes(mdb([1, 'present'], [16, 'absent']), 'absent', w), { verdict: 'held', figures: { becameAfterS: 11 } });
  for (const [x, verdict] of [[15, 'held'], [17, 'held'], [14.999, 'broken'], [17.001, 'broken']] as const)
    t.equal(becomes(mdb([1, 'present'], [x, 'absent']), 'absent', w).verdict, verdict, `at ${x} s of 15 s to 17 s`);
  t.match(becomes(mdb([1, 'present']), 'absent', w), { verdict: 'broken', observed: 'never; it is present since +1.000 s' });
  t.match(becomes(mdb([1, 'absent']), 'absent', w), { verdict: 'broken', observed: /it was absent already/ });
  t.equal(becomes(mdb([1, 'absent'], [6, 'present'], [16, 'absent']), 'absent', w).verdict, 'held', 'absent, present, and absent again in time');
  t.equal(becomes(mdb([1, 'present'], [6, 'absent'], [7, 'present'], [16, 'absent']), 'absent', w).verdict, 'broken', 'the first time counts');
  t.equal(becomes(mdb(), 'absent', w).verdict, 'errored', 'never observed');

  t.equal(stays(mdb([1, 'present'], [18, 'absent']), 'present', since(anchor(5), s(10))).verdict, 'held');
  t.equal(stays(mdb([1, 'present'], [15, 'absent']), 'present', since(anchor(5), s(10))).verdict, 'broken', 'changed at the edge');
  t.match(stays(mdb([1, 'absent'], [6, 'present']), 'present', since(anchor(5), s(10))), { verdict: 'broken', observed: 'it was absent' });
  t.equal(stays(mdb([6, 'present']), 'present', since(anchor(5), s(10))).verdict, 'errored', 'not known at its begin');
  t.end();
});

t.test('windows', (t) => {
  t.throws(() => within(anchor(0), s(2), s(1)), /maximum 1 s lies before the minimum 2 s/);
  const w = between(anchor(5), after(anchor(5), s(3), 'the cut'));
  t.equal(w.max.ns, 3e9);
  t.match(frames('reports', 'x', [], true, w, { atMost: 0 }).expected, 'from the report to the cut (3 s)');
  t.throws(() => between(anchor(5), anchor(4)), RangeError);
  t.equal(after(anchor(1), s(2)).what, '2 s after the report');
  t.end();
});

t.test('what the sender itself refused is said of a broken claim', (t) => {
  const refused = new Map([[7, 'ENETUNREACH'], [8, 'ENETUNREACH'], [9, 'ENOBUFS'], [18, 'ENOBUFS']]);
  const timeline = flow(arrived(7) + lost(3) + arrived(10), { refused });
  const w = since(anchor(5), s(10));
  t.match(withRefusals(continues(timeline, w), timeline, w), { verdict: 'broken', observed: /^3 of 11 lost.*; the sender's own kernel refused some: 2 with ENETUNREACH, 1 with ENOBUFS$/, figures: { lostDatagrams: 3, refusedSends: 3 } }, 'those of the window');
  const sound = flow(arrived(20), { refused: new Map([[18, 'ENOBUFS']]) });
  t.same(withRefusals(continues(sound, w), sound, w), continues(sound, w), 'a claim that holds stays as it is');
  t.end();
});
