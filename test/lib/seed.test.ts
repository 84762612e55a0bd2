import t from 'tap';
import { hash64, macFor, randomFrom } from '../../lib/seed.ts';
import { isMulticastMac } from '../../lib/wire/address.ts';

t.test('MACs follow from seed, node and device, and from nothing else', async (t) => {
  t.equal(macFor(1, 'alice', 'eth0'), macFor(1, 'alice', 'eth0'));
  // Pinned: a changed derivation changes every recorded run.
  t.equal(macFor(7, 'alice', 'eth0'), '02:45:eb:07:b0:0c');
  const macs = new Set<string>();
  for (let seed = 0; seed < 20; seed++) for (let node = 0; node < 200; node++) macs.add(macFor(seed, `g${node}`, 'eth0'));
  t.equal(macs.size, 4_000, 'no two alike in 20 seeds of 200 guests');
  for (const mac of macs) if (isMulticastMac(mac) || !mac.startsWith('02:')) t.fail(`${mac} is not a locally administered unicast address`);
});

t.test('random numbers: the same for a seed and purpose, spread over [0, 1)', async (t) => {
  const take = (seed: number, purpose: string, n: number): number[] => { const next = randomFrom(seed, purpose); return Array.from({ length: n }, next); };
  t.same(take(1, 'report delay', 5), take(1, 'report delay', 5));
  t.notSame(take(1, 'report delay', 5), take(2, 'report delay', 5));
  t.notSame(take(1, 'report delay', 5), take(1, 'loss', 5));
  const numbers = take(3, 'spread', 10_000);
  t.ok(numbers.every((x) => x >= 0 && x < 1));
  const tenths = Array.from({ length: 10 }, (_, i) => numbers.filter((x) => Math.floor(x * 10) === i).length);
  t.ok(tenths.every((n) => n > 850 && n < 1_150), tenths.join(' '));
});

t.test('the hash tells apart what differs in one place', async (t) => {
  const hashes = new Set(Array.from({ length: 10_000 }, (_, i) => hash64(`mac/1/g${i}/eth0`)));
  t.equal(hashes.size, 10_000);
});
