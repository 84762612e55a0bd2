// A bond has its address and its priority before it has a slave. Does it send LACPDUs, as whom, and how often?
//
//   hv  bond0 ═ eth0, eth1 ═ po1  sw        802.3ad, lacp_rate fast
//
//   made so      address, priority | slaves | LACPDUs, one a second on each link
//   made anew    slaves released | another address, another priority | slaves | LACPDUs of the new system
//
// Kernels of 2022 and before sent none when the first bond since the module was loaded was made so ("bonding: 802.3ad: fix no
// transmission of LACPDUs"): its system had the bond's address already, and what was prepared only together with taking
// it, among it the rounds that its timers count, was left out.
import { after, frame, plus, s, scenario, since } from '../../harness/scenario.ts';
import { lacpPair } from '../topologies/lacp-pair.ts';
import { NOT_SCALED } from '../topologies/two-access-switches.ts';

const PRIORITY = 65_535, OTHER_PRIORITY = 7;
/** Of nobody else's; locally administered. */
const OTHER_ADDRESS = '02:00:5e:00:53:0a';
const SLAVES = ['eth0', 'eth1'] as const;
/** A link is up and has spoken by then. */
const SETTLES = s(5), COUNTED = s(30);

interface Settings { anew: boolean; passive?: true; leavesOut?: (typeof SLAVES)[number] }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'LACPDUs of a bond that had its address first',
  cases: ['C5'],
  inDefaultSet: false,
  variants: { 'made-so': variant({ anew: false }), 'made-anew': variant({ anew: true }) },
  controls: {
    'both-passive': { ...variant({ anew: false, passive: true }), breaks: ['sw:eth0: LACPDUs of system', 'sw:eth1: LACPDUs of system'] },
    'one-slave-left-out': { ...variant({ anew: true, leavesOut: 'eth1' }), breaks: 'sw:eth1: LACPDUs of system 7,' },
  },
  diagnosis: {},
  topology: ({ passive }) => lacpPair({ priority: PRIORITY, ...(passive ? { passive } : {}) }),
  captures: () => SLAVES.map((device) => ({ node: 'sw', device, only: 'ether proto 0x8809' })),
  notScaled: NOT_SCALED,
  needs: ['bonding'],

  async story({ bond0 }, { variant: v, expect, capture, now, passes }) {
    // bonding counts rounds of 104 ms at HZ=250, and a LACPDU leaves in every third at most: 28 in 30 s, or 33.
    const oneASecond = { atLeast: 23, atMost: 33 };
    const claims = (from: ReturnType<typeof now>, system: string, priority: number) => SLAVES.map((device) =>
      expect(capture({ node: 'sw', device })).sees(frame.lacpOf(system, priority), since(from, COUNTED), oneASecond));
    await passes(SETTLES);
    await Promise.all(claims(now('the bonds had settled'), bond0.mac, PRIORITY));
    if (!v.anew) return;

    for (const slave of SLAVES) bond0.releases(slave);
    await passes(s(1));
    bond0.setsAddress(OTHER_ADDRESS);
    const changed = bond0.sets({ ad_actor_sys_prio: OTHER_PRIORITY });
    await passes(s(1));
    for (const slave of SLAVES) if (slave !== v.leavesOut) bond0.enslaves(slave);
    const whole = after(changed, plus(s(1), SETTLES), 'the bond had its slaves again');
    await Promise.all([
      ...claims(whole, OTHER_ADDRESS, OTHER_PRIORITY),
      ...SLAVES.map((device) => expect(capture({ node: 'sw', device })).seesNo(frame.lacpOf(bond0.mac), since(changed, s(30)))),
    ]);
  },
});
