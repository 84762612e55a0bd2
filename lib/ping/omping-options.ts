/** omping's command line, as the original reads it: in order, ended by the first fault; and what is ours behind long options. */
import { getopt, leadingInteger, wholeDouble } from './getopt.ts';
import type { Transport } from './omping-lines.ts';
import { type Extras, EXTRAS, extra, type Refused } from './ssm-options.ts';
import { PING_PORT } from './tlv.ts';

export interface OmpingOptions extends Extras {
  readonly family?: 4 | 6;
  readonly averages: boolean;
  readonly detectDuplicates: boolean;
  /** End when every client has stopped. */
  readonly endsItself: boolean;
  readonly quiet: number;
  readonly verbose: number;
  /** 1: our own, 2: that of the others. */
  readonly version: number;
  /** Infinity without -c. */
  readonly count: number;
  readonly intervalMs: number;
  readonly transport: Transport;
  readonly group?: string;
  readonly serves: boolean;
  readonly port: number;
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
  /** Between two answers to one host; 0 for no limit. */
  readonly rateMs: number;
  /** The whole run; 0 for none. */
  readonly timeoutMs: number;
  readonly ttl: number;
  /** Told to stop for so long at the end; Infinity. */
  readonly finishMs: number;
  /** Wished length of answers. */
  readonly sizeBytes?: number;
  /** A table that is drawn anew, in place of lines. */
  readonly live: boolean;
  readonly hosts: readonly string[];
}

export const OMPING_VERSION = 'omping version 0.0.5 (wirewarp)';
export const OMPING_USAGE = [
  'usage: omping [-46CDEFqVv] [-c count] [-i interval] [-M transport_method]',
  '              [-m mcast_addr] [-O op_mode] [-p port] [-R rcvbuf] [-r rate_limit]',
  '              [-S sndbuf] [-T timeout] [-t ttl] [-w wait_time] remote_addr...',
  '        also: [--size bytes] [--device name] [--json] [--fail-loss percent] [--live] [--explain]',
];

const LEAST_TTL = 64, LEAST_INTERVAL_MS = 1000, LEAST_BUFFER = 2048, INT32_MAX = 0x7fff_ffff;
/** The longest UDP payload of IPv4. */
const MOST_SIZE = 65_507;

