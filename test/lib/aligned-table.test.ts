import t from 'tap';
import { alignedTable } from '../../lib/aligned-table.ts';

t.test('numbers stand below each other', (t) => {
  t.same(alignedTable(['transport', 'nodes', 'frames'], [['udp', 2, 1], ['udpu', 8, 70]]), ['transport  nodes  frames', 'udp            2       1', 'udpu           8      70']);
  t.same(alignedTable(['a', 'b'], []), ['a  b'], 'a table of nothing has its head');
  t.same(alignedTable(['a', 'b'], [['x']]), ['a  b', 'x'], 'what is missing is empty');
  t.end();
});
