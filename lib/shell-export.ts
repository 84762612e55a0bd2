/**
 * A plan as a stand-alone POSIX sh script: what a maintainer runs to see the network without wirewarp. It names its
 * namespaces by a prefix, refuses to touch one that exists, and removes by the mark that it left, not by name alone.
 */
import type { Plan, Step } from './plan.ts';
import { HELPERS, MAIN } from './shell-export/functions.ts';
import { type Line, linesOf, nameWord, vethLine } from './shell-export/words.ts';
import { formatDuration, isDuration } from './units.ts';

export interface ScriptAbout {
  readonly title: string;
  readonly scenario: string;
  readonly variant: string;
}

/** IFALIASZ is 256; the rest of `ip link`'s line is not ours. */
const MARK_BYTES = 200;

const oneLine = (text: string): string => text.replace(/[\p{C}\s]+/gu, ' ').trim();
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** In brackets, so that seed 7's mark is no part of seed 70's; cut between characters. */
const markOf = (text: string): string => `<${new TextDecoder().decode(new TextEncoder().encode(oneLine(text)).slice(0, MARK_BYTES)).replaceAll('\ufffd', '')}>`;

/** `shellScript(plan, { title: 'membership expiry', scenario: 'multicast/expiry', variant: 'legacy' })`. */
export function shellScript(plan: Plan, about: ScriptAbout): string {
  const nodes = plan.steps.flatMap((step) => (step.do === 'namespace' ? [nameWord(step.node)] : []));
  const mark = markOf(`wirewarp ${about.scenario} ${about.variant} seed ${plan.seed}`);
  return `${[
    header(plan, about, nodes.length),
    'set -eu',
    `# Namespaces are called PREFIX + node. Another prefix lets two networks stand side by side: PREFIX=b- sh THIS-FILE
PREFIX=\${PREFIX-ww-}
NODES='${wrapped(nodes)}'
MARK=${quoted(mark)}`,
    usage(about),
    HELPERS,
    `build() {\n${build(plan.steps).trimEnd()}\n}`,
    `wait_until_ready() {\n${waits(plan.steps)}\n}`,
    lookAround(plan.steps),
    MAIN,
  ].join('\n\n')}\n`;
}

function header({ seed, scale, steps }: Plan, { title, scenario, variant }: ScriptAbout, nodes: number): string {
  const count = (what: Step['do']): number => steps.filter((step) => step.do === what).length;
  const parts = ([['bridge', 'bridge'], ['bond', 'bond'], ['veth', 'link'], ['vlan', 'VLAN device'], ['dummy', 'dummy']] as const).flatMap(([step, noun]) => {
    const n = count(step);
    return n === 0 ? [] : [`${n} ${noun}${n === 1 ? '' : 's'}`];
  });
  const lines = [
    `${oneLine(title)} (scenario ${oneLine(scenario)}, variant ${oneLine(variant)})`,
    '',
    `Builds the network of that wirewarp scenario: ${nodes} network namespace${nodes === 1 ? '' : 's'}${parts.length > 0 ? ` with ${parts.join(', ')}` : ''}.`,
    `Seed ${seed}: the MAC addresses follow from it.${scale === 1 ? '' : ` All timers are divided by ${scale}.`}`,
    'It builds the network only: what happens in it, and what must be seen, is the scenario\'s story.',
    '',
    'sh THIS-FILE         builds it, waits until it is ready, and says how to look around',
    'sh THIS-FILE down    removes it: only namespaces that this script made',
    '',
    ...missing(steps),
    'Needs iproute2 and root. Without root it builds in a user namespace of its own (unshare, of util-linux) and starts',
    "a shell there. The machine's own network is not touched either way.",
  ];
  return ['#!/bin/sh', ...lines.map((line) => `# ${line}`.trimEnd())].join('\n');
}

/** What no command builds, said where it is read first. */
function missing(steps: readonly Step[]): string[] {
  const cpus = steps.flatMap((step) => (step.do === 'switch-cpu' ? [nameWord(step.name)] : []));
  if (cpus.length === 0) return [];
  return [
    `NOT in it: the CPU of ${cpus.join(', ')}, a process of wirewarp that passes IGMP, MLD, 224.0.0.x and ff02::1 on.`,
    'Its ports let out no report, and no query but their own bridge\'s: without that process nobody outside is asked.',
    '',
  ];
}

/** Names at blanks, in lines of readable length. */
function wrapped(names: readonly string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length < 110) lines[lines.length - 1] = `${last} ${name}`;
    else lines.push(name);
  }
  return lines.join('\n');
}

const usage = ({ title }: ScriptAbout): string => `usage() {
  cat <<'END'
usage: sh THIS-FILE [up|down]
  up     build the network "${oneLine(title)}" (the default)
  down   remove it
Set PREFIX for other namespace names.
END
}`;

