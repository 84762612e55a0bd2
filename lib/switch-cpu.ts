/**
 * What the CPU of a snooping switch does with the frames that its ports hand to it (RFC 4541 section 2.1): queries and
 * link-local multicast to all other ports, reports and leaves to the ports of queriers, where the switch suppresses
 * reports one a group and query. Pure: a frame and an instant in, ports out.
 */
import type { Frame, Igmp, Mld } from './wire/index.ts';

export interface CpuSettings {
  readonly ports: readonly string[];
  readonly suppresses: 'v1-v2' | 'all' | undefined;
  /** A port is a querier's for so long after its last query. */
  readonly routerPortNs: number;
}

type Family = 'IGMP' | 'MLD';
type Report = Extract<Igmp | Mld, { type: 'report' }>;

/** A record that answers a query says how things are; the others say what has changed, and are always passed on. */
const isCurrent = (type: string): boolean => type === 'is-include' || type === 'is-exclude';

export class SwitchCpu {
  readonly #settings: CpuSettings;
  readonly #routers: Record<Family, Map<string, number>> = { IGMP: new Map(), MLD: new Map() };
  /** What was passed on since the last query that asked for it: groups, or records as text. */
  readonly #reported: Record<Family, Set<string>> = { IGMP: new Set(), MLD: new Set() };
  /** The version of the last general query: IGMPv3 and MLDv2 want every host's report. */
  readonly #asked: Record<Family, number> = { IGMP: 2, MLD: 1 };

  constructor(settings: CpuSettings) {
    this.#settings = settings;
  }

  /** The ports that a frame goes out of. */
  takes(frame: Frame, port: string, nowNs: number): string[] {
    // RFC 4541 section 2.1.1, 5: what is corrupt is not made use of.
    if (frame.problems.length > 0) return [];
    const others = this.#settings.ports.filter((other) => other !== port);
    const family: Family = frame.mld ? 'MLD' : 'IGMP';
    const message = frame.mld ?? frame.igmp;
    switch (message?.type) {
      case undefined: case 'other': return others;
      case 'query': {
        const general = message.group === '0.0.0.0' || message.group === '::';
        // A querier without an address is a switch, not a router.
        if (frame.ipv4?.src !== '0.0.0.0') this.#routers[family].set(port, nowNs + this.#settings.routerPortNs);
        if (general) {
          this.#reported[family].clear();
          this.#asked[family] = message.version;
        } else this.#reported[family].delete(message.group);
        return others;
      }
      case 'leave': case 'done':
        this.#reported[family].delete(message.group);
        return this.#routerPorts(family, port, nowNs);
      case 'report': return this.#isNews(family, message) ? this.#routerPorts(family, port, nowNs) : [];
    }
  }

  #isNews(family: Family, message: Report): boolean {
    const { suppresses } = this.#settings;
    if (suppresses === undefined) return true;
    const all = suppresses === 'all';
    if (!all && ('records' in message || this.#asked[family] > (family === 'IGMP' ? 2 : 1))) return true;
    const said = this.#reported[family];
    const news = 'records' in message
      ? message.records.map((r) => (isCurrent(r.type) ? `${r.group} ${r.type} ${r.sources.join(' ')}` : undefined))
      : [message.group];
    const fresh = news.some((what) => what === undefined || !said.has(what));
    for (const what of news) if (what !== undefined) said.add(what);
    return fresh;
  }

  #routerPorts(family: Family, except: string, nowNs: number): string[] {
    return this.#settings.ports.filter((port) => port !== except && (this.#routers[family].get(port) ?? -Infinity) > nowNs);
  }
}
