/**
 * A topology as a drawing. Truthful before pretty: each node is a box with its devices as a tree, and every link is one
 * line, followed by eye from end to end. A node that only has one cable (a guest, a querier) stands at the far end of
 * that cable; links between the others run in lanes at the right.
 */
import { BOND_DEFAULTS, BRIDGE_DEFAULTS, PORT_DEFAULTS } from './kernel-defaults.ts';
import { isUnplugged } from './plan.ts';
import { formatOption } from './plan-text.ts';
import { describeLike } from './switch-like.ts';
import { allDevices, type DeviceSpec, type EndSpec, type LinkSpec, type NodeSpec, type Options, type OptionValue, type Topology } from './topology.ts';
import { formatDuration, isDuration } from './units.ts';

type Device = DeviceSpec | EndSpec;

const same = (a: OptionValue | undefined, b: OptionValue | undefined): boolean => (isDuration(a) && isDuration(b) ? a.ns === b.ns : JSON.stringify(a) === JSON.stringify(b));
/** Options that are not what the kernel would take anyway: "mode active-backup, miimon 100 ms". */
const unusual = (options: Options | undefined, defaults: Options): string[] =>
  Object.entries(options ?? {}).filter(([key, value]) => !same(value, defaults[key])).map(([key, value]) => `${key} ${formatOption(value)}`);

/** What is to know of a device beside its name. */
function about(topology: Topology, device: Device): string[] {
  const facts: string[] = device.kind === 'end' ? [] : device.kind === 'vlan' ? [`vlan ${device.id} over ${device.over}`] : [device.kind];
  facts.push(...device.addresses);
  if (device.mac) facts.push(`MAC ${device.mac}`);
  if (device.mtuBytes) facts.push(`MTU ${device.mtuBytes}`);
  if (device.multicastLimitBytes) facts.push(`multicast up to ${device.multicastLimitBytes} bytes`);
  if (device.kind === 'bridge' && device.like) facts.push(...describeLike(device.like));
  if (device.kind === 'bridge') facts.push(...unusual(device.options, BRIDGE_DEFAULTS));
  if (device.kind === 'bond') facts.push(...unusual(device.options, BOND_DEFAULTS));
  facts.push(...unusual(device.port, PORT_DEFAULTS), ...unusual(device.slave, {}));
  for (const vlan of device.vlans ?? []) facts.push(`VLAN ${vlan.id}${vlan.pvid ? ' pvid' : ''}${vlan.untagged ? ' untagged' : ''}`);
  if (device.up === false) facts.push('down');
  if (isUnplugged(topology, device)) facts.push('not plugged in yet');
  return facts;
}

function aboutNode(topology: Topology, node: NodeSpec): string[] {
  const facts: string[] = [node.role];
  if (node.ipv6) facts.push('IPv6');
  if (node.igmpVersion) facts.push(`IGMPv${node.igmpVersion} at most`);
  if (node.mldVersion) facts.push(`MLDv${node.mldVersion} at most`);
  if (node.forwarding && node.role !== 'router') facts.push('forwards');
  for (const q of topology.queriers) if (q.node === node.name) facts.push(`queries ${q.version} every ${formatDuration(q.queryInterval)}${q.source === undefined ? '' : ` as ${q.source}`}`);
  for (const m of topology.movables) if (m.guest === node.name && m.places.length > 1) facts.push(`moves: ${m.places.map((p) => `${p.node}:${p.bridge}`).join(' → ')}`);
  return facts;
}

/** A row of the drawing. With an end: its cable leaves here. */
interface Row { text: string; readonly end?: EndSpec }

interface Box { readonly title: string; readonly rows: readonly Row[] }

