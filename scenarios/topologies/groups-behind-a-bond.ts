/** Members of a group behind an active-backup bond, switches that snoop, and a querier on the core. */
import { type Duration, topology } from '../../harness/scenario.ts';
import { MIIMON } from './two-access-switches.ts';

export interface GroupsBehindABond {
  resendIgmp: number;
  /** How long the bond waits after the carrier is gone; default not at all. */
  downdelay?: Duration;
  /** How long every bridge believes in a querier that is silent; kernel default 255 s. */
  otherQuerier?: Duration;
}

//     sender, querier ── core              all bridges snoop
//                       ╱    ╲
//                    sw1      sw2
//                     │        │
//                eth0 └─ bond0 ┘ eth1      hv: active-backup, miimon 100 ms, eth0 active
//                          │
//                         br0 ── vm        the host's address, and its membership, are br0's
export const groupsBehindABond = ({ resendIgmp, downdelay, otherQuerier }: GroupsBehindABond) =>
  topology((t) => {
    const believes = otherQuerier ? { otherQuerier } : {};
    const [core, sw1, sw2] = [t.bridge('core', believes), t.bridge('sw1', believes), t.bridge('sw2', believes)];
    t.link(sw1, core);
    t.link(sw2, core);
    const hv = t.hypervisor('hv');
    const br0 = hv.bridge('br0', { addresses: t.nextAddresses(), ...believes });
    const bond0 = hv.bond('bond0', { mode: 'active-backup', miimon: MIIMON, options: { primary: 'eth0', resend_igmp: resendIgmp, ...(downdelay ? { downdelay } : {}) }, on: br0 });
    const first = t.link(bond0, sw1, { a: { name: 'eth0' } });
    t.link(bond0, sw2, { a: { name: 'eth1' } });
    return {
      core, sw1, sw2, br0, bond0, first,
      vm: t.guest('vm', { on: br0 }), sender: t.guest('sender', { on: core }), querier: t.querier('querier', { on: core, version: 'IGMPv3' }),
    };
  });
