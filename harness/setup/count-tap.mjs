/** Counts a TAP stream as "N passed, N failed": see test.mjs for what counts. */

/**
 * Reads TAP to its end; returns { passed, failed, skipped }. `say` gets a line for each file and each failure as they
 * come, for those who read along without a terminal.
 */
export async function countTap(stream, say = () => {}) {
  // Late: npm packages may not be there when this file is loaded.
  const { Parser } = await import('tap-parser');
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const parser = new Parser();
  watch(parser, counts, say, true);
  await new Promise((resolve, reject) => {
    stream.on('error', reject);
    parser.on('complete', resolve);
    stream.pipe(parser);
  });
  return counts;
}

export function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** A parent's own test point follows its subtest's output; `child` is that subtest, if it had one. */
function watch(parser, counts, say, isTop) {
  let child;
  const own = { failed: 0 };
  parser.on('child', (subtest) => {
    child = watch(subtest, counts, say, false);
  });
  parser.on('assert', (point) => {
    const within = child;
    child = undefined;
    if (isTop)
      say(`${point.ok ? 'ok    ' : 'not ok'} ${point.name}${point.time ? `  ${Math.round(point.time)} ms` : ''}`);
    // A subtest that ran counts by what is in it.
    if (within !== undefined && point.ok) return;
    if (within !== undefined && within.failed > 0) {
      own.failed += within.failed;
      return;
    }
    // tap marks what is to be done as failed, and lets it pass.
    if (point.skip || point.todo) counts.skipped += 1;
    else if (point.ok) counts.passed += 1;
    else {
      counts.failed += 1;
      own.failed += 1;
      say(describe(point));
    }
  });
  return own;
}

/** A failed point with its whole path of tests, and all that it says for itself. */
function describe({ fullname, name, diag }) {
  const where = fullname || name;
  const details = diag ? JSON.stringify(diag, null, 2).replaceAll('\\n', '\n').split('\n') : [];
  return [`FAILED ${where}`, ...details].join('\n       ');
}
