/** A bridge with four guests and a sender, and a querier somewhere else on the LAN. */
import { type Duration, type QuerierVersion, s, topology } from '../../harness/scenario.ts';

/** The other-querier-present interval as the kernel ships it (RFC 3376 section 8.5): twice 125 s and half of 10 s. */
export const OTHER_QUERIER_PRESENT = s(255);
/** The membership interval as the kernel ships it (br_multicast_ctx_init in net/bridge/br_multicast.c; RFC 3376 section 8.4). Not asked of the kernel under test: another value would be the fault. */
export const MEMBERSHIP_INTERVAL = s(260);

export interface QuerierOutside {
  family: 4 | 6;
  /** How long the bridge believes in a querier that is silent (mcast_querier_interval). Default OTHER_QUERIER_PRESENT. */
  otherQuerier?: Duration;
  /** Default IGMPv3 or MLDv2: hosts answer in the querier's version, and in these no host suppresses its report. */
  version?: QuerierVersion;
  /** Time from one query to the next. Default 125 s. */
  queryInterval?: Duration;
  /** Where the queries come from. Default the querier's own address. */
  source?: string;
  anySource?: true;
  /** mcast_flood of the guests' ports. Off leaves them nothing to fall back on: no membership, no datagram. */
  flood?: boolean;
}

//   alice (sends)   bob, dave, erin (join)   carol (does not)      core (querier)
//        └───────────────┴─────────┬───────────────┴────────────────────┘
//                          vmbr0: snooping on, own querier off
export const querierOutside = (o: QuerierOutside) =>
  topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, ...(o.otherQuerier ? { otherQuerier: o.otherQuerier } : {}) });
    const on = { on: vmbr0, ...(o.flood === undefined ? {} : { port: { mcast_flood: o.flood } }) };
    return {
      vmbr0,
      alice: t.guest('alice', on), bob: t.guest('bob', on), carol: t.guest('carol', on), dave: t.guest('dave', on), erin: t.guest('erin', on),
      core: t.querier('core', { on: vmbr0, version: o.version ?? (o.family === 4 ? 'IGMPv3' : 'MLDv2'), ...(o.queryInterval ? { queryInterval: o.queryInterval } : {}), ...(o.source ? { source: o.source } : {}), ...(o.anySource ? { anySource: o.anySource } : {}) }),
    };
  }, { ipv6: o.family === 6 });
