// `wirewarp explain` on what stories captured, at every interface: it says what was wrong, and nothing where nothing was.
import { join } from 'node:path';
import t from 'tap';
import { compareWithTshark, noTshark } from '../tshark.ts';
import { readFileSync } from 'node:fs';
import { command, onlyRun, resultsFolder, whyNoVm } from './command.ts';

const skip = await whyNoVm();

interface Told {
  findings: { level: string; kind: string; sure: string; what: string }[];
}

/** Variants and the alarms that their captures must give. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'multicast/membership-expiry#legacy-ipv4': ['membership-expired'],
  'multicast/membership-expiry#legacy-ipv6': ['membership-expired'],
  'multicast/flood-without-querier#healthy-ipv4': [],
  'multicast/querier-elsewhere#igmpv2': [],
  'bonding/silent-guest#until-somebody-asks': ['moved-unannounced'],
  'bonding/port-group#lacp-fast': [],
  'bonding/port-group#lacp-no-partner': ['lacp-no-partner'],
  'migration/unannounced#until-it-sends': ['moved-unannounced'],
  'migration/announced#rarp': [],
  'migration/odd-ethertype#0x0835': ['odd-ethertype'],
  'migration/forwarding-delay#stp-guest-silent': ['port-not-forwarding'],
};

void t.test('captures of stories at every interface', { skip, timeout: 900_000 }, async (t) => {
  const results = resultsFolder();
  t.teardown(results.remove);
  await command([
    'run',
    ...Object.keys(EXPECTED),
    '--all',
    '--capture',
    'all',
    '--capture-everything',
    '--jobs',
    '2',
    '--kernel',
    'auto',
    '--reporter',
    'plain',
    '--results',
    results.path,
  ]);
  const { record, dir } = onlyRun(results.path);
  t.equal(record.results.length, Object.keys(EXPECTED).length);
  for (const result of record.results) {
    const name = `${result.scenario}#${result.variant}`;
    const file = result.files.find((f) => f.endsWith('.pcapng'));
    t.ok(file, `${name} has a capture`);
    if (file === undefined) continue;
    const capture = join(dir, file);
    const { status, stdout, stderr } = await command(['explain', '--json', capture]);
    const alarms = (JSON.parse(stdout || '{"findings":[]}') as Told).findings.filter(({ level }) => level === 'alarm');
    t.same(
      [...new Set(alarms.map(({ kind }) => kind))],
      EXPECTED[name],
      `${name}: ${stderr}${alarms.map(({ what }) => what).join(' ')}`,
    );
    t.equal(status, alarms.length > 0 ? 1 : 0, `${name}: exit status`);
    if (noTshark !== false) continue;
    const compared = compareWithTshark(readFileSync(capture));
    t.same(compared.disagreements.slice(0, 5), [], `${name}: tshark decodes all ${compared.frames} frames alike`);
  }
  t.end();
});

void t.test('what is no capture is said, and nothing else', async (t) => {
  const missing = await command(['explain', 'there-is-no-such-file', '--jsn', '--membership-interval', 'x']);
  t.equal(missing.status, 2);
  t.match(missing.stderr, /there is no file "there-is-no-such-file"/);
  t.match(missing.stderr, /unknown option --jsn/);
  t.match(missing.stderr, /--membership-interval x/);
  const none = await command(['explain']);
  t.equal(none.status, 2);
  t.match(none.stderr, /which capture\?/);
  const prose = await command(['explain', 'README.md']);
  t.equal(prose.status, 2);
  t.match(prose.stderr, /no frame could be read from README\.md/);
  const listing = await command(['explain', 'test/fixtures/D10-tcpdump-text.txt']);
  t.equal(listing.status, 1);
  t.match(listing.stdout, /text, 2 frames[\s\S]*ethertype 0x0835/);
  t.end();
});
