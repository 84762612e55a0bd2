// Command lines as the originals take them, and what they say of those that they do not.
import t from 'tap';
import { getopt } from '../../../lib/ping/getopt.ts';
import { chooseHosts, type LocalInterface, type NamedHost } from '../../../lib/ping/omping-hosts.ts';
import { ompingOptions, paddingFor } from '../../../lib/ping/omping-options.ts';
import { daemonOptions, mcfirstOptions, ssmOptions } from '../../../lib/ping/ssm-options.ts';

const words = (line: string): string[] => line.split(' ').filter(Boolean);
const refusal = (made: object): string => ('refused' in made ? ((made.refused as string[])[0] ?? '(usage)') : '');

void t.test('getopt: joined flags and values, operands anywhere, two dashes', async (t) => {
  const shape = { short: '46vc:', long: { json: false, size: true } };
  t.same(getopt(words('-vc3 host -4 --size=9 --size 10 --json -- -x'), shape), {
    options: [['v', ''], ['c', '3'], ['4', ''], ['size', '9'], ['size', '10'], ['json', '']].map(([name, value]) => ({ kind: 'option', name, value })), operands: ['host', '-x'],
  });
  const last = (line: string): unknown => getopt(words(line), shape).options.at(-1);
  t.same(last('-v -x'), { kind: 'fault', text: "invalid option -- 'x'" });
  t.same(last('-c'), { kind: 'fault', text: "option requires an argument -- 'c'" });
  t.same(last('-:'), { kind: 'fault', text: "invalid option -- ':'" });
  t.same(last('--nope'), { kind: 'fault', text: "unrecognized option '--nope'" });
  t.same(last('--constructor'), { kind: 'fault', text: "unrecognized option '--constructor'" });
  t.same(last('--json=1'), { kind: 'fault', text: "option '--json' doesn't allow an argument" });
  t.same(last('--size'), { kind: 'fault', text: "option '--size' requires an argument" });
});

void t.test('ssmping and asmping', async (t) => {
  t.match(ssmOptions('ssmping', words('-6v -I eth0 -c 1x -s 200 host')), { family: 6, asksVersion: true, interface: 'eth0', count: 1, sizeBytes: 200, operands: ['host'], intervalMs: 1000 });
  t.match(ssmOptions('ssmping', words('host -46 -c 2')), { family: 6, count: 2 });
  t.match(ssmOptions('asmping', words('--interval 0.2 --json --fail-loss 1% --device eth1 --no-explain 239.1.2.3 host')), { intervalMs: 200, json: true, failLossPercent: 1, device: 'eth1', explain: false, operands: ['239.1.2.3', 'host'] });
  for (const [line, text] of [['-c 0 h', 'Count must be positive'], ['-c x h', 'Count must be positive'], ['-c -3 h', 'Count must be positive'], ['-s 0 h', 'Invalid size'], ['-s 65536 h', 'Invalid size'], ['-h', "ssmping: invalid option -- 'h'"], ['-c', "ssmping: option requires an argument -- 'c'"],
    ['', '(usage)'], ['a b', '(usage)'], ['--fail-loss 101% h', 'Invalid loss: 101% (per cent, as in --fail-loss 1%)'], ['--interval 0 h', 'Invalid interval: 0 (seconds, at least 0.001)']] as const)
    t.equal(refusal(ssmOptions('ssmping', words(line))), text, line);
  t.equal(refusal(ssmOptions('asmping', ['239.1.2.3'])), '(usage)');
});

void t.test('mcfirst and ssmpingd', async (t) => {
  t.match(mcfirstOptions(words('-vr -t 5 -c 3 239.5.5.5 5000')), { quiet: true, seconds: 5, count: 3, operands: ['239.5.5.5', '5000'] });
  for (const [line, text] of [['-t 0 g 1', 'Invalid time to run'], ['-t x g 1', 'Invalid time to run'], ['-c 0 g 1', 'Count must be positive'], ['g', '(usage)'], ['a b c d', '(usage)']] as const) t.equal(refusal(mcfirstOptions(words(line))), text, line);
  t.match(daemonOptions(words('x y')), { port: 4321, rateMs: 0, quiet: false }, 'operands are ignored');
  t.match(daemonOptions(words('--quiet --port 9903 --rate-limit 1')), { quiet: true, port: 9903, rateMs: 1000 });
  t.equal(refusal(daemonOptions(words('--port 0'))), 'Invalid port: 0');
});

