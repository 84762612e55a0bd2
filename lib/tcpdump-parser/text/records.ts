/** A pasted listing as records: a packet's line, put together where it was wrapped, and the hex dumps below it. */
import { HexDumps, isHexRow, type HexDump } from './hex-rows.ts';
import { pastedLines } from './pasted-lines.ts';
import { readTimeStamp, type TimeStamp } from './time-stamp.ts';

export interface TextRecord {
  /** Of its first line, from 1. */
  readonly line: number;
  readonly time?: TimeStamp;
  /** After the time stamp, one blank between words. */
  readonly text: string;
  readonly dumps: readonly HexDump[];
}

/** A line that belongs to no packet: a shell prompt, tcpdump's own messages, prose. */
export interface StrayLine {
  readonly line: number;
  readonly text: string;
}

const MAC = String.raw`(?:[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}|Broadcast)`;
/** How a packet's line begins where no time stamp stands before it (tcpdump -t). */
const UNDATED = new RegExp(
  String.raw`^(?:IP6? |ARP, |arp |rarp |Reverse |STP 802\.|LACPv\d|${MAC}(?: \(oui [^)]*\))? > |\S+ +(?:In|Out|B|M|P) +(?:ifindex|IP6?|ARP|${MAC}) )`,
  'i',
);

interface Open {
  line: number;
  time?: TimeStamp;
  words: string[];
  dumps: HexDumps;
  /** An empty line came after its dump: what follows is somebody's words. */
  over: boolean;
}

export function readRecords(text: string): { records: TextRecord[]; stray: StrayLine[] } {
  const lines = pastedLines(text);
  // Where lines are dated, only a dated line begins a packet: "IP 10.0.0.1 …" on one of its own is then a wrapped rest.
  const dated = lines.some((line) => readTimeStamp(line.text) !== undefined);
  // Errors quote the packet that they are about, indented.
  const margin = Math.min(...lines.filter(({ text }) => UNDATED.test(text)).map(({ indent }) => indent));
  const records: TextRecord[] = [];
  const stray: StrayLine[] = [];
  let open: Open | undefined;
  const close = (): void => {
    if (open === undefined) return;
    const { line, time, words, dumps } = open;
    records.push({
      line,
      ...(time && { time }),
      text: words.join(' ').replace(/\s+/g, ' ').trim(),
      dumps: dumps.end(),
    });
    open = undefined;
  };
  lines.forEach(({ text: content, indent }, index) => {
    const line = index + 1;
    if (content === '') {
      if (open && !open.dumps.none) open.over = true;
      return;
    }
    const stamp = readTimeStamp(content);
    if (stamp !== undefined || (!dated && indent <= margin && UNDATED.test(content))) {
      close();
      open = {
        line,
        ...(stamp && { time: stamp.time }),
        words: [stamp?.rest ?? content],
        dumps: new HexDumps(),
        over: false,
      };
    } else if (open !== undefined && isHexRow(content)) {
      open.dumps.row(line, content);
    } else if (open === undefined || open.over || isMessage(content)) {
      close();
      stray.push({ line, text: content });
    } else if (!open.dumps.wrapped(content)) {
      open.words.push(content);
    }
  });
  close();
  return { records, stray };
}

/** What tcpdump itself, or the shell around it, says. */
const isMessage = (line: string): boolean =>
  /^(?:tcpdump: |listening on |reading from file |dropped privs |\d+ packets? (?:captured|received|dropped))/.test(
    line,
  ) || /^(?:\[?[\w.-]+@[\w.-]+|[#$]) ?.*\btcpdump\b/.test(line);
