// A link that fails is given up after downdelay, one that returns is used after updelay. Neither sooner nor later?
//
//      outside (pings hv)
//                     │
//                   core
//                  ╱    ╲
//               sw1      sw2
//                ╳        │            sw1's port: gone and back, in half the downdelay; then gone; then back
//           eth0 └─ bond0 ┘ eth1       hv: active-backup, miimon 100 ms, primary eth0, downdelay 1 s, updelay 3 s
//
//   carrier   ──╲_╱──────────╲____________________╱──────────────
//   active    eth0 ────────────1 s │eth1 ───────────── 3 s │eth0
//
// A carrier that is back within the downdelay is no failover: what is lost is what was sent meanwhile. The monitor counts both
// delays in its rounds, from the one that saw the change.
import { bound, type Bound, type Bounds, type Duration, minus, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { MIIMON, NOT_SCALED, told, twoAccessSwitches } from '../topologies/two-access-switches.ts';

const EVERY = ms(100);
const DOWNDELAY = s(1), UPDELAY = s(3);
/** Well within the downdelay. */
const BLIP = ms(400);

interface Settings { downdelay: Duration; updelay: Duration }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'delays before a link is given up and used',
  cases: ['C7', 'C8'],
  inDefaultSet: false,
  variants: { 'one-and-three-seconds': variant({ downdelay: DOWNDELAY, updelay: UPDELAY }) },
  controls: {
    'no-downdelay': { ...variant({ downdelay: s(0), updelay: UPDELAY }), breaks: ['active slave stays eth0', /active slave becomes eth1/] },
    'no-updelay': { ...variant({ downdelay: DOWNDELAY, updelay: s(0) }), breaks: /active slave becomes eth0/ },
  },
  diagnosis: {},
  topology: (v) => twoAccessSwitches({ hostAddress: 'bond', bond: { downdelay: v.downdelay, updelay: v.updelay } }),
  notScaled: NOT_SCALED,

  async story({ hv, bond0, first, outside }, { expect, passes, until, bounds, now, random, figure }) {
    const ping = outside.pings(hv.address(), { every: EVERY });
    await passes(plus(s(5), times(MIIMON, random())));
    const blip = first.fails('b');
    await until(blip, BLIP);
    const back = now('the carrier was back');
    await first.returns('b');
    await expect(bond0.activeSlave).stays('eth0', since(blip, s(5)));
    const gone = ns(back.ns - blip.ns);
    await expect(ping).outage(since(blip, s(5)), { atMost: plus(gone, times(EVERY, 2), ms(5)), reasons: [`the carrier was gone for ${gone.ns / 1e9} s`] });

    const cut = first.fails('b');
    const down = counted('downdelay', DOWNDELAY, bounds);
    const { becameAfterS } = await expect(bond0.activeSlave).becomes('eth1', within(cut, told(down, bounds)));
    figure('givenUpAfterS', becameAfterS);
    await expect(ping).outage(since(cut, s(5)), { atLeast: minus(down.min, EVERY), atMost: plus(down.max, times(EVERY, 2)), reasons: down.reasons });

    await until(cut, plus(s(10), times(MIIMON, random())));
    const opened = now('sw1 opened its port');
    await first.returns('b');
    const up = counted('updelay', UPDELAY, bounds);
    const used = await expect(bond0.activeSlave).becomes('eth0', within(opened, told(up, bounds)));
    figure('usedAfterS', used.becameAfterS);
  },
});

/** So many rounds after the one that saw it. */
function counted(name: string, delay: Duration, bounds: Bounds): Bound {
  const round = bounds.timer('miimon', MIIMON);
  const rounds = delay.ns / MIIMON.ns;
  const tick = ns(2e9 / bounds.hz);
  return bound(delay, plus(times(round.max, rounds + 1), tick), ...round.reasons, `${name}: ${rounds} further rounds`, 'the carrier can change at any moment of a round');
}
