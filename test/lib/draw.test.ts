// Drawings are read back: each line is followed from end to end, and what it joins is compared with the topology.
import t from 'tap';
import { dotGraph, drawTopology } from '../../lib/draw.ts';
import { allDevices, type Topology } from '../../lib/topology.ts';
import { ms, s } from '../../lib/units.ts';
import { bondedHypervisor, draw, guestsAndQuerier, movableGuest, ring, withEnd, withNode } from './topologies.ts';

/** Follows a line from a box's border: right, round corners, straight on at crossings, to where it ends. */
function follow(grid: readonly (readonly string[])[], row: number, column: number): { row: number; column: number } {
  let [y, x, dy, dx] = [row, column, 0, 1];
  for (let steps = 0; steps < 100_000; steps++) {
    const next = grid[y + dy]?.[x + dx] ?? ' ';
    if (dy === 0 && dx !== 0 && (next === '├' || next === '┤')) return { row: y, column: x + dx };
    if (next === '┐' && dx === 1) [y, x, dy, dx] = [y, x + 1, 1, 0];
    else if (next === '┐' && dy === -1) [y, x, dy, dx] = [y - 1, x, 0, -1];
    else if (next === '┘' && dx === 1) [y, x, dy, dx] = [y, x + 1, -1, 0];
    else if (next === '┘' && dy === 1) [y, x, dy, dx] = [y + 1, x, 0, -1];
    else if (next === '┼' || next === (dx === 0 ? '│' : '─')) [y, x] = [y + dy, x + dx];
    else throw new Error(`the line from ${row},${column} ends in the air at ${y},${x} before "${next}"`);
  }
  throw new Error('a line without an end');
}

/** All links as the drawing shows them: "hv1:sw1 — sw1:hv1", sorted. */
function linksDrawn(text: string): string[] {
  const lines = text.split('\n');
  const grid = lines.map((line) => Array.from(line));
  const border = lines[0]?.indexOf('┐') ?? -1;
  let node = '';
  const nodeOf: string[] = [];
  for (const line of lines) {
    if (line.startsWith('┌ ')) node = line.slice(2).split(' · ')[0] ?? '';
    nodeOf.push(node);
  }
  const deviceAt = (row: number): string => `${nodeOf[row] ?? ''}:${(lines[row] ?? '').slice(1, border).replace(/^[ │├└─]+/, '').split(' ')[0] ?? ''}`;
  const links: string[] = [];
  lines.forEach((line, row) => {
    if (!line.startsWith('│') || line[border] !== '├') return;
    const end = follow(grid, row, border);
    let far: string;
    if (grid[end.row]?.[end.column] === '┤') {
      const parts = (lines[end.row] ?? '').slice(end.column + 1, (lines[end.row] ?? '').indexOf('│', end.column)).trim().split(' · ');
      far = `${parts[0] ?? ''}:${(parts.at(-1) ?? '').split(' ')[0] ?? ''}`;
    } else far = deviceAt(end.row);
    links.push([deviceAt(row), far].sort().join(' — '));
  });
  return [...new Set(links)].sort();
}

const linksOf = (topology: Topology): string[] => topology.links.map(({ a, b }) => [`${a.node}:${a.name}`, `${b.node}:${b.name}`].sort().join(' — ')).sort();

const mesh = (n: number): Topology => draw((b) => {
  const hosts = Array.from({ length: n }, (_, i) => b.host(`h${i}`));
  hosts.forEach((x, i) => { hosts.slice(i + 1).forEach((y) => { b.link(x, y); }); });
});

const shapes: [string, Topology][] = [
  ['guests on one bridge and a querier', guestsAndQuerier()], ['a bonded hypervisor, two switches, a core', bondedHypervisor()], ['two hypervisors and a movable guest', movableGuest()],
  ['a ring', ring({ stp_state: true })], ['every host linked to every other', mesh(5)], ['two hosts and one cable', mesh(2)],
  ['parallel cables', draw((b) => { const [p, q] = [b.host('p'), b.host('q')]; for (const n of [1, 2, 3]) b.link(p, q, { a: { name: `e${n}` }, b: { name: `f${n}` } }); })],
  ['a bridge looped to itself', draw((b) => { const sw = b.bridge('sw'); b.link(sw, sw, { a: { name: 'p1' }, b: { name: 'p2' } }); })],
];

