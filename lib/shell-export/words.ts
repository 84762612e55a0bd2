/** Steps of a plan as lines for `ip -batch`, `bridge -batch` and files of the kernel. */
import { describeRule, directionOf, programOf } from '../frame-filter.ts';
import { bpfText } from '../netlink/classic-bpf.ts';
import { type OptionTable, toIpWords, toSysfs } from '../netlink/options/index.ts';
import { BOND_TABLE, BRIDGE_TABLE, netlinkOptions, PORT_TABLE, SLAVE_TABLE } from '../plan-options.ts';
import type { Step, VethEnd } from '../plan.ts';
import type { Options } from '../topology.ts';

/** Who takes the line: `ip`, `bridge` or `tc` in the node's namespace, or a file ("PATH VALUE"). */
export interface Line { readonly tool: 'ip' | 'bridge' | 'tc' | 'put'; readonly text: string }

/**
 * A word of a batch line, which `ip` splits at blanks, unquotes, and cuts at '#'. Validation refuses such names; a plan
 * made otherwise must not become another command.
 */
export function word(text: string): string {
  if (!/^[A-Za-z0-9_.:+~/=,%@-]+$/.test(text)) throw new TypeError(`a plan with ${JSON.stringify(text)} in it cannot be written as a script: blanks, quotes and control characters do not survive in a batch`);
  return text;
}

/** A name in place of which a program could read an option. */
export function nameWord(text: string): string {
  if (text.startsWith('-') || text.includes('/')) throw new TypeError(`the name ${JSON.stringify(text)} cannot be written as a script`);
  return word(text);
}

/** One line of text for a file: the script reads it with `read -r`. */
function value(text: string): string {
  if (/[\n\r\0]/.test(text)) throw new TypeError(`the value ${JSON.stringify(text)} has more than one line`);
  return text;
}

interface Spelt { readonly words: readonly string[]; readonly later: readonly Line[] }

/**
 * Options as words of `ip`. Those that `ip` 6.1 has no word for go to their file below /sys once the device is there,
 * or, where the kernel has no file, are left to a later `ip` under their netlink name.
 */
function spell(table: OptionTable, type: string, name: string, options: Options): Spelt {
  const words: string[] = [];
  const later: Line[] = [];
  for (const [key, option] of Object.entries(netlinkOptions(options))) {
    if (option === undefined) continue;
    const found = toIpWords(table, key, option);
    const file = found ? undefined : toSysfs(table, key, option);
    if (found) words.push(...found.map(word));
    else if (file) later.push(...file.writes.map((text): Line => ({ tool: 'put', text: `/sys/class/net/${name}/${file.file} ${value(text)}` })));
    else later.push({ tool: 'ip', text: `# later than iproute2 6.1:\nlink set dev ${name} type ${type} ${word(key)} ${typeof option === 'boolean' ? (option ? 'on' : 'off') : word(String(option))}` });
  }
  return { words, later };
}

const optional = (what: string, text: string | number | undefined): string => (text === undefined ? '' : ` ${what} ${word(String(text))}`);

/** Made from outside both namespaces, so that all links go in one batch. `in_` writes a namespace's name. */
export function vethLine(a: VethEnd, b: VethEnd, in_: (node: string) => string): string {
  const end = (e: VethEnd): string => `name ${nameWord(e.name)} netns ${in_(nameWord(e.node))} address ${word(e.mac)}${optional('mtu', e.mtuBytes)}`;
  return `link add ${end(a)} type veth peer ${end(b)}`;
}

/** ip-ntable(8) leaves "_time" away. */
const NTABLE_WORDS: Readonly<Record<string, string>> = { base_reachable_time: 'base_reachable', retrans_time: 'retrans', gc_staletime: 'gc_stale', delay_probe_time: 'delay_probe' };

/** What a step is in its node; nothing for namespaces, links and waits, which the script words itself. */
export function linesOf(step: Step): Line[] {
  const ip = (text: string): Line => ({ tool: 'ip', text });
  switch (step.do) {
    case 'namespace': case 'veth': case 'ready': case 'switch-cpu': return [];
    case 'sysctl': return [{ tool: 'put', text: `/proc/sys/${word(step.key)} ${value(step.value)}` }];
    case 'bridge': case 'bond': case 'dummy': {
      const name = nameWord(step.name);
      const { words, later } = spell(step.do === 'bond' ? BOND_TABLE : BRIDGE_TABLE, step.do, name, step.options);
      return [ip(['link add name', name, `address ${word(step.mac)}${optional('mtu', step.mtuBytes)} type ${step.do}`, ...words].join(' ')), ...later];
    }
    case 'vlan':
      return [ip(`link add link ${nameWord(step.over)} name ${nameWord(step.name)}${optional('address', step.mac)}${optional('mtu', step.mtuBytes)} type vlan id ${step.id}`)];
    case 'master': return [ip(`link set dev ${nameWord(step.name)} master ${nameWord(step.master)}`)];
    case 'port': case 'slave': case 'bond-options': {
      const name = nameWord(step.name);
      const [table, type] = step.do === 'port' ? [PORT_TABLE, 'bridge_slave'] : step.do === 'slave' ? [SLAVE_TABLE, 'bond_slave'] : [BOND_TABLE, 'bond'];
      const { words, later } = spell(table, type, name, step.options);
      return [...(words.length > 0 ? [ip(['link set dev', name, 'type', type, ...words].join(' '))] : []), ...later];
    }
    case 'filters': {
      const name = nameWord(step.name);
      const tc = (text: string): Line => ({ tool: 'tc', text });
      return [tc(`qdisc add dev ${name} clsact`), ...step.rules.map((rule, index) =>
        tc(`# ${describeRule(rule)}\nfilter add dev ${name} ${directionOf(rule)} protocol all pref ${index + 1} bpf bytecode "${bpfText(programOf(rule))}" direct-action`))];
    }
    case 'vlan-member':
      return [{ tool: 'bridge', text: `vlan add dev ${nameWord(step.name)} vid ${step.id}${step.pvid ? ' pvid' : ''}${step.untagged ? ' untagged' : ''}${step.self ? ' self' : ''}` }];
    case 'address': return [ip(`addr add ${word(step.address)} dev ${nameWord(step.name)}${step.address.includes(':') ? ' nodad' : ''}`)];
    case 'up': return [ip(`link set dev ${nameWord(step.name)} up`)];
    case 'route': return [ip(`route add ${word(step.to)}${optional('via', step.via)}${optional('dev', step.device)}`)];
    case 'neighbour-timers': {
      const timers = Object.entries(step.timersMs).map(([timer, value]) => `${NTABLE_WORDS[timer] ?? timer} ${String(value)}`);
      return [ip(`ntable change name ${step.family === 'inet' ? 'arp_cache' : 'ndisc_cache'} dev ${nameWord(step.device)} ${timers.join(' ')}`)];
    }
    case 'neighbour': return [ip(`neigh replace ${word(step.address)} lladdr ${word(step.mac)} nud permanent dev ${nameWord(step.device)}`)];
  }
}
