// A host firewall that drops by default. What does a guest behind it still hear, and which rules bring the rest back?
//
//   alice (sends)   bob (joined, guarded)   carol (joined)      core (querier)
//        └────────────────┴─────────┬──────────┴───────────────────┘
//                        vmbr0: snooping on, own querier off
//
//   bob  hears all ──|INPUT drops: what he began himself goes on, no multicast, nobody's first word|── two rules ──▶ hears all
//
// Multicast belongs to no connection: connection tracking never sees an answer to it, so "established" lets nothing of it
// in. Programs that work by unicast alone go on, and the fault looks like the network's.
import { after, s, scenario, since, type VariantCommon } from '../../harness/scenario.ts';
import { REPORTED } from '../topologies/groups.ts';
import { accepts, dropsByDefault, guardedGuest, modulesOf, programsOf, type Rule, type Tool } from '../topologies/guarded-guest.ts';

/** corosync's, by the notes that the rules are from. */
const GROUP = '239.192.5.5';

interface Settings { tool: Tool; guarded: boolean; rules: readonly Rule[] }

const BOTH: readonly Rule[] = ['multicast', 'corosync'];
const variants: Record<string, Settings> = {
  'iptables-legacy': { tool: 'iptables-legacy', guarded: true, rules: BOTH },
  'iptables-nft': { tool: 'iptables-nft', guarded: true, rules: BOTH },
  'nft': { tool: 'nft', guarded: true, rules: BOTH },
};
const controls: Record<string, Settings & VariantCommon> = {
  'no-firewall': { tool: 'iptables-legacy', guarded: false, rules: [], breaks: 'nothing arrives' },
  'rules-for-others': { tool: 'iptables-legacy', guarded: true, rules: ['broadcast', 'elsewhere'], breaks: /→ 239\S+: delivery continues/ },
  'rules-for-others-nft': { tool: 'nft', guarded: true, rules: ['broadcast', 'elsewhere'], breaks: /→ 239\S+: delivery continues/ },
  'only-the-group': { tool: 'iptables-nft', guarded: true, rules: ['multicast'], breaks: /→ 192\S+: delivery continues/ },
};

export default scenario({
  title: 'a host firewall',
  cases: ['B6'],
  inDefaultSet: false,
  variants, controls,
  diagnosis: {
    'iptables-legacy': 'host-firewall', 'iptables-nft': 'host-firewall', nft: 'host-firewall', 'rules-for-others': 'host-firewall',
    'rules-for-others-nft': 'host-firewall', 'only-the-group': 'host-firewall',
  },
  topology: () => guardedGuest(),
  programs: ({ tool }) => programsOf(tool),
  modules: ({ tool }) => modulesOf(tool),

  async story({ alice, bob, carol, core }, { variant, expect, now, passes, until, bounds, figure }) {
    await until(core.starts(), bounds.timer('query response interval', core.spec.responseInterval).max);
    for (const guest of [bob, carol]) guest.joins(GROUP);
    await passes(REPORTED);
    const begun = now('the flows began');
    const multicast = alice.sends(GROUP, { every: s(1), to: [bob, carol] });
    // Who asks is answered: both directions of one connection.
    const asks = bob.sends(alice.address(4), { every: s(1), port: 7001, fromPort: 7000, to: [alice] });
    const answers = alice.sends(bob.address(4), { every: s(1), port: 7000, fromPort: 7001, to: [bob] });
    const ping = bob.pings(alice.address(4), { every: s(1) });
    const unasked = alice.sends(bob.address(4), { every: s(1), port: 5405, to: [bob] });
    await passes(s(30));

    if (variant.guarded) await dropsByDefault(bob, variant.tool);
    const up = now('INPUT dropped by default');
    await passes(s(60));
    if (variant.rules.length > 0) await accepts(bob, variant.tool, variant.rules);
    const open = now('the rules were there');

    await expect(multicast).to(bob).continues(since(begun, s(30)));
    const lost = await expect(multicast).to(bob).neverArrives(since(up, s(60)));
    figure('multicastLostDatagrams', lost['sentDatagrams'] === undefined ? undefined : lost['sentDatagrams'] - (lost['receivedDatagrams'] ?? 0));
    await expect(unasked).to(bob).outage(since(up, s(60)), { atLeast: s(58), recovers: false });
    // Connection tracking begins with the first rule that asks for it: bob's next datagram opens the connection anew.
    const tracked = after(up, s(2));
    await expect(answers).to(bob).continues(since(tracked, s(58)));
    await expect(asks).to(alice).continues(since(up, s(60)));
    await expect(ping).continues(since(tracked, s(58)));

    await expect(multicast).to(bob).continues(since(open, s(60)));
    await expect(unasked).to(bob).continues(since(open, s(60)));
    await expect(answers).to(bob).continues(since(open, s(60)));
  },
});
