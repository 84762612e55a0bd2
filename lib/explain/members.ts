/** Who wants which group, and of which senders: from reports and leaves. */
import type { GroupRecord } from '../wire/group-records.ts';
import { cite, joined, macOf, seconds, senderOf, vlanOf } from './cite.ts';
import { isOfTheSystem } from './queriers.ts';
import type { Cited, ExplainFinding, SeenFrame } from './types.ts';

/** RFC 3376 section 3.2: only these sources, or all but these. */
interface Filter {
  readonly mode: 'include' | 'exclude';
  readonly sources: ReadonlySet<string>;
}

interface Said {
  readonly at: Cited;
  readonly where: string;
  /** What the member wants from here on. */
  readonly filter: Filter;
  /** Of which sources this keeps the membership: all of the filter's, or these. */
  readonly renews?: ReadonlySet<string>;
}

export interface Member {
  readonly mac: string;
  readonly where: string;
  address: string;
  version: number;
  reports: number;
  last: Cited;
  left?: Cited;
  /** In order of time, the latest thousands. */
  readonly history: Said[];
}

const MOST_HISTORY = 5000;
const NOTHING: Filter = { mode: 'include', sources: new Set() };
const EVERYTHING: Filter = { mode: 'exclude', sources: new Set() };

const admits = ({ mode, sources }: Filter, source: string): boolean => sources.has(source) === (mode === 'include');
const wantsNothing = ({ mode, sources }: Filter): boolean => mode === 'include' && sources.size === 0;

export class Members {
  /** By group, and the VLAN in which they asked for it. */
  readonly #groups = new Map<string, Map<string, Member>>();

  see(seen: SeenFrame): void {
    const message = seen.frame.igmp ?? seen.frame.mld;
    if (!seen.first || message === undefined || message.type === 'other' || message.type === 'query') return;
    if ('records' in message) for (const record of message.records) this.#record(seen, record, message.version);
    else if (message.type === 'report') this.#note(seen, message.group, EVERYTHING, message.version);
    else this.#note(seen, message.group, NOTHING, message.version);
  }

  /** Those that were seen first at this interface, and are not the sender. */
  behind(where: string, group: string, vlan: string, sender: string): Member[] {
    return [...(this.#groups.get(keyOf(group, vlan))?.values() ?? [])].filter((m) => m.where === where && m.address !== sender);
  }

  #record(seen: SeenFrame, { type, group, sources }: GroupRecord, version: number): void {
    const named = new Set(sources);
    const before = this.#groups.get(keyOf(group, vlanOf(seen)))?.get(stationOf(seen))?.history.at(-1)?.filter ?? NOTHING;
    const all = { mode: before.mode, sources: new Set([...before.sources, ...named]) };
    const less = { mode: before.mode, sources: new Set([...before.sources].filter((source) => !named.has(source))) };
    const include = before.mode === 'include';
    switch (type) {
      case 'is-exclude':
      case 'to-exclude':
        this.#note(seen, group, { mode: 'exclude', sources: named }, version);
        return;
      case 'to-include':
        this.#note(seen, group, { mode: 'include', sources: named }, version);
        return;
      // The answer to a question for some sources names only those of them that are wanted.
      case 'is-include':
      case 'allow':
        this.#note(seen, group, include ? all : less, version, named);
        return;
      case 'block':
        this.#note(seen, group, include ? less : all, version, new Set());
    }
  }

  #note(seen: SeenFrame, group: string, filter: Filter, version: number, renews?: ReadonlySet<string>): void {
    if (isOfTheSystem(group)) return;
    const mac = stationOf(seen);
    const key = keyOf(group, vlanOf(seen));
    const members = this.#groups.get(key) ?? new Map<string, Member>();
    this.#groups.set(key, members);
    const at = cite(seen);
    const nothing = wantsNothing(filter);
    let member = members.get(mac);
    if (member === undefined) {
      if (nothing) return;
      member = { mac, where: seen.where, address: mac, version, reports: 0, last: at, history: [] };
      members.set(mac, member);
    }
    member.history.push({ at, where: seen.where, filter, ...(renews && { renews }) });
    if (member.history.length > MOST_HISTORY) member.history.shift();
    if (nothing) {
      member.left = at;
      return;
    }
    Object.assign(member, {
      last: at,
      reports: member.reports + 1,
      version,
      address: senderOf(seen) ?? member.address,
    });
    delete member.left;
  }