export function ompingOptions(args: readonly string[]): OmpingOptions | Refused {
  const made: { -readonly [K in keyof OmpingOptions]: OmpingOptions[K] } = {
    averages: false, detectDuplicates: true, endsItself: true, quiet: 0, verbose: 0, version: 0, count: Infinity, intervalMs: LEAST_INTERVAL_MS, transport: 'asm',
    serves: true, port: PING_PORT, rateMs: NaN, timeoutMs: 0, ttl: LEAST_TTL, finishMs: NaN, live: false, json: false, hosts: [],
  };
  let force = 0;
  const refused = (text: string, usage = true): Refused => ({ refused: [`omping: ${text}`], usage });
  const { options, operands } = getopt(args, { short: '46CDEFqVvc:i:M:m:O:p:R:r:S:T:t:w:', long: { ...EXTRAS, size: true, live: false } });
  for (const option of options) {
    if (option.kind === 'fault') return refused(option.text);
    const { name, value } = option;
    const illegal = (what = 'number'): Refused => refused(`illegal ${what}, -${name} argument -- ${value}`);
    /** Milliseconds of a value in seconds; undefined out of range. */
    const time = (least: number): number | undefined => { const n = wholeDouble(value); return n >= least && n * 1000 <= INT32_MAX ? Math.trunc(n * 1000) : undefined; };
    switch (name) {
      case '4': made.family = 4; break;
      case '6': made.family = 6; break;
      case 'C': made.averages = true; break;
      case 'D': made.detectDuplicates = false; break;
      case 'E': made.endsItself = false; break;
      case 'F': force++; break;
      case 'q': made.quiet++; break;
      case 'V': made.version++; break;
      case 'v': made.verbose++; break;
      case 'c': made.count = Math.trunc(wholeDouble(value)); if (!(made.count >= 1 && made.count < 2 ** 64)) return illegal(); break;
      case 'i': { const ms = time(0); if (ms === undefined) return illegal(); made.intervalMs = ms; break; }
      case 'r': { const ms = time(0); if (ms === undefined) return illegal(); made.rateMs = ms; break; }
      case 'T': { const ms = time(0); if (ms === undefined) return illegal(); made.timeoutMs = ms; break; }
      case 'w': { const ms = time(0); if (ms === undefined && wholeDouble(value) !== -1) return illegal(); made.finishMs = ms ?? Infinity; break; }
      case 'M': if (value !== 'asm' && value !== 'ssm' && value !== 'ipbc') return illegal('parameter'); made.transport = value; break;
      case 'm': made.group = value; break;
      case 'O': if (value !== 'normal' && value !== 'client') return illegal('parameter'); made.serves = value === 'normal'; break;
      case 'p': made.port = Number(value); if (!/^\d+$/.test(value) || made.port < 1 || made.port > 65_535) return illegal(); break;
      case 'R': case 'S': {
        const bytes = wholeDouble(value);
        if (!(bytes >= LEAST_BUFFER && bytes <= INT32_MAX)) return illegal();
        made[name === 'R' ? 'receiveBufferBytes' : 'sendBufferBytes'] = Math.trunc(bytes);
        break;
      }
      case 't': made.ttl = leadingInteger(value); if (!/^\s*[+-]?\d+$/.test(value) || made.ttl < 1 || made.ttl > 255) return illegal(); break;
      case 'size': made.sizeBytes = Number(value); if (!/^\d+$/.test(value) || made.sizeBytes < 1 || made.sizeBytes > MOST_SIZE) return refused(`illegal number, --size argument -- ${value}`); break;
      case 'live': made.live = true; break;
      default: { const fault = extra(made, name, value); if (fault) return { refused: fault.refused.map((text) => `omping: ${text}`), usage: fault.usage }; }
    }
  }
  made.hosts = operands;
  if (made.version === 1) return made;
  if (made.version > 1 && !made.serves) return refused('op_mode must be set to normal for remote version display.');
  if (force < 1 && made.intervalMs < LEAST_INTERVAL_MS) return refused(`illegal nmber, -i argument ${made.intervalMs} ms < ${LEAST_INTERVAL_MS} ms. Use -F to force.`);
  if (force < 1 && made.ttl < LEAST_TTL) return refused(`illegal nmber, -t argument ${made.ttl} < ${LEAST_TTL}. Use -F to force.`);
  if (force < 2 && made.intervalMs === 0) return refused(`illegal nmber, -i argument ${made.intervalMs} ms < 1 ms. Use -FF to force.`);
  if (made.transport === 'ipbc' && made.family === 6) return refused('illegal transport method, -M argument ipbc is mutually exclusive with -6 option');
  if (made.transport === 'ipbc') made.family = 4;
  if (Number.isNaN(made.finishMs)) made.finishMs = Math.max(LEAST_INTERVAL_MS, 3 * made.intervalMs);
  if (Number.isNaN(made.rateMs)) made.rateMs = made.intervalMs;
  if (operands.length === 0) return refused('at least one remote addresses should be specified');
  return made;
}

/** What a query has to be padded with, so that answers come back as long as wished. An answer is its query without the session, but with a TTL. */
export function paddingFor(sizeBytes: number, family: 'inet' | 'inet6'): number | Refused {
  const bare = family === 'inet' ? 69 : 81, least = bare + 4;
  if (sizeBytes === bare) return -1;
  if (sizeBytes < least) return { refused: [`omping: --size ${sizeBytes}: answers over ${family === 'inet' ? 'IPv4' : 'IPv6'} have ${bare} bytes, or ${least} and more`], usage: false };
  return sizeBytes - least;
}
