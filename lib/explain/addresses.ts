/** One IP address that two MACs claim by turns. */
import { cite, seconds } from './cite.ts';
import type { Cited, Detector, ExplainFinding, SeenFrame } from './types.ts';

interface Claim {
  mac: string;
  at: Cited;
}

/** A change and a change back: taking over once is what clusters do. */
const LEAST_CHANGES = 2;

export class Addresses implements Detector {
  readonly #claims = new Map<string, { claims: Claim[]; changes: number }>();

  see(seen: SeenFrame): void {
    if (!seen.first) return;
    const { arp, icmpv6, eth } = seen.frame;
    if (arp && eth?.etherType === 0x0806 && arp.senderIp !== '0.0.0.0') this.#claim(arp.senderIp, arp.senderMac, seen);
    if (icmpv6?.type === 'neighbor-advertisement') {
      const option = icmpv6.options.find((o) => o.type === 'target-link-layer');
      if (option && 'mac' in option) this.#claim(icmpv6.target, option.mac, seen);
    }
  }

  #claim(address: string, mac: string, seen: SeenFrame): void {
    const known = this.#claims.get(address) ?? { claims: [], changes: 0 };
    this.#claims.set(address, known);
    const last = known.claims.at(-1);
    if (last?.mac === mac) {
      last.at = cite(seen);
      return;
    }
    if (last) known.changes++;
    known.claims.push({ mac, at: cite(seen) });
    if (known.claims.length > 6) known.claims.shift();
  }

  end(): ExplainFinding[] {
    return [...this.#claims].flatMap(([address, { claims, changes }]) => {
      if (changes < LEAST_CHANGES) return [];
      const macs = [...new Set(claims.map(({ mac }) => mac))];
      const what = `${address} is claimed by ${macs.join(' and ')} by turns (${changes} changes, the last at ${seconds(claims.at(-1)?.at.atS ?? 0)}): two machines have the same address, or one answers for both.`;
      return [{ kind: 'duplicate-address', level: 'alarm', sure: 'certain', what, frames: claims.map(({ at }) => at) }];
    });
  }
}
