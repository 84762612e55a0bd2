import t from 'tap';
import { linkFacts, newFacts } from '../../lib/link-facts.ts';
import type { Link } from '../../lib/netlink/index.ts';

const link = (over: Partial<Link>): Link => ({ index: 11, name: 'bob', up: true, flags: [], rawFlags: 1, bridgeFamily: false, ...over });
const names = (index: number): string | undefined => ({ 10: 'vmbr0', 12: 'peer' })[index];

t.test('a port tells its master, its MTU and what differs from the default', (t) => {
  t.same(linkFacts(link({ mtu: 1500, master: 10, slaveKind: 'bridge', slaveOptions: { flood: true, mcast_flood: false, backup_port: 12, state: 'forwarding' } }), names), { up: true, mtu: 1500, master: 'vmbr0', port: { mcast_flood: false, backup_port: 'peer' } });
  t.same(linkFacts(link({ bridgeFamily: true, slaveKind: 'bridge', slaveOptions: { flood: false } }), names), { port: { flood: false } }, 'a message of the bridge family says nothing of the device');
  t.end();
});

t.test('a bridge and a bond tell the options that decide what they forward', (t) => {
  t.same(linkFacts(link({ name: 'vmbr0', kind: 'bridge', options: { mcast_querier: false, mcast_hash_max: 4096, ageing_time: 300_000, priority: 1 } }), names), { up: true, master: null, options: { mcast_querier: false, mcast_hash_max: 4096, ageing_time: 300_000 } });
  t.same(linkFacts(link({ name: 'bond0', kind: 'bond', options: { mode: '802.3ad', tlb_dynamic_lb: true }, bond: { aggregator: 1, ports: 2, partnerMac: '02:00:00:00:00:01' } }), names)['lacp'], { aggregator: 1, ports: 2, partner: '02:00:00:00:00:01' });
  t.same(linkFacts(link({ slave: { state: 'backup', miiStatus: 'up', linkFailures: 1, aggregator: 2 } }), names)['slave'], { state: 'backup', mii: 'up', aggregator: 2 });
  t.end();
});

t.test('only what is new is recorded', (t) => {
  t.same(newFacts(undefined, { up: true }), { up: true });
  t.equal(newFacts({ up: true, port: { flood: false } }, { up: true, port: { flood: false } }), undefined);
  t.same(newFacts({ up: true, mtu: 1500 }, { up: false }), { up: false }, 'what a message does not tell is not taken back');
  t.end();
});
