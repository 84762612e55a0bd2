// Every option of bridges and ports against the running kernel: set by us, read back by ip, by sysfs and by us; and the other way round.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import {
  BOND_OPTIONS, BRIDGE_OPTIONS, BRIDGE_PORT_OPTIONS, bridgePortSet, decodeLink, fromSysfs, linkAdd, linkDelete, linkGet, linkSetOptions, MACVLAN_OPTIONS,
  slaveSetOptions, toIpArguments, toIpWords, toSysfs, type Link, type NetlinkRequest, type Options, type OptionTable, type OptionValue,
} from '../../../lib/netlink/index.ts';
import { NetlinkError, NetlinkSocket } from '../../../harness/system/native/netlink-socket.ts';
import { BOND_SAMPLES, BRIDGE_PORT_SAMPLES, BRIDGE_SAMPLES } from '../../lib/netlink/samples.ts';
import { isolated } from './isolated.ts';

isolated(import.meta.url);

const netlink = new NetlinkSocket();
const ip = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const get = (name: string): Link => netlink.get(linkGet(name), decodeLink);
const sysfsOf = (device: string, file: string): string => `/sys/class/net/${device}/${file}`;

/** What `ip -j -d link` says of a device: its own options, or those of a port. */
function ipData(device: string, part: 'info_data' | 'info_slave_data'): Record<string, unknown> {
  const [link] = JSON.parse(ip('-j', '-d', 'link', 'show', 'dev', device)) as { linkinfo?: Record<string, Record<string, unknown>> }[];
  return link?.linkinfo?.[part] ?? {};
}

/** ip's JSON keys are not always its option words: mcast_querier_intvl, mcast_last_member_cnt, group_addr, multicast_router. */
const jsonKeys = (key: string): string[] => [key, key.replace(/_interval$/, '_intvl').replace(/_count$/, '_cnt'), key === 'group_address' ? 'group_addr' : key, key === 'mcast_router' ? 'multicast_router' : key];

/** Does ip's JSON value mean what we set? Undefined when ip does not tell the option. */
function agrees(table: OptionTable, key: string, value: OptionValue, told: Record<string, unknown>): boolean | undefined {
  const seen = jsonKeys(key).map((name) => told[name]).find((found) => found !== undefined);
  if (seen === undefined) return undefined;
  const words = toIpWords(table, key, value) ?? [];
  const wanted = words[1] ?? '';
  if (typeof seen === 'boolean') return seen === value;
  const text = typeof seen === 'string' ? seen : JSON.stringify(seen);
  if (text === wanted || text === String(value)) return true;
  return Number(seen) === Number(wanted === 'on' ? 1 : wanted === 'off' ? 0 : wanted);
}

/** Options that another one must accompany. */
const TOGETHER: Readonly<Record<string, Options>> = { mab: { locked: true }, mcast_vlan_snooping: { vlan_filtering: true } };

/** These fail on a kernel without VLAN filtering, which has no such file; br0 must exist. */
const wantsVlans = (key: string): boolean => ['mcast_vlan_snooping', 'mst_enable'].includes(key) && !existsSync(sysfsOf('br0', 'bridge/vlan_filtering'));

/**
 * Why the kernel has no such option (EOPNOTSUPP, built without): only believed when `ip`, told the same, is refused the
 * same. Otherwise the fault is ours and comes out.
 */
function refusedToAll(work: () => void, table: OptionTable, key: string, value: OptionValue, device: string, part: string): string | undefined {
  try { work(); return undefined; } catch (error) {
    const words = toIpWords(table, key, value);
    if (!(error instanceof NetlinkError) || error.code !== 'EOPNOTSUPP' || !words) throw error;
    try { ip('link', 'set', 'dev', device, 'type', part === 'info_data' ? 'bridge' : 'bridge_slave', ...words); } catch (refusal) {
      if (String(refusal).includes('not supported')) return 'this kernel is built without it; ip is refused as well';
    }
    throw error;
  }
}

/** What this kernel or this ip does not have, found out and told, never assumed. */
interface Count { set: number; ip: number; sysfs: number; skipped: string[] }

