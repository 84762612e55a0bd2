/** Who asks for memberships, in which version, how often; and when nobody does any more. */
import { isMulticastIp } from '../wire/address.ts';
import { cite, macOf, seconds, senderOf, targetOf, vlanOf } from './cite.ts';
import type { Cited, Detector, ExplainFinding, SeenFrame } from './types.ts';

type Family = 'IGMP' | 'MLD';

interface Querier {
  readonly family: Family;
  readonly address: string;
  readonly mac: string;
  readonly vlan: string;
  version: number;
  first: Cited;
  last: Cited;
  count: number;
  /** Times between its general queries, s. */
  gaps: number[];
  /** Said by IGMPv3 and MLDv2 queries: how often it asks, s. */
  saidS?: number;
  robustness?: number;
  maxResponseS: number;
}

interface Malformed {
  readonly first: Cited;
  readonly from: string;
  readonly to: string;
  count: number;
}

/** RFC 3376 section 8, RFC 3810 section 9: what a bridge assumes of a querier that does not say. */
const QUERY_INTERVAL_S = 125;
const RESPONSE_S = 10;
const ROBUSTNESS = 2;
const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::';

export class Queriers implements Detector {
  readonly #queriers = new Map<string, Querier>();
  /** Reports seen, by family: somebody wants groups. */
  readonly #reports = new Map<Family, { first: Cited; firstS: number; lastS: number }>();
  readonly #malformedQueries = new Map<string, Malformed>();
  #firstS: number | undefined;

  see(seen: SeenFrame): void {
    this.#firstS ??= seen.atS;
    const message = seen.frame.igmp ?? seen.frame.mld;
    if (message === undefined || message.type === 'other' || !seen.first) return;
    const family: Family = seen.frame.igmp ? 'IGMP' : 'MLD';
    if (message.type === 'query') {
      if (isMalformed(seen, message.group)) this.#malformed(seen);
      else if (isUnspecified(message.group)) this.#query(family, seen);
      return;
    }
    if (message.type !== 'report') return;
    // Bridges report their own groups: 224.0.0.106 and every IPv6 address' own tell of no listener.
    const groups = 'records' in message ? message.records.map(({ group }) => group) : [message.group];
    if (groups.every(isOfTheSystem)) return;
    const known = this.#reports.get(family);
    if (known) known.lastS = seen.atS;
    else this.#reports.set(family, { first: cite(seen), firstS: seen.atS, lastS: seen.atS });
  }