/** Masters with their members below them; what has no master stands at the left. */
function boxOf(topology: Topology, node: NodeSpec, width: number): Box {
  const devices = allDevices(topology).filter((d) => d.node === node.name);
  const rows: Row[] = [];
  const shown = new Set<Device>();
  const show = (device: Device, lead: string, below: string): void => {
    if (shown.has(device)) return;
    shown.add(device);
    const members = devices.filter((d) => d !== device && d.master === device.name);
    // A long list of facts goes on below the name, beside the line that leads to the first member.
    const indent = `${below}${members.length > 0 ? '│  ' : '   '}`;
    const lines = wrap([device.name, ...about(topology, device)], Math.max(24, width - lead.length));
    lines.forEach((line, index) => {
      const text = `${index === 0 ? lead : indent}${line}`;
      rows.push(index === 0 && device.kind === 'end' ? { text, end: device } : { text });
    });
    members.forEach((member, index) => { show(member, `${below}${index === members.length - 1 ? '└─ ' : '├─ '}`, `${below}${index === members.length - 1 ? '   ' : '│  '}`); });
  };
  for (const device of devices) if (device.master === undefined || !devices.some((d) => d.name === device.master)) show(device, '', '');
  // Masters in a circle: validation says so, and a drawing must not lose them.
  for (const device of devices) show(device, '', '');
  return { title: `${node.name} · ${aboutNode(topology, node).join(' · ')}`, rows };
}

/** "name  fact, fact" broken at facts. */
function wrap([name = '', ...facts]: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = name;
  facts.forEach((fact, index) => {
    const joined = `${line}${index === 0 ? '  ' : ', '}${fact}`;
    if (joined.length > width && line !== '' && index > 0) {
      lines.push(`${line},`);
      line = fact;
    } else line = joined;
  });
  return [...lines, line];
}

const hasOneCable = (topology: Topology, node: NodeSpec): boolean => {
  const devices = allDevices(topology).filter((d) => d.node === node.name);
  return devices.length === 1 && devices[0]?.kind === 'end';
};

/** Nodes that stand at the end of a cable, by the end at the other side. Of two that only have each other, one is a box. */
function leaves(topology: Topology): Map<EndSpec, { node: NodeSpec; end: EndSpec }> {
  const found = new Map<EndSpec, { node: NodeSpec; end: EndSpec }>();
  const taken = new Set<string>();
  const alone = new Map(topology.nodes.map((node) => [node.name, node] as const).filter(([, node]) => hasOneCable(topology, node)));
  for (const { a, b } of topology.links)
    for (const [end, far] of [[a, b], [b, a]] as const) {
      const node = alone.get(end.node);
      if (!node || taken.has(far.node) || taken.has(end.node)) continue;
      taken.add(end.node);
      found.set(far, { node, end });
    }
  return found;
}

export interface DrawOptions {
  /** Columns to keep to where text can be broken; 120 by default. */
  readonly width?: number;
}

/** Columns that lanes may take where the boxes alone fill the width. */
const LANES_BEYOND_WIDTH = 24;

interface Line { text: string; end?: EndSpec }

