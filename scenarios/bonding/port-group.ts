// A bond whose switch takes both links as one group. Either link fails, one after the other: what is lost?
//
//   outside (pings vm) ── br0 ─ po1 ══╳═══ bond0 ─ br0 ── vm (silent)
//                             sw                hv
//
// The switch learns MACs on the group, not on a link, so nothing has to be learned again: only what went into the dead
// link until each side noticed is lost. Which link carries the ping is up to the hash; both fail in turn, so one of the
// failures is the ping's. When it returns under LACP, the side that is ready first sends into a port that the other
// does not take from yet: bonding joins "collecting" and "distributing" into one state.
//
// no-partner: the switch's links are plain ports, nobody answers the hypervisor's LACP. Bonding then makes an aggregator
// of each link, all but one of them idle: it works as active-backup does. On one switch that costs no more than the
// detection, for a switch forgets what it learned on a port that went down; on two switches it is C1's outage again.
import { frame, ms, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { portGroup, type PortGroup } from '../topologies/port-group.ts';
import { detection, NOT_SCALED } from '../topologies/two-access-switches.ts';

const EVERY = ms(50);
/** LACP's periodic timers (802.3ad 43.4.12): fast and slow. */
const PERIOD = { fast: s(1), slow: s(30) };
/** bonding runs LACP's state machines this often, and sends at most one LACPDU in three rounds (bond_3ad.c). */
const AD_TICK = ms(100), TX_TICKS = 3;
const COUNTED = s(60);

const variant = (settings: PortGroup): PortGroup => settings;

export default scenario({
  title: 'port group under failing links',
  cases: ['C4', 'C5'],
  variants: {
    'balance-xor': variant({ mode: 'balance-xor', farSide: 'group' }),
    'lacp-slow': variant({ mode: '802.3ad', farSide: 'group', lacpRate: 'slow' }),
    'lacp-fast': variant({ mode: '802.3ad', farSide: 'group', lacpRate: 'fast' }),
    'lacp-no-partner': variant({ mode: '802.3ad', farSide: 'plain-ports', lacpRate: 'fast' }),
  },
  controls: {
    'balance-xor-two-switches': { ...variant({ mode: 'balance-xor', farSide: 'two-switches' }), breaks: /went down: outage/ },
    'lacp-no-partner-two-switches': { ...variant({ mode: '802.3ad', farSide: 'two-switches', lacpRate: 'fast' }), breaks: /went down: outage/ },
  },
  diagnosis: { 'lacp-no-partner': 'lacp-no-partner?', 'balance-xor-two-switches': 'failover-unannounced', 'lacp-no-partner-two-switches': 'lacp-no-partner' },
  topology: (v) => portGroup(v),
  captures: ({ hv }, v) => (v.mode === '802.3ad' ? [{ node: hv.node, device: 'eth0' }] : []),
  notScaled: NOT_SCALED,

  async story({ hv, first, second, vm, outside }, { variant: v, expect, passes, until, bounds, capture, now, random, figure }) {
    const begin = now('all links were up');
    const round = bounds.timer('LACP state machine', AD_TICK);
    if (v.mode === '802.3ad') {
      // Fast at first, whatever the rate, until the partner is known.
      const settled = s(10);
      await until(begin, plus(settled, COUNTED));
      // lacp_rate is what a machine asks of its partner; without one nobody asks the hypervisor to be fast.
      const rate = v.farSide === 'group' && v.lacpRate ? v.lacpRate : 'slow';
      const period = PERIOD[rate];
      const ticks = period.ns / AD_TICK.ns;
      const most = Math.ceil(COUNTED.ns / period.ns) + 1;
      const least = Math.floor(COUNTED.ns / ((ticks + TX_TICKS) * round.max.ns));
      const window = within(begin, settled, plus(settled, COUNTED), `asked to be ${rate}: one LACPDU in ${period.ns / 1e9} s`, `counted in rounds of ${AD_TICK.ns / 1e6} ms that a tick or two come late, sent in every third`);
      const wire = capture({ node: 'hv', device: 'eth0' });
      const mine = frame.from(hv.macOf('eth0'), 'hv');
      await expect(wire).sees(frame.and(frame.lacp(), mine), window, { atLeast: least, atMost: most });
      await expect(wire).sees(frame.lacp(), window, v.farSide === 'group' ? { atLeast: 2 * least, atMost: 2 * most } : { atLeast: least, atMost: most });
    }

    const ping = outside.pings(vm.address(), { every: EVERY });
    await passes(plus(s(1), ms(100 * random())));
    for (const link of [first, second]) {
      const cut = link.fails('b');
      const found = detection(bounds);
      await expect(ping).outage(since(cut, s(3)), { atMost: found.max, reasons: found.reasons });
      const back = await link.returns('b');
      const together = since(back, s(6));
      if (v.mode === 'balance-xor') await expect(ping).continues(together);
      else {
        const apart = times(round.max, TX_TICKS + 1);
        await expect(ping).outage(together, { atMost: apart, reasons: [`the side that is ready first waits for nobody: the other learns by the next LACPDU, ${TX_TICKS} rounds later at most, and acts in its next round`, ...round.reasons] });
      }
    }
    const lost = ping.record.sentNs.filter((_, seq) => ping.record.receivedNs[seq] === undefined).length;
    figure('lostPings', lost);
  },
});
