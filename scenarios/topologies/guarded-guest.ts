/**
 * A guest with a host firewall on a bridge that has a querier on its LAN; and what that firewall consists of, in the words of
 * the three programs that people use.
 */
import { type Machine, type ProgramSpec, topology } from '../../harness/scenario.ts';

/** iptables as it was, iptables over nf_tables (Debian's default since 10), and nft itself. */
export type Tool = 'iptables-legacy' | 'iptables-nft' | 'nft';
/** multicast: everything to a group; corosync: UDP 5404 and 5405; broadcast, elsewhere: rules beside the point, for controls. */
export type Rule = 'established' | 'multicast' | 'corosync' | 'broadcast' | 'elsewhere';

//   alice (sends)   bob (joined, guarded)   carol (joined)      core (querier)
//        └────────────────┴─────────┬──────────┴───────────────────┘
//                        vmbr0: snooping on, own querier off
export const guardedGuest = () =>
  topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false });
    const on = { on: vmbr0 };
    return { vmbr0, alice: t.guest('alice', on), bob: t.guest('bob', on), carol: t.guest('carol', on), core: t.querier('core', { on: vmbr0, version: 'IGMPv3' }) };
  });

export const programsOf = (tool: Tool): ProgramSpec[] =>
  tool === 'nft' ? [{ name: 'nft', package: 'nftables' }] : [{ name: tool, package: 'iptables', files: ['/usr/lib/xtables/*.so'] }];

/** What each loads by itself where a module loader is at hand; in a VM there is none. */
export const modulesOf = (tool: Tool): string[] => ({
  'iptables-legacy': ['ip_tables', 'iptable_filter', 'xt_addrtype', 'xt_conntrack', 'xt_tcpudp'],
  'iptables-nft': ['nf_tables', 'nft_compat', 'xt_addrtype', 'xt_conntrack', 'xt_tcpudp'],
  nft: ['nf_tables', 'nft_ct', 'nft_fib', 'nft_fib_ipv4'],
})[tool];

const IPTABLES: Record<Rule, string> = {
  established: '-m conntrack --ctstate ESTABLISHED,RELATED',
  multicast: '-m addrtype --dst-type MULTICAST',
  corosync: '-p udp --dport 5404:5405',
  broadcast: '-m addrtype --dst-type BROADCAST',
  elsewhere: '-p udp --dport 6404:6405',
};
const NFT: Record<Rule, string> = {
  established: 'ct state established,related',
  multicast: 'fib daddr type multicast',
  corosync: 'udp dport 5404-5405',
  broadcast: 'fib daddr type broadcast',
  elsewhere: 'udp dport 6404-6405',
};

/** Runs it and waits for its end. */
const does = async (guest: Machine, tool: Tool, args: string[]): Promise<void> => { await (await guest.runs(tool, args)).succeeds(); };

/** INPUT drops by default; what belongs to a connection is let in. First the rule, so that nothing of those is lost. */
export async function dropsByDefault(guest: Machine, tool: Tool): Promise<void> {
  if (tool === 'nft') {
    const table = ['table ip filter {', '  chain input {', '    type filter hook input priority 0; policy drop;', `    ${NFT.established} accept`, '  }', '}', ''].join('\n');
    await (await guest.runs('nft', ['-f', '/etc/nftables.conf'], { files: { '/etc/nftables.conf': table } })).succeeds();
    return;
  }
  await does(guest, tool, ['-A', 'INPUT', ...IPTABLES.established.split(' '), '-j', 'ACCEPT']);
  await does(guest, tool, ['-P', 'INPUT', 'DROP']);
}

export async function accepts(guest: Machine, tool: Tool, rules: readonly Rule[]): Promise<void> {
  for (const rule of rules) {
    if (tool === 'nft') await does(guest, tool, ['add', 'rule', 'ip', 'filter', 'input', ...NFT[rule].split(' '), 'accept']);
    else await does(guest, tool, ['-A', 'INPUT', ...IPTABLES[rule].split(' '), '-j', 'ACCEPT']);
  }
}
