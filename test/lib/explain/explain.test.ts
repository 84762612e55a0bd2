// Captures made frame by frame: what each shows is known. Every alarm has a neighbour that must not ring.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Explainer, type ExplainOptions, type Explanation } from '../../../lib/explain/explain.ts';
import { explanationText } from '../../../lib/explain/text.ts';
import { parseTcpdumpText } from '../../../lib/tcpdump-parser/index.ts';
import {
  arpFrame,
  gratuitousArp,
  igmpLeave,
  igmpQuery,
  igmpReport,
  igmpV3Report,
  ipv4Frame,
  lacpFrame,
  rarpAnnouncement,
  stpFrame,
  udpFrame,
} from '../../../lib/wire/index.ts';
import { encodeIcmp } from '../../../lib/wire/icmp.ts';
import { lacpState } from '../../../lib/wire/lacp.ts';

const GROUP = '239.192.5.5';
const mac = (n: number): string => `52:54:00:00:00:0${n}`;
const ip = (n: number): string => `192.0.2.${n}`;

interface At {
  s: number;
  where: string;
  bytes: Uint8Array;
}

const at = (s: number, where: string, bytes: Uint8Array): At => ({ s, where, bytes });
const every = (fromS: number, toS: number, stepS: number, make: (s: number, i: number) => At[]): At[] =>
  Array.from({ length: Math.floor((toS - fromS) / stepS) + 1 }, (_, i) => make(fromS + i * stepS, i)).flat();

function explained(frames: readonly At[], options: ExplainOptions = {}): Explanation {
  const explainer = new Explainer(options);
  [...frames]
    .sort((a, b) => a.s - b.s)
    .forEach(({ s, where, bytes }, i) => {
      explainer.see({
        timestampNs: BigInt(Math.round(s * 1e9)),
        where,
        bytes,
        linkType: 1,
        originalLength: bytes.length,
        number: i + 1,
      });
    });
  return explainer.end();
}

const kinds = ({ findings }: Explanation, level = 'alarm'): string[] =>
  findings.filter((f) => f.level === level).map((f) => f.kind);
const texts = ({ findings }: Explanation, kind: string): string =>
  findings
    .filter((f) => f.kind === kind)
    .map((f) => f.what)
    .join('\n');

const query = (n: number, version: 1 | 2 | 3 = 3): Uint8Array => igmpQuery({ srcMac: mac(n), source: ip(n), version });
const report = (n: number): Uint8Array =>
  igmpV3Report({ srcMac: mac(n), source: ip(n), records: [{ type: 'is-exclude', group: GROUP, sources: [] }] });
const datagram = (n: number): Uint8Array =>
  udpFrame({
    srcMac: mac(n),
    source: ip(n),
    destination: GROUP,
    srcPort: 40000,
    dstPort: 5405,
    payload: new Uint8Array(64),
  });

/** Alice (1) sends to bob (2) and carol (3); the querier (9) asks until it falls silent. */
const flow = (bobUntilS: number, carolUntilS: number, queries: readonly number[], bobAgain?: number): At[] => [
  ...queries.flatMap((s) => [
    at(s, 'br:core', query(9)),
    at(s + 1, 'br:bob', report(2)),
    at(s + 1.5, 'br:carol', report(3)),
  ]),
  ...every(1, 600, 1, (s) => [
    ...(s <= bobUntilS || (bobAgain !== undefined && s >= bobAgain) ? [at(s + 0.001, 'br:bob', datagram(1))] : []),
    ...(s <= carolUntilS ? [at(s + 0.001, 'br:carol', datagram(1))] : []),
  ]),
];

t.test('a membership that expired', (t) => {
  const found = explained(flow(300, 600, [0, 40]));
  t.same(kinds(found), ['membership-expired']);
  t.match(
    texts(found, 'membership-expired'),
    /stopped at br:bob at 300.* while at br:carol it went on; it did not come back\. That is 259 s after the last report of 192\.0\.2\.2/,
  );
  t.match(found.findings[0], { sure: 'certain', where: 'br:bob' });
  t.same(kinds(found, 'notice'), ['querier-silent']);
  t.match(texts(found, 'querier'), /IGMPv3 querier 192\.0\.2\.9 .* says every 125 s/);
  t.match(texts(found, 'members'), /239\.192\.5\.5 is wanted by 192\.0\.2\.2 at br:bob/);
  t.end();
});

