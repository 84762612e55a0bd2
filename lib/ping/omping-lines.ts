/** What omping prints, line by line. Scripts read these: the words and the digits are an interface. */
import type { ClientEvent, OmpingClient, StopReason } from './omping-client.ts';
import { ompingLoss, type OmpingStatistics } from './statistics.ts';

export type Transport = 'asm' | 'ssm' | 'ipbc';

const REASONS: Record<StopReason, string> = {
  count: 'given amount of query messages was sent',
  server: 'server told us to stop',
  exhausted: 'maximum number of query messages exhausted',
  version: 'remote version received',
};

export interface LineStyle {
  /** Names are padded to this. */
  readonly nameWidth: number;
  readonly transport: Transport;
  readonly group: string;
  /** -C. */
  readonly averages: boolean;
}

const ms = (ns: number): string => (ns / 1e6).toFixed(3);
const head = (name: string, { nameWidth }: LineStyle): string => `${name.padEnd(nameWidth)} : `;
const label = (cast: 'unicast' | 'multicast', { transport }: LineStyle): string => (cast === 'unicast' ? '  unicast' : transport === 'ipbc' ? 'broadcast' : 'multicast');

/** Of those that could have arrived: multicast counts from the first that did. */
function ownLoss(client: OmpingClient, cast: 'unicast' | 'multicast'): number {
  const statistics = client.of(cast);
  return ompingLoss(client.transmitted - (cast === 'multicast' ? Math.max(0, statistics.first - 1) : 0), statistics.received);
}

export function eventLine(name: string, address: string, client: OmpingClient, event: ClientEvent, style: LineStyle): string {
  const begin = head(name, style);
  switch (event.event) {
    case 'waiting': return `${begin}waiting for response msg`;
    case 'joined': return `${begin}joined (S,G) = (${style.transport === 'ssm' ? address : '*'}, ${style.group}), pinging`;
    case 'stopped': return `${begin}${REASONS[event.reason]}`;
    case 'answer': {
      const parts = [label(event.cast, style), `seq=${event.sequence}${event.duplicate ? ' (dup)' : ''}`, `size=${event.sizeBytes} bytes`];
      if (event.dist !== undefined) parts.push(`dist=${event.dist}`);
      if (event.rttNs !== undefined) parts.push(`time=${ms(event.rttNs)}ms`);
      const average = event.rttNs === undefined ? '' : `${ms(client.of(event.cast).figures.avg)} avg, `;
      return `${begin}${parts.join(', ')}${style.averages ? ` (${average}${ownLoss(client, event.cast)}% loss)` : ''}`;
    }
  }
}

/** Two lines of a host, or one when it never answered. */
export function finalLines(name: string, client: OmpingClient, style: LineStyle): string[] {
  if (client.unicast.received === 0) return [`${head(name, style)}response message never received`];
  const line = (cast: 'unicast' | 'multicast', statistics: OmpingStatistics): string => {
    const { received, duplicates, first } = statistics;
    const { min, avg, max, deviation } = statistics.figures;
    const since = cast === 'multicast' && first > 1 ? ` (seq>=${first} ${ownLoss(client, cast)}%)` : '';
    return `${head(name, style)}${label(cast, style)}, xmt/rcv/%loss = ${client.transmitted}/${received}${duplicates > 0 ? `+${duplicates}` : ''}/${ompingLoss(client.transmitted, received)}%${since}, ` +
      `min/avg/max/std-dev = ${ms(min)}/${ms(avg)}/${ms(max)}/${ms(deviation)}`;
  };
  return [line('unicast', client.unicast), line('multicast', client.multicast)];
}

/** What a remote host calls itself; what would move a terminal's cursor is written out. */
export function versionLines(name: string, client: OmpingClient, style: LineStyle): string[] {
  const { serverInfo } = client;
  if (!serverInfo) return [`${head(name, style)}response message not received`, ''];
  return [`${head(name, style)}${printable(serverInfo)}`];
}

export const printable = (bytes: Uint8Array): string =>
  Array.from(bytes, (octet) => (octet === 0x5c ? '\\\\' : octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\x${octet.toString(16).toUpperCase().padStart(2, '0')}`)).join('');
