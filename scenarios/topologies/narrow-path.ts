/** Two switches joined by a cable that carries longer unicast than multicast, as IPoIB's connected mode does. */
import { topology } from '../../harness/scenario.ts';

export interface NarrowPath {
  family: 4 | 6;
  /** MTU of the sender and of what it is plugged in. */
  senderMtuBytes: number;
  /** MTU of all the rest, the narrow cable included. */
  pathMtuBytes: number;
  /** Longest IP packet of multicast on the cable between the switches. */
  multicastLimitBytes?: number;
}

//   alice (sends)   carol            bob
//        └─────┬──────┘               │
//             sw1 ═════════════════ sw2      multicast: at most multicastLimitBytes
export const narrowPath = ({ family, senderMtuBytes, pathMtuBytes, multicastLimitBytes }: NarrowPath) =>
  topology((t) => {
    const [sw1, sw2] = [t.bridge('sw1', { snooping: false }), t.bridge('sw2', { snooping: false })];
    const narrow = t.link(sw1, sw2, { mtuBytes: pathMtuBytes, ...(multicastLimitBytes === undefined ? {} : { multicastLimitBytes }) });
    const alice = t.guest('alice', { on: sw1, mtuBytes: senderMtuBytes });
    const [carol, bob] = [t.guest('carol', { on: sw1, mtuBytes: pathMtuBytes }), t.guest('bob', { on: sw2, mtuBytes: pathMtuBytes })];
    return { sw1, sw2, narrow, alice, carol, bob };
  }, { ipv6: family === 6 });
