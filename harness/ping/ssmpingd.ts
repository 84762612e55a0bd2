/**
 * ssmpingd: answers on one port, in both dialects, over IPv4 and IPv6. It does nothing else, so it waits in poll(2)
 * itself: between a request's arrival and its answer there is no event loop.
 */
import { randomBytes } from 'node:crypto';
import { Responder } from '../../lib/ping/responder.ts';
import { setServerTime } from '../../lib/ping/rfc-message.ts';
import { encodeSsmRequest, SSM_GROUP, SSM_TTL } from '../../lib/ping/ssm-message.ts';
import { daemonOptions, isRefused, ssmUsage } from '../../lib/ping/ssm-options.ts';
import { parseIp } from '../../lib/wire/address.ts';
import { EINTR, SystemCallError } from '../system/native/errno.ts';
import { errno, pinned, sys, systemCallError } from '../system/native/libc.ts';
import { ReceiveArea, type Received } from '../system/native/receive-batch.ts';
import { SendBatch, sockaddrWriter } from '../system/native/send-batch.ts';
import { UdpSocket } from '../system/native/udp-socket.ts';
import { realTime } from './clock.ts';
import { complain, Ended, say, systemError } from './output.ts';
import { shown } from './resolve.ts';

const POLLIN = 1;
/** The longest UDP payload of IPv4, and of IPv6. */
const MOST_BYTES = 65_507;
const DATAGRAMS = 32, SENDERS = 4096, WARM_TURNS = 200;
/** RFC 6450 asks for an average of one a second and client. */
const RFC_RATE_NS = 1e9;

interface Door { readonly socket: UdpSocket; readonly family: 'inet' | 'inet6' }

export async function ssmpingd(args: readonly string[]): Promise<never> {
  const options = daemonOptions(args);
  if (isRefused(options)) throw new Ended(1, ...options.refused, ...ssmUsage('ssmpingd'));
  const doors = open(options.port, options.device);
  const area = new ReceiveArea(DATAGRAMS, MOST_BYTES + 29);
  const batch = new SendBatch(2 * DATAGRAMS, MOST_BYTES);
  const responder = new Responder({ rateNs: options.rateMs * 1e6, rfcRateNs: RFC_RATE_NS, random: (n) => randomBytes(n), most: SENDERS }, MOST_BYTES);

  const polled = pinned(8 * doors.length), view = new DataView(polled.buffer);
  doors.forEach(({ socket }, at) => { view.setInt32(8 * at, socket.fd, true); view.setInt16(8 * at + 4, POLLIN, true); });
  let lines: string[] = [];
  const from: { text: string } = { text: '' };
  const answering = ({ family }: Door) => (received: Received): void => {
    // Sent to a group or by broadcast: everybody would answer.
    if (!received.toUsAlone || received.truncated) return;
    const source = (): string => (from.text ||= shown(received.source, received.sourceScope));
    from.text = '';
    const answer = responder.receive(received.bytes, received.length, family, source, performance.now() * 1e6);
    if (!answer) return;
    const to = (into: Uint8Array, at: number): number => received.copySource(into, at);
    const own = received.destinationBytes;
    // IPv6 has a route to groups by every interface: the request's is the right one. IPv4 takes the one of the source address.
    const index = family === 'inet6' ? received.interfaceIndex : 0;
    if (answer.dialect === 1) {
      batch.queue(responder.reply, answer.length, to, own, received.sourceScope);
      if (answer.group) batch.queue(responder.reply, answer.length, sockaddrWriter(answer.group, received.sourcePort, index), own, index);
      if (!options.quiet) lines.push(`received request from ${source()}`);
      if (!options.quiet && answer.wrongGroup !== undefined) lines.push(`received request with invalid group address ${answer.wrongGroup}`);
    } else if (answer.answer.kind === 'response') {
      batch.queue(answer.answer.bytes, answer.answer.bytes.length, to, own, received.sourceScope);
    } else {
      const { reply, group } = answer.answer;
      setServerTime(reply, realTime);
      batch.queue(reply.bytes, reply.bytes.length, to, own, received.sourceScope);
      batch.queue(reply.bytes, reply.bytes.length, sockaddrWriter(parseIp(group), received.sourcePort, index), own, index);
      if (!options.quiet) lines.push(`received request from ${source()}`);
    }
  };
  const handlers = doors.map(answering);
  warmUp(responder, batch);

  for (;;) {
    const ready = sys.poll(polled, doors.length, -1);
    if (ready === -1) {
      const number = errno();
      if (number === EINTR) { await wholeTurn(); continue; }
      throw systemCallError('poll', 'wait for requests', number);
    }
    doors.forEach((door, at) => {
      if (view.getInt16(8 * at + 6, true) === 0) return;
      try {
        area.receive(door.socket.fd, handlers[at] as (received: Received) => void, 'receive requests', DATAGRAMS);
      } catch (error) {
        // An ICMP error for an answer of ours: that client has gone.
        if (!(error instanceof SystemCallError)) throw error;
      }
      batch.flush(door.socket.fd);
    });
    if (lines.length > 0) {
      say(...lines);
      lines = [];
    }
  }
}

/** What ran before is compiled: the first answer is as quick as the next. To no descriptor, so nothing leaves. */
function warmUp(responder: Responder, batch: SendBatch): void {
  const request = encodeSsmRequest({ pid: 0, sequence: 1, seconds: 0, microseconds: 0, group: SSM_GROUP.inet, asksVersion: true }), nowhere = Uint8Array.of(127, 0, 0, 1);
  for (let n = 0; n < WARM_TURNS; n++) {
    const answer = responder.receive(request, request.length, 'inet', () => '127.0.0.1', n);
    if (answer?.dialect !== 1) return;
    for (let to = 0; to < 2; to++) batch.queue(responder.reply, answer.length, sockaddrWriter(nowhere, 9), nowhere);
    batch.flush(-1);
  }
  batch.refused.clear();
}

/** Somebody may have a handler for that signal after all: it runs where the event loop polls, which is between two immediates. */
async function wholeTurn(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
}

function open(port: number, device: string | undefined): Door[] {
  const doors: Door[] = [];
  let last: SystemCallError | undefined;
  for (const family of ['inet', 'inet6'] as const) {
    try {
      const socket = new UdpSocket({ family, port, receiveBufferBytes: 1 << 20, ...(device === undefined ? {} : { device }) });
      socket.setTtl(SSM_TTL);
      socket.setMulticastTtl(SSM_TTL);
      doors.push({ socket, family });
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      complain(...systemError(error.call, error.errno));
      last = error;
    }
  }
  if (doors.length === 0 && last) throw new Ended(1, ...systemError('both v4 and v6 binds failed', last.errno));
  return doors;
}
