/** Options of bridges, ports, bonds and slaves: known, of the right sort, in the kernel's range, and in their mode. */
import { BRIDGE_TIMERS, STP_TIMERS } from '../kernel-defaults.ts';
import { optionProblem, type OptionSpec, type OptionTable, type Unit } from '../netlink/options/index.ts';
import { BOND_TABLE, BRIDGE_TABLE, MIIMON_MULTIPLES, PORT_TABLE, scaledTo, SLAVE_TABLE, specOf, UNIT_NS } from '../plan-options.ts';
import type { Options, OptionValue } from '../topology.ts';
import { type Duration, formatDuration, inMilliseconds, isDuration, ms } from '../units.ts';
import { type Context, type Device, whereIs } from './context.ts';
import type { Fault, Report } from './fault.ts';
import { nearest } from './nearest.ts';

type Kind = 'bridge' | 'bridge port' | 'bond' | 'bond slave';
const TABLES: Readonly<Record<Kind, OptionTable>> = { bridge: BRIDGE_TABLE, 'bridge port': PORT_TABLE, bond: BOND_TABLE, 'bond slave': SLAVE_TABLE };
const HOME: Readonly<Record<Kind, string>> = { bridge: "the bridge's options", 'bridge port': 'port: { … }', bond: "the bond's options", 'bond slave': 'slave: { … }' };
const UNIT_TEXT: Readonly<Record<Unit, string>> = { cs: 'hundredths of a second', ms: 'milliseconds', s: 'seconds' };

const atScale = (scale: number): string => (scale === 1 ? '' : ` at scale ${scale}`);
/** JSON has no word for a symbol or a function. */
const show = (value: unknown): string => (isDuration(value) ? formatDuration(value) : ['symbol', 'function', 'undefined'].includes(typeof value) ? String(value) : JSON.stringify(value));

export function checkOptions(context: Context): void {
  for (const device of context.devices) {
    const where = whereIs(device);
    if (device.kind === 'bridge') checkBridge(context, device, where);
    if (device.kind === 'bond') checkBond(context, device, where);
    const master = context.masterOf(device);
    if (device.port && master?.kind === 'bridge') checkPort(context, device, where);
    if (device.slave && master?.kind === 'bond') checkTable(context, where, 'bond slave', device.slave, modeOf(master.options));
  }
}

/** What dividing its timers makes wrong of a bridge's options, beyond what is wrong already. */
export function scalingFaults(options: Options, scale: number): Fault[] {
  const faultsAt = (at: number): Fault[] => {
    const faults: Fault[] = [];
    const report: Report = (where, fault, fix) => { faults.push({ where, fault, fix }); };
    const stp = options['stp_state'] === true;
    checkTable({ scale: at, report }, '', 'bridge', options, undefined, stp);
    if (at !== 1) checkScaledBridge(options, stp, at, '', report);
    return faults;
  };
  if (scale === 1) return [];
  const anyway = faultsAt(1).map(({ fault }) => fault);
  return faultsAt(scale).filter(({ fault }) => !anyway.includes(fault));
}

const modeOf = (options: Options): string => (typeof options['mode'] === 'string' ? options['mode'] : 'balance-rr');
const durationOf = (value: OptionValue | undefined): Duration | undefined => (isDuration(value) ? value : undefined);
const isOn = (value: OptionValue | undefined): boolean => isDuration(value) ? value.ns > 0 : Boolean(value);

