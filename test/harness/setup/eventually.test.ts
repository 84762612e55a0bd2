import t from 'tap';
import { eventually, GaveUpError } from '../../../harness/system/eventually.ts';

t.test('returns the first value that comes', async (t) => {
  let attempts = 0;
  const value = await eventually({ for: 'the third', withinMs: 5000, everyMs: 1 }, () => {
    attempts += 1;
    if (attempts < 3) throw new Error('too early');
    return attempts;
  });
  t.equal(value, 3);
});

t.test('gives up with the reason of the last attempt', async (t) => {
  const began = performance.now();
  const waiting = eventually({ for: 'carol', withinMs: 60, everyMs: 10 }, () => {
    throw new Error('no such guest');
  });
  await t.rejects(waiting, {
    name: 'GaveUpError',
    message: /^Gave up waiting for carol after 60 ms \(\d+ attempts\): no such guest$/,
  });
  t.ok(performance.now() - began < 2000, 'in good time');
});

t.test('waits on whatever is thrown', async (t) => {
  let attempts = 0;
  const value = await eventually({ for: 'it', withinMs: 5000, everyMs: 1 }, () => {
    attempts += 1;
    if (attempts === 1) throw 'a string'; // eslint-disable-line @typescript-eslint/only-throw-error
    return attempts;
  });
  t.equal(value, 2);
});

t.test('a fault of our own is not waited upon', async (t) => {
  let attempts = 0;
  const waiting = eventually({ for: 'it', withinMs: 5000 }, () => {
    attempts += 1;
    return (undefined as unknown as { length: number }).length;
  });
  await t.rejects(waiting, TypeError);
  t.equal(attempts, 1);
});

t.test('can be given up from outside', async (t) => {
  const stop = new AbortController();
  setTimeout(() => {
    stop.abort(new Error('Ctrl-C'));
  }, 30);
  const waiting = eventually({ for: 'it', withinMs: 60_000, everyMs: 10, signal: stop.signal }, () => {
    throw new Error('never');
  });
  await t.rejects(waiting, { message: 'Ctrl-C' });
  t.notOk(await waiting.catch((error: unknown) => error instanceof GaveUpError));
});