t.test('both deaf at once: their memberships expired, or the sender stopped?', (t) => {
  const late = at(600, 'br:core', gratuitousArp({ mac: mac(9), ip: ip(9) }));
  const found = explained([...flow(301, 301, [0, 40]), late]);
  t.same(kinds(found), ['membership-expired', 'membership-expired']);
  t.ok(found.findings.filter((f) => f.level === 'alarm').every((f) => f.sure === 'likely'));
  t.same(kinds(explained([...flow(200, 200, [0, 40]), late])), [], 'a sender that stops at another time is no alarm');
  t.end();
});

t.test('a group that stops at another time than the membership interval', (t) => {
  const found = explained(flow(150, 600, [0, 40, 165, 290, 415, 540]));
  t.same(kinds(found), ['group-stopped']);
  t.match(found.findings[0], { sure: 'possible' });
  t.end();
});

t.test('who left misses nothing', (t) => {
  const leave = at(149.5, 'br:bob', igmpLeave({ srcMac: mac(2), source: ip(2), group: GROUP }));
  t.same(
    kinds(explained([...flow(150, 600, [0, 40, 165]).filter(({ s, where }) => where !== 'br:bob' || s < 150), leave])),
    [],
  );
  t.end();
});

t.test('a leave that takes the group from others', (t) => {
  const frames = flow(150, 600, [0, 40]).filter(({ s, where }) => where !== 'br:bob' || s < 151);
  const leave = at(149.5, 'br:bob', igmpLeave({ srcMac: mac(4), source: ip(4), group: GROUP }));
  const other = at(41, 'br:bob', igmpReport({ srcMac: mac(4), source: ip(4), version: 2, group: GROUP }));
  const fast = explained([...frames, other, leave]);
  t.same(kinds(fast), ['group-stopped']);
  t.match(fast.findings[0], { sure: 'likely', what: /192\.0\.2\.4 had left it there at 150 s: fast leave/ });
  const asked = at(149.6, 'br:bob', igmpQuery({ srcMac: mac(9), source: ip(9), version: 2, group: GROUP }));
  const answeredByNobody = explained([...frames, other, leave, asked]);
  t.same(
    [kinds(answeredByNobody), kinds(answeredByNobody, 'notice').includes('group-stopped')],
    [[], true],
    'the others were asked',
  );
  t.end();
});

t.test('sources that a member chose', (t) => {
  const records = (
    type: 'is-include' | 'is-exclude' | 'allow' | 'block' | 'to-include',
    sources: string[],
  ): Uint8Array => igmpV3Report({ srcMac: mac(2), source: ip(2), records: [{ type, group: GROUP, sources }] });
  // Bob hears 1 until 150 s, carol goes on.
  const frames = flow(150, 600, [0, 40, 165, 290, 415, 540]).filter(
    ({ where, bytes }) => where !== 'br:bob' || bytes.length > 100 || bytes[23] === 17,
  );
  const told = (...reports: At[]): string[] => kinds(explained([...frames, ...reports]));
  t.same(told(at(0.5, 'br:bob', records('is-include', [ip(1)]))), ['group-stopped'], 'wanted, and lost');
  t.same(told(at(0.5, 'br:bob', records('is-include', [ip(1)])), at(149.9, 'br:bob', records('block', [ip(1)]))), []);
  t.same(
    told(at(0.5, 'br:bob', records('is-include', [ip(1), ip(7)])), at(149.9, 'br:bob', records('to-include', [ip(7)]))),
    [],
  );
  t.same(told(at(0.5, 'br:bob', records('is-exclude', [])), at(149.9, 'br:bob', records('block', [ip(1)]))), []);
  t.same(told(at(0.5, 'br:bob', records('is-exclude', [ip(1)])), at(1, 'br:bob', records('allow', [ip(1)]))), [
    'group-stopped',
  ]);
  t.same(told(at(0.5, 'br:bob', records('is-include', [ip(7)]))), [], 'it never asked for that one');
  const [fact] = explained([...frames, at(0.5, 'br:bob', records('is-include', [ip(1)]))]).findings.filter(
    (f) => f.kind === 'members',
  );
  t.match(fact?.what, /192\.0\.2\.2 at br:bob \(version 3, 1 report, last at 0\.50 s, only of 192\.0\.2\.1\)/);
  t.end();
});