for (const [name, topology] of shapes)
  t.test(`${name}: what the lines join is what the topology links`, async (t) => {
    for (const width of [80, 120, 400]) {
      const text = drawTopology(topology, { width });
      t.same(linksDrawn(text), linksOf(topology), text);
    }
    const text = drawTopology(topology);
    for (const node of topology.nodes) t.equal(text.split(new RegExp(`[┌┤] ${node.name.replace('.', '\\.')} · `)).length, 2, `${node.name} is drawn once`);
    const devices = text.split('\n').filter((line) => line.startsWith('│')).length;
    t.ok(devices >= allDevices(topology).length - topology.nodes.length, 'no device is lost');
    for (const { addresses } of allDevices(topology)) for (const address of addresses) t.equal(text.split(address).length, 2, `${address} once`);
  });

t.test('the drawing is checked: a moved corner is noticed', async (t) => {
  const text = drawTopology(bondedHypervisor());
  t.throws(() => linksDrawn(text.replace('┐ │', '─ │')));
});

t.test('options that are not the default, and only those', async (t) => {
  const text = drawTopology(guestsAndQuerier());
  t.match(text, /vmbr0 {2}bridge, forward_delay 0 s/);
  t.notMatch(text, /mcast_querier_interval|mcast_snooping/, '255 s and on are the kernel\'s own');
  t.match(text, /bob {2}fastleave on/);
  t.match(text, /core · querier · queries IGMPv3 every 125 s/);
  t.match(drawTopology(bondedHypervisor('active-backup', { updelay: ms(200), primary: 'sw2' })), /bond, mode active-backup, miimon 100 ms,[^]*primary sw2/);
  t.match(drawTopology(draw((b) => { b.bridge('sw', { otherQuerier: s(3_600) }); })), /mcast_querier_interval 3600 s/);
});

t.test('what is down or not plugged in says so; a moving guest says where to', async (t) => {
  t.match(drawTopology(movableGuest()), /vm {2}not plugged in yet[^]*moves: hv1:br0 → hv2:br0/);
  t.match(drawTopology(withEnd(guestsAndQuerier(), 'alice', 'b', { up: false })), /alice {2}down/);
  t.match(drawTopology(withNode(guestsAndQuerier(), 'alice', { ipv6: true, igmpVersion: 2 })), /alice · guest · IPv6 · IGMPv2 at most/);
});

t.test('more lanes than fit: each end names the other', async (t) => {
  const text = drawTopology(mesh(12), { width: 60 });
  for (const { name, a, b } of mesh(12).links) {
    t.match(text, `─── link ${name} to ${b.node}:${b.name}`);
    t.match(text, `─── link ${name} to ${a.node}:${a.name}`);
  }
});

t.test('1000 guests, and masters in a circle, are drawn', async (t) => {
  const big = draw((b) => { const sw = b.bridge('sw'); for (let i = 0; i < 1_000; i++) b.guest(`g${i}`, { on: sw }); });
  t.equal(drawTopology(big).split('\n').filter((line) => line.includes('├───┤')).length, 1_000);
  const circle = draw((b) => { const h = b.host('h'); h.bridge('b0'); h.bridge('b1'); });
  const devices = circle.devices.map((d) => ({ ...d, master: d.name === 'b0' ? 'b1' : 'b0' }));
  for (const name of ['b0', 'b1']) t.match(drawTopology({ ...circle, devices }), name);
});

t.test('a graph for Graphviz: a cluster a node, an edge a link', async (t) => {
  const text = dotGraph(bondedHypervisor());
  t.equal(text.split('subgraph ').length - 1, bondedHypervisor().nodes.length);
  for (const { name, a, b } of bondedHypervisor().links) t.ok(text.includes(`"${a.node}:${a.name}" -- "${b.node}:${b.name}" [label="${name}"]`), name);
  t.equal(text.split('{').length, text.split('}').length);
});
