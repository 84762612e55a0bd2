/**
 * A capture of a gigabyte, streamed: through the reader, and through `explain`; and a large pasted listing. Prints what
 * they take and how memory grows between a tenth of it and all of it. `npm run bench:captures [-- MIB]`
 */
import { Explainer } from '../lib/explain/explain.ts';
import { CaptureReader, parseTcpdumpText, pcapHeader, pcapRecord } from '../lib/tcpdump-parser/index.ts';
import { igmpQuery, igmpV3Report, toHex, udpFrame } from '../lib/wire/index.ts';

const mib = Number(process.argv[2] ?? 1024);
const mac = (n: number): string => `52:54:00:00:00:${n.toString(16).padStart(2, '0')}`;
const group = '239.192.5.5';

/** A thousand datagrams of a kilobyte, with a query and reports among them, as often as asked: never the file at once. */
function* capture(bytes: number): Generator<Uint8Array> {
  const datagram = udpFrame({
    srcMac: mac(1),
    source: '192.0.2.1',
    destination: group,
    srcPort: 40000,
    dstPort: 5405,
    payload: new Uint8Array(1024),
  });
  const report = igmpV3Report({
    srcMac: mac(2),
    source: '192.0.2.2',
    records: [{ type: 'is-exclude', group, sources: [] }],
  });
  const query = igmpQuery({ srcMac: mac(9), source: '192.0.2.9', version: 3 });
  yield pcapHeader();
  let made = 0;
  let ns = 1_700_000_000_000_000_000n;
  while (made < bytes) {
    const records = [
      pcapRecord({ timestampNs: ns, bytes: query }),
      pcapRecord({ timestampNs: ns + 1_000_000n, bytes: report }),
    ];
    for (let i = 0; i < 1000; i++) records.push(pcapRecord({ timestampNs: (ns += 100_000_000n), bytes: datagram }));
    const chunk = Buffer.concat(records);
    made += chunk.length;
    yield chunk;
  }
}

interface Cost {
  readonly seconds: number;
  readonly frames: number;
  /** Resident memory above that before, at a tenth of the bytes and at its most. */
  readonly tenthMib: number;
  readonly mostMib: number;
}

function cost(take: (chunk: Uint8Array) => number): Cost {
  const rss = (): number => process.memoryUsage.rss() / 2 ** 20;
  const [before, began] = [rss(), performance.now()];
  let [frames, done, tenthMib, mostMib] = [0, 0, 0, 0];
  for (const chunk of capture(mib * 2 ** 20)) {
    frames += take(chunk);
    done += chunk.length;
    mostMib = Math.max(mostMib, rss() - before);
    if (done <= (mib * 2 ** 20) / 10) tenthMib = mostMib;
  }
  return { seconds: (performance.now() - began) / 1000, frames, tenthMib, mostMib };
}

function print(name: string, { seconds, frames, tenthMib, mostMib }: Cost): void {
  console.log(
    `${name}: ${mib} MiB, ${frames} frames in ${seconds.toFixed(2)} s: ${Math.round(mib / seconds)} MiB/s, ${Math.round(frames / seconds)} frames/s; memory +${tenthMib.toFixed(0)} MiB at a tenth, +${mostMib.toFixed(0)} MiB at most`,
  );
}

const reader = new CaptureReader();
print(
  'read',
  cost((chunk) => reader.push(chunk).length),
);
if (!reader.end().clean) throw new Error('the capture did not end cleanly');

const again = new CaptureReader();
const explainer = new Explainer();
let number = 0;
print(
  'explain',
  cost((chunk) => {
    const packets = again.push(chunk);
    for (const packet of packets) explainer.see({ ...packet, where: 'eth0', number: ++number });
    return packets.length;
  }),
);
const alarms = explainer.end().findings.filter(({ level }) => level === 'alarm');
if (alarms.length > 0) throw new Error(`a healthy capture gave ${alarms.map(({ what }) => what).join('; ')}`);

/** As tcpdump -e -n -XX prints it. */
function listing(packets: number): string {
  const frame = udpFrame({
    srcMac: mac(1),
    source: '192.0.2.1',
    destination: group,
    srcPort: 40000,
    dstPort: 5405,
    payload: new Uint8Array(64),
  });
  const rows = (toHex(frame).match(/.{1,32}/g) ?? [])
    .map((row, i) => `\t0x${(i * 16).toString(16).padStart(4, '0')}:  ${(row.match(/.{1,4}/g) ?? []).join(' ')}`)
    .join('\n');
  const line = (i: number): string =>
    `${String(10 + (i % 10))}:00:00.${String(i % 1_000_000).padStart(6, '0')} ${mac(1)} > 01:00:5e:40:05:05, ethertype IPv4 (0x0800), length ${frame.length}: 192.0.2.1.40000 > ${group}.5405: UDP, length 64\n${rows}\n`;
  return Array.from({ length: packets }, (_, i) => line(i)).join('');
}

const text = listing(50_000);
const began = performance.now();
const { packets } = parseTcpdumpText(text);
const seconds = (performance.now() - began) / 1000;
console.log(
  `text: ${(text.length / 2 ** 20).toFixed(1)} MiB, ${packets.length} packets in ${seconds.toFixed(2)} s: ${(text.length / 2 ** 20 / seconds).toFixed(1)} MiB/s`,
);