/** Each option by itself. */
function checkTable({ scale, report }: Pick<Context, 'scale' | 'report'>, where: string, kind: Kind, options: Options, mode?: string, stp = true): void {
  const table = TABLES[kind];
  for (const [key, value] of Object.entries(options) as [string, OptionValue | undefined][]) {
    if (value === undefined) continue;
    const spec = specOf(table, key);
    if (!spec) { reportUnknown(report, where, kind, key); continue; }
    if (mode !== undefined && spec.modes && !(spec.modes as readonly string[]).includes(mode)) {
      report(where, `${key} does not exist in mode ${mode}`, `drop it, or use mode ${spec.modes.join(' or ')}`);
      continue;
    }
    if (spec.kind === 'duration') checkDuration(report, where, key, spec, value, scale, stp);
    else {
      const problem = isDuration(value) ? `${key} is ${show(value)}: a duration, but it takes ${sortOf(spec)}` : optionProblem(table, key, value);
      if (problem) report(where, problem, `give ${sortOf(spec)}`);
    }
    if (spec.writeOnly) report(where, `${key} cannot be held: ${spec.note ?? 'it is an action, not a setting'}`, 'drop it; a story can do it');
  }
}

const sortOf = (spec: OptionSpec): string => {
  switch (spec.kind) {
    case 'boolean': return 'true or false';
    case 'integer': return `a whole number${spec.range ? ` from ${spec.range.min ?? 0}${spec.range.max === undefined ? ' up' : ` to ${spec.range.max}`}` : ''}`;
    case 'duration': return 'a duration, such as s(1) or ms(100)';
    case 'name': return `one of ${Object.keys(spec.values).join(', ')}`;
    case 'mac': return 'a MAC address, such as "02:00:00:00:00:01"';
    case 'device': return "a device's name";
    case 'addresses': return `a list of at most ${spec.maxCount} IPv${spec.wire === 'list4' ? '4' : '6'} addresses`;
  }
};

