/** Option values on their way from a topology (durations) to a kernel interface (whole counts of the option's unit). */
import { BRIDGE_TIMERS } from './kernel-defaults.ts';
import { LINK_OPTIONS, SLAVE_OPTIONS, type Options as NetlinkOptions, type OptionSpec, type OptionTable, type Unit } from './netlink/options/index.ts';
import type { Options } from './topology.ts';
import { type Duration, isDuration, ns, times } from './units.ts';

export const BRIDGE_TABLE: OptionTable = LINK_OPTIONS.bridge;
export const BOND_TABLE: OptionTable = LINK_OPTIONS.bond;
export const PORT_TABLE: OptionTable = SLAVE_OPTIONS.bridge;
export const SLAVE_TABLE: OptionTable = SLAVE_OPTIONS.bond;

/** Nanoseconds of one count of an option's unit. */
export const UNIT_NS: Readonly<Record<Unit, number>> = { cs: 1e7, ms: 1e6, s: 1e9 };

/** One option of a table by its own name only, not by what objects inherit. */
export const specOf = (table: OptionTable, key: string): OptionSpec | undefined => (Object.hasOwn(table, key) ? table[key] : undefined);

/** A duration at this scale, in the nearest whole count of the unit. */
export const scaledTo = (unit: Unit, d: Duration, scale: number): Duration => ns(Math.round(d.ns / scale / UNIT_NS[unit]) * UNIT_NS[unit]);

/** Bond delays that the driver rounds down to a multiple of miimon (bond_options.c, _bond_option_delay_set). */
export const MIIMON_MULTIPLES = ['updelay', 'downdelay', 'peer_notif_delay'] as const;

/** Options with every duration divided by the scale and rounded to what the kernel counts in. Unscaled: as they are. */
export function scaledOptions(table: OptionTable, options: Options, scale: number): Options {
  if (scale === 1) return options;
  const scaled: Record<string, Options[string]> = {};
  for (const [key, value] of Object.entries(options)) {
    const spec = specOf(table, key);
    scaled[key] = isDuration(value) && spec?.kind === 'duration' ? scaledTo(spec.unit, value, scale) : isDuration(value) ? times(value, 1 / scale) : value;
  }
  const [before, after] = [options['miimon'], scaled['miimon']];
  if (isDuration(before) && isDuration(after) && before.ns > 0)
    for (const key of MIIMON_MULTIPLES) {
      const delay = options[key];
      if (isDuration(delay)) scaled[key] = times(after, Math.round(delay.ns / before.ns));
    }
  return scaled;
}

/**
 * A bridge's options at this scale, the kernel's default timers among them. A default that cannot go so low (the kernel
 * holds query intervals at 1 s) stays at its floor; validation says when that would bend a story.
 */
export function scaledBridgeOptions(options: Options, scale: number): Options {
  if (scale === 1) return options;
  const defaults: Record<string, Options[string]> = {};
  for (const [key, value] of Object.entries(scaledOptions(BRIDGE_TABLE, BRIDGE_TIMERS, scale))) {
    const spec = specOf(BRIDGE_TABLE, key);
    if (!isDuration(value) || spec?.kind !== 'duration') continue;
    const floor = Math.max(UNIT_NS[spec.unit], spec.range?.outside === 'clamped' ? (spec.range.min ?? 0) * 1e6 : 0);
    defaults[key] = ns(Math.max(value.ns, floor));
  }
  return { ...defaults, ...scaledOptions(BRIDGE_TABLE, options, scale) };
}

/** As lib/netlink/options takes them: durations in milliseconds. */
export const netlinkOptions = (options: Options): NetlinkOptions =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [key, isDuration(value) ? value.ns / 1e6 : value]));