  #malformed(seen: SeenFrame): void {
    const [from = '?', to = '?'] = [senderOf(seen), targetOf(seen)];
    const known = this.#malformedQueries.get(`${from} ${to}`);
    if (known) known.count++;
    else this.#malformedQueries.set(`${from} ${to}`, { first: cite(seen), count: 1, from, to });
  }

  #query(family: Family, seen: SeenFrame): void {
    const message = seen.frame.igmp ?? seen.frame.mld;
    if (message?.type !== 'query') return;
    const [address = '?', mac = '?', vlan] = [senderOf(seen), macOf(seen), vlanOf(seen)];
    const key = `${family} ${address} ${mac} ${vlan}`;
    const maxResponseS = 'maxResponseMs' in message ? message.maxResponseMs / 1000 : RESPONSE_S;
    const known = this.#queriers.get(key);
    if (known === undefined) {
      const at = cite(seen);
      this.#queriers.set(key, {
        family,
        address,
        mac,
        vlan,
        version: message.version,
        first: at,
        last: at,
        count: 1,
        gaps: [],
        maxResponseS,
        ...said(message),
      });
      return;
    }
    known.gaps.push(seen.atS - known.last.atS);
    if (known.gaps.length > 1000) known.gaps.shift();
    Object.assign(known, said(message), {
      version: message.version,
      last: cite(seen),
      count: known.count + 1,
      maxResponseS,
    });
  }

  end(lastS: number): ExplainFinding[] {
    const findings: ExplainFinding[] = [...this.#malformedQueries.values()].map(malformed);
    for (const family of ['IGMP', 'MLD'] as const) {
      const all = [...this.#queriers.values()].filter((q) => q.family === family);
      findings.push(...all.map(presence), ...contested(all), ...older(all));
      findings.push(...this.#silence(family, all, lastS));
    }
    return findings;
  }

  #silence(family: Family, all: readonly Querier[], lastS: number): ExplainFinding[] {
    const reports = this.#reports.get(family);
    const hosts = reports === undefined ? '' : ' Hosts here want groups.';
    const lastHeard = all.reduce<Querier | undefined>(
      (latest, q) => (latest && latest.last.atS >= q.last.atS ? latest : q),
      undefined,
    );
    if (lastHeard === undefined) {
      const watchedS = lastS - (this.#firstS ?? 0);
      if (reports === undefined || watchedS < QUERY_INTERVAL_S + RESPONSE_S) return [];
      const what = `Nobody sent ${family} queries in ${seconds(watchedS)}, although hosts report groups. A snooping bridge that believes it has a querier, or that floods nothing without one, stops delivery one membership interval (260 s) after each report.`;
      return [{ kind: 'no-querier', level: 'notice', sure: 'certain', what, frames: [reports.first] }];
    }
    const presentS = otherQuerierPresentS(lastHeard);
    const silentS = lastS - lastHeard.last.atS;
    if (silentS <= presentS) return [];
    const what = `The ${family} querier ${name(lastHeard)} fell silent: its last general query came ${seconds(silentS)} before the end, longer than the other-querier-present interval of ${seconds(presentS)}; nobody took over.${hosts} Memberships run out one membership interval after their last reports.`;
    return [{ kind: 'querier-silent', level: 'notice', sure: 'certain', what, frames: [lastHeard.last] }];
  }
}

/** RFC 3376 section 8.5: robustness times the query interval, and half a response interval. */
export function otherQuerierPresentS({
  saidS,
  robustness,
  maxResponseS,
}: {
  saidS?: number;
  robustness?: number;
  maxResponseS: number;
}): number {
  return (robustness || ROBUSTNESS) * (saidS || QUERY_INTERVAL_S) + maxResponseS / 2;
}

/** Groups that a system joins by itself: 224.0.0.x, link-local scope, solicited-node groups. */
export const isOfTheSystem = (group: string): boolean => group.startsWith('224.0.0.') || /^ff[0-9a-f]2:/.test(group);

/** A query that names no group is for all hosts, and goes to their address, or to one host (RFC 2236, RFC 3376, RFC 3810). */
export function isMalformed(seen: SeenFrame, group: string): boolean {
  const to = targetOf(seen);
  return isUnspecified(group) && to !== undefined && isMulticastIp(to) && to !== '224.0.0.1' && to !== 'ff02::1';
}

function malformed({ first, count, from, to }: Malformed): ExplainFinding {
  const what = `${from} asked ${count} time${count === 1 ? '' : 's'} who wants ${to}, by queries that go to the group and name none. A bridge or switch that snoops drops them, so nobody answers, and a router that waits for an answer stops sending (mrouted 4.0 and 4.1 ask like this). Where nobody snoops, hosts take them for general queries.`;
  return { kind: 'query-names-no-group', level: 'alarm', sure: 'certain', what, frames: [first] };
}

const said = (message: object): { saidS?: number; robustness?: number } =>
  'queryIntervalMs' in message && 'qrv' in message
    ? { saidS: Number(message.queryIntervalMs) / 1000, robustness: Number(message.qrv) }
    : {};

const name = (q: Querier): string => `${q.address} (${q.mac}${q.vlan === '' ? '' : `, VLAN ${q.vlan}`})`;

function presence(q: Querier): ExplainFinding {
  const gaps = [...q.gaps].sort((a, b) => a - b);
  const usual = gaps[Math.floor(gaps.length / 2)];
  const every =
    usual === undefined
      ? 'asked once'
      : `asks every ${seconds(usual)} (${q.count} queries${gaps.length > 1 ? `, ${seconds(gaps[0] as number)} to ${seconds(gaps.at(-1) as number)} apart` : ''})`;
  const own = q.saidS ? `, says every ${seconds(q.saidS)}` : '';
  const proxy = isUnspecified(q.address)
    ? ' It asks from no address: a switch’s proxy query, which takes part in no election.'
    : '';
  const what = `${q.family}v${q.version} querier ${name(q)} ${every}${own}.${proxy}`;
  return {
    kind: 'querier',
    level: 'fact',
    sure: 'certain',
    what,
    frames: q.first.frame === q.last.frame ? [q.first] : [q.first, q.last],
  };
}

/** Two that go on asking have not heard each other: the lower address should ask alone (RFC 3376 section 6.6.2). */
function contested(all: readonly Querier[]): ExplainFinding[] {
  const vlans = new Map<string, Querier[]>();
  for (const q of all)
    if (!isUnspecified(q.address) && q.count >= 3) vlans.set(q.vlan, [...(vlans.get(q.vlan) ?? []), q]);
  return [...vlans.values()].flatMap((group) => {
    const together = group.filter((q) => group.some((other) => other !== q && overlapsLong(q, other)));
    if (together.length < 2) return [];
    const what = `${together.length} ${group[0]?.family ?? ''} queriers go on asking beside each other: ${together.map(name).join(' and ')}. They do not hear each other, or one does not take part in the election.`;
    return [
      {
        kind: 'two-queriers' as const,
        level: 'notice' as const,
        sure: 'certain' as const,
        what,
        frames: together.map((q) => q.last),
      },
    ];
  });
}

/** Both asked at least twice within the time of the other: an election takes no longer than one query. */
const overlapsLong = (a: Querier, b: Querier): boolean =>
  Math.min(a.last.atS, b.last.atS) - Math.max(a.first.atS, b.first.atS) > 2 * QUERY_INTERVAL_S;

function older(all: readonly Querier[]): ExplainFinding[] {
  return all
    .filter((q) => (q.family === 'IGMP' ? q.version < 2 : false))
    .map((q) => ({
      kind: 'older-querier' as const,
      level: 'notice' as const,
      sure: 'certain' as const,
      what: `The querier ${name(q)} speaks ${q.family}v${q.version}: hosts answer in that version, keep their reports back when they hear another’s, and cannot say that they leave.`,
      frames: [q.last],
    }));
}
