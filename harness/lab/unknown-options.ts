/**
 * Options that this kernel does not know: rtnetlink takes an attribute of a newer kernel and does nothing, so what was
 * asked for is asked back.
 */
import { decodeLink, linkGet, LINK_OPTIONS, type OptionTable, SLAVE_OPTIONS } from '../../lib/netlink/index.ts';
import type { Plan, Step } from '../../lib/plan.ts';
import { specOf } from '../../lib/plan-options.ts';
import type { Node } from './node.ts';

const TABLES: Partial<Record<Step['do'], { table: OptionTable; of: 'options' | 'slaveOptions'; what: string }>> = {
  bridge: { table: LINK_OPTIONS.bridge, of: 'options', what: 'a bridge' },
  bond: { table: LINK_OPTIONS.bond, of: 'options', what: 'a bond' },
  port: { table: SLAVE_OPTIONS.bridge, of: 'slaveOptions', what: 'a bridge port' },
  slave: { table: SLAVE_OPTIONS.bond, of: 'slaveOptions', what: 'a bond slave' },
};

/** "locked of a bridge port (since Linux 5.18)", each once. Asked are only those that are younger than others. */
export function unknownOptions(plan: Plan, nodes: ReadonlyMap<string, Node>): string[] {
  const unknown = new Set<string>();
  for (const step of plan.steps) {
    const kind = TABLES[step.do];
    if (!kind || !('options' in step)) continue;
    const young = Object.entries(step.options).flatMap(([key, value]) => {
      const spec = specOf(kind.table, key);
      return spec?.since === undefined ? [] : [{ key, since: spec.since, asked: spec.kind === 'boolean' ? value : undefined }];
    });
    if (young.length === 0) continue;
    const node = nodes.get(step.node) as Node;
    const told = node.netlink.get(linkGet(node.indexOf(step.name), { skipStats: true }), decodeLink)[kind.of] ?? {};
    // Some are bits of one attribute: an older kernel tells them, as off.
    for (const { key, since, asked } of young) if (!(key in told) || (asked !== undefined && told[key] !== asked)) unknown.add(`${key} of ${kind.what} (since Linux ${since})`);
  }
  return [...unknown];
}
