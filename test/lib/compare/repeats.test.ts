import t from 'tap';
import { addRepeat, type Alike, judgeRepeats, type Repeat } from '../../../lib/compare/repeats.ts';
import { pcapngInterface, pcapngPacket, pcapngSection } from '../../../lib/tcpdump-parser/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const frame = (at: number, last = 7): Uint8Array => pcapngPacket({ timestampNs: 1_767_225_600_000_000_000n + BigInt(at), bytes: Uint8Array.of(1, 0, 0x5e, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x88, 0xb5, last) });
const capture = (...frames: Uint8Array[]): Uint8Array => Buffer.concat([pcapngSection(), pcapngInterface({ name: 'bob' }), ...frames]);
const events = (...values: string[]): Uint8Array =>
  bytes(['{"atNs":0,"type":"begin","realtimeNs":"7"}', ...values.map((value, i) => JSON.stringify({ atNs: (i + 1) * 1e9, type: 'state', what: 'br0:bob port state', value }))].map((line) => `${line}\n`).join(''));

const files = { 'a/b/events.ndjson': events('learning', 'forwarding'), 'a/b/capture.pcapng': capture(frame(1), frame(2)), 'a/b/plan.sh': bytes('ip link add br0\nip link set br0 up\n') };
const named = Object.entries(files).map(([name, content]) => `  ${name}, ${content.length} bytes`);
const run = (over: Record<string, Uint8Array | undefined> = {}, status = 0): Repeat => ({
  status, files: new Map(Object.entries({ ...files, ...over }).flatMap(([name, content]: [string, Uint8Array | undefined]) => (content ? [[name, content]] : []))),
});
function judge(...runs: Repeat[]): ReturnType<typeof judgeRepeats> {
  const kinds: Alike[] = [];
  for (const one of runs) addRepeat(kinds, one);
  return judgeRepeats(kinds);
}

t.test('the same bytes are the same run', async (t) => {
  t.same(judge(run(), run(), run()), { same: true, lines: ['3 of 3 runs were the same', ...named] });
});

t.test('one event that differs is found, and told', async (t) => {
  const { same, lines } = judge(run(), run(), run({ 'a/b/events.ndjson': events('learning', 'blocking') }));
  t.equal(same, false);
  t.same(lines, [
    '2 of 3 runs were the same', ...named, '1 of 3 was not:',
    '  a/b/events.ndjson: the first event that differs, br0:bob port state: 2 s (line 3) br0:bob port state: blocking; most have 2 s (line 3) br0:bob port state: forwarding',
  ]);
});

t.test('an instant of the host’s in the events is a difference too', async (t) => {
  const { same, lines } = judge(run(), run({ 'a/b/events.ndjson': bytes(Buffer.from(events('learning', 'forwarding')).toString().replace('"7"', '"8"')) }));
  t.equal(same, false);
  t.match(lines.at(-1), /events\.ndjson: they differ from byte 39 \(line 1\); \d+ bytes/);
});

t.test('one byte of a capture is found, and its frame told', async (t) => {
  const { same, lines } = judge(run(), run(), run({ 'a/b/capture.pcapng': capture(frame(1), frame(2, 8)) }));
  t.equal(same, false);
  t.match(lines.at(-1), /^ {2}a\/b\/capture\.pcapng: the first frame that differs is frame 2 \(from its byte 14\): 1767225600000000002 ns at bob, 02:00:00:00:00:01 > 01:00:5e:00:00:01/);
});

t.test('a nanosecond, and a frame too many', async (t) => {
  t.match(judge(run(), run({ 'a/b/capture.pcapng': capture(frame(1), frame(3)) })).lines.at(-1), /frame 2: 1767225600000000003 ns .*; most have 1767225600000000002 ns/);
  t.match(judge(run(), run({ 'a/b/capture.pcapng': capture(frame(1)) })).lines.at(-1), /frame 2: nothing; most have 1767225600000000002 ns/);
});

t.test('what is in no frame has its place all the same, in any file', async (t) => {
  const noted = Buffer.concat([pcapngSection(), pcapngInterface({ name: 'bob', comments: ['x'] }), frame(1), frame(2)]);
  t.match(judge(run(), run({ 'a/b/capture.pcapng': noted })).lines.at(-1), /capture\.pcapng: they differ from byte \d+/);
  t.match(judge(run(), run({ 'a/b/plan.sh': bytes('ip link add br0\nip link set br1 up\n') })).lines.at(-1), /plan\.sh: they differ from byte 30 \(line 2\)/);
  t.match(judge(run(), run({ 'a/b/plan.sh': undefined })).lines.at(-1), /plan\.sh: there is none/);
  t.match(judge(run({ 'a/b/plan.sh': undefined }), run()).lines.at(-1), /plan\.sh: only there/);
});

t.test('runs that fail alike are no proof', async (t) => {
  t.same(judge(run({}, 1), run({}, 1)), { same: false, lines: ['2 of 2 runs were the same', ...named, 'ended with status 1: it did not come out as expected'] });
  t.match(judge(run(), run({}, 4)), { same: false, lines: ['1 of 2 runs were the same', ...named, '1 of 2 was not:', '  ended with status 4, not 0'] });
  t.match(judge({ status: 0, files: new Map() }), { same: false, lines: ['1 of 1 runs were the same', 'left no events.ndjson', 'left no capture.pcapng', 'left no plan.sh'] });
  t.equal(judge().same, false);
});
