// What a message of corosync costs on the wire, by multicast and by unicast, as the cluster grows.
//
//   n1 (speaks)   n2   …  n8 (corosync)      core (querier)
//    └────────────┴───┬────┴──────────────────────┘
//              vmbr0: snooping on, own querier off
//
//   udp    n1 ─▶ vmbr0 ─▶ all others             one frame in, one out to each
//   udpu   n1 ─▶▶▶ vmbr0 ─▶ one frame each       N-1 frames in, and every node's link carries only its own
//
// The fallback costs the sender, not the receivers: N-1 copies of whatever it says, and so for each node that speaks.
import { between, frame, type Guest, portOf, s, scenario } from '../../harness/scenario.ts';
import { cluster, COROSYNC, firstNodes, formingOf, joinsCluster, membersOf, says, type Transport } from '../topologies/cluster.ts';

interface Settings { transport: Transport; sizes: readonly number[]; group?: string; copies: (nodes: number) => number }

const ONE = (): number => 1;
const EACH = (nodes: number): number => nodes - 1;
const SIZES = [2, 4, 8];
const variants: Record<string, Settings> = {
  'udp': { transport: 'udp', sizes: SIZES, copies: ONE },
  'udpu': { transport: 'udpu', sizes: SIZES, copies: EACH },
};
const controls: Record<string, Settings & { breaks: string }> = {
  'unicast-as-cheap': { transport: 'udpu', sizes: [4], copies: ONE, breaks: 'totem messages' },
  // n1 speaks to a group of its own: no membership of all comes about.
  'another-group': { transport: 'udp', sizes: [3], group: '239.192.6.6', copies: ONE, breaks: 'members becomes 3' },
};

/** Messages counted for each size of cluster, one a second. */
const MESSAGES = 3;
/** Of totem all but tokens, which go round by unicast in either transport: tcpdump's words for the type in its header. */
const BUT_TOKENS = 'udp port 5405 and udp[11] != 0';

export default scenario({
  title: 'frames of corosync: multicast and unicast',
  cases: ['B7'],
  inDefaultSet: false,
  notScaled: 'corosync has timers of its own',
  variants, controls,
  diagnosis: {},
  topology: ({ sizes }) => cluster({ nodes: Math.max(...sizes) }),
  captures: (lab, { sizes }) => firstNodes(lab, Math.max(...sizes)).map((node) => ({ ...portOf(lab.vmbr0, node), only: BUT_TOKENS, roomKib: 8192 })),
  programs: COROSYNC,

  async story(lab, { variant, expect, capture, now, passes, until, bounds, figure, table }) {
    const { vmbr0, core, n1 } = lab;
    await until(core.starts(), bounds.timer('query response interval', core.spec.responseInterval).max);
    const rows: (string | number)[][] = [];
    for (const size of variant.sizes) {
      const nodes = firstNodes(lab, size);
      const started = now(`a cluster of ${size} was started`);
      const corosync = [];
      for (const node of nodes) corosync.push(await joinsCluster(node, nodes, variant.transport, node === n1 && variant.group !== undefined ? { group: variant.group } : {}));
      const forming = await formingOf(corosync, started);
      const members = corosync.map(membersOf);
      const claims = members.map((state) => expect(state).becomes(String(size), forming));
      const formed = await Promise.all(claims);
      figure(`formedWith${size}NodesAfterS`, formed[0]?.['becameAfterS']);

      const begun = now(`${size} nodes were to hear n1`);
      for (let i = 0; i < MESSAGES; i++) {
        await says(n1, 1);
        await passes(s(1));
      }
      const end = now(`n1 had sent ${MESSAGES} messages`);
      const message = frame.and(frame.totem('message', variant.transport === 'udp' ? 'multicast' : 'unicast'), frame.from(n1.mac, n1.name));
      const copies = variant.copies(size) * MESSAGES;
      await expect(capture(portOf(vmbr0, n1))).sees(message, between(begun, end), { atLeast: copies, atMost: copies });
      for (const node of nodes.slice(1)) await expect(capture(portOf(vmbr0, node))).sees(message, between(begun, end), { atLeast: MESSAGES, atMost: MESSAGES });
      // Counted before the others' ports are: every frame once for each cable that carries it.
      const seen = (node: Guest): number => capture(portOf(vmbr0, node)).seen(message).filter(({ ns }) => ns >= begun.ns && ns <= end.ns).length / MESSAGES;
      const [sent, others] = [seen(n1), nodes.slice(1).map(seen).reduce((sum, n) => sum + n, 0)];
      figure(`framesPerMessageWith${size}Nodes`, sent + others);
      figure(`sentFramesPerMessageWith${size}Nodes`, sent);
      rows.push([variant.transport, size, sent, others, sent + others, Number(((sent + others) / size).toFixed(2))]);
      for (const program of corosync) await program.stops('SIGKILL');
    }
    table('frames on the wire for one message of totem', ['transport', 'nodes', 'on the sender’s link', 'on all the others’', 'together', 'for each node'], rows);
  },
});