t.test('queries that stay without an answer', (t) => {
  const unanswered = [100, 225].map((s) => at(s, 'br:bob', query(9)));
  t.match(
    texts(explained([...flow(300, 600, [0, 40]), ...unanswered]), 'membership-expired'),
    /A query passed there at 225 s, and no report came back/,
  );
  t.match(texts(explained(flow(300, 600, [0, 40])), 'membership-expired'), /nobody asked for it any more/);
  t.end();
});

t.test('a healthy flow', (t) => {
  const found = explained(flow(600, 600, [0, 31, 156, 281, 406, 531]));
  t.same(kinds(found), []);
  t.same(kinds(found, 'notice'), []);
  t.match(found.findings[0], { kind: 'nothing-found', what: /Nothing is broken in these \d+ frames/ });
  t.end();
});

t.test('another membership interval', (t) => {
  const short = flow(72, 600, [0, 40]);
  t.same(kinds(explained(short, { membershipIntervalS: 32 })), ['membership-expired']);
  t.same(kinds(explained(short)), ['group-stopped']);
  t.end();
});

t.test('nobody asks at all', (t) => {
  const reports = every(0, 200, 50, (s) => [
    at(s, 'br:bob', igmpReport({ srcMac: mac(2), source: ip(2), version: 2, group: GROUP })),
  ]);
  t.same(kinds(explained(reports), 'notice'), ['no-querier']);
  t.same(kinds(explained(reports.slice(0, 2)), 'notice'), [], 'too short a time to say so');
  t.end();
});

t.test('two queriers', (t) => {
  const both = every(0, 600, 125, (s) => [at(s, 'br:a', query(8)), at(s + 3, 'br:b', query(9))]);
  t.same(kinds(explained(both), 'notice'), ['two-queriers']);
  const one = [
    ...every(0, 600, 125, (s) => [at(s, 'br:a', query(8))]),
    at(2, 'br:b', query(9)),
    at(33, 'br:b', query(9)),
  ];
  t.same(kinds(explained(one), 'notice'), [], 'one that gave way');
  t.same(kinds(explained(every(0, 600, 125, (s) => [at(s, 'br:a', query(8, 1))])), 'notice'), ['older-querier']);
  t.end();
});

const echo = (from: number, to: number, type: 'echo-request' | 'echo-reply', sequence: number): Uint8Array =>
  ipv4Frame(
    { srcMac: mac(from), dstMac: mac(to) },
    { src: ip(from), dst: ip(to), protocol: 1, identification: sequence },
    encodeIcmp({ type, id: 7, sequence, data: new Uint8Array(8) }),
  );

/** 5 pings 6 once a second from the core; 6 answers from `place(s)`, or not at all. */
const pings = (place: (s: number) => string | undefined): At[] =>
  every(0, 60, 1, (s, i) => {
    const where = place(s);
    return [
      at(s, 'core:outside', echo(5, 6, 'echo-request', i)),
      ...(where === undefined ? [] : [at(s + 0.0005, where, echo(6, 5, 'echo-reply', i))]),
    ];
  });