function roundTrip(t: Pick<typeof import('tap').t, 'ok' | 'same' | 'comment'>, table: OptionTable, samples: Options, device: string, part: 'info_data' | 'info_slave_data', set: (options: Options) => NetlinkRequest, fresh: () => void, readBack: () => Readonly<Record<string, OptionValue>> | undefined): Count {
  const count: Count = { set: 0, ip: 0, sysfs: 0, skipped: [] };
  for (const [key, value] of Object.entries(samples)) {
    const spec = table[key];
    if (!spec || value === undefined) continue;
    fresh();
    if (wantsVlans(key)) { count.skipped.push(`${key}: this kernel has no CONFIG_BRIDGE_VLAN_FILTERING`); continue; }
    const before = readBack()?.[key];
    if (before === undefined && !spec.writeOnly && !['device', 'mac'].includes(spec.kind)) {
      count.skipped.push(`${key}: this kernel does not tell it (since ${spec.since ?? 'its configuration'})`);
      continue;
    }
    // The comparison is worth something only if the value is not there already.
    if (!spec.writeOnly) t.ok(JSON.stringify(before) !== JSON.stringify(value), `${key}: ${JSON.stringify(value)} is not the default`);
    const lacking = refusedToAll(() => { netlink.request([set({ ...TOGETHER[key], [key]: value })]); }, table, key, value, device, part);
    if (lacking !== undefined) { count.skipped.push(`${key}: ${lacking}`); continue; }
    count.set++;
    if (spec.writeOnly) continue;
    t.same(readBack()?.[key], value, `${key}: read back by us`);
    const agreed = agrees(table, key, value, ipData(device, part));
    if (agreed !== undefined) { count.ip++; t.ok(agreed, `${key}: read back by ip`); }
    const file = spec.sysfs === undefined ? undefined : sysfsOf(device, spec.sysfs);
    if (file !== undefined && existsSync(file) && spec.kind !== 'device') { count.sysfs++; t.same(fromSysfs(table, key, readFileSync(file, 'utf8')), value, `${key}: read back from ${spec.sysfs ?? ''}`); }
  }
  for (const reason of count.skipped) t.comment(`not compared: ${reason}`);
  return count;
}

const newBridge = (): void => {
  try { netlink.request([linkDelete('br0')]); } catch (error) { if (!(error instanceof NetlinkError) || error.code !== 'ENODEV') throw error; }
  netlink.request([linkAdd({ kind: 'bridge', name: 'br0', index: 10 })]);
};
const newPort = (): void => {
  newBridge();
  try { netlink.request([linkDelete('v1')]); } catch (error) { if (!(error instanceof NetlinkError) || error.code !== 'ENODEV') throw error; }
  netlink.request([linkAdd({ kind: 'veth', name: 'v1', index: 11, up: true, master: 10, peer: { name: 'v2', index: 12 } })]);
};
const setBridge = (options: Options): NetlinkRequest => linkSetOptions('br0', 'bridge', options);
// A state other than disabled wants carrier; the peer stays down, so `disabled` is what a port can be told.
const { state: _state, backup_port: _backup, ...portSamples } = BRIDGE_PORT_SAMPLES;

void t.test('bridge: ours to ip, sysfs and us', async (t) => {
  const count = roundTrip(t, BRIDGE_OPTIONS, BRIDGE_SAMPLES, 'br0', 'info_data', setBridge, newBridge, () => get('br0').options);
  t.comment(JSON.stringify(count));
  t.ok(count.ip >= 28 && count.sysfs >= 28, `enough was compared: ${String(count.ip)} by ip, ${String(count.sysfs)} by sysfs`);
  await Promise.resolve();
});

void t.test('port: ours to ip, sysfs and us, both ways in', async (t) => {
  for (const set of [(o: Options) => bridgePortSet(11, o), (o: Options) => slaveSetOptions(11, 'bridge', o)]) {
    const count = roundTrip(t, BRIDGE_PORT_OPTIONS, portSamples, 'v1', 'info_slave_data', set, newPort, () => get('v1').slaveOptions);
    t.comment(JSON.stringify(count));
    t.ok(count.ip >= 15 && count.sysfs >= 14, `enough was compared: ${String(count.ip)} by ip, ${String(count.sysfs)} by sysfs`);
  }
  await Promise.resolve();
});

void t.test('ip\'s and sysfs\'s spelling, read back by us', async (t) => {
  let byIp = 0, bySysfs = 0;
  for (const [key, value] of Object.entries(BRIDGE_SAMPLES)) {
    const spec = (BRIDGE_OPTIONS as OptionTable)[key];
    const words = toIpWords(BRIDGE_OPTIONS, key, value);
    if (!spec || spec.writeOnly) continue;
    newBridge();
    if (wantsVlans(key) || (get('br0').options?.[key] === undefined && spec.kind !== 'mac')) continue;
    const lacking = refusedToAll(() => { netlink.request([setBridge({ ...TOGETHER[key], [key]: value })]); }, BRIDGE_OPTIONS, key, value, 'br0', 'info_data');
    if (lacking !== undefined) { t.comment(`not compared: ${key}: ${lacking}`); continue; }
    newBridge();
    if (words) { ip('link', 'set', 'dev', 'br0', 'type', 'bridge', ...toIpArguments(BRIDGE_OPTIONS, TOGETHER[key] ?? {}), ...words); t.same(get('br0').options?.[key], value, `ip … ${words.join(' ')}`); byIp++; }
    newBridge();
    const sysfs = toSysfs(BRIDGE_OPTIONS, key, value);
    if (sysfs && existsSync(sysfsOf('br0', sysfs.file))) {
      for (const text of sysfs.writes) writeFileSync(sysfsOf('br0', sysfs.file), text);
      t.same(get('br0').options?.[key], value, `${sysfs.file}: ${sysfs.writes.join(' ')}`);
      bySysfs++;
    }
  }
  t.ok(byIp >= 28 && bySysfs >= 28, `${String(byIp)} by ip, ${String(bySysfs)} by sysfs`);
  await Promise.resolve();
});

