import t from 'tap';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderRunJson, ReportFileError, writeReports, type Disk } from '../../../harness/report/files.ts';
import { parseRunRecord } from '../../../lib/render/run-schema.ts';
import { everyVerdict, result, run } from '../../lib/render/samples.ts';

const real: Disk = { mkdir, open, rename, rm };
const failing = (code: string) => Object.assign(new Error(`${code}: as the system says it, write`), { code });

t.test('writes four whole files and leaves nothing else', async (t) => {
  const dir = join(t.testdir(), 'results', 'run');
  const paths = await writeReports(everyVerdict(), dir);
  t.same(paths.map((path) => path.slice(dir.length + 1)), ['run.json', 'report.tap', 'junit.xml', 'index.html']);
  t.same((await readdir(dir)).sort(), ['index.html', 'junit.xml', 'report.tap', 'run.json']);
  t.same(parseRunRecord(JSON.parse(await readFile(join(dir, 'run.json'), 'utf8'))), everyVerdict());
  t.match(await readFile(join(dir, 'index.html'), 'utf8'), /<\/html>\n$/);
  await writeReports(run([result()]), dir);
  t.match(await readFile(join(dir, 'index.html'), 'utf8'), 'All 1 result as expected', 'a second time replaces them');
});

t.test('a disk that fills up leaves the old file whole', async (t) => {
  const dir = t.testdir({ 'run.json': 'old' });
  const full: Disk = {
    ...real,
    open: async (...args) => {
      const file = await open(...args);
      await file.write('half');
      file.writeFile = () => Promise.reject(failing('ENOSPC'));
      return file;
    },
  };
  const error: unknown = await writeReports(everyVerdict(), dir, full).catch((caught: unknown) => caught);
  t.ok(error instanceof ReportFileError);
  t.match(error, { code: 'ENOSPC', path: join(dir, 'run.json'), message: /cannot write .*run\.json: ENOSPC: as the system says it.*Free some space.*--results DIR/ });
  t.same(await readdir(dir), ['run.json'], 'no temporary file stays');
  t.equal(await readFile(join(dir, 'run.json'), 'utf8'), 'old');
});

t.test('each failure has its advice', async (t) => {
  const dir = t.testdir();
  for (const [code, advice] of [['EACCES', /writable/], ['EROFS', /read-only/], ['EDQUOT', /Free some space/], ['EIO', /another folder/]] as const) {
    await t.rejects(writeReports(everyVerdict(), dir, { ...real, rename: () => Promise.reject(failing(code)) }), { code, message: advice });
  }
  t.same(await readdir(dir), []);
  await writeFile(join(dir, 'file'), '');
  await t.rejects(writeReports(everyVerdict(), join(dir, 'file', 'run')), { code: 'ENOTDIR', message: /no folder is in the way/ }, 'from the real system');
  await mkdir(join(dir, 'junit.xml'));
  await t.rejects(writeReports(everyVerdict(), dir), { code: 'EISDIR', path: join(dir, 'junit.xml') });
  t.same((await readdir(dir)).sort(), ['file', 'junit.xml', 'report.tap', 'run.json'], 'run.json was written before');
});

t.test('a figure that JSON cannot hold is left out', (t) => {
  const record = run([result({ figures: { outageS: Infinity, lostPings: 3 } })]);
  t.same(parseRunRecord(JSON.parse(renderRunJson(record))).results[0]?.figures, { lostPings: 3 });
  t.end();
});