t.test('a station that moved and told nobody', (t) => {
  const found = explained([...pings((s) => (s < 10 ? 'sw1:hv' : s > 40 ? 'sw2:hv' : undefined))]);
  t.same(kinds(found), ['moved-unannounced']);
  t.match(found.findings[0], {
    sure: 'certain',
    what: /did not answer for 30\.0 s \(31 requests\)\. Nothing announced it.*were seen first at sw1:hv before, and at sw2:hv afterwards/s,
  });
  const short = explained(pings((s) => (s > 9 && s < 12 ? undefined : 'sw1:hv')));
  t.same([kinds(short), kinds(short, 'notice')], [[], ['moved-unannounced']], 'two lost are a notice');
  t.same(kinds(explained(pings(() => 'sw1:hv'))), []);
  t.same(kinds(explained(pings(() => undefined))), [], 'who never answered is not missed');
  const later = explained(pings((s) => (s < 10 ? undefined : 'sw1:hv')));
  t.same([kinds(later), kinds(later, 'notice')], [[], []], 'nor who had not answered yet');
  t.end();
});

t.test('an announcement that changed nothing', (t) => {
  const rarp = at(15, 'hv:tap', rarpAnnouncement({ mac: mac(6) }));
  const lost = explained([...pings((s) => (s > 9 && s < 45 ? undefined : 'sw1:hv')), rarp]);
  t.same(kinds(lost), ['announcement-lost']);
  t.match(texts(lost, 'announcement'), /announced itself by RARP, 1 time/);
  const beforeMissed = at(9.5, 'hv:tap', rarpAnnouncement({ mac: mac(6) }));
  t.same(
    kinds(explained([...pings((s) => (s > 9 && s < 45 ? undefined : 'sw1:hv')), beforeMissed])),
    ['announcement-lost'],
    'it left before the first request that nobody answered',
  );
  const late = explained([
    ...pings((s) => (s > 9 && s < 45 ? undefined : 'sw1:hv')),
    at(44.5, 'hv:tap', rarpAnnouncement({ mac: mac(6) })),
  ]);
  t.same(kinds(late), ['moved-unannounced']);
  t.match(texts(late, 'moved-unannounced'), /Nothing announced it until 44\.5 s, when RARP did/);
  const bpduOf = (forwardDelayMs: number): Uint8Array =>
    stpFrame(
      {
        type: 'configuration',
        topologyChange: false,
        topologyChangeAcknowledged: false,
        root: { priority: 0x8000, mac: mac(1) },
        rootPathCost: 0,
        bridge: { priority: 0x8000, mac: mac(1) },
        port: 0x8001,
        messageAgeMs: 0,
        maxAgeMs: 20_000,
        helloMs: 2000,
        forwardDelayMs,
      },
      { srcMac: mac(1) },
    );
  t.same(
    kinds(
      explained([...pings((s) => (s > 9 && s < 45 ? undefined : 'sw1:hv')), rarp, at(1, 'sw1:hv', bpduOf(15_000))]),
    ),
    ['port-not-forwarding'],
  );
  // Its port forwards half a minute later, and nobody announces it again.
  const silent = pings((s) => (s > 9 && s < 58 ? undefined : 'sw1:hv'));
  const early = at(9.6, 'hv:tap', rarpAnnouncement({ mac: mac(6) }));
  const speaks = at(57.5, 'sw1:hv', echo(6, 5, 'echo-request', 99));
  const untilItSpoke = explained([...silent, early, speaks, at(1, 'sw1:hv', bpduOf(8000))]);
  t.same(kinds(untilItSpoke), ['port-not-forwarding']);
  t.match(untilItSpoke.findings[0], { sure: 'possible', what: /announced itself no more when the port forwarded/ });
  const spokeBefore = at(30, 'sw1:hv', echo(6, 5, 'echo-request', 99));
  t.same(
    kinds(explained([...silent, early, spokeBefore, at(1, 'sw1:hv', bpduOf(8000))])),
    ['announcement-lost'],
    'it spoke, and that did not help',
  );
  const inTime = explained([
    ...pings((s) => (s > 9 && s < 11 ? undefined : 'sw1:hv')),
    at(10.2, 'sw1:hv', gratuitousArp({ mac: mac(6), ip: ip(6) })),
  ]);
  t.same([kinds(inTime), kinds(inTime, 'notice')], [[], []]);
  t.end();
});

