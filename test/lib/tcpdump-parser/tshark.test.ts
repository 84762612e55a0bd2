// Our decode of every kind of frame against tshark's, field by field.
import t from 'tap';
import { writePcap, writePcapng } from '../../../lib/tcpdump-parser/index.ts';
import { samples } from '../wire/samples.ts';
import { compareWithTshark, noTshark } from '../../tshark.ts';

const packets = samples.map(({ frame }, i) => ({ timestampNs: BigInt(i) * 1_000_000n, bytes: frame }));

for (const [format, capture] of [
  ['pcap', writePcap(packets)],
  ['pcapng', writePcapng(packets)],
] as const) {
  t.test(`tshark says the same of each frame in ${format}`, { skip: noTshark }, (t) => {
    const { frames, disagreements } = compareWithTshark(capture);
    t.equal(frames, samples.length);
    t.same(disagreements, []);
    t.end();
  });
}

t.test('the comparison can fail: a frame that differs in one byte from what we decode', { skip: noTshark }, (t) => {
  const [first] = packets;
  if (!first) throw new Error('no samples');
  const capture = writePcap([first]);
  const damaged = Uint8Array.from(capture);
  // Past the file's and the record's header: the destination's first byte. The copy goes to us, the original to tshark.
  damaged[24 + 16] = 0x02;
  const { disagreements } = compareWithTshark(capture, damaged);
  t.match(disagreements, [{ field: 'eth.dst' }]);
  t.end();
});
