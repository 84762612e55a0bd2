import { Command } from 'commander';
import t from 'tap';
import { option, Reader, readTime, readWords } from '../../../harness/cli/options.ts';
import { defaultJobs, readRunSettings, type RunSettings } from '../../../harness/cli/run-options.ts';
import { runCommand } from '../../../harness/cli/run.ts';
import { reporterNames } from '../../../harness/report/reporter.ts';

const capacity = { cpus: 2, freeBytes: 8e9 };

/** As main does it, without running anything. */
function parse(...words: string[]): { settings: RunSettings; operands: string[]; faults: string[]; help: string[] } {
  const command = runCommand()
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride()
    .action(() => undefined);
  command.parse(words, { from: 'user' });
  const { operands, faults } = readWords(command);
  const reader = new Reader(command.opts());
  const settings = readRunSettings(reader, capacity);
  const all = [...faults, ...reader.faults];
  return { settings, operands, faults: all.map(({ what }) => what), help: all.flatMap(({ help }) => help ?? []) };
}

t.test('what is left out has its default', (t) => {
  const { settings, faults } = parse();
  t.same(faults, []);
  t.same(settings, {
    kernels: ['auto'],
    modules: undefined,
    time: undefined,
    seed: 1,
    jobs: 2,
    capture: 'failed',
    captureEverything: false,
    reporter: 'auto',
    results: './results',
    all: false, controls: false,
    icountShift: 0,
    cpus: 1,
    wallDeadlineMs: undefined,
    qemu: 'qemu-system-x86_64',
    allowLog: [],
    treeArch: 'uml',
    timeTravel: 'inf-cpu',
  });
  t.end();
});

t.test('what is given is read', (t) => {
  const { settings, operands, faults } = parse(
    'A1',
    '--kernel',
    'running',
    '--kernel=auto',
    '--time',
    'scaled=2.5',
    '--seed',
    '7',
    '--jobs',
    '3',
    'bonding/*',
    '--capture',
    'all',
    '--timeout',
    '1.5',
    '--allow-log',
    'a.c',
    '--allow-log',
    '^b',
    '--results',
    '/tmp',
    '--controls',
    '--json',
    '--qemu',
    process.execPath,
  );
  t.same(faults, []);
  t.same(operands, ['A1', 'bonding/*']);
  t.match(settings, {
    kernels: ['running', 'auto'],
    time: { scaled: 2.5 },
    seed: 7,
    jobs: 3,
    capture: 'all',
    wallDeadlineMs: 1500,
    results: '/tmp',
    controls: true,
    reporter: 'json',
  });
  t.same(settings.allowLog, [/a.c/, /^b/]);
  t.end();
});

t.test('every fault in one go', (t) => {
  const { operands, faults, help } = parse(
    'A1',
    '--kernl',
    'running',
    '--frobnicate',
    'B1',
    '--time',
    'wrap',
    '--seed',
    '-1',
    '--jobs',
    '1e3',
    '--capture',
    'everything',
    '--reporter',
    'junt',
    '--allow-log',
    '(',
    '--timeout',
    '0',
    '--shift',
    '11',
    '--cpus',
    '99',
    '--qemu',
    'no-such-program',
    '--modules',
    '/nowhere',
    '--results',
  );
  t.same(operands, ['A1', 'B1'], "the value of a mistyped option is no pattern; an unknown one's neighbour is");
  for (const fault of [
    'unknown option --kernl',
    'unknown option --frobnicate',
    '--time wrap: it is one of warp, real, scaled=K',
    /^--seed -1: a whole number/,
    /^--jobs 1e3/,
    /^--capture everything: it is one of none, failed, all/,
    /^--reporter junt/,
    /^--allow-log \(: /,
    /^--timeout 0/,
    /^--shift 11: a whole number from 0 to 10/,
    /^--cpus 99: a whole number from 1 to 16/,
    /^--qemu no-such-program/,
    /^--modules \/nowhere: there is no such folder/,
    '--results needs a value',
  ])
    t.ok(
      faults.some((one) => (typeof fault === 'string' ? one === fault : fault.test(one))),
      String(fault),
    );
  for (const near of ['Nearest: --kernel.', 'Nearest: warp.', 'Nearest: junit.']) t.ok(help.includes(near), near);
  t.end();
});

t.test('options that contradict each other', (t) => {
  t.match(parse('--json', '--reporter', 'tap').faults, [/both want standard output/]);
  t.same(parse('--json', '--reporter', 'json').faults, []);
  t.match(parse('--capture', 'none', '--capture-everything').faults, [/contradict/]);
  t.match(parse('--time', 'real', '--shift', '3').faults, [/virtual time/]);
  t.match(parse('--cpus', '2').faults, ['--cpus 2 is for --time real: a machine in virtual time has one CPU']);
  for (const time of ['warp', 'scaled=4']) t.match(parse('--time', time, '--cpus', '2').faults, [/^--cpus 2 is for --time real/]);
  t.match(parse('--time', 'real', '--cpus', '2'), { faults: [], settings: { cpus: 2, time: 'real' } });
  t.same(parse('--cpus', '1').faults, [], 'as it is anyway');
  t.same(parse('--time', 'wrap', '--cpus', '2').faults.length, 1, 'nobody knows which time was meant');
  for (const cpus of ['0', '17', '1.5', '-2', 'two']) t.match(parse('--time', 'real', '--cpus', cpus).faults, [`--cpus ${cpus}: a whole number from 1 to 16 is needed`]);
  t.match(parse('--modules', '/').faults, [/needs --kernel IMAGE/]);
  t.same(parse('--kernel', './x', '--modules', '/').faults, []);
  t.same(parse('--kernel').faults, ['--kernel needs a value']);
  t.end();
});

t.test('time', (t) => {
  const read = (text: string) => {
    const reader = new Reader({ time: text });
    return [readTime(reader), reader.faults.length];
  };
  t.same(read('warp'), ['warp', 0]);
  t.same(read('scaled=100'), [{ scaled: 100 }, 0]);
  t.same(read('scaled=1'), ['real', 0], 'not scaled at all');
  for (const text of ['scaled', 'scaled=', 'scaled=0', 'scaled=0.5', 'scaled=1e9', 'scaled=99999', 'Warp'])
    t.same(read(text), [undefined, 1], text);
  t.end();
});

t.test('a word too many, and words after --', (t) => {
  const command = new Command('x')
    .argument('[one]')
    .addOption(option('--seed <n>', ''))
    .allowUnknownOption()
    .allowExcessArguments();
  command.parse(['a', 'b'], { from: 'user' });
  t.match(readWords(command, 1), { operands: ['a'], faults: [{ what: 'one argument too many: "b"' }] });
  t.end();
});

t.test('jobs follow cores and memory', (t) => {
  t.equal(defaultJobs({ cpus: 2, freeBytes: 64e9 }), 2);
  t.equal(defaultJobs({ cpus: 32, freeBytes: 64e9 }), 4);
  t.equal(defaultJobs({ cpus: 8, freeBytes: 2.5e9 }), 2);
  t.equal(defaultJobs({ cpus: 8, freeBytes: 1e8 }), 1);
  t.end();
});

t.test('help names every reporter', (t) => {
  const help = runCommand().helpInformation();
  for (const name of reporterNames) t.match(help, name);
  t.match(help, '--seed <n>', 'values are shown as needed');
  t.end();
});
