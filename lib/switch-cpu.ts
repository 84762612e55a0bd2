/**
 * What the CPU of a snooping switch does with the frames that its ports hand to it (RFC 4541 section 2.1): queries and
 * link-local multicast to all other ports, reports and leaves to the ports of queriers, where the switch suppresses
 * reports one a group and query. Pure: a frame and an instant in, ports out.
 */
import { type Frame, type GroupRecord, type Igmp, igmpV3Report, type Mld, mldV2Report } from './wire/index.ts';

export interface CpuSettings {
  readonly ports: readonly string[];
  readonly suppresses: 'v1-v2' | 'all' | undefined;
  /** A port is a querier's for so long after its last query. */
  readonly routerPortNs: number;
}

/** What becomes of a frame: the ports it leaves by, and a shorter report in its place where records of it were said before. */
export interface Passed { readonly to: readonly string[]; readonly instead?: Uint8Array }

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

  takes(frame: Frame, port: string, nowNs: number): Passed {
    // RFC 4541 section 2.1.1, 5: what is corrupt is not made use of.
    if (frame.problems.length > 0) return { to: [] };
    const others = this.#settings.ports.filter((other) => other !== port);
    const family: Family = frame.mld ? 'MLD' : 'IGMP';
    const message = frame.mld ?? frame.igmp;
    switch (message?.type) {
      case undefined: case 'other': return { to: others };
      case 'query': {
        const general = message.group === '0.0.0.0' || message.group === '::';
        // A querier without an address is a switch, not a router.
        if (frame.ipv4?.src !== '0.0.0.0') this.#routers[family].set(port, nowNs + this.#settings.routerPortNs);
        if (general) {
          this.#reported[family].clear();
          this.#asked[family] = message.version;
        } else this.#reported[family].delete(message.group);
        return { to: others };
      }
      case 'leave': case 'done':
        this.#reported[family].delete(message.group);
        return { to: this.#routerPorts(family, port, nowNs) };
      case 'report': {
        const news = this.#newsIn(family, message);
        if (news === 'none') return { to: [] };
        return { to: this.#routerPorts(family, port, nowNs), ...(news === 'all' ? {} : { instead: reportOf(frame, news) }) };
      }
    }
  }

  /** Of a report what has not been said since it was asked for; records of versions 3 and 2 one by one. */
  #newsIn(family: Family, message: Report): 'all' | 'none' | GroupRecord[] {
    const { suppresses } = this.#settings;
    if (suppresses === undefined) return 'all';
    if (suppresses === 'v1-v2' && ('records' in message || this.#asked[family] > (family === 'IGMP' ? 2 : 1))) return 'all';
    const said = this.#reported[family];
    const isFirst = (what: string): boolean => {
      if (said.has(what)) return false;
      said.add(what);
      return true;
    };
    if (!('records' in message)) return isFirst(message.group) ? 'all' : 'none';
    const news = message.records.filter((r) => !isCurrent(r.type) || isFirst(`${r.group} ${r.type} ${r.sources.join(' ')}`));
    return news.length === message.records.length ? 'all' : news.length === 0 ? 'none' : news;
  }

  #routerPorts(family: Family, except: string, nowNs: number): string[] {
    return this.#settings.ports.filter((port) => port !== except && (this.#routers[family].get(port) ?? -Infinity) > nowNs);
  }
}

/** The host's report with some of its records. */
function reportOf(frame: Frame, records: GroupRecord[]): Uint8Array {
  const srcMac = frame.eth?.src ?? '';
  return frame.ipv6 ? mldV2Report({ srcMac, source: frame.ipv6.src, records }) : igmpV3Report({ srcMac, source: frame.ipv4?.src ?? '0.0.0.0', records });
}