/** Unknown here: perhaps it is another table's, sysfs's name of one, or misspelt. */
function reportUnknown(report: Report, where: string, kind: Kind, key: string): void {
  const table = TABLES[kind];
  const other = (Object.keys(TABLES) as Kind[]).find((k) => k !== kind && specOf(TABLES[k], key));
  const sysfs = Object.keys(table).find((name) => specOf(table, name)?.sysfs?.split('/')[1] === key);
  const near = nearest(key, Object.keys(table));
  const fault = `a ${kind} has no option ${key}`;
  if (other) report(where, `${fault}; it is an option of a ${other}`, `put it in ${HOME[other]}`);
  else if (sysfs) report(where, fault, `that is the name of its file; write ${sysfs}`);
  else report(where, fault, near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${Object.keys(table).join(', ')}`);
}

function checkDuration(report: Report, where: string, key: string, spec: Extract<OptionSpec, { kind: 'duration' }>, value: OptionValue, scale: number, stp: boolean): void {
  if (!isDuration(value)) { report(where, `${key} is ${show(value)} without a unit`, 'write a duration: s(…), ms(…)'); return; }
  const is = `${key} is ${show(value)}`;
  if (!Number.isFinite(value.ns) || value.ns < 0) { report(where, `${is}: a timer cannot be negative`, 'give a length of time'); return; }
  if (scale === 1 && value.ns % UNIT_NS[spec.unit] !== 0) {
    report(where, `${is}, and the kernel counts it in ${UNIT_TEXT[spec.unit]}`, `use ${show(scaledTo(spec.unit, value, 1))} or another multiple of ${show({ ns: UNIT_NS[spec.unit] })}`);
    return;
  }
  const asked = scaledTo(spec.unit, value, scale);
  if (value.ns > 0 && asked.ns === 0) {
    report(where, `${is}${atScale(scale)}: less than one of the ${UNIT_TEXT[spec.unit]} that the kernel counts it in`, `use a scale of at most ${Math.floor(value.ns / UNIT_NS[spec.unit])}`);
    return;
  }
  checkRange(report, where, key, spec, value, asked, scale, stp);
}

const WIDTH: Readonly<Record<string, number>> = { u8: 0xff, u16: 0xffff, u32: 0xffff_ffff, u64: Number.MAX_SAFE_INTEGER };

function checkRange(report: Report, where: string, key: string, spec: Extract<OptionSpec, { kind: 'duration' }>, value: Duration, asked: Duration, scale: number, stp: boolean): void {
  const { range } = spec;
  // Its range holds with STP only; without it, any delay is taken.
  const applies = range !== undefined && (range.when !== 'stp_state is on' || stp);
  const low = applies ? (range.min ?? 0) : 0;
  const high = Math.min(applies ? (range.max ?? Infinity) : Infinity, ((WIDTH[spec.wire] ?? Infinity) * UNIT_NS[spec.unit]) / 1e6);
  const [at, outside] = [inMilliseconds(asked), applies && range.outside === 'clamped' ? 'changes it silently' : 'refuses it'];
  if (at >= low && at <= high) return;
  const when = applies && range.when ? `, ${range.when}` : '';
  const becomes = scale === 1 ? '' : `, so ${show(asked)} at scale ${scale}`;
  const bounds = high === Infinity ? `${show(ms(low))} or more` : `${show(ms(low))} to ${show(ms(high))}`;
  report(where, `${key} is ${show(value)}${becomes}: the kernel takes ${bounds} and ${outside}${applies ? ` (${range.source}${when})` : ''}`, scale !== 1 && at < low ? `use a scale of at most ${Math.floor(value.ns / (low * 1e6))}` : `choose ${bounds}`);
}

function checkBridge(context: Context, device: Device & { kind: 'bridge' }, where: string): void {
  const { options } = device;
  const { scale, report } = context;
  const stp = options['stp_state'] === true;
  checkTable(context, where, 'bridge', options, undefined, stp);
  const mask = options['group_fwd_mask'];
  if (typeof mask === 'number' && (mask & 0b111) !== 0)
    report(where, `group_fwd_mask is ${mask}: the kernel refuses bits 0 (STP), 1 (pause) and 2 (LACP) (BR_GROUPFWD_RESTRICTED)`, `use ${mask & ~0b111}, or another mask without them`);
  const group = options['group_address'];
  if (typeof group === 'string' && !/^01:80:c2:00:00:0[04-9a-f]$/i.test(group)) report(where, `group_address is ${group}: the kernel takes 01:80:c2:00:00:0X, X not 1 to 3 (br_changelink)`, 'choose one of those');
  if (options['vlan_filtering'] !== true) {
    const with_ = [device, ...context.members(device)].filter((d) => (d.vlans ?? []).length > 0).map((d) => d.name);
    if (with_.length > 0) report(where, `${with_.join(', ')} ${with_.length > 1 ? 'have' : 'has'} VLANs, but the bridge does not filter VLANs`, 'set vlan_filtering: true');
  }
  if (scale !== 1) checkScaledBridge(options, stp, scale, where, report);
}

/** What a scaled run cannot reach although the topology does not name it: floors of the kernel's default timers. */
function checkScaledBridge(options: Options, stp: boolean, scale: number, where: string, report: Report): void {
  const implied = { ...(stp ? { forward_delay: BRIDGE_TIMERS['forward_delay'], ...STP_TIMERS } : {}), ...(options['mcast_querier'] === true ? {
    mcast_query_interval: BRIDGE_TIMERS['mcast_query_interval'], mcast_startup_query_interval: BRIDGE_TIMERS['mcast_startup_query_interval'],
  } : {}) };
  for (const [key, value] of Object.entries(implied)) {
    const spec = specOf(BRIDGE_TABLE, key);
    if (key in options || !isDuration(value) || spec?.kind !== 'duration') continue;
    checkRange((w, fault, fix) => { report(w, `${fault}; it is the kernel's default`, fix); }, where, key, spec, value, scaledTo(spec.unit, value, scale), scale, stp);
  }
  const response = durationOf(options['mcast_query_response_interval']) ?? durationOf(BRIDGE_TIMERS['mcast_query_response_interval']);
  // RFC 3376 4.1.1: tenths of a second; code 0 would make it an IGMPv1 query.
  if (options['mcast_querier'] === true && response && response.ns / scale < 1e8)
    report(where, `mcast_query_response_interval is ${show(response)}, so ${show(scaledTo('cs', response, scale))} at scale ${scale}: a query counts it in tenths of a second`, `use a scale of at most ${Math.floor(response.ns / 1e8)}`);
}

