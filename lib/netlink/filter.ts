/**
 * Requests that have an interface drop frames: below the qdisc clsact, which holds filters and no queue, the classifier
 * cls_bpf with a classic program whose result is the verdict (direct-action). Sources: include/uapi/linux/pkt_{sched,cls}.h,
 * net/sched/cls_bpf.c (cls_bpf_prog_from_ops), tc-bpf(8).
 */
import { AF, NLM_F, RTM, TCA, TCA_BPF, TCA_BPF_FLAG_ACT_DIRECT, TC_H } from './constants.ts';
import { type BpfInstruction, bpfBytes, bpfText } from './classic-bpf.ts';
import { PayloadWriter, type NetlinkRequest } from './message.ts';

/** What a direct-action program ends with: TC_ACT_SHOT; TC_ACT_UNSPEC leaves it to the next filter, and in the end passes. */
export const VERDICT = { drop: 2, next: 0xffff_ffff } as const;

export type Direction = 'ingress' | 'egress';

/** struct tcmsg. */
const tcHeader = (index: number, handle: number, parent: number, info: number): PayloadWriter =>
  new PayloadWriter().struct(20, (view, at) => {
    view.setUint8(at, AF.UNSPEC);
    view.setInt32(at + 4, index, true);
    view.setUint32(at + 8, handle, true);
    view.setUint32(at + 12, parent, true);
    view.setUint32(at + 16, info, true);
  });

export interface BpfFilter {
  readonly index: number;
  readonly direction: Direction;
  /** Filters run by this order; each its own. */
  readonly priority: number;
  readonly program: readonly BpfInstruction[];
}

/** `tc filter add dev X egress protocol all pref N bpf direct-action bytecode '…'`. */
export function bpfFilterAdd({ index, direction, priority, program }: BpfFilter): NetlinkRequest {
  // tcm_info: the priority, and the protocol in network order.
  const info = ((priority << 16) | 0x0300) >>> 0;
  const parent = direction === 'ingress' ? TC_H.INGRESS_FILTERS : TC_H.EGRESS_FILTERS;
  const writer = tcHeader(index, 0, parent, info).text(TCA.KIND, 'bpf');
  writer.nest(TCA.OPTIONS, () => writer.u16(TCA_BPF.OPS_LEN, program.length).bytes(TCA_BPF.OPS, bpfBytes(program)).u32(TCA_BPF.FLAGS, TCA_BPF_FLAG_ACT_DIRECT));
  return {
    type: RTM.NEWTFILTER, flags: NLM_F.CREATE | NLM_F.EXCL, payload: writer.finish(),
    description: `tc filter add dev ${index} ${direction} protocol all pref ${priority} bpf direct-action bytecode '${bpfText(program)}'`,
  };
}