void t.test('omping', async (t) => {
  t.match(ompingOptions(words('a b')), { count: Infinity, intervalMs: 1000, rateMs: 1000, finishMs: 3000, ttl: 64, port: 4321, transport: 'asm', serves: true, quiet: 0, hosts: ['a', 'b'] });
  t.match(ompingOptions(words('-4CDEqqvvv -c 1e3 -i 2.5 -M ssm -m 239.1.1.1 -O client -p 5000 -R 4096 -S 2048 -r 0 -T 9 -t 255 -w -1 a')), {
    family: 4, averages: true, detectDuplicates: false, endsItself: false, quiet: 2, verbose: 3, count: 1000, intervalMs: 2500, transport: 'ssm', group: '239.1.1.1', serves: false, port: 5000,
    receiveBufferBytes: 4096, sendBufferBytes: 2048, rateMs: 0, timeoutMs: 9000, ttl: 255, finishMs: Infinity,
  });
  t.match(ompingOptions(words('-F -i 0.1 -t 1 a')), { intervalMs: 100, rateMs: 100, finishMs: 1000, ttl: 1 });
  t.match(ompingOptions(words('-FF -i 0 a')), { intervalMs: 0 });
  t.match(ompingOptions(['-V']), { version: 1 });
  t.match(ompingOptions(words('-VV a')), { version: 2 });
  t.match(ompingOptions(words('-M ipbc a')), { family: 4 });
  t.match(ompingOptions(words('--size 1400 --live a')), { sizeBytes: 1400, live: true });
  for (const [line, text] of [
    ['', 'at least one remote addresses should be specified'], ['-i 0.1 a', 'illegal nmber, -i argument 100 ms < 1000 ms. Use -F to force.'], ['-t 1 a', 'illegal nmber, -t argument 1 < 64. Use -F to force.'],
    ['-F -i 0 a', 'illegal nmber, -i argument 0 ms < 1 ms. Use -FF to force.'], ['-c 0 a', 'illegal number, -c argument -- 0'], ['-c x a', 'illegal number, -c argument -- x'], ['-i -1 a', 'illegal number, -i argument -- -1'], ['-i 9999999 a', 'illegal number, -i argument -- 9999999'],
    ['-M foo a', 'illegal parameter, -M argument -- foo'], ['-O server a', 'illegal parameter, -O argument -- server'], ['-R 2047 a', 'illegal number, -R argument -- 2047'], ['-S x a', 'illegal number, -S argument -- x'], ['-t 256 a', 'illegal number, -t argument -- 256'],
    ['-t 0 a', 'illegal number, -t argument -- 0'], ['-w -2 a', 'illegal number, -w argument -- -2'], ['-T x a', 'illegal number, -T argument -- x'], ['-p 99999 a', 'illegal number, -p argument -- 99999'], ['-x', "invalid option -- 'x'"],
    ['-M ipbc -6 a', 'illegal transport method, -M argument ipbc is mutually exclusive with -6 option'], ['-VV -O client a', 'op_mode must be set to normal for remote version display.'], ['--size 0 a', 'illegal number, --size argument -- 0'],
  ] as const) t.equal(refusal(ompingOptions(words(line))), `omping: ${text}`, line);
  t.same([paddingFor(69, 'inet'), paddingFor(73, 'inet'), paddingFor(1400, 'inet'), paddingFor(1400, 'inet6')], [-1, 0, 1327, 1315]);
  t.match(refusal(paddingFor(70, 'inet') as object), /69 bytes, or 73/);
});

void t.test('whose address is ours', async (t) => {
  const eth0: LocalInterface = { name: 'eth0', index: 2, flags: ['UP', 'MULTICAST', 'BROADCAST'], addresses: [{ text: '192.0.2.1', broadcast: '192.0.2.255' }, { text: '2001:db8::1' }] };
  const own = [{ name: 'lo', index: 1, flags: ['UP', 'LOOPBACK'], addresses: [{ text: '127.0.0.1' }] }, eth0];
  const host = (name: string, ...texts: string[]): NamedHost => ({ name, addresses: (texts.length > 0 ? texts : [name]).map((text) => ({ text, family: text.includes(':') ? 'inet6' : 'inet', scope: 0 })) });
  const wishes = { broadcast: false };
  t.match(chooseHosts([host('192.0.2.1'), host('192.0.2.2'), host('192.0.2.2'), host('b', '192.0.2.3')], own, wishes), { family: 'inet', local: '192.0.2.1', single: false, peers: [{ address: '192.0.2.2' }, { name: 'b', address: '192.0.2.3' }] });
  t.match(chooseHosts([host('192.0.2.1')], own, wishes), { single: true, peers: [{ address: '192.0.2.1' }], broadcast: '192.0.2.255' });
  const both = [host('a', '192.0.2.1', '2001:db8::1'), host('b', '192.0.2.2', '2001:db8::2')];
  t.match(chooseHosts(both, own, wishes), { family: 'inet6', local: '2001:db8::1' }, 'IPv6 first');
  t.match(chooseHosts(both, own, { ...wishes, family: 4 }), { family: 'inet' });
  t.match(chooseHosts(both, own, { ...wishes, groupFamily: 'inet' }), { family: 'inet' });
  t.match(chooseHosts([host('a', '192.0.2.1', '2001:db8::9'), host('b', '192.0.2.2', '2001:db8::2')], own, wishes), { family: 'inet' }, 'IPv4 when IPv6 is not ours');
  t.equal(chooseHosts([host('192.0.2.2')], own, wishes), "Can't find local address in arguments");
  t.equal(chooseHosts([host('192.0.2.1')], [{ ...eth0, flags: ['MULTICAST'] }], wishes), "Can't find local address in arguments", 'an interface that is down is none');
  t.equal(chooseHosts([host('127.0.0.1')], own, wishes), 'Address 127.0.0.1 looks like loopback. Loopback ping is not supported');
  t.equal(chooseHosts([host('239.1.1.1')], own, wishes), 'Address 239.1.1.1 looks like multicast. To set multicast address use -m parameter');
  t.equal(chooseHosts([host('192.0.2.1')], own, { ...wishes, groupFamily: 'inet6', groupText: 'ff15::1' }), 'Multicast address is ipv6 but host 192.0.2.1 supports only ipv4');
});