void t.test('the comparison sees a wrong attribute number', async (t) => {
  newBridge();
  // As if the table said 33 (mcast_query_interval) where 32 is right.
  netlink.request([setBridge({ mcast_query_interval: 62_500 })]);
  const told = ipData('br0', 'info_data');
  t.equal(agrees(BRIDGE_OPTIONS, 'mcast_querier_interval', 62_500, told), false);
  t.equal(agrees(BRIDGE_OPTIONS, 'mcast_query_interval', 62_500, told), true, 'positive control');
  await Promise.resolve();
});

void t.test('limits in the table are the kernel\'s', async (t) => {
  for (const [key, spec] of Object.entries(BRIDGE_OPTIONS) as [string, OptionTable[string]][]) {
    if (!spec.range || key === 'priority') continue;
    for (const [edge, step] of [[spec.range.min, -1], [spec.range.max, 1]] as const) {
      if (edge === undefined) continue;
      newBridge();
      if (get('br0').options?.[key] === undefined) continue;
      if (spec.range.when?.startsWith('stp_state')) netlink.request([setBridge({ stp_state: true })]);
      netlink.request([setBridge({ [key]: edge })]);
      t.equal(get('br0').options?.[key], edge, `${key}: ${String(edge)} is taken`);
      const unit = spec.kind === 'duration' ? 20 : 1;
      const outside = edge + step * unit;
      if (outside < 0) continue;
      if (spec.range.outside === 'refused') t.throws(() => { netlink.request([setBridge({ [key]: outside })]); }, { name: 'NetlinkError' }, `${key}: ${String(outside)} is refused`);
      else { netlink.request([setBridge({ [key]: outside })]); t.equal(get('br0').options?.[key], edge, `${key}: ${String(outside)} is clamped to ${String(edge)}`); }
    }
  }
  await Promise.resolve();
});

/** Undefined when the kernel has the kind, else why not. */
function missing(request: NetlinkRequest): string | undefined {
  try { netlink.request([request]); return undefined; } catch (error) {
    if (error instanceof NetlinkError && error.code === 'EOPNOTSUPP') return `${request.description}: ${error.kernelMessage ?? error.code}; needs a kernel with it (CONFIG or module)`;
    throw error;
  }
}

const noBond = missing(linkAdd({ kind: 'bond', name: 'bond9' }));
void t.test('bond: ours to ip, sysfs and us', { skip: noBond ?? false }, async (t) => {
  const { mode: _mode, active_slave: _a, primary: _p, ...samples } = BOND_SAMPLES;
  for (const [key, value] of Object.entries(samples)) {
    const spec = (BOND_OPTIONS as OptionTable)[key];
    const mode = spec?.modes?.[0] ?? 'active-backup';
    netlink.request([linkDelete('bond9'), linkAdd({ kind: 'bond', name: 'bond9', options: { mode, ...(key.endsWith('delay') && { miimon: 100 }) } })]);
    netlink.request([linkSetOptions('bond9', 'bond', { [key]: value })]);
    t.same(get('bond9').options?.[key], value, key);
    const file = spec?.sysfs === undefined ? undefined : sysfsOf('bond9', spec.sysfs);
    if (file !== undefined && existsSync(file)) t.same(fromSysfs(BOND_OPTIONS, key, readFileSync(file, 'utf8')), value, `${key} in sysfs`);
  }
  await Promise.resolve();
});

void t.test('macvlan', async (t) => {
  newPort();
  for (const [index, mode] of (['private', 'vepa', 'bridge'] as const).entries()) {
    netlink.request([linkAdd({ kind: 'macvlan', name: `mv${String(index)}`, lower: 12, options: { mode } })]);
    t.equal(get(`mv${String(index)}`).options?.['mode'], mode);
    t.equal(agrees(MACVLAN_OPTIONS, 'mode', mode, ipData(`mv${String(index)}`, 'info_data')), true);
  }
  await Promise.resolve();
});

const noVlan = missing(linkAdd({ kind: 'vlan', name: 'vlan9', lower: 1, options: { id: 9 } }));
void t.test('vlan', { skip: noVlan ?? false }, async (t) => {
  t.same(get('vlan9').options?.['id'], 9);
  t.same(get('vlan9').options?.['protocol'], '802.1Q');
  await Promise.resolve();
});
