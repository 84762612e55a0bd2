// A corosync cluster by multicast, on a bridge that goes on consulting its MDB after the querier has gone. What notices, and when?
//
//   n1   n2   n3 (corosync)      core (querier, then silent)
//    └────┴──┬──┴─────────────────────┘
//      vmbr0: snooping on, own querier off
//
//   core   ?─?─── … silence
//   vmbr0  members n1 n2 n3 ──── 260 s ────▶|none: multicast reaches nobody
//   n1     ─────────────────────────────────────|one message
//   ring   token, token, token … (unicast) ─────|─ "Retransmit List" … 100 rounds ─▶|FAILED TO RECEIVE: a node is out
//
// The token goes from node to node by unicast, so the ring stands, and every node says that all are members, while
// no message reaches anybody. An idle cluster never notices. The first message is asked for again with every token, and
// sent again by multicast, and lost again.
import { between, bound, frame, min, minus, ms, plus, portOf, s, scenario, signalling, since, times, within } from '../../harness/scenario.ts';
import { cluster, CLUSTER_GROUP, COROSYNC, formingOf, joinsCluster, membersOf, says, totemTimers, type Transport } from '../topologies/cluster.ts';

interface Settings { transport: Transport; querier: 'silent' | 'goes-on' | 'own'; expects: 'falls-apart' | 'unaware' | 'holds' }

const variants: Record<string, Settings> = {
  'udp-one-message': { transport: 'udp', querier: 'silent', expects: 'falls-apart' },
  'udp-idle': { transport: 'udp', querier: 'silent', expects: 'unaware' },
  'udp-own-querier': { transport: 'udp', querier: 'own', expects: 'holds' },
  'udpu': { transport: 'udpu', querier: 'silent', expects: 'holds' },
};
const controls: Record<string, Settings & { breaks: string | string[] }> = {
  'querier-goes-on': { transport: 'udp', querier: 'goes-on', expects: 'falls-apart', breaks: ['FAILED TO RECEIVE', 'MDB'] },
  'idle-with-own-querier': { transport: 'udp', querier: 'own', expects: 'unaware', breaks: 'MDB' },
  'udp-without-a-cure': { transport: 'udp', querier: 'silent', expects: 'holds', breaks: 'Retransmit List' },
};

const NODES = 3;
/** fail_recv_const (corosync.conf(5)): so many tokens in which a node does not come on. corosync's 2500 are 28 minutes of the same. */
const ROUNDS = 100;
/** After the time at which memberships would be over; sent before a node that hears none of them gives up. */
const MESSAGES = 8;
/** seqno_unchanged_const: so many rounds in which nothing new was sent, and the first node keeps the token for a while. */
const FAST_ROUNDS = 30;

