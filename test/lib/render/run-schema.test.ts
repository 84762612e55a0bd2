import t from 'tap';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parseRunRecord, runJsonSchema, RunRecordError } from '../../../lib/render/run-schema.ts';
import { everyVerdict, hostileRun, qemu, run } from './samples.ts';

const schemaFile = new URL('../../../docs/run.schema.json', import.meta.url);
const copy = (): any => JSON.parse(JSON.stringify(everyVerdict()));

t.test('docs/run.schema.json is current', (t) => {
  t.equal(readFileSync(schemaFile, 'utf8'), runJsonSchema(), 'if not: npx tsx -e "import(\'./lib/render/run-schema.ts\').then((m) => process.stdout.write(m.runJsonSchema()))" > docs/run.schema.json');
  t.end();
});

t.test('what we write, we read', (t) => {
  for (const record of [everyVerdict(), hostileRun(), run([])]) t.same(parseRunRecord(JSON.parse(JSON.stringify(record))), record);
  t.end();
});

t.test('fields of a newer version are let through', (t) => {
  const record = copy();
  record.later = 1;
  record.results[0].claims[0].later = 'x';
  t.same(parseRunRecord(record), everyVerdict());
  t.end();
});

t.test('faults are named with their place', (t) => {
  const damage = (change: (record: any) => void): string => {
    const record = copy();
    change(record);
    try {
      parseRunRecord(record);
      return 'accepted';
    } catch (error) {
      t.ok(error instanceof RunRecordError);
      return (error as Error).message;
    }
  };
  t.match(damage((record) => { record.results[1].claims[0].atS = 'soon'; }), '.results[1].claims[0].atS: ');
  t.match(damage((record) => { record.results[2].verdict = 'passed'; }), '.results[2].verdict: ');
  t.match(damage((record) => { delete record.kernels[0].hz; }), '.kernels[0].hz: ');
  t.match(damage((record) => { record.results[2].breaks = ['no such claim']; }), 'in the claims named by breaks');
  t.match(damage((record) => { record.results[0].asExpected = false; }), 'must say whether verdict equals expected');
  t.match(damage((record) => { record.results[0].figures.lost = null; }), '.results[0].figures.lost');
  t.match(damage((record) => { record.startedAt = 'yesterday'; }), '.startedAt');
  t.match(damage((record) => { record.schemaVersion = 2; }), 'schema version 2; this wirewarp reads version 1');
  t.match(damage((record) => { record.schema = 'junit'; }), 'no wirewarp run record');
  for (const input of [null, undefined, 3, 'x', []]) t.throws(() => parseRunRecord(input), RunRecordError);
  t.end();
});

t.test('the JSON Schema says the same to other validators', (t) => {
  // "date-time" and "integer" beyond what core knows: formats are notes here, as draft 7 allows.
  const valid = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(runJsonSchema()));
  t.ok(valid(copy()), JSON.stringify(valid.errors));
  const changed = (change: (record: any) => void) => { const record = copy(); change(record); return valid(record); };
  t.ok(changed((record) => { record.later = 1; }), 'unknown fields are allowed');
  t.notOk(changed((record) => { record.results[0].verdict = 'passed'; }));
  t.notOk(changed((record) => { delete record.results[0].replay; }));
  t.ok(changed((record) => { delete record.kernels[0].image; }), `${qemu.id}: image is optional`);
  t.end();
});