function checkPort(context: Context, device: Device, where: string): void {
  const port = device.port ?? {};
  checkTable(context, where, 'bridge port', port);
  if (port['state'] !== undefined) context.report(where, 'state can only be set on a port that has carrier: the kernel refuses it while the network is built (br_set_port_state)', 'let the story set it');
  const backup = port['backup_port'];
  if (typeof backup !== 'string' || backup === '') return;
  const other = context.device(device.node, backup);
  if (backup === device.name) context.report(where, 'backup_port is the port itself', 'name another port of the bridge');
  else if (!other || other.master !== device.master) context.report(where, `backup_port is ${backup}, which is no port of ${device.master ?? 'the bridge'}`, 'name another port of the same bridge');
}

function checkBond(context: Context, device: Device & { kind: 'bond' }, where: string): void {
  const { options } = device;
  const { report } = context;
  const mode = modeOf(options);
  const knownMode = optionProblem(BOND_TABLE, 'mode', mode) === undefined;
  checkTable(context, where, 'bond', options, knownMode ? mode : undefined);
  if (!knownMode) return;

  const miimon = isOn(options['miimon']);
  // Where the mode has no ARP monitor, that is the one fault.
  const arp = isOn(options['arp_interval']) && (specOf(BOND_TABLE, 'arp_interval')?.modes as readonly string[] | undefined)?.includes(mode) !== false;
  if (miimon && arp) report(where, 'it has both miimon and arp_interval, and the kernel keeps only one (bond_option_arp_interval_set)', 'choose one way to watch the links');
  const targets = options['arp_ip_target'];
  const hasTargets = (Array.isArray(targets) && targets.length > 0) || (Array.isArray(options['ns_ip6_target']) && options['ns_ip6_target'].length > 0);
  if (arp && !hasTargets) report(where, 'arp_interval without arp_ip_target: there is nobody to ask, and every link counts as failed', 'name an address that answers ARP: arp_ip_target: ["192.0.2.1"]');
  if (!isOn(options['arp_interval']) && hasTargets) report(where, 'arp_ip_target without arp_interval: nobody is asked', 'set arp_interval: ms(1000), or drop the targets');
  // 802.3ad, balance-tlb and balance-alb cannot watch by ARP, so the driver sets miimon 100 by itself (bond_option_mode_set).
  const forced = ['802.3ad', 'balance-tlb', 'balance-alb'].includes(mode);
  const base = miimon ? durationOf(options['miimon']) : forced ? ms(100) : undefined;
  for (const key of MIIMON_MULTIPLES) {
    const delay = durationOf(options[key]);
    if (!delay) continue;
    if (!base) report(where, `${key} without miimon: the kernel refuses it (_bond_option_delay_set)`, 'set miimon: ms(100)');
    else if (delay.ns % base.ns !== 0) report(where, `${key} is ${show(delay)}, no multiple of miimon (${show(base)}): the kernel rounds it down`, `use ${show({ ns: Math.ceil(delay.ns / base.ns) * base.ns })}`);
  }
  if (options['active_slave'] !== undefined) report(where, 'active_slave can only be set on a slave that is up: the kernel refuses it while the network is built', 'use primary, or let the story set it');
  const { primary } = options;
  if (typeof primary === 'string' && primary !== '') {
    const slaves = context.members(device).map((d) => d.name);
    if (!slaves.includes(primary)) {
      const near = nearest(primary, slaves);
      report(where, `primary is ${primary}, which is no slave of it`, near.length > 0 ? `did you mean ${near.join(' or ')}?` : `its slaves are ${slaves.join(', ') || 'none'}`);
    }
  }
  for (const slave of context.members(device)) {
    const [own, bond] = [slave.mtuBytes ?? 1_500, device.mtuBytes ?? 1_500];
    if (own !== bond) report(whereIs(slave), `its MTU is ${own}, but the bond ${device.name} gives its slaves its own, ${bond} (bond_enslave)`, `set mtuBytes of the bond to ${own}, or leave the slave's away`);
  }
}