t.test('who moved asks in vain as well, and it is told once', (t) => {
  const gone = (s: number): boolean => s > 9 && s < 45;
  const both = (announced: boolean): At[] => [
    ...pings((s) => (gone(s) ? undefined : 'sw1:hv')),
    ...every(0.5, 60, 1, (s, i) => [
      at(s, 'sw1:hv', echo(6, 5, 'echo-request', i)),
      ...(gone(s) ? [] : [at(s + 0.0005, 'core:outside', echo(5, 6, 'echo-reply', i))]),
    ]),
    ...(announced ? [at(9.6, 'hv:tap', rarpAnnouncement({ mac: mac(6) }))] : []),
  ];
  t.same(kinds(explained(both(true))), ['announcement-lost']);
  t.same(kinds(explained(both(false))), ['moved-unannounced', 'moved-unannounced'], 'nobody knows which of the two');
  t.end();
});

t.test('a station that speaks and is not reached', (t) => {
  const unanswered = pings((s) => (s > 9 && s < 45 ? undefined : 'sw1:hv'));
  const asks = arpFrame(
    { operation: 1, senderMac: mac(6), senderIp: ip(6), targetMac: '00:00:00:00:00:00', targetIp: ip(1) },
    { srcMac: mac(6) },
  );
  const atTheAsker = explained([...unanswered, at(20, 'sw1:hv', asks), at(20.0001, 'core:outside', asks)]);
  t.same(kinds(atTheAsker), ['station-unreachable']);
  t.match(
    texts(atTheAsker, 'station-unreachable'),
    /first at 20\.0 s.*came through to core:outside.* in one direction/,
  );
  const elsewhere = explained([...unanswered, at(20, 'sw1:hv', asks), at(44.5, 'core:outside', asks)]);
  t.match(texts(elsewhere, 'station-unreachable'), /seen at sw1:hv, but did not come to core:outside/);
  t.same(
    kinds(explained([...unanswered, at(44, 'sw1:hv', asks)])),
    ['moved-unannounced'],
    'it was reached when it spoke',
  );
  const announced = at(20, 'sw1:hv', gratuitousArp({ mac: mac(6), ip: ip(6) }));
  t.same(kinds(explained([...unanswered, announced])), ['announcement-lost'], 'what it announced is told otherwise');
  const way = unanswered.flatMap((f) =>
    f.where === 'core:outside' && (f.s < 10 || f.s > 44) ? [f, { ...f, s: f.s + 0.0002, where: 'sw1:core' }] : [f],
  );
  t.match(
    texts(explained([...way, at(20, 'sw1:hv', asks)]), 'station-unreachable'),
    /Requests were seen at core:outside, and no more at sw1:core as before/,
  );
  t.end();
});

t.test('an answer counts where it can have reached who asked', (t) => {
  /** At the asker, on its way back, or nowhere: each from 10 s to 45 s. */
  const ways = (meanwhile: readonly string[], healthy = ['sw1:hv', 'core:outside']): At[] =>
    every(0, 60, 1, (s, i) => [
      at(s, 'core:outside', echo(5, 6, 'echo-request', i)),
      at(s + 0.0001, 'sw1:hv', echo(5, 6, 'echo-request', i)),
      ...(s > 9 && s < 45 ? meanwhile : healthy).map((where, hop) =>
        at(s + 0.0005 + hop * 0.0001, where, echo(6, 5, 'echo-reply', i)),
      ),
    ]);
  t.same(kinds(explained(ways(['sw1:hv', 'core:outside']))), [], 'all came back');
  const lost = explained(ways(['sw1:hv']));
  t.same(kinds(lost), ['station-unreachable']);
  t.match(lost.findings[0], {
    sure: 'certain',
    what: /was not heard for 34\.0 s \(35 requests\)\. It answered all of them: its answers were seen at sw1:hv, and did not come to core:outside/,
  });
  const elsewhere = texts(explained(ways(['sw1:hv', 'sw1:old-place'])), 'station-unreachable');
  t.match(elsewhere, /seen at sw1:hv and sw1:old-place, and did not come to core:outside/);
  t.same(kinds(explained(ways([]))), ['moved-unannounced'], 'no answer anywhere');
  t.same(
    kinds(explained(ways(['sw1:hv'], ['sw1:hv']))),
    [],
    'where answers never come by, another way back is no loss',
  );
  const back = explained(ways(['sw2:hv'], ['sw2:hv']));
  t.same(kinds(back), [], 'they go another way than the requests came');
  // It moved, and is heard again at the end: what did not reach the asker is no sign of life.
  const moved = explained([
    ...ways([]),
    ...every(45, 60, 1, (s, i) => [at(s + 0.0003, 'sw2:hv', echo(6, 5, 'echo-reply', 45 + i))]),
  ]);
  t.match(texts(moved, 'moved-unannounced'), /were seen first at sw1:hv before, and at sw2:hv afterwards/);
  t.end();
});

