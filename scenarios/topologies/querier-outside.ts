/** A bridge with its own querier off, guests on it, and a querier somewhere else on the LAN. */
import { type Duration, topology } from '../../harness/scenario.ts';
import type { QuerierVersion } from '../../harness/scenario.ts';

export interface QuerierOutside {
  family: 4 | 6;
  /** How long the bridge believes in a querier that is silent; kernel default 255 s. */
  otherQuerier?: Duration;
  /** Default IGMPv3 or MLDv2: hosts answer in the querier's version, and only these suppress no reports. */
  version?: QuerierVersion;
  /** mcast_flood of the guests' ports: off leaves nothing to fall back on. */
  flood?: boolean;
  ownQuerier?: boolean;
}

//   alice (sends)   bob, dave (joined)   carol (not joined)      core (querier)
//        └───────────────┴──────┬──────────────┴────────────────────┘
//                          vmbr0: snooping on
export const querierOutside = (o: QuerierOutside) =>
  topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: o.ownQuerier ?? false, ...(o.otherQuerier ? { otherQuerier: o.otherQuerier } : {}) });
    const on = { on: vmbr0, ...(o.flood === undefined ? {} : { port: { mcast_flood: o.flood } }) };
    return {
      vmbr0,
      alice: t.guest('alice', on), bob: t.guest('bob', on), carol: t.guest('carol', on), dave: t.guest('dave', on),
      core: t.querier('core', { on: vmbr0, version: o.version ?? (o.family === 4 ? 'IGMPv3' : 'MLDv2') }),
    };
  }, { ipv6: o.family === 6 });

/** Groups from the ranges for documentation and local use. */
export const groupOf = (family: 4 | 6): string => (family === 4 ? '239.192.5.5' : 'ff15::5:5');
