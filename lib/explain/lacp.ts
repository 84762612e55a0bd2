/** LACP without a partner: the actor says of its partner that it is the default one. */
import { cite, seconds } from './cite.ts';
import type { Cited, Detector, ExplainFinding, SeenFrame } from './types.ts';

interface Actor {
  readonly where: string;
  readonly system: string;
  readonly port: number;
  /** Since when it had no partner, without a break. */
  alone?: Cited;
  last: Cited;
  count: number;
  fast: boolean;
}

/** IEEE 802.1AX: three times the period without a partner's PDU make it expire. */
const FAST_S = 3;
const SLOW_S = 90;

export class Lacp implements Detector {
  readonly #actors = new Map<string, Actor>();

  see(seen: SeenFrame): void {
    const pdu = seen.frame.lacp;
    if (pdu === undefined || !seen.first) return;
    const { system, port, state } = pdu.actor;
    const key = `${seen.where} ${system} ${port}`;
    const at = cite(seen);
    const known = this.#actors.get(key);
    const actor: Actor = {
      ...(known ?? { where: seen.where, system, port }),
      last: at,
      count: (known?.count ?? 0) + 1,
      fast: state.shortTimeout,
    };
    if (!state.defaulted && pdu.partner.system !== '00:00:00:00:00:00') delete actor.alone;
    else actor.alone ??= at;
    this.#actors.set(key, actor);
  }

  end(lastS: number): ExplainFinding[] {
    return [...this.#actors.values()].flatMap((actor) => {
      const { alone, where, system, port, count, fast } = actor;
      if (alone === undefined) return [];
      const aloneS = lastS - alone.atS;
      if (aloneS < (fast ? FAST_S : SLOW_S) || count < 3) return [];
      const what = `${system} port ${port} speaks LACP at ${where} and has had no partner for ${seconds(aloneS)}: the other side does not speak LACP, or its frames (01:80:c2:00:00:02) are not let through. Its links make no group.`;
      return [{ kind: 'lacp-no-partner', level: 'alarm', sure: 'certain', where, what, frames: [alone, actor.last] }];
    });
  }
}
