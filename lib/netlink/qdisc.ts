/** Requests about queueing disciplines. Sources: include/uapi/linux/{rtnetlink,pkt_sched}.h, tc(8). */
import { NLM_F, RTM, TC_H, TCA } from './constants.ts';
import { PayloadWriter, type NetlinkRequest } from './message.ts';

const TCMSG = 20;
/** struct tc_netem_qopt: all zero delays and drops nothing. */
const NETEM_OPTIONS_BYTES = 24;

/** `tc qdisc add dev X clsact`, or `… root netem` that does nothing yet. */
export function qdiscAdd(index: number, kind: 'clsact' | 'netem'): NetlinkRequest {
  const writer = new PayloadWriter().struct(TCMSG, (view, at) => {
    view.setInt32(at + 4, index, true);
    view.setUint32(at + 8, kind === 'clsact' ? TC_H.CLSACT_HANDLE : 0, true);
    view.setUint32(at + 12, kind === 'clsact' ? TC_H.CLSACT : TC_H.ROOT, true);
  });
  writer.text(TCA.KIND, kind);
  if (kind === 'netem') writer.bytes(TCA.OPTIONS, new Uint8Array(NETEM_OPTIONS_BYTES));
  return {
    type: RTM.NEWQDISC, flags: NLM_F.CREATE | NLM_F.EXCL, payload: writer.finish(),
    description: `tc qdisc add dev ${String(index)} ${kind === 'clsact' ? 'clsact' : 'root netem'}`,
  };
}