export default scenario({
  title: 'corosync without a querier',
  cases: ['B7', 'A1', 'A3'],
  inDefaultSet: false,
  deadline: s(3000),
  notScaled: 'corosync has timers of its own',
  variants, controls,
  // What corosync loses no flow of the story does: explain tells of it.
  diagnosis: {},
  topology: () => cluster({ nodes: NODES, otherQuerier: min(60) }),
  captures: ({ vmbr0, n1, n2, n3 }) => [signalling(portOf(vmbr0, n1)), portOf(vmbr0, n2), signalling(portOf(vmbr0, n3))],
  programs: COROSYNC,

  async story({ vmbr0, core, n1, n2, n3 }, { variant, expect, capture, now, passes, until, bounds, figure }) {
    const nodes = [n1, n2, n3];
    const { token, consensus, hold } = totemTimers(NODES);
    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    // The bridge asks only where it hears nobody else: with its own querier on, core never begins.
    const asked = variant.querier === 'own' ? vmbr0.sets({ mcast_querier: true }) : core.starts();
    await until(asked, bounds.timer('query response interval', core.spec.responseInterval).max);
    const started = now('corosync was started');
    const joins = (node: typeof n1) => joinsCluster(node, nodes, variant.transport, { failRecvConst: ROUNDS });
    const corosync = [await joins(n1), await joins(n2), await joins(n3)] as const;
    const members = corosync.map(membersOf);
    const forming = await formingOf(corosync, started);
    for (const [i, state] of members.entries()) figure(`n${i + 1}FormedAfterS`, (await expect(state).becomes(String(NODES), forming))['becameAfterS']);
    const silent = variant.querier === 'silent' ? core.fallsSilent() : now('core would fall silent');
    await until(silent, bounds.timer('query response interval', core.spec.responseInterval).max);

    if (variant.transport === 'udp' && variant.expects !== 'holds') {
      for (const node of nodes) await expect(vmbr0.mdbEntry(CLUSTER_GROUP, node)).becomes('absent', within(vmbr0.lastReport(CLUSTER_GROUP, node), membership));
    } else await until(silent, plus(membership.max, s(12)));
    const gone = now('the memberships were over');
    const port = capture(portOf(vmbr0, n2));
    const multicast = frame.and(frame.totem(undefined, 'multicast'), frame.from(n1.mac, n1.name));

    if (variant.expects === 'unaware') {
      for (const state of members) await expect(state).stays(String(NODES), since(gone, s(200)));
      await expect(corosync[1]).neverSays(/Retransmit|FAILED|processor failed/, since(gone, s(200)));
      await expect(port).seesNo(multicast, since(gone, s(200)));
      await expect(port).sees(frame.totem('token', 'unicast'), since(gone, s(200)), { atLeast: 200 });
      return;
    }
    if (variant.expects === 'holds') {
      for (let i = 0; i < MESSAGES; i++) {
        await says(n1, 1);
        await passes(s(1.5));
      }
      const end = now(`the last of ${MESSAGES} messages`);
      await expect(port).sees(frame.and(frame.totem('message'), frame.from(n1.mac, n1.name)), between(gone, end), { atLeast: MESSAGES });
      for (const program of corosync) await expect(program).neverSays(/Retransmit List|FAILED|processor failed/, between(gone, end));
      for (const state of members) await expect(state).stays(String(NODES), between(gone, end));
      return;
    }

    await passes(s(10));
    const spoke = now('n1 sent a message');
    await says(n1, 1);
    // With nothing new to send the token rests with the first node for `hold` in each round; its timer counts milliseconds.
    const patience = bound(times(hold, ROUNDS - 2 * FAST_ROUNDS - 10), plus(times(plus(hold, ms(10)), ROUNDS), s(1)), `${ROUNDS} tokens without progress, of which those within ${FAST_ROUNDS} rounds of a new message (one or two) come at once and the rest ${hold.ns / 1e6} ms apart`);
    const last = plus(patience.max, s(1));
    const failed = await Promise.any([corosync[1], corosync[2]].map(async (program) => ({ program, at: await program.says(/FAILED TO RECEIVE/, last) }))).catch(() => undefined);
    await expect(failed?.program ?? corosync[1]).says(/FAILED TO RECEIVE/, within(spoke, patience));
    if (failed === undefined) return;
    figure('stoodStillS', (failed.at.ns - spoke.ns) / 1e9);
    // Until then nobody is missed: the token goes round, and no message comes.
    for (const state of members) await expect(state).stays(String(NODES), between(gone, { ...failed.at, ns: failed.at.ns - 1 }));
    await expect(port).sees(frame.totem('token', 'unicast'), between(spoke, failed.at), { atLeast: ROUNDS });
    await expect(port).seesNo(multicast, between(spoke, failed.at));
    await expect(corosync[0]).says(/Retransmit List/, between(spoke, failed.at), { atLeast: ROUNDS / 2 });
    // The node that gave up takes no token any more: the others lose it, and go on without that node.
    const lost = bound(minus(token, plus(hold, hold)), plus(token, s(1)), `token timeout ${token.ns / 1e6} ms, from the last token that passed`);
    await expect(corosync[0]).says(/A processor failed, forming new configuration/, within(failed.at, lost));
    await expect(corosync[0]).says(/\[QUORUM\] Members\[[12]\]:/, within(failed.at, lost.min, plus(plus(lost.max, consensus), s(1))));
    // Gathering opens the socket anew, and that join is reported: multicast works for another membership interval.
    await expect(vmbr0.mdbEntry(CLUSTER_GROUP, n1)).becomes('present', within(failed.at, lost));
  },
});