/** Devices first, then cables, then what refers to both; within that by node, because one `ip -n` costs 10 ms. */
function build(steps: readonly Step[]): string {
  const cables = steps.flatMap((step) => (step.do === 'veth' ? [vethLine(step.a, step.b, (node) => `\${PREFIX}${node}`)] : []));
  const firstCable = steps.findIndex((step) => step.do === 'veth');
  const cut = firstCable === -1 ? steps.length : firstCable;
  const parts = [byNode(steps.slice(0, cut))];
  // Unquoted, for the prefix: every other word has been checked to hold nothing that sh expands.
  if (cables.length > 0) parts.push(`  # Cables: both ends are made in their namespaces.\n  ip -batch - <<END || die "ip refused a cable (said above, with its line)"\n${cables.join('\n')}\nEND\n`);
  parts.push(byNode(steps.slice(cut)));
  return parts.filter((part) => part !== '').join('\n');
}

function byNode(steps: readonly Step[]): string {
  const lines = new Map<string, Line[]>();
  for (const step of steps) {
    if (step.do === 'veth') continue;
    const found = linesOf(step);
    if (found.length > 0) lines.set(step.node, [...(lines.get(step.node) ?? []), ...found]);
  }
  return [...lines].map(([node, list]) => `  # ${node}\n${blocks(node, list)}`).join('\n');
}

/** Runs of lines for the same tool become one block. */
function blocks(node: string, lines: readonly Line[]): string {
  const text: string[] = [];
  lines.forEach((line, index) => {
    if (line.tool !== lines[index - 1]?.tool) text.push(`  ${line.tool === 'put' ? `put ${node}` : `batch ${line.tool} ${node}`} <<'END'`);
    text.push(line.text);
    if (line.tool !== lines[index + 1]?.tool) text.push('END');
  });
  return `${text.join('\n')}\n`;
}

function waits(steps: readonly Step[]): string {
  const lines = new Map<string, string[]>();
  for (const step of steps) {
    if (step.do !== 'ready') continue;
    // BR_STATE_FORWARDING and BR_STATE_BLOCKING (if_bridge.h).
    const states = step.master === undefined ? '-' : step.mayBlock ? '3,4' : '3';
    lines.set(step.node, [...(lines.get(step.node) ?? []), `${nameWord(step.name)} ${states} ${Math.ceil(step.withinMs / 1_000)}`]);
  }
  if (lines.size === 0) return '  :';
  return [...lines].map(([node, list]) => `  wait_for ${node} <<'END'\n${list.join('\n')}\nEND`).join('\n');
}

/** Commands to go on with, for what is there. */
function lookAround(steps: readonly Step[]): string {
  const first = <D extends Step['do']>(what: D): Extract<Step, { do: D }> | undefined => steps.find((step): step is Extract<Step, { do: D }> => step.do === what);
  const [bridge, bond] = (['bridge', 'bond'] as const).map((kind) => steps.find((step) => step.do === kind));
  const hosts = steps.filter((step): step is Extract<Step, { do: 'address' }> => step.do === 'address' && !step.address.includes(':'));
  const [one, other] = [hosts[0], hosts.find((host) => host.node !== hosts[0]?.node)];
  const lines: [string, string][] = [];
  if (bridge && 'name' in bridge) {
    const in_ = `\${PREFIX}${bridge.node}`;
    const querier = 'options' in bridge ? bridge.options['mcast_querier_interval'] : undefined;
    lines.push([`bridge -n ${in_} -d -s mdb show`, 'groups, ports and their timers; router ports']);
    lines.push([`bridge -n ${in_} fdb show br ${bridge.name}`, 'which MAC is behind which port']);
    lines.push([`ip -n ${in_} -d link show dev ${bridge.name}`, `options of ${bridge.name}${isDuration(querier) ? ` (another querier is believed in for ${formatDuration(querier)})` : ''}`]);
  }
  if (bond && 'name' in bond) lines.push([`ip netns exec \${PREFIX}${bond.node} cat /proc/net/bonding/${bond.name}`, 'the active slave, LACP']);
  if (one && other) lines.push([`ip netns exec \${PREFIX}${one.node} ping -c 3 ${other.address.split('/')[0] ?? ''}`, `from ${one.node} to ${other.node}`]);
  const end = first('veth')?.a;
  if (end) lines.push([`ip netns exec \${PREFIX}${end.node} tcpdump -n -e -i ${end.name}`, 'the frames']);
  const wide = Math.max(0, ...lines.map(([command]) => command.length));
  return `look_around() {
  cat <<END
The network stands. To look around:
${lines.map(([command, what]) => `  ${command.padEnd(wide)}   # ${what}`).join('\n')}
  ip netns exec NAMESPACE sh   # NAMESPACE: \${PREFIX} and one of
END
  for node in $NODES; do say "    $node"; done
}`;
}
