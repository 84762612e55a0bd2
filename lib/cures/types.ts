/** What an administrator writes, and where, to set something right: printed by reports and kept beside the documentation. */
export interface Cure {
  /** Whose language the lines are: 'Cisco IOS', 'JunOS', 'Netgear', 'sysfs', 'ifcfg', 'corosync.conf' … */
  readonly where: string;
  readonly lines: readonly string[];
  /** What the lines do not say by themselves: what to replace, since when, what it costs. */
  readonly note?: string;
}
