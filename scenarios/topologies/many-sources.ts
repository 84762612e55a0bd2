/** A sender with many addresses, a host that says from which of them it hears, and one that says nothing; the bridge asks itself. */
import { topology } from '../../harness/scenario.ts';

/** The last part of an address that alice sends from. */
export const SOURCES = [1, 2, 3, 10, 11, 20, 21, 30, 100] as const;
export type Source = (typeof SOURCES)[number];
export const sourceOf = (family: 4 | 6, source: Source): string => (family === 4 ? `192.0.2.${source}` : `2001:db8::${source}`);
export const groupOf = (family: 4 | 6, n: number): string => (family === 4 ? `239.192.5.${n}` : `ff15::5:${n}`);

export interface ManySources {
  family: 4 | 6;
  /** mcast_igmp_version and mcast_mld_version: 3 and 2 know sources, 2 and 1 do not. */
  knowsSources: boolean;
  /** bob and carol are behind one port of the bridge, on a switch that does not snoop. */
  shared?: boolean;
}

//   alice (sends from nine addresses)   bob        carol         or, shared      alice   bob   carol
//                 └──────────────┬───────┴───────────┘                             │       └ hub ┘
//                      vmbr0: snooping on                                          └─ vmbr0 ─┘
export const manySources = ({ family, knowsSources, shared = false }: ManySources) =>
  topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, options: { mcast_igmp_version: knowsSources ? 3 : 2, mcast_mld_version: knowsSources ? 2 : 1 } });
    const ofBob = ['192.0.2.200/24', ...(family === 6 ? ['2001:db8::200/64'] : [])];
    const ofCarol = ['192.0.2.201/24', ...(family === 6 ? ['2001:db8::201/64'] : [])];
    // Without IPv6 of its own, or it would report groups of its own.
    const hub = shared ? t.bridge('hub', { snooping: false, ipv6: false }) : vmbr0;
    if (shared) t.link(vmbr0, hub);
    return {
      vmbr0, hub,
      alice: t.guest('alice', { on: vmbr0, addresses: SOURCES.map((source) => `${sourceOf(family, source)}/${family === 4 ? 24 : 64}`) }),
      bob: t.guest('bob', { on: hub, addresses: ofBob }),
      carol: t.guest('carol', { on: hub, addresses: ofCarol }),
    };
  }, { ipv6: family === 6 });
