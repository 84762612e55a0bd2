/** Who asks for an address again and again and gets no answer, while whoever has it is there and speaks to others. */
import { isMulticastIp, isMulticastMac } from '../wire/address.ts';
import { cite, joined, macOf, seconds, senderOf, targetOf } from './cite.ts';
import type { Cited, Detector, ExplainFinding, SeenFrame } from './types.ts';

interface Question {
  readonly asker: string;
  readonly address: string;
  readonly by: 'neighbour solicitations' | 'ARP requests';
}

interface Series extends Question {
  readonly first: Cited;
  last: Cited;
  count: number;
  /** Where the questions were seen, on all of their way, and since when. */
  readonly places: Map<string, number>;
  /** What the sought one sent to others meanwhile. */
  alive?: { at: Cited; where: string };
}

/** Hosts ask three times, a second apart, and again as long as there is something to send. */
const GAP_S = 4;
/** So long, and so often: who was just not there yet is found sooner. */
const LEAST_S = 6;
const LEAST_ASKED = 6;

export class Neighbours implements Detector {
  readonly #open = new Map<string, Series>();
  /** Of an address, who asks for it now. */
  readonly #sought = new Map<string, Set<string>>();
  readonly #found: ExplainFinding[] = [];

  see(seen: SeenFrame): void {
    const question = questionOf(seen);
    if (question) {
      this.#asks(seen, question);
      return;
    }
    const answered = answerTo(seen);
    if (answered !== undefined) this.#close(answered);
    const from = senderOf(seen);
    // Who is cut off announces itself to everybody and goes on, heard by nobody.
    if (from === undefined || !seen.first || isMulticastIp(targetOf(seen) ?? '')) return;
    // What goes to the one who asks is as good as an answer.
    this.#close(keyOf(targetOf(seen) ?? '', from));
    for (const key of this.#sought.get(from) ?? []) {
      const series = this.#open.get(key);
      if (series && macOf(seen) !== undefined) series.alive = { at: cite(seen), where: seen.where };
    }
  }

  end(): ExplainFinding[] {
    for (const key of [...this.#open.keys()]) this.#close(key);
    return this.#found;
  }

  #asks(seen: SeenFrame, question: Question): void {
    const key = keyOf(question.asker, question.address);
    let series = this.#open.get(key);
    if (series && seen.atS - series.last.atS > GAP_S) {
      this.#close(key);
      series = undefined;
    }
    if (series === undefined) {
      if (!seen.first) return;
      const at = cite(seen);
      series = { ...question, first: at, last: at, count: 0, places: new Map() };
      this.#open.set(key, series);
      this.#sought.set(question.address, (this.#sought.get(question.address) ?? new Set()).add(key));
    }
    if (!series.places.has(seen.where)) series.places.set(seen.where, seen.atS);
    if (!seen.first) return;
    series.last = cite(seen);
    series.count++;
  }

  #close(key: string): void {
    const series = this.#open.get(key);
    if (series === undefined) return;
    this.#open.delete(key);
    this.#sought.get(series.address)?.delete(key);
    const { alive, count, first, last } = series;
    if (alive === undefined || count < LEAST_ASKED || last.atS - first.atS < LEAST_S) return;
    this.#found.push(finding(series, alive));
  }
}

function finding(series: Series, alive: { at: Cited; where: string }): ExplainFinding {
  const { asker, address, by, count, first, last, places } = series;
  const thereS = places.get(alive.where);
  const seenAt = joined([...places.keys()].filter((place) => place !== alive.where));
  const missing =
    by === 'ARP requests'
      ? 'a port on the way takes no broadcasts, or is kept apart from theirs.'
      : 'they go to a group of their own (RFC 4291), and a switch on the way has no member of it there, or still has it at an old place; or it keeps the ports apart.';
  const way =
    thereS !== undefined && thereS - first.atS < LEAST_S
      ? `They were seen at ${alive.where}, where its frames come from: it does not hear them, or does not answer.`
      : `They were seen at ${seenAt}, and not at ${alive.where}${thereS === undefined ? '' : ` before ${seconds(thereS)}`}, where its frames come from: ${missing}`;
  const what = `${asker} asked for ${address} by ${by} ${count} times in ${seconds(last.atS - first.atS)}, and was not answered, while ${address} went on speaking to others. ${way}`;
  return { kind: 'neighbour-unanswered', level: 'alarm', sure: 'likely', what, frames: [first, alive.at, last] };
}

const keyOf = (asker: string, address: string): string => `${asker} ${address}`;

function questionOf({ frame }: SeenFrame): Question | undefined {
  const { arp, icmpv6, ipv6, eth } = frame;
  if (eth === undefined || !isMulticastMac(eth.dst)) return undefined;
  if (icmpv6?.type === 'neighbor-solicitation' && ipv6 && ipv6.src !== '::' && isMulticastIp(ipv6.dst))
    return { asker: ipv6.src, address: icmpv6.target, by: 'neighbour solicitations' };
  if (arp?.operation === 1 && arp.senderIp !== arp.targetIp && arp.senderIp !== '0.0.0.0')
    return { asker: arp.senderIp, address: arp.targetIp, by: 'ARP requests' };
  return undefined;
}

/** Which question a frame answers. */
function answerTo({ frame }: SeenFrame): string | undefined {
  const { arp, icmpv6, ipv6 } = frame;
  if (icmpv6?.type === 'neighbor-advertisement' && ipv6) return keyOf(ipv6.dst, icmpv6.target);
  if (arp?.operation === 2) return keyOf(arp.targetIp, arp.senderIp);
  return undefined;
}
