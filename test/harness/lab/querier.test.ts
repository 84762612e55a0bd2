import t from 'tap';
import { winsElection } from '../../../harness/lab/querier.ts';

void t.test('the lower address wins the election; who has none does not take part', (t) => {
  t.equal(winsElection('192.0.2.1', '192.0.2.2'), true);
  t.equal(winsElection('192.0.2.2', '192.0.2.1'), false);
  t.equal(winsElection('192.0.2.9', '192.0.2.10'), true, 'by number, not by text');
  t.equal(winsElection('10.255.0.1', '192.0.2.1'), true);
  t.equal(winsElection('192.0.2.1', '192.0.2.1'), false, 'nobody yields to himself');
  t.equal(winsElection('0.0.0.0', '192.0.2.1'), false, 'a switch that asks without an address wins nothing (RFC 4541 section 2.1.1)');
  t.equal(winsElection('fe80::1', 'fe80::2'), true);
  t.equal(winsElection('fe80::9', 'fe80::10'), true);
  t.equal(winsElection('::', 'fe80::1'), false);
  t.equal(winsElection('192.0.2.1', 'fe80::1'), false, 'families do not meet');
  t.end();
});
