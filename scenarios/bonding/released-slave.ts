// A slave is taken out of its bond and used by itself. With whose MAC does it speak?
//
//   server ── eth0 ═ bond0 ═ eth1 ── other       client: active-backup; eth1 is released and set up again
//
// In a bond all slaves have the bond's MAC (fail_over_mac none). A slave that leaves gets back the one that it came with
// (__bond_release_one): else two interfaces of one machine speak with one MAC, and a switch takes the one for the other. With
// fail_over_mac active the idle slave has had its own all the time.
import { frame, ms, plus, s, scenario, since, times, topology } from '../../harness/scenario.ts';
import { MIIMON, NOT_SCALED } from '../topologies/two-access-switches.ts';

const FAR_END = { node: 'other', device: 'eth0' };

interface Settings { policy: 'none' | 'active'; released: boolean }
const variant = (policy: Settings['policy'], released = true): Settings => ({ policy, released });

export default scenario({
  title: 'a slave that is released',
  cases: [],
  inDefaultSet: false,
  variants: { 'fail-over-mac-none': variant('none'), 'fail-over-mac-active': variant('active') },
  controls: { 'never-released': { ...variant('none', false), breaks: 'frames from eth1' } },
  diagnosis: {},
  topology: ({ policy }) => topology((t) => {
    const client = t.hypervisor('client'), server = t.host('server'), other = t.host('other');
    const bond0 = client.bond('bond0', { mode: 'active-backup', miimon: MIIMON, options: { primary: 'eth0', fail_over_mac: policy } });
    t.link(bond0, server, { a: { name: 'eth0' }, b: { name: 'eth0' } });
    const second = t.link(bond0, other, { a: { name: 'eth1' }, b: { name: 'eth0' } });
    return { client, bond0, second, other };
  }, { ipv6: true }),
  captures: () => [FAR_END],
  notScaled: NOT_SCALED,

  async story({ client, bond0, second }, { variant: v, expect, capture, now, passes, until, random }) {
    await passes(plus(s(5), times(ms(100), random())));
    const released = v.released ? bond0.releases('eth1') : now('eth1 stayed');
    // An interface that comes up makes sure that its address is nobody else's: it speaks at once.
    if (v.released) await second.returns('a');
    await until(released, s(10));
    await expect(capture(FAR_END)).sees(frame.from(client.macOf('eth1'), 'eth1'), since(released, s(10)), { atLeast: 2 });
    await expect(capture(FAR_END)).seesNo(frame.from(client.macOf('bond0'), 'bond0'), since(released, s(10)));
  },
});
