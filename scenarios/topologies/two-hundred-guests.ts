/** A bridge with a sender and two hundred guests, ten of which are to be members. */
import { type BridgeRef, type GuestRef, topology } from '../../harness/scenario.ts';

export const GUESTS = 200;
/** Every twentieth joins. */
const TENTH = 20;

type Name = `g${number}`;
const names: Name[] = Array.from({ length: GUESTS }, (_, i) => `g${i + 1}` as const);
const joins = (name: Name): boolean => Number(name.slice(1)) % TENTH === 0;
export const MEMBERS = names.filter(joins), OTHERS = names.filter((name) => !joins(name));

//   alice (sends)   g20, g40 … g200 (join)   g1, g2 … g199 (do not)
//        └──────────────────┴───────┬──────────────┘
//                                 vmbr0
export const twoHundredGuests = ({ snooping }: { snooping: boolean }) =>
  topology((t) => {
    const vmbr0: BridgeRef = t.bridge('vmbr0', { snooping, querier: false });
    const alice: GuestRef = t.guest('alice', { on: vmbr0 });
    return { vmbr0, alice, ...(Object.fromEntries(names.map((name) => [name, t.guest(name, { on: vmbr0 })])) as Record<Name, GuestRef>) };
  });
