/**
 * Switches that are not Linux: what vendors' switches do differently, named for what it does, and what a Linux bridge has
 * to be told so that it does it too. docs/switches.md says which of it is the kernel's work and which is modelled.
 */
import { type EtherTypeName, ETHERTYPES, type FrameRule } from './frame-filter.ts';
import type { Options } from './topology.ts';

export interface SwitchLike {
  /** As long as no querier is known, multicast goes nowhere, whether somebody asked for the group or not. */
  readonly noFloodFallback?: boolean;
  /** Groups that nobody asked for go nowhere, not to a querier's port either; the others to who asked, querier or not. */
  readonly dropsUnknownMulticast?: boolean;
  /** The first leave behind a port ends the group there; nobody is asked whether others are left. */
  readonly fastLeave?: boolean;
  /** One report a group and query reaches the querier's port: of IGMPv1, IGMPv2 and MLDv1 hosts only, or of all. */
  readonly suppressesReports?: 'v1-v2' | 'all';
  /** Only frames of these ethertypes are taken from any port. */
  readonly passesOnly?: readonly (EtherTypeName | number)[];
}

export const SWITCH_WORDS = ['noFloodFallback', 'dropsUnknownMulticast', 'fastLeave', 'suppressesReports', 'passesOnly'] as const satisfies readonly (keyof SwitchLike)[];
export const SUPPRESSIONS = ['v1-v2', 'all'] as const;

/** Options that each port of it gets; the topology's own say the same or nothing. */
export const portOptionsLike = (like: SwitchLike): Options => ({
  ...(like.noFloodFallback || like.dropsUnknownMulticast ? { mcast_flood: false } : {}),
  // A router's port gets what nobody asked for; so there is none.
  ...(like.dropsUnknownMulticast ? { mcast_router: 'disabled' } : {}),
  ...(like.fastLeave ? { fastleave: true } : {}),
});

/** A Linux bridge goes by its MDB only while a querier is known: one that is its own and says nothing keeps it at that. */
const keepsToItsMdb = (like: SwitchLike, own: Options): boolean => like.dropsUnknownMulticast === true && like.noFloodFallback !== true && own['mcast_querier'] !== true;

export const bridgeOptionsLike = (like: SwitchLike, own: Options): Options => (keepsToItsMdb(like, own) ? { mcast_querier: true } : {});

/** IGMP and MLD go by a process of ours, as they go by the CPU of such a switch. */
export const hasCpu = (like: SwitchLike): boolean => like.noFloodFallback === true || like.dropsUnknownMulticast === true || like.suppressesReports !== undefined;

export const etherTypeOf = (type: EtherTypeName | number): number => (typeof type === 'number' ? type : ETHERTYPES[type]);

/** What each port of it refuses. */
export const rulesLike = (like: SwitchLike, own: Options, bridgeMac: string): FrameRule[] => [
  ...(like.passesOnly ? [{ rule: 'passes-only' as const, etherTypes: like.passesOnly.map(etherTypeOf) }] : []),
  ...(hasCpu(like) ? [{ rule: 'membership-by-cpu' as const, bridgeMac, muteQuerier: keepsToItsMdb(like, own) }] : []),
];

/** Takes it more of the kernel than a bridge? */
export const filtersLike = (like: SwitchLike): boolean => hasCpu(like) || like.passesOnly !== undefined;

/** "no flood fallback", for drawings. */
export const describeLike = (like: SwitchLike): string[] => [
  ...(like.noFloodFallback ? ['no flood fallback'] : []),
  ...(like.dropsUnknownMulticast ? ['drops unknown multicast'] : []),
  ...(like.fastLeave ? ['fast leave'] : []),
  ...(like.suppressesReports ? [`suppresses reports${like.suppressesReports === 'all' ? '' : ' of IGMPv1, IGMPv2, MLDv1'}`] : []),
  ...(like.passesOnly ? [`passes only ${like.passesOnly.map((t) => (typeof t === 'number' ? `0x${t.toString(16).padStart(4, '0')}` : t)).join(', ')}`] : []),
];