/** The drawing, as lines of Unicode box characters. */
export function drawTopology(topology: Topology, { width = 120 }: DrawOptions = {}): string {
  const atEnds = leaves(topology);
  const leafNodes = new Set([...atEnds.values()].map(({ node }) => node.name));
  const boxes = topology.nodes.filter((n) => !leafNodes.has(n.name)).map((n) => boxOf(topology, n, Math.max(40, Math.floor(width * 0.55))));
  const inner = Math.max(10, ...boxes.flatMap((box) => [box.title.length + 2, ...box.rows.map((row) => row.text.length)]));

  const lines: Line[] = [];
  for (const { title, rows } of boxes) {
    lines.push({ text: `┌ ${title} ${'─'.repeat(Math.max(0, inner - title.length))}┐` });
    if (rows.length === 0) lines.push({ text: `│ ${' '.repeat(inner)} │` });
    for (const { text, end } of rows) {
      const leaf = end && atEnds.get(end);
      const line: Line = { text: `│ ${text.padEnd(inner)} ${end ? '├' : '│'}` };
      if (leaf) line.text += `───┤ ${[leaf.node.name, ...aboutNode(topology, leaf.node)].join(' · ')} · ${wrap([leaf.end.name, ...about(topology, leaf.end)], Infinity).join('')} │`;
      else if (end) line.end = end;
      lines.push(line);
    }
    lines.push({ text: `└${'─'.repeat(inner + 2)}┘` });
  }
  return `${addLanes(lines, topology, width).map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Draws the links that are left as vertical lanes, short ones innermost, each right of all that stands beside it. */
function addLanes(lines: readonly Line[], topology: Topology, width: number): string[] {
  const row = new Map<EndSpec, number>();
  lines.forEach(({ end }, index) => { if (end) row.set(end, index); });
  const runs = topology.links.flatMap(({ a, b }) => {
    const [from, to] = [row.get(a), row.get(b)];
    return from === undefined || to === undefined ? [] : [{ top: Math.min(from, to), bottom: Math.max(from, to), x: 0 }];
  }).sort((x, y) => x.bottom - x.top - (y.bottom - y.top) || x.top - y.top);
  const taken = lines.map(({ text }) => text.length);
  const left = Math.max(0, ...taken);
  for (const run of runs) {
    run.x = Math.max(...taken.slice(run.top, run.bottom + 1)) + 1;
    taken.fill(run.x + 1, run.top, run.bottom + 1);
  }
  const right = Math.max(0, ...taken);
  if (right > Math.max(width, left + LANES_BEYOND_WIDTH)) return byName(lines, topology);

  const canvas = lines.map(({ text }) => Array.from(text.padEnd(right)));
  const put = (y: number, x: number, character: string): void => {
    const line = canvas[y];
    // Lines cross and never join; a row has one end only, so no corner is ever crossed.
    if (line) line[x] = (line[x] === '│' && character === '─') || (line[x] === '─' && character === '│') ? '┼' : character;
  };
  for (const { top, bottom, x } of runs) for (let y = top + 1; y < bottom; y++) put(y, x, '│');
  for (const { top, bottom, x } of runs) {
    for (const y of [top, bottom]) for (let at = lines[y]?.text.length ?? x; at < x; at++) put(y, at, '─');
    put(top, x, '┐');
    put(bottom, x, '┘');
  }
  return canvas.map((line) => line.join(''));
}

/** Too many lanes for the width: each end names the other. */
function byName(lines: readonly Line[], topology: Topology): string[] {
  const peers = new Map<EndSpec, { link: LinkSpec; peer: EndSpec }>(topology.links.flatMap((link) => [[link.a, { link, peer: link.b }], [link.b, { link, peer: link.a }]] as const));
  return lines.map(({ text, end }) => {
    const far = end && peers.get(end);
    return far ? `${text}─── link ${far.link.name} to ${far.peer.node}:${far.peer.name}` : text;
  });
}

const dotQuoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** The same for Graphviz: a cluster for each node, solid edges for links, dashed ones for membership. */
export function dotGraph(topology: Topology): string {
  const id = (node: string, device: string): string => dotQuoted(`${node}:${device}`);
  const lines = ['graph topology {', '  graph [rankdir=LR];', '  node [shape=box];'];
  topology.nodes.forEach((node, index) => {
    lines.push(`  subgraph cluster_${index} {`, `    label=${dotQuoted([node.name, ...aboutNode(topology, node)].join(' · '))};`);
    for (const d of allDevices(topology)) if (d.node === node.name) lines.push(`    ${id(d.node, d.name)} [label=${dotQuoted(wrap([d.name, ...about(topology, d)], 40).join('\n')).replaceAll('\n', '\\n')}];`);
    lines.push('  }');
  });
  for (const d of allDevices(topology)) {
    if (d.master !== undefined) lines.push(`  ${id(d.node, d.master)} -- ${id(d.node, d.name)} [style=dashed];`);
    if (d.kind === 'vlan') lines.push(`  ${id(d.node, d.over)} -- ${id(d.node, d.name)} [style=dotted];`);
  }
  for (const { name, a, b } of topology.links) lines.push(`  ${id(a.node, a.name)} -- ${id(b.node, b.name)} [label=${dotQuoted(name)}];`);
  return `${[...lines, '}'].join('\n')}\n`;
}
