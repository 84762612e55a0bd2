/** Lines of evidence from what a kernel was asked at the time. */
import type { Network } from '../network.ts';
import type { Reading } from '../story.ts';
import type { Evidence } from '../types.ts';
import { bridgeOf, length, ofEvent } from './phrases.ts';

/** Whom a bridge takes for the querier, and where it has a group. */
export function readingEvidence(net: Network, reading: Reading, bridge: string, group: string): Evidence[] {
  const told = reading.bridges[bridge];
  if (!told?.groups) return [];
  const querier = told.querier?.[group.includes(':') ? 'ipv6' : 'ipv4'];
  const who = querier === undefined ? 'no querier' : querier.leftMs === undefined ? `querier ${querier.address}${querier.port === undefined ? ' (itself)' : ` behind ${querier.port}, given up`}` : `querier ${querier.address} behind ${querier.port ?? 'itself'}, given up in ${length(querier.leftMs * 1e6)}`;
  const ports = told.groups.filter((g) => g.group === group).map((g) => `${g.port ?? 'itself'}${g.leftMs === undefined ? '' : ` (${length(g.leftMs * 1e6)} left)`}`);
  return [ofEvent(reading.ns, reading.event, `${bridgeOf(net, bridge)} says: ${who}; ${group} on ${ports.join(', ') || 'no port'}; router ports ${(told.routers ?? []).map((r) => r.port ?? 'itself').join(', ') || 'none'}`)];
}

/** Behind which port a bridge holds a MAC, and when it last heard it. */
export function stationEvidence(net: Network, reading: Reading, bridge: string, mac: string): Evidence[] {
  const station = reading.bridges[bridge]?.stations?.find((s) => s.mac === mac);
  if (!station) return [];
  return [ofEvent(reading.ns, reading.event, `${bridgeOf(net, bridge)} says: ${mac} is behind ${station.port ?? 'itself'}, last heard ${length(station.heardMsAgo * 1e6)} ago`)];
}
