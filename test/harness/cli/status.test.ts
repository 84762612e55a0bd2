import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { canRun, userNamespaceRemedy } from '../../../harness/cli/checks.ts';
import { exitStatus } from '../../../harness/cli/exit-status.ts';
import { onInterrupt } from '../../../harness/cli/interrupt.ts';
import { faultReport } from '../../../harness/cli/report-faults.ts';
import { result, run } from '../../lib/render/samples.ts';

t.test('exit status', (t) => {
  const status = (...results: Parameters<typeof result>[0][]): number =>
    exitStatus(run(results.map((over) => result(over))));
  t.equal(status({}, {}), 0);
  t.equal(status({}, { control: true, verdict: 'broken' }), 0, 'a control that broke is as expected');
  t.equal(status({}, { verdict: 'skipped' }), 0, 'a skip is no failure');
  t.equal(status({}, { verdict: 'broken' }), 1);
  t.equal(status({}, { verdict: 'crashed' }), 1);
  t.equal(status({ control: true, verdict: 'held' }), 1, 'a control that held');
  t.equal(status({ verdict: 'skipped' }, { verdict: 'skipped' }), 3);
  t.equal(status(), 3, 'nothing was run');
  t.equal(status({}, { verdict: 'errored' }), 4);
  t.equal(status({ verdict: 'errored' }, { verdict: 'skipped' }), 4);
  t.equal(status({ verdict: 'errored' }, { verdict: 'broken' }), 1, 'a finding outranks a failure of ours');
  t.equal(exitStatus(run([result({ verdict: 'broken' })], { interrupted: true })), 130);
  t.end();
});

t.test('faults are one report', (t) => {
  const faults = [{ what: 'first', help: 'Nearest: x.' }, { what: 'second\n  detail \x1b[31m' }];
  t.equal(
    faultReport({ command: 'run', faults, colour: false, hint: 'See there.' }),
    [
      'wirewarp run: 2 faults, so nothing was started:',
      '  ✗ first',
      '    Nearest: x.',
      '  ✗ second',
      '      detail ^[[31m',
      'See there.',
      '',
    ].join('\n'),
  );
  t.match(faultReport({ command: '', faults: [{ what: 'x' }], colour: false }), /^wirewarp: this cannot be done:\n/);
  t.end();
});

t.test('the first Ctrl-C aborts, its echo through npm does nothing, the second ends at once', async (t) => {
  const ends: number[] = [];
  const said: string[] = [];
  const before = process.listenerCount('SIGINT');
  const interrupt = onInterrupt(
    (line) => said.push(line),
    (code) => ends.push(code),
  );
  t.notOk(interrupt.signal.aborted);
  process.emit('SIGINT');
  process.emit('SIGINT');
  t.ok(interrupt.signal.aborted);
  t.same(ends, []);
  await delay(350);
  process.emit('SIGTERM');
  t.same(ends, [130]);
  t.match(said, [/once more/]);
  interrupt[Symbol.dispose]();
  t.equal(process.listenerCount('SIGINT'), before);
});

t.test('doctor: where scenarios can run', (t) => {
  const image = { release: '6.1', image: '/x', origin: 'file', readable: true };
  const facts = {
    arch: 'x64',
    images: [image],
    bootable: image,
    qemu: 'q',
    missing: (): string[] => [],
    remedy: () => '',
    running: async () => able,
    kvm: async () => ({ works: false, why: '' }),
    fromFile: () => image,
    isFile: () => true,
    uml: async () => undefined,
    tree: () => undefined,
  };
  const able = { present: ['bridge'], missing: {} };
  t.match(canRun(facts, able, true), [/in VMs.*6\.1/, /running kernel/]);
  t.same(canRun(facts, able, false), [], 'not without the agent');
  t.match(canRun({ ...facts, bootable: undefined }, able, true), [/running kernel/]);
  t.match(canRun({ ...facts, arch: 'arm64' }, new Error('x'), true), []);
  t.match(canRun(facts, { ...able, refused: 'EPERM' }, true), [/in VMs/]);
  t.match(canRun(facts, { ...able, missing: { bridge: 'no' } }, true).length, 1);
  t.match(
    canRun({ ...facts, missing: (names: readonly string[]) => names.filter((name) => name === 'tcpdump') }, able, true),
    [],
  );
  t.end();
});

t.test('doctor: which switch forbids user namespaces', (t) => {
  const given = (settings: Record<string, string>) => userNamespaceRemedy((path) => settings[path]);
  t.match(given({ 'kernel/unprivileged_userns_clone': '0' }), 'Debian');
  t.match(
    given({ 'kernel/unprivileged_userns_clone': '1', 'kernel/apparmor_restrict_unprivileged_userns': '1' }),
    'Ubuntu',
  );
  t.match(given({ 'user/max_user_namespaces': '0' }), 'max_user_namespaces');
  t.match(given({}), 'container');
  t.end();
});
