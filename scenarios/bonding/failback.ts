// The failed link returns. Which slave is active then, and what does that cost?
//
//      outside (pings hv, or vm)
//                     │
//                   core
//                  ╱    ╲
//               sw1      sw2
//                ╳        │            sw1 shuts its port, and opens it again
//           eth0 └─ bond0 ┘ eth1       hv: active-backup, miimon 100 ms, primary eth0
//                     │
//                    br0 ── vm         (the host's address is on bond0 in its variant)
//
// primary_reselect always (the default): back to eth0 as soon as it has a carrier, though eth1 is in order. That is a
// failover like any other. The host's address is announced; a silent guest, whom the switches have just found behind
// eth1, is gone once more, and this time no link failed. failure: only when the active one fails. Then nothing is lost
// when the link returns; eth0 is chosen when eth1 fails.
import { frame, minus, ms, plus, s, scenario, since, times, within, type VariantCommon } from '../../harness/scenario.ts';
import { detection, NOT_SCALED, told, twoAccessSwitches } from '../topologies/two-access-switches.ts';

const EVERY = ms(200);
const WATCHED = s(30);

interface Settings extends VariantCommon { who: 'host' | 'guest'; reselect: 'always' | 'failure'; claims: 'returns' | 'stays' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'failback',
  cases: ['C8'],
  inDefaultSet: false,
  variants: {
    'always-host': variant({ who: 'host', reselect: 'always', claims: 'returns' }),
    'always-silent-guest': variant({ who: 'guest', reselect: 'always', claims: 'returns', diagnosis: 'failover-unannounced' }),
    'failure-silent-guest': variant({ who: 'guest', reselect: 'failure', claims: 'stays', diagnosis: 'failover-unannounced' }),
  },
  controls: {
    'always-said-to-stay': { ...variant({ who: 'guest', reselect: 'always', claims: 'stays', diagnosis: 'failover-unannounced' }), breaks: 'active slave stays' },
  },
  topology: (v) => twoAccessSwitches({ bond: { primary_reselect: v.reselect }, ...(v.who === 'host' ? { hostAddress: 'bond' as const } : {}) }),
  captures: ({ sw1 }, v) => (v.who === 'host' ? [{ node: sw1.node, device: 'hv' }] : []),
  notScaled: NOT_SCALED,

  async story({ core, hv, bond0, first, second, vm, outside }, { variant: v, expect, passes, until, bounds, capture, now, random, figure }) {
    const ping = outside.pings(v.who === 'host' ? hv.address() : vm.address(), { every: EVERY });
    await passes(plus(s(3), ms(100 * random())));
    const cut = first.fails('b');
    const found = detection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));
    // One frame of the guest's, and the switches have found it.
    if (v.who === 'guest') vm.gratuitousArp();
    await passes(plus(s(10), times(EVERY, random())));

    const opened = now('sw1 opened its port');
    await first.returns('b');
    const place = core.fdbEntry(v.who === 'host' ? hv.mac : vm.mac);
    if (v.claims === 'returns') {
      await expect(bond0.activeSlave).becomes('eth0', within(opened, told(found, bounds)));
      if (v.who === 'host') {
        // Announced with the switch, or a round later where the kernel has not yet taken note of the new carrier.
        const announced = plus(found.max, found.max);
        await expect(capture({ node: 'sw1', device: 'hv' })).sees(frame.gratuitousArp({ ip: hv.address() }), within(opened, ms(0), announced, ...found.reasons, 'a notice waits a round while linkwatch is at work on the slave (bond_should_notify_peers)'), { atLeast: 1, atMost: 1 });
        await expect(ping).outage(since(opened, s(10)), { atMost: announced, reasons: ['from the switch of slaves to the announcement, a round at most', ...found.reasons] });
      } else {
        await until(opened, WATCHED);
        const silence = minus(WATCHED, EVERY);
        await expect(place).stays('sw2', since(opened, silence));
        await expect(ping).outage(since(opened, silence), { lostAtLeast: Math.floor((silence.ns - found.max.ns) / EVERY.ns) - 1, recovers: false, reasons: ['five a second, and nobody tells the core that eth1 is not listening any more'] });
      }
    } else {
      await expect(bond0.activeSlave).stays('eth1', since(opened, WATCHED));
      await expect(ping).continues(since(opened, WATCHED));
      const again = second.fails('b');
      await expect(bond0.activeSlave).becomes('eth0', within(again, told(found, bounds)));
    }
    const lost = ping.record.sentNs.filter((at, seq) => at > opened.ns && at < opened.ns + WATCHED.ns && ping.record.receivedNs[seq] === undefined).length;
    figure('lostPingsAfterReturn', lost);
  },
});
