/** Two machines, an 802.3ad bond on each, two links. */
import { ms, topology } from '../../harness/scenario.ts';

export interface LacpPair {
  /** ad_actor_sys_prio of both, set when the bonds are made: they have an address then, and no slave. */
  priority: number;
  /** lacp_active off on both: each waits for the other. */
  passive?: boolean;
}

//   hv  bond0 ═ eth0, eth1 ═ po1  sw        lacp_rate fast
export const lacpPair = ({ priority, passive }: LacpPair) =>
  topology((t) => {
    const options = { lacp_rate: 'fast', ad_actor_sys_prio: priority, ...(passive ? { lacp_active: false } : {}) };
    const hv = t.hypervisor('hv'), sw = t.host('sw');
    const bond0 = hv.bond('bond0', { mode: '802.3ad', miimon: ms(100), options });
    const po1 = sw.bond('po1', { mode: '802.3ad', miimon: ms(100), options });
    for (const name of ['eth0', 'eth1']) t.link(bond0, po1, { a: { name }, b: { name } });
    return { hv, sw, bond0, po1 };
  });
