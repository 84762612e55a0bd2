/** Queriers of ours: versions, timers and source addresses. */
import type { QuerierSpec } from '../topology.ts';
import { type Duration, formatDuration } from '../units.ts';
import { isIpv4, isIpv6, parseIpv6 } from '../wire/address.ts';
import type { Context } from './context.ts';
import type { Report } from './fault.ts';

/** Unit and longest maximum response time in a query: RFC 2236 section 2.2, 3376 4.1.1, 2710 3.4, 3810 5.1.3. */
const RESPONSE = {
  IGMPv1: undefined,
  IGMPv2: { unitNs: 1e8, max: 255, name: 'tenths of a second' },
  IGMPv3: { unitNs: 1e8, max: 31_744, name: 'tenths of a second' },
  MLDv1: { unitNs: 1e6, max: 65_535, name: 'milliseconds' },
  MLDv2: { unitNs: 1e6, max: 8_387_584, name: 'milliseconds' },
} as const satisfies Record<QuerierSpec['version'], unknown>;

export function checkQueriers({ topology, scale, report, node }: Context): void {
  for (const querier of topology.queriers) {
    const where = `querier ${querier.node}`;
    if (!Object.hasOwn(RESPONSE, querier.version)) {
      report(where, `its version is "${querier.version}"`, `use one of ${Object.keys(RESPONSE).join(', ')}`);
      continue;
    }
    checkTimers(querier, where, scale, report);
    const mld = querier.version.startsWith('MLD');
    if (mld && node(querier.node)?.ipv6 === false) report(where, `it speaks ${querier.version}, and ${querier.node} has no IPv6`, `set ipv6: true for ${querier.node}`);
    if (querier.source === undefined) continue;
    if (mld ? !isIpv6(querier.source) : !isIpv4(querier.source)) report(where, `its source "${querier.source}" is no IPv${mld ? '6' : '4'} address`, mld ? 'give a link-local one: "fe80::1"' : 'give an IPv4 address without a prefix length');
    // RFC 3810 section 5.1.14: others are dropped without a word.
    else if (mld && !querier.anySource && !isLinkLocal(querier.source)) report(where, `its source ${querier.source} is not link-local: nobody takes an MLD query from it (RFC 3810 section 5.1.14)`, 'give one of fe80::/10; if the story is about just that: anySource: true');
  }
}

const isLinkLocal = (address: string): boolean => {
  const [first = 0, second = 0] = parseIpv6(address);
  return first === 0xfe && (second & 0xc0) === 0x80;
};

function checkTimers({ queryInterval, responseInterval, version }: QuerierSpec, where: string, scale: number, report: Report): void {
  const show = (d: Duration): string => formatDuration(d);
  if (!(queryInterval.ns > 0)) report(where, `its query interval is ${show(queryInterval)}`, 'give a length of time; RFC 3376 section 8.2: s(125)');
  const wire = RESPONSE[version];
  if (!(responseInterval.ns > 0)) {
    report(where, `its response interval is ${show(responseInterval)}`, 'give a length of time; RFC 3376 section 8.3: s(10)');
    return;
  }
  if (responseInterval.ns >= queryInterval.ns && queryInterval.ns > 0)
    report(where, `its response interval, ${show(responseInterval)}, is not below its query interval, ${show(queryInterval)} (RFC 3376 section 8.3)`, 'let the next query come after the last answer');
  if (!wire) return;
  const counts = responseInterval.ns / scale / wire.unitNs;
  const at = scale === 1 ? '' : ` at scale ${scale}`;
  if (counts < 1) report(where, `its response interval is ${show(responseInterval)}${at}: an ${version} query counts it in ${wire.name}`, scale === 1 ? `use at least ${show({ ns: wire.unitNs })}` : `use a scale of at most ${Math.floor(responseInterval.ns / wire.unitNs)}`);
  else if (scale === 1 && !Number.isInteger(counts)) report(where, `its response interval is ${show(responseInterval)}: an ${version} query counts it in ${wire.name}`, `use a multiple of ${show({ ns: wire.unitNs })}`);
  else if (counts > wire.max) report(where, `its response interval is ${show(responseInterval)}: an ${version} query holds ${show({ ns: wire.max * wire.unitNs })} at most`, 'shorten it, or use a later version');
}
