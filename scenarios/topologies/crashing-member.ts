/** Members of a group behind one bridge, one of which can crash, and a querier elsewhere. */
import { topology } from '../../harness/scenario.ts';

//   alice (sends)   bob (joined; crashes)   dave (joined)      core (querier, if told to ask)
//        └───────────────────┴──────┬───────────┴───────────────────┘
//                       vmbr0: snooping on, own querier off
export const crashingMember = ({ family }: { family: 4 | 6 }) =>
  topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false });
    return {
      vmbr0,
      alice: t.guest('alice', { on: vmbr0 }), bob: t.guest('bob', { on: vmbr0, crashes: true }), dave: t.guest('dave', { on: vmbr0 }),
      core: t.querier('core', { on: vmbr0, version: family === 4 ? 'IGMPv3' : 'MLDv2' }),
    };
  }, { ipv6: family === 6 });
