/** A plan for people: the steps in order, one line each, grouped by node, columns aligned. */
import { describeRule } from './frame-filter.ts';
import type { Plan, Step, VethEnd } from './plan.ts';
import type { Options, OptionValue } from './topology.ts';
import { formatDuration, isDuration } from './units.ts';

/** "255 s", "on", "192.0.2.1, 192.0.2.2". */
export const formatOption = (value: OptionValue): string =>
  isDuration(value) ? formatDuration(value) : typeof value === 'boolean' ? (value ? 'on' : 'off') : Array.isArray(value) ? value.join(', ') : String(value);

/** "mcast_querier off, mcast_querier_interval 255 s". */
export const formatOptions = (options: Options): string => Object.entries(options).map(([key, value]) => `${key} ${formatOption(value)}`).join(', ');

interface Line { readonly node: string; readonly verb: string; readonly what: string; readonly how: string }

const join = (...parts: (string | undefined | false)[]): string => parts.filter((p) => p !== undefined && p !== false && p !== '').join(', ');
const mtu = (bytes: number | undefined): string | undefined => (bytes === undefined ? undefined : `MTU ${bytes} bytes`);
const far = (end: VethEnd): string => `to ${end.node}:${end.name}`;

function lineOf(step: Step): Line {
  switch (step.do) {
    case 'namespace': return { node: step.node, verb: 'namespace', what: step.node, how: '' };
    case 'sysctl': return { node: step.node, verb: 'sysctl', what: step.key.replaceAll('/', '.'), how: `= ${step.value}` };
    case 'bridge': case 'bond': case 'dummy': return { node: step.node, verb: step.do, what: step.name, how: join(`MAC ${step.mac}`, mtu(step.mtuBytes), formatOptions(step.options)) };
    case 'vlan': return { node: step.node, verb: 'vlan', what: step.name, how: join(`id ${step.id} over ${step.over}`, step.mac && `MAC ${step.mac}`, mtu(step.mtuBytes)) };
    // The link is listed with the end that it is made from, and the other end's values after it.
    case 'veth': return { node: step.a.node, verb: 'link', what: step.a.name, how: join(`MAC ${step.a.mac}`, mtu(step.a.mtuBytes), far(step.b), `MAC ${step.b.mac}`, mtu(step.b.mtuBytes)) };
    case 'master': return { node: step.node, verb: 'master', what: step.name, how: `in ${step.master}` };
    case 'port': case 'slave': return { node: step.node, verb: step.do, what: step.name, how: formatOptions(step.options) };
    case 'filters': return { node: step.node, verb: 'filters', what: step.name, how: step.rules.map(describeRule).join('; ') };
    case 'switch-cpu': return { node: step.node, verb: 'switch CPU', what: step.name, how: `IGMP, MLD, 224.0.0.0/24 and ff02::1 between ${step.ports.join(', ')}${step.suppresses === undefined ? '' : `; one report a group and query${step.suppresses === 'all' ? '' : ' (IGMPv1, IGMPv2, MLDv1)'}`}` };
    case 'bond-options': return { node: step.node, verb: 'bond', what: step.name, how: formatOptions(step.options) };
    case 'vlan-member': return { node: step.node, verb: 'vlan member', what: step.name, how: join(`VLAN ${step.id}`, step.pvid && 'pvid', step.untagged && 'untagged') };
    case 'address': return { node: step.node, verb: 'address', what: step.name, how: step.address };
    case 'up': return { node: step.node, verb: 'up', what: step.name, how: '' };
    case 'route': return { node: step.node, verb: 'route', what: step.to, how: join(step.via && `via ${step.via}`, step.device && `by ${step.device}`) };
    case 'neighbour': return { node: step.node, verb: 'neighbour', what: step.device, how: `${step.address} is at ${step.mac}, permanent` };
    case 'neighbour-timers': return { node: step.node, verb: 'neighbours', what: step.device, how: `${step.family}: ${Object.entries(step.timersMs).map(([timer, value]) => `${timer} ${String(value)} ms`).join(', ')}` };
    case 'ready': {
      const port = step.master === undefined ? '' : `, ${step.mayBlock ? 'forwarding or blocking' : 'forwarding'} in ${step.master}`;
      return { node: step.node, verb: 'wait for', what: step.name, how: `up${port}, within ${step.withinMs / 1_000} s` };
    }
  }
}

/**
 * The whole plan as text. A node's steps stand together in their order; each line begins with its number in the plan,
 * so that the order across nodes stays visible.
 */
export function planText(plan: Plan): string {
  const groups = new Map<string, { number: number; line: Line }[]>();
  plan.steps.forEach((step, index) => {
    const line = lineOf(step);
    const group = groups.get(line.node) ?? [];
    groups.set(line.node, group);
    group.push({ number: index + 1, line });
  });
  const all = [...groups.values()].flat();
  const widest = (of: (l: Line) => string): number => Math.min(40, Math.max(0, ...all.map(({ line }) => of(line).length)));
  const [digits, verb, what] = [String(plan.steps.length).length, widest((l) => l.verb), widest((l) => l.what)];
  const scale = plan.scale === 1 ? 'timers as they are' : `all timers divided by ${plan.scale}`;
  const text = [`${plan.steps.length} steps for ${groups.size} ${groups.size === 1 ? 'node' : 'nodes'}, seed ${plan.seed}, ${scale}`];
  for (const [node, lines] of groups) {
    text.push('', node);
    for (const { number, line } of lines) text.push(`  ${String(number).padStart(digits)}  ${line.verb.padEnd(verb)}  ${line.what.padEnd(what)}  ${line.how}`.trimEnd());
  }
  return `${text.join('\n')}\n`;
}
