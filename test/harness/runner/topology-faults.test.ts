// What is wrong with the networks of a selection, at the scale at which each variant runs.
import t from 'tap';
import { topologyFaults } from '../../../harness/runner/topology-faults.ts';
import { scenario, s, topology } from '../../../harness/scenario.ts';
import type { Selection } from '../../../harness/runner/select.ts';

interface Settings { notScaled?: string; delayS: number }
const selection = (settings: Settings, notScaled?: string): Selection => ({
  name: 'one', variant: 'v', control: false,
  scenario: scenario({
    title: 'one', cases: [], variants: { v: settings }, ...(notScaled === undefined ? {} : { notScaled }),
    topology: ({ delayS }) => topology((b) => ({ br: b.bridge('br', { options: { stp_state: true, forward_delay: s(delayS), hello_time: s(10), max_age: s(40) } }) })),
    async story() { /* nobody tells it */ },
  }),
});

t.test('a network that cannot be scaled is a fault of a scaled run only', async (t) => {
  t.match(topologyFaults([selection({ delayS: 15 })], 25), [{ what: /one#v: .*forward_delay is 15 s, so 600 ms at scale 25/s }]);
  t.same(topologyFaults([selection({ delayS: 15 })], 1), []);
});

t.test('what says that it is not scaled is skipped, not refused; a fault of its own is told', async (t) => {
  t.same(topologyFaults([selection({ delayS: 15, notScaled: 'a floor of 2 s' })], 25), []);
  t.same(topologyFaults([selection({ delayS: 15 }, 'a floor of 2 s')], 25), []);
  t.match(topologyFaults([selection({ delayS: 1, notScaled: 'a floor of 2 s' })], 25), [{ what: /forward_delay is 1 s: the kernel takes 2 s to 30 s/ }]);
});
