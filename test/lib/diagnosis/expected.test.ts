import t from 'tap';
import { diagnosisFaults } from '../../../lib/diagnosis/expected.ts';
import { isInherent, isKind, KINDS } from '../../../lib/diagnosis/kinds.ts';

t.test('each kind that is expected must be found, and no other', (t) => {
  t.same(diagnosisFaults(['membership-expired'], ['membership-expired', 'membership-expired']), []);
  t.same(diagnosisFaults(['membership-expired'], []), ['membership-expired is missing']);
  t.same(diagnosisFaults([], ['host-firewall']), ['host-firewall was not to be expected']);
  t.same(diagnosisFaults(['membership-expired'], ['host-firewall']), ['membership-expired is missing', 'host-firewall was not to be expected']);
  t.same(diagnosisFaults(['membership-expired?'], []), [], 'up to the seed');
  t.same(diagnosisFaults(['membership-expired?'], ['membership-expired']), []);
  t.same(diagnosisFaults([], ['failover-detection', 'guest-standstill']), [], 'what a healthy network loses needs no word');
  t.same(diagnosisFaults([], ['unexplained']), ['unexplained was not to be expected']);
  t.end();
});

t.test('kinds', (t) => {
  t.ok(isKind('membership-expired'));
  t.notOk(isKind('toString'));
  t.ok(Object.values<string>(KINDS).every((title) => title !== ''));
  t.notOk(isInherent('unexplained'));
  t.end();
});