  /** Who left at this interface in the time before an instant: with fast leave the others lose the group too. */
  leftBefore(
    { where, group, vlan }: { where: string; group: string; vlan: string },
    atS: number,
    withinS: number,
  ): { address: string; at: Cited } | undefined {
    for (const { address, history } of this.#groups.get(keyOf(group, vlan))?.values() ?? []) {
      const leave = history.findLast(
        (said) =>
          said.where === where &&
          said.at.atS <= atS + withinS &&
          said.at.atS >= atS - withinS &&
          wantsNothing(said.filter),
      );
      if (leave) return { address, at: leave.at };
    }
    return undefined;
  }

  facts(): ExplainFinding[] {
    return [...this.#groups].flatMap(([group, members]) => {
      if (members.size === 0) return [];
      const told = [...members.values()]
        .slice(0, 12)
        .map(
          (m) =>
            `${m.address} at ${m.where} (version ${m.version}, ${m.reports} report${m.reports === 1 ? '' : 's'}, last at ${seconds(m.last.atS)}${only(m)}${m.left ? `, left at ${seconds(m.left.atS)}` : ''})`,
        );
      const more = members.size > told.length ? ` and ${members.size - told.length} more` : '';
      return {
        kind: 'members',
        level: 'fact',
        sure: 'certain',
        what: `${group} is wanted by ${joined(told)}${more}.`,
        frames: [...members.values()].slice(0, 12).map((m) => m.last),
      };
    });
  }
}

/** "239.192.5.5 in VLAN 10". */
const keyOf = (group: string, vlan: string): string => (vlan === '' ? group : `${group} in VLAN ${vlan}`);

const stationOf = (seen: SeenFrame): string => macOf(seen) ?? senderOf(seen) ?? '?';

/** ", only of 192.0.2.1" at the end of what it said. */
function only({ history }: Member): string {
  const filter = history.at(-1)?.filter;
  if (filter === undefined || filter.sources.size === 0) return '';
  const few = [...filter.sources].slice(0, 4);
  const more = filter.sources.size > few.length ? [`${filter.sources.size - few.length} more`] : [];
  return `, ${filter.mode === 'include' ? 'only of' : 'but not of'} ${joined([...few, ...more])}`;
}

/**
 * The last report before an instant by which a member wanted what this sender sends, if it had not taken that back by
 * then, nor by when the next datagram was due.
 */
export function wantedAt({ history }: Member, sender: string, atS: number, dueS: number): Cited | undefined {
  const standing = history.findLast(({ at }) => at.atS <= atS);
  if (standing === undefined || !admits(standing.filter, sender)) return undefined;
  const takenBack = history.some(({ at, filter }) => at.atS > atS && at.atS <= atS + dueS && !admits(filter, sender));
  if (takenBack) return undefined;
  return history.findLast(
    ({ at, filter, renews }) => at.atS <= atS && admits(filter, sender) && (renews === undefined || renews.has(sender)),
  )?.at;
}

/** Who reported between two instants and shortly before the second: a stop that ended with it was not the sender's. */
export function renewedBy(
  members: readonly Member[],
  sender: string,
  [fromS, toS]: readonly [number, number],
  withinS: number,
): { address: string; at: Cited } | undefined {
  for (const { address, history } of members) {
    const said = history.find(
      ({ at, filter }) => at.atS > fromS && at.atS <= toS && toS - at.atS <= withinS && admits(filter, sender),
    );
    if (said) return { address, at: said.at };
  }
  return undefined;
}
