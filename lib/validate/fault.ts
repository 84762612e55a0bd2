/** One thing wrong with a topology, said so that its author can mend it. */
export interface Fault {
  /** The node, device or link: "hv1:bond0", "link core-sw1". */
  readonly where: string;
  readonly fault: string;
  readonly fix: string;
}

export type Report = (where: string, fault: string, fix: string) => void;
