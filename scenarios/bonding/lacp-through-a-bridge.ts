// LACP has to pass a bridge that stands in for a wire. Does it? (ipspace/netlab 1581 and 2036: a bridge eats LACP.)
//
//   outside (pings vm) ── br0 ─ po1 ═ wire1, wire2 ═ bond0 ─ br0 ── vm        802.3ad, lacp_rate fast
//                            sw                           hv
//
// A bridge forwards nothing that is sent to 01:80:c2:00:00:0X, LACP's :02 among them, unless group_fwd_mask lets it. The
// mask of the whole bridge takes no bit 2: EINVAL (BR_GROUPFWD_RESTRICTED), so people say that it cannot be done. The
// mask of each port does take it (since 4.15; only pause frames are refused there), and LACP passes.
//
// Eaten, each side has no partner and uses one of the links, and as the wires hide carriers, a silent cut of that one
// is never found. Let through, LACP is what finds it: three fast LACPDUs missing.
import { bound, frame, ms, ns, plus, s, scenario, since, times, within, type VariantCommon } from '../../harness/scenario.ts';
import { LACP_BIT, lacpOverWires } from '../topologies/lacp-over-wires.ts';
import { NOT_SCALED } from '../topologies/two-access-switches.ts';

const EVERY = ms(50);
/** bonding's rounds of LACP, the short timeout (three seconds: 802.3ad 43.4.12), and how far apart fast LACPDUs leave at most. */
const AD_TICK = ms(100), SHORT_TIMEOUT = s(3), APART_ROUNDS = 13;
const SILENCE = s(20);

interface Settings extends VariantCommon { mask: 'bridge' | 'port'; claims: 'eaten' | 'passes' }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'LACP through a bridge',
  cases: ['C5', 'C7'],
  inDefaultSet: false,
  variants: {
    'mask-of-the-bridge-refused': variant({ mask: 'bridge', claims: 'eaten', diagnosis: 'silent-cut' }),
    'mask-of-the-ports': variant({ mask: 'port', claims: 'passes' }),
  },
  controls: {
    'mask-of-the-ports-said-to-be-refused': { ...variant({ mask: 'port', claims: 'eaten' }), breaks: 'no LACPDUs' },
  },
  topology: (v) => lacpOverWires(v.mask === 'port' ? { portMask: LACP_BIT } : {}),
  captures: ({ sw }) => [{ node: sw.node, device: 'eth0', only: 'not icmp' }],
  notScaled: NOT_SCALED,

  async story({ hv, sw, wire1, wire2, first, second, vm, outside }, { variant: v, expect, passes, until, bounds, capture, now, step, random, figure }) {
    const begin = now('all links were up');
    if (v.mask === 'bridge')
      for (const wire of [wire1, wire2]) {
        let answer = 'it took it';
        try {
          wire.sets({ group_fwd_mask: LACP_BIT });
        } catch (error) {
          answer = error instanceof Error ? error.message : String(error);
        }
        // Taken or not: what is on the wire decides.
        step(`${wire.name} was told to forward LACP: ${answer}`);
      }
    await until(begin, s(40));
    const wire = capture({ node: sw.node, device: 'eth0' });
    const theirs = frame.and(frame.lacp(), frame.from(hv.macOf('eth0'), 'hv'));
    const counted = since(begin, s(30));
    if (v.claims === 'eaten') await expect(wire).seesNo(theirs, counted);
    else await expect(wire).sees(theirs, within(begin, s(10), s(40), 'one a second, give or take a round or three'), { atLeast: 20, atMost: 33 });

    const ping = outside.pings(vm.address(), { every: EVERY });
    await passes(plus(s(1), ms(1000 * random())));
    // Whichever wire carries the ping: both are cut, one after the other, and one of the cuts is the ping's.
    const cut = first.silences('a');
    await until(cut, SILENCE);
    first.speaksAgain('a');
    await passes(SILENCE);
    second.silences('a');
    await passes(SILENCE);
    second.speaksAgain('a');
    await passes(SILENCE);
    const all = since(cut, times(SILENCE, 4));
    if (v.claims === 'eaten') await expect(ping).outage(all, { atLeast: SILENCE, recovers: true, reasons: ['nobody finds it, as long as it lasts'] });
    else {
      const round = bounds.timer('LACP state machine', AD_TICK);
      const rounds = SHORT_TIMEOUT.ns / AD_TICK.ns;
      const found = bound(ns(SHORT_TIMEOUT.ns - APART_ROUNDS * round.max.ns), times(round.max, rounds + 3), `${rounds} rounds after the last LACPDU the partner is given up (short timeout)`, 'the last one came up to 1.25 s before the cut', ...round.reasons);
      await expect(ping).outage(all, { atLeast: found.min, atMost: found.max, reasons: found.reasons });
    }
    const lost = ping.record.sentNs.filter((at, seq) => at > cut.ns && at < cut.ns + all.max.ns && ping.record.receivedNs[seq] === undefined).length;
    figure('lostPings', lost);
  },
});
