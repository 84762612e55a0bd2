/** What a line says of IGMP and MLD (tcpdump's print-igmp.c and print-icmp6.c print these words). */
import type { GroupRecord, GroupRecordType } from '../../wire/group-records.ts';
import type { Cursor } from './cursor.ts';
import type { MembershipFacts, TextFacts } from './facts.ts';

const RECORD_TYPES: Readonly<Record<string, GroupRecordType>> = {
  is_in: 'is-include',
  is_ex: 'is-exclude',
  to_in: 'to-include',
  to_ex: 'to-exclude',
  allow: 'allow',
  block: 'block',
};

const addresses = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');

/** " [gaddr 239.1.2.3 to_ex { }]"; -v counts sources (", 2 source(s)"), -vv and more name them. */
function readRecords(cursor: Cursor): GroupRecord[] | undefined {
  const records: GroupRecord[] = [];
  let named = true;
  for (;;) {
    const found = cursor.take(
      /^ ?\[gaddr (\S+) (is_in|is_ex|to_in|to_ex|allow|block)(?: \{([^}]*)\}|, (\d+) source\(s\))\]/i,
    );
    if (!found) break;
    const [, group = '', type = '', sources, count] = found;
    // Counted sources without names are no record that could be rebuilt.
    if (sources === undefined && count !== '0') named = false;
    records.push({
      type: RECORD_TYPES[type.toLowerCase()] as GroupRecordType,
      group: group.toLowerCase(),
      sources: addresses(sources ?? ''),
    });
  }
  return named && records.length > 0 ? records : undefined;
}

/** Left out where it is the usual 10 s. IGMPv3 has a unit, " [max resp time 1.0s]"; version 2 counts tenths, " [max resp time 25]". */
const responseMs = (text: string, unit: string | undefined): number =>
  Math.round(Number(text) * (unit === 's' ? 1000 : unit === 'm' ? 60_000 : 100));

function readQuery(cursor: Cursor, version: 1 | 2 | 3): MembershipFacts {
  const facts: MembershipFacts = { type: 'query', version };
  const time = cursor.take(/^ \[max resp time ([\d.]+)(s|m)?\]/);
  if (time) facts.maxResponseMs = responseMs(time[1] as string, time[2]);
  const group = cursor.take(/^ \[gaddr (\S+?)(?: \{([^}]*)\})?\]/);
  if (group) {
    facts.group = (group[1] as string).toLowerCase();
    if (group[2] !== undefined) facts.sources = addresses(group[2]);
  }
  return facts;
}

function reported(cursor: Cursor, version: 2 | 3): MembershipFacts {
  const count = cursor.take(/^,? (\d+) group record\(s\)/);
  const records = readRecords(cursor);
  return { type: 'report', version, ...(count && { recordCount: Number(count[1]) }), ...(records && { records }) };
}

export function readIgmp(cursor: Cursor, facts: TextFacts): void {
  if (!cursor.take(/^igmp /i)) return;
  const query = cursor.take(/^query v([123])/);
  if (query) {
    facts.igmp = readQuery(cursor, Number(query[1]) as 1 | 2 | 3);
    return;
  }
  const report = cursor.take(/^v([12]) report ([\d.]+)/);
  if (report) {
    facts.igmp = { type: 'report', version: Number(report[1]) as 1 | 2, group: report[2] as string };
    return;
  }
  const leave = cursor.take(/^leave ([\d.]+)/);
  if (leave) facts.igmp = { type: 'leave', version: 2, group: leave[1] as string };
  else if (cursor.take(/^v3 report/)) facts.igmp = reported(cursor, 3);
}

/** MLD's versions are one less than IGMP's; here 1 and 2. */
export function readMld(cursor: Cursor, facts: TextFacts): void {
  const message = cursor.take(/^multicast listener (query|report|done)( v2)?/i);
  if (!message) return;
  const [, word = '', newer] = message;
  if (word === 'report' && newer !== undefined) {
    facts.mld = reported(cursor, 2);
    return;
  }
  const type = word === 'done' ? 'leave' : (word as 'query' | 'report');
  const mld: MembershipFacts = { type, version: newer === undefined ? 1 : 2 };
  // -v: "max resp delay: 10000 addr: ::" in version 1, " [max resp delay=10000] [gaddr :: …]" in version 2.
  const time = cursor.take(/^ ?(?:\[)?max resp delay[:=] ?(\d+)\]? ?/);
  if (time && type === 'query') mld.maxResponseMs = Number(time[1]);
  const group = cursor.take(/^addr: ([0-9a-f:]+)/) ?? cursor.take(/^ ?\[gaddr ([0-9a-f:]+)(?: \{([^}]*)\}|[^\]]*)?\]/);
  if (group && group[1] !== '::') mld.group = (group[1] as string).toLowerCase();
  if (group?.[2] !== undefined) mld.sources = addresses(group[2]);
  facts.mld = mld;
}
