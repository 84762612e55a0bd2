// Anything may come: no crash, no hang, no answer to an answer, no more bytes than the protocol's. A million of each: npm run bench:fuzz-ping.
import fc from 'fast-check';
import t from 'tap';
import { Responder } from '../../../lib/ping/responder.ts';
import { commandLines, datagrams, floodQuery, floodRequest, parsers, readCommandLine } from './hostile-inputs.ts';

const RUNS = 3000;

for (const [name, parser] of Object.entries(parsers)) {
  void t.test(`hostile input: ${name}`, async (t) => {
    fc.assert(fc.property(datagrams, (bytes) => { parser(bytes); }), { numRuns: RUNS, seed: 1 });
    t.pass(`${RUNS} inputs`);
  });
}

void t.test('hostile command lines', async (t) => {
  fc.assert(fc.property(commandLines, readCommandLine), { numRuns: RUNS, seed: 1 });
  t.pass();
});

void t.test('a flood from many senders leaves no memory behind', async (t) => {
  const responder = new Responder({ rateNs: 1e9, rfcRateNs: 1e9, random: (n) => new Uint8Array(n), most: 256 }, 1500);
  for (let n = 0; n < 100_000; n++) {
    const from = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    const bytes = n % 2 ? floodQuery : floodRequest;
    responder.receive(bytes, bytes.length, 'inet', () => from, n * 1000);
  }
  t.ok(responder.remembered <= 512);
});
