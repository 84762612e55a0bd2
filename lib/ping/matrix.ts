/** What every machine of a network measured towards every other: rows for programs, a table for people. */
import type { Cast } from './omping-client.ts';
import type { OmpingHost } from './omping-node.ts';

/** One cast of one ordered pair. */
export interface MatrixRow {
  readonly from: string;
  readonly to: string;
  readonly cast: Cast;
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
  /** Of all that was sent; 0 where nothing was. */
  readonly lossPercent: number;
  /** Round trip, by the kernel's clock; absent where nothing came. */
  readonly avgMs?: number;
  readonly maxMs?: number;
  /** Routers between: what the reply's TTL lost; absent where nothing came. */
  readonly hops?: number;
  /** Protocol seconds from the first query to the last that was answered. */
  readonly lastAnsweredAfterS?: number;
}

const rounded = (n: number, digits = 3): number => Number(n.toFixed(digits));

/** Both casts of one machine towards one other. */
export function matrixRows(from: string, host: OmpingHost): MatrixRow[] {
  return (['unicast', 'multicast'] as const).map((cast) => {
    const statistics = host.client.of(cast), course = host.course[cast], { sent } = host.course, distance = host.client.hops[cast];
    const { avg, max } = statistics.figures;
    return {
      from, to: host.name, cast, sent, received: statistics.received, duplicates: statistics.duplicates,
      lossPercent: sent === 0 ? 0 : rounded(100 * Math.max(0, 1 - statistics.received / sent)),
      ...(statistics.timed === 0 ? {} : { avgMs: rounded(avg / 1e6), maxMs: rounded(max / 1e6) }), ...(distance === undefined ? {} : { hops: distance }),
      ...(course.received === 0 ? {} : { lastAnsweredAfterS: rounded((course.lastMs - host.course.firstSentMs) / 1000) }),
    };
  });
}

/** A line for each pair, unicast beside multicast. */
export function matrixLines(rows: readonly MatrixRow[]): string[] {
  const cells = (row: MatrixRow | undefined): string[] => [`${row?.received ?? 0}/${row?.sent ?? 0}`, `${row?.lossPercent ?? 0} %`, row?.avgMs?.toFixed(3) ?? '-', row?.maxMs?.toFixed(3) ?? '-', String(row?.hops ?? '-')];
  const table = [
    ['from', 'to', 'unicast', 'loss', 'avg ms', 'max ms', 'hops', 'multicast', 'loss', 'avg ms', 'max ms', 'hops'],
    ...rows.filter(({ cast }) => cast === 'unicast').map((unicast) => [unicast.from, unicast.to, ...cells(unicast), ...cells(rows.find((row) => row.cast === 'multicast' && row.from === unicast.from && row.to === unicast.to))]),
  ];
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => (row[at] ?? '').length))) ?? [];
  return table.map((row) => row.map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ').trimEnd());
}
