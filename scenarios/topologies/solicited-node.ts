/** A guest that others look for by IPv6: one that knows it, one that does not, one that is not concerned. */
import { type Duration, topology } from '../../harness/scenario.ts';

export interface Sought {
  /** mcast_flood of the sought guest's port. */
  flood?: boolean;
  otherQuerier?: Duration;
}

//   friend (knows vm)   newcomer (does not)   carol (not concerned)   vm (sought)      core (querier, MLDv2)
//        └────────────────────┴──────────┬──────────┴──────────────────┴──────────────────┘
//                                 vmbr0: snooping on
export const soughtGuest = ({ flood, otherQuerier }: Sought) =>
  topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, ...(otherQuerier ? { otherQuerier } : {}) });
    const on = { on: vmbr0 };
    return {
      vmbr0,
      friend: t.guest('friend', on), newcomer: t.guest('newcomer', on), carol: t.guest('carol', on),
      vm: t.guest('vm', { ...on, ...(flood === undefined ? {} : { port: { mcast_flood: flood } }) }),
      core: t.querier('core', { on: vmbr0, version: 'MLDv2' }),
    };
  }, { ipv6: true });

/** The group that neighbour solicitations for an address go to (RFC 4291 section 2.7.1), of an address written with its last 16 bits apart. */
export const solicitedNode = (address: string): string => `ff02::1:ff00:${address.split(':').at(-1) ?? ''}`;
