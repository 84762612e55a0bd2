/** What an option table says about each option. The tables are the single source for netlink, `ip`, sysfs and validation. */

/**
 * How the value travels in its attribute.
 * `bit`: one bit of a pair {u32 value, u32 mask}; several options share one attribute (IFLA_BR_MULTI_BOOLOPT, IFLA_VLAN_FLAGS).
 * `flag`: no value. `list4`, `list6`: a nest of addresses numbered from 0.
 */
export type Wire = 'u8' | 'u16' | 'u32' | 's32' | 'u64' | 'be16' | 'flag' | 'bit' | 'mac' | 'list4' | 'list6';

/** Unit of a duration on some interface. cs is clock_t: hundredths of a second, USER_HZ. */
export type Unit = 'cs' | 'ms' | 's';

interface OptionBase {
  /** Number of the attribute. */
  readonly attribute: number;
  readonly wire: Wire;
  /** For wire `bit`: which. */
  readonly bit?: number;
  /** Option word of `ip link … type KIND WORD VALUE`; absent where iproute2 6.1 has none. */
  readonly ip?: string;
  /** How `ip` writes false and true; 0 and 1 by default. */
  readonly ipBoolean?: readonly [string, string];
  /** Option word of `bridge link set dev … WORD VALUE` (ports only). */
  readonly bridge?: string;
  /** File below /sys/class/net/NAME/; absent where the kernel has none. */
  readonly sysfs?: string;
  /**
   * Smallest and largest value, in wirewarp's unit (ms for durations). What the kernel does outside:
   * refuses (ERANGE or EINVAL), clamps silently, or (`mask`) only these bits may be set.
   */
  readonly range?: {
    readonly min?: number;
    readonly max?: number;
    readonly outside: 'refused' | 'clamped';
    /** Kernel function or constant that enforces it. */
    readonly source: string;
    /** When it is only enforced under a condition. */
    readonly when?: string;
  };
  /** Bonds: the modes in which the kernel takes the option; all when absent. Source: unsuppmodes in bond_options.c. */
  readonly modes?: readonly BondMode[];
  /** Bonds: only while the bond is down, or has no slaves (BOND_OPTFLAG_IFDOWN, _NOSLAVES). */
  readonly only?: readonly ('down' | 'no slaves')[];
  /** First kernel with the option, where it is younger than 4.19. */
  readonly since?: string;
  /** Can be set but not read back: an action (flush), or a value the kernel ignores. */
  readonly writeOnly?: true;
  /** Anything a user should know before believing the value. */
  readonly note?: string;
}

export interface BooleanOption extends OptionBase { readonly kind: 'boolean' }
export interface IntegerOption extends OptionBase { readonly kind: 'integer' }
/** Milliseconds in wirewarp. */
export interface DurationOption extends OptionBase {
  readonly kind: 'duration';
  /** What netlink, `ip` and sysfs take, all three alike. */
  readonly unit: Unit;
}
/** One of a set of names. */
export interface NameOption<Name extends string = string> extends OptionBase {
  readonly kind: 'name';
  readonly values: Readonly<Record<Name, number>>;
  /** How sysfs spells the value when not as the decimal number. */
  readonly sysfsValue?: 'name' | 'hex';
  /** `ip` wants the number, not the name. */
  readonly ipNumber?: true;
}
export interface MacOption extends OptionBase { readonly kind: 'mac' }
/** A device: its name in a plan, its index on the wire; 0 or "" for none. */
export interface DeviceOption extends OptionBase { readonly kind: 'device' }
/** A list of IP addresses. */
export interface AddressesOption extends OptionBase { readonly kind: 'addresses'; readonly maxCount: number }

export type OptionSpec = BooleanOption | IntegerOption | DurationOption | NameOption | MacOption | DeviceOption | AddressesOption;
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** A value as plans hold it: true/false, a whole number, milliseconds, a name, a MAC, a device's name or index, addresses. */
export type OptionValue = boolean | number | string | readonly string[];

type ValueOf<S> =
  S extends { readonly kind: 'boolean' } ? boolean
  : S extends { readonly kind: 'integer' | 'duration' } ? number
  : S extends { readonly kind: 'name'; readonly values: Readonly<Record<infer N, number>> } ? N
  : S extends { readonly kind: 'device' } ? string | number
  : S extends { readonly kind: 'addresses' } ? readonly string[]
  : string;

/** The settings a table allows, each optional; durations in milliseconds. */
export type OptionsOf<T extends OptionTable> = { -readonly [K in keyof T]?: ValueOf<T[K]> | undefined };
/** The same by name only, for code that treats all tables alike. */
export type Options = Readonly<Record<string, OptionValue | undefined>>;

export const BOND_MODES = {
  'balance-rr': 0, 'active-backup': 1, 'balance-xor': 2, broadcast: 3, '802.3ad': 4, 'balance-tlb': 5, 'balance-alb': 6,
} as const;
export type BondMode = keyof typeof BOND_MODES;
