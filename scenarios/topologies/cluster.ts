/** A cluster of guests on one bridge, each with an unmodified corosync of its own, and a querier somewhere on the LAN. */
import { bound, type Duration, type Guest, type GuestRef, type Moment, ms, ns, plus, type Program, type ProgramSpec, s, topology, within } from '../../harness/scenario.ts';

/** udp: multicast; udpu: the same messages, one by one to each node. Both are corosync's transports without encryption. */
export type Transport = 'udp' | 'udpu';

/** Of the range that corosync derives from a cluster's name (239.192.0.0/16), and its port; it sends from the one below. */
export const CLUSTER_GROUP = '239.192.5.5';
export const CLUSTER_PORT = 5405;

export interface Cluster {
  nodes: number;
  /** How long the bridge believes in a querier that is silent. */
  otherQuerier?: Duration;
}

/** The names that every story may use; larger clusters go on from there (firstNodes). */
type Nodes = Record<'n1' | 'n2' | 'n3', GuestRef>;

//   n1   n2   …  nN (corosync)      core (querier)
//    └────┴───┬───┴──────────────────────┘
//     vmbr0: snooping on, own querier off
export const cluster = (o: Cluster) =>
  topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, ...(o.otherQuerier ? { otherQuerier: o.otherQuerier } : {}) });
    const nodes = Object.fromEntries(Array.from({ length: o.nodes }, (_, i) => [`n${i + 1}`, t.guest(`n${i + 1}`, { on: vmbr0 })])) as Nodes;
    return { ...nodes, vmbr0, core: t.querier('core', { on: vmbr0, version: 'IGMPv3' }) };
  });

/** n1 to nN, of the topology or live. */
export const firstNodes = <N extends object>(lab: { readonly n1: N }, count: number): N[] => {
  const named: Readonly<Record<string, object>> = lab;
  return Array.from({ length: count }, (_, i) => named[`n${i + 1}`] as N);
};

/** The program that is the node, and the one that has it send a message: a node's votes, told to all. */
export const COROSYNC: readonly ProgramSpec[] = ['corosync', 'corosync-quorumtool'].map((name) => ({ name, package: 'corosync' }));

export interface ClusterOptions {
  group?: string;
  /** So many tokens in which a node does not come on, and it gives up; corosync's own is 2500. */
  failRecvConst?: number;
}

/** As Debian ships it, but for the transport, the nodes, and where it logs. */
export function corosyncConf(nodes: readonly { name: string; address: (family?: 4 | 6) => string }[], transport: Transport, options: ClusterOptions = {}): string {
  return [
    'totem {', '  version: 2', '  cluster_name: lab', `  transport: ${transport}`, '  crypto_cipher: none', '  crypto_hash: none',
    ...(options.failRecvConst === undefined ? [] : [`  fail_recv_const: ${options.failRecvConst}`]),
    '  interface {', '    ringnumber: 0', ...(transport === 'udp' ? [`    mcastaddr: ${options.group ?? CLUSTER_GROUP}`] : []), `    mcastport: ${CLUSTER_PORT}`, '  }', '}',
    // Real-time priority and the root of control groups are the machine's to give, and guests share it here.
    'system {', '  sched_rr: no', '  move_to_root_cgroup: no', '}',
    'logging {', '  to_stderr: yes', '  to_logfile: no', '  to_syslog: no', '  timestamp: off', '}',
    'quorum {', '  provider: corosync_votequorum', '}',
    'nodelist {', ...nodes.flatMap((node, i) => ['  node {', `    name: ${node.name}`, `    nodeid: ${i + 1}`, `    ring0_addr: ${node.address(4)}`, '  }']), '}', '',
  ].join('\n');
}

/** Starts corosync on a node of a cluster of these. */
export const joinsCluster = (node: Guest, all: readonly Guest[], transport: Transport, options: ClusterOptions = {}): Promise<Program> =>
  node.runs('corosync', ['-f'], { files: { '/etc/corosync/corosync.conf': corosyncConf(all, transport, options) }, folders: ['/var/lib/corosync', '/etc/corosync/uidgid.d'] });

/** One message of totem from this node to all: its votes, which are what they were. A cluster that falls apart takes none, and the wire shows it. */
export const says = async (node: Guest, id: number): Promise<void> => { await (await node.runs('corosync-quorumtool', ['-v', '1', '-n', String(id)])).ends(); };

/** "[QUORUM] Members[3]: 1 2 3": so many nodes agree on a membership. */
export const membersOf = (corosync: Program) => corosync.shows('members', /\[QUORUM\] Members\[(\d+)\]:/);

/** corosync's own timers with so many nodes (corosync.conf(5): token, token_coefficient; consensus, hold follow from them). */
export function totemTimers(nodes: number): { token: Duration; consensus: Duration; hold: Duration } {
  const token = 3000 + 650 * Math.max(0, nodes - 2);
  const retransmit = Math.floor(token / 4.2);
  return { token: ms(token), consensus: ms(Math.floor(token * 1.2)), hold: ms(Math.floor(retransmit * 0.8) - 10) };
}

/**
 * When all of these agree on a membership: rings of fewer nodes merge at the latest when the token of one is lost and consensus
 * is reached. How long a program takes to start is the machine's affair: counted from when the last one has told its first ring.
 */
export async function formingOf(corosync: readonly Program[], started: Moment): Promise<ReturnType<typeof within>> {
  const rings = await Promise.all(corosync.map((program) => program.says(/\[QUORUM\] Members\[\d+\]:/)));
  const { token, consensus } = totemTimers(corosync.length);
  const own = Math.max(...rings.map(({ ns: at }) => at));
  return within(started, bound(ms(0), plus(ns(own - started.ns), token, consensus, s(2)), `token ${token.ns / 1e6} ms and consensus ${consensus.ns / 1e6} ms, and 2 s, after the last had a ring of its own`));
}
