import t from 'tap';
import { insidePath, nameMatches, placesOf, programFaults } from '../../lib/programs.ts';

t.test('every distribution’s folders are one tree', (t) => {
  t.equal(insidePath('/usr/lib/x86_64-linux-gnu/xtables/libxt_addrtype.so'), 'lib/xtables/libxt_addrtype.so');
  t.equal(insidePath('/lib64/security/pam.so'), 'lib/security/pam.so');
  t.equal(insidePath('/usr/lib64/xtables/a.so'), 'lib/xtables/a.so');
  t.equal(insidePath('/sbin/nft'), 'bin/nft');
  t.equal(insidePath('/usr/sbin/nft'), 'bin/nft');
  t.equal(insidePath('/usr/libexec/coreutils/libstdbuf.so'), 'usr/libexec/coreutils/libstdbuf.so');
  t.equal(insidePath('//opt/./x'), 'opt/x');
  t.end();
});

t.test('a pattern stands for every distribution’s folder of it', (t) => {
  t.equal(placesOf('/usr/lib/xtables/*.so')[0], '/usr/lib/xtables/*.so', 'as it was typed, first');
  for (const place of ['/usr/lib/x86_64-linux-gnu/xtables/*.so', '/usr/lib64/xtables/*.so']) t.ok(placesOf('/usr/lib/xtables/*.so').includes(place), place);
  t.same(placesOf('/usr/share/x/*'), ['/usr/share/x/*']);
  t.ok(placesOf('/usr/lib/x86_64-linux-gnu/a').includes('/usr/lib64/a'));
  t.end();
});

t.test('names against patterns', (t) => {
  t.ok(nameMatches('libxt_a.so', '*.so'));
  t.ok(nameMatches('a.so', '?.so'));
  t.notOk(nameMatches('axso', '*.so'), 'a dot is a dot');
  t.notOk(nameMatches('.hidden', '*'), 'as a shell has it');
  t.ok(nameMatches('a(1)', 'a(1)'));
  t.end();
});

t.test('everything wrong at once', (t) => {
  t.same(programFaults([{ name: 'nft', package: 'nftables', files: ['/a/*.so'] }], ['nf_tables', 'xt-addrtype']), []);
  const faults = programFaults([{ name: '/bin/ls', package: 'Core' }, { name: 'a', package: 'aa', files: ['x', '/a/../b'] }, { name: 'a', package: 'aa' }], ['a b']);
  t.equal(faults.length, 6);
  for (const text of ['/bin/ls', 'Core', 'named twice', '"x"', '/a/../b', 'a b']) t.ok(faults.some((fault) => fault.includes(text)), text);
  t.end();
});
