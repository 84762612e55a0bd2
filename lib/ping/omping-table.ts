/** Many peers at a glance: a line for each, drawn anew every turn. */
import type { OmpingHost } from './omping-node.ts';
import { ompingLoss } from './statistics.ts';

const HEADS = ['host', 'state', 'sent', 'unicast', 'loss', 'avg ms', 'multicast', 'loss', 'avg ms', 'silent'] as const;

/** `width`: columns of the terminal; lines are cut there. */
export function liveTable(hosts: readonly OmpingHost[], nowMs: number, width: number): string[] {
  const rows = hosts.map(({ name, client, course }) => {
    const { unicast, multicast, transmitted } = client;
    const since = transmitted - Math.max(0, multicast.first - 1);
    const avg = (of: typeof unicast): string => (of.timed === 0 ? '-' : (of.figures.avg / 1e6).toFixed(3));
    // What stands out in a long run: for how long nothing has come by multicast.
    const silent = multicast.received === 0 ? '-' : `${((nowMs - course.multicast.lastMs) / 1000).toFixed(0)} s`;
    return [
      name, client.state === 'initial' ? 'waiting' : client.state === 'query' ? 'pinging' : 'stopped', String(transmitted),
      String(unicast.received), `${ompingLoss(transmitted, unicast.received)}%`, avg(unicast), String(multicast.received), `${ompingLoss(since, multicast.received)}%`, avg(multicast), silent,
    ];
  });
  const widths = HEADS.map((head, at) => Math.max(head.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]): string => cells.map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ').trimEnd().slice(0, width);
  return [line(HEADS), ...rows.map(line)];
}