t.test('the two dumps of case D10 are told apart', (t) => {
  const { packets } = parseTcpdumpText(
    readFileSync(new URL('../../fixtures/D10-tcpdump-text.txt', import.meta.url), 'utf8'),
  );
  const one = (i: number): Explanation => {
    const explainer = new Explainer();
    const packet = packets[i];
    if (packet) explainer.see({ ...packet, where: 'the listing', number: 1 });
    return explainer.end();
  };
  t.same(kinds(one(0)), ['odd-ethertype']);
  t.same(kinds(one(1)), []);
  t.match(texts(one(1), 'announcement'), /00:16:3e:27:0f:ef announced itself by RARP/);
  t.end();
});

t.test('duplicate addresses', (t) => {
  const claim = (n: number, of: number): Uint8Array =>
    arpFrame(
      { operation: 2, senderMac: mac(n), senderIp: ip(of), targetMac: mac(5), targetIp: ip(5) },
      { srcMac: mac(n), dstMac: mac(5) },
    );
  const both = every(0, 10, 2, (s) => [at(s, 'br:a', claim(1, 6)), at(s + 1, 'br:b', claim(2, 6))]);
  t.same(kinds(explained(both)), ['duplicate-address']);
  t.same(
    kinds(explained([at(0, 'br:a', claim(1, 6)), at(5, 'br:b', claim(2, 6)), at(6, 'br:b', claim(2, 6))])),
    [],
    'a takeover',
  );
  t.end();
});

t.test('LACP without a partner', (t) => {
  const pdu = (defaulted: boolean): Uint8Array => {
    const actor = {
      systemPriority: 65535,
      system: mac(1),
      key: 15,
      portPriority: 255,
      port: 1,
      state: { ...lacpState(7), defaulted },
    };
    const partner = { ...actor, system: defaulted ? '00:00:00:00:00:00' : mac(2), state: lacpState(0) };
    return lacpFrame({ version: 1, actor, partner, collectorMaxDelay: 0 }, { srcMac: mac(1) });
  };
  t.same(kinds(explained(every(0, 20, 1, (s) => [at(s, 'hv:eth0', pdu(true))]))), ['lacp-no-partner']);
  t.same(kinds(explained(every(0, 20, 1, (s) => [at(s, 'hv:eth0', pdu(s < 2))]))), [], 'found after the first frames');
  t.end();
});

t.test('the words for a terminal', (t) => {
  const text = explanationText(
    explained(flow(300, 600, [0, 40])),
    [{ name: 'x.pcap', format: 'pcap', frames: 3, notes: ['reading ended at byte 7: cut'] }],
    { colour: false, width: 80 },
  );
  t.match(
    text,
    /^x\.pcap: pcap, 3 frames\n {2}! reading ended at byte 7: cut\n\n✗ 239\.192\.5\.5 from 192\.0\.2\.1 stopped at br:bob/,
  );
  t.ok(text.split('\n').every((line) => line.length <= 80 || line.includes('frame')));
  t.end();
});
