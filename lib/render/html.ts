/**
 * index.html: one file that needs nothing else and runs no script; its content security policy forbids both, so that
 * text from a kernel log could not do harm even if escaping failed. What is not as expected comes first and open.
 */
import type { KernelRecord, ResultRecord, RunRecord } from '../record.ts';
import { protocolTime, ratio, wallTime } from './figures.ts';
import { badge, resultSection } from './html-result.ts';
import { gridSection } from './html-grid.ts';
import { sweepSection } from './html-sweep.ts';
import { style } from './html-style.ts';
import { type Markup, markup, trusted } from './markup.ts';
import { controlsText, count, decidingFigures, standing, worstFirst } from './standing.ts';
import { oneLine, plural } from './text.ts';

/** Of a sweep so many results are shown one by one. */
const MOST_SEEDS = 50;

/** The whole run as a page. Links to files are relative: the page belongs into the run's folder. */
export function renderHtml(run: RunRecord): string {
  // Anchors number the results as run.json does, whatever order they are shown in.
  const ids = new Map(run.results.map((result, index) => [result, `result-${index}`]));
  const id = (result: ResultRecord) => ids.get(result) ?? '';
  const all = worstFirst(run.results);
  // A thousand seeds are a distribution; what is read one by one are those whose files were kept, and not all of those.
  const ordered = run.sweep ? all.filter((result) => standing(result) === 'unexpected' || result.files.length > 0).slice(0, MOST_SEEDS) : all;
  const omitted = all.length - ordered.length;
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${headline(run)} – wirewarp ${oneLine(run.runId)}</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
${top(run)}
${run.sweep && sweepSection(run.sweep)}
${!run.sweep && new Set(run.results.map(({ kernel }) => kernel)).size > 1 && gridSection(run, id)}
${ordered.length > 0 && verdictTable(ordered, id, run.sweep !== undefined)}
${omitted > 0 && markup`<p class="faint">${plural(omitted, 'more result')}, of other seeds: <a href="run.json">run.json</a> has them all.</p>`}
${ordered.length > 0 && markup`<h2>Results</h2>`}
${ordered.map((result) => resultSection(result, id(result), run.sweep !== undefined))}
${run.kernels.length > 0 && kernelTable(run.kernels)}
${about(run)}
</main>
</body>
</html>
`.text;
}

function headline(run: RunRecord): string {
  const { total, asExpected, unexpected, skipped } = count(run.results);
  if (total === 0) return 'Nothing ran';
  if (unexpected > 0) return `${unexpected} of ${plural(total, 'result')} not as expected`;
  if (asExpected === 0) return `All ${total} skipped: nothing was learnt`;
  return skipped > 0 ? `${asExpected} as expected, ${skipped} skipped` : `All ${plural(total, 'result')} as expected`;
}

function top(run: RunRecord): Markup {
  const counts = count(run.results);
  const tone = counts.unexpected > 0 ? 'bad' : counts.asExpected > 0 ? 'good' : 'faint';
  const verdicts = Object.entries(counts.verdicts).filter(([, number]) => number > 0).map(([verdict, number]) => `${number} ${verdict}`);
  const controls = counts.controlsBroken > 0 ? ` (${controlsText(counts)})` : '';
  return markup`<header>
<h1 class="${tone}">${headline(run)}</h1>
${verdicts.length > 0 && markup`<p>${verdicts.join(' · ')}${controls}</p>`}
<p class="faint">Run ${oneLine(run.runId)} · ${run.startedAt} · wall time ${wallTime(run.wallS)} · ${plural(run.kernels.length, 'kernel')} · wirewarp ${run.wirewarp}</p>
${run.interrupted && markup`<p class="banner">Interrupted: these are the results until then.</p>`}
</header>`;
}

function verdictTable(results: ResultRecord[], id: (result: ResultRecord) => string, seeds: boolean): Markup {
  // Where there is one kernel, the column would only take room; the section and the list of kernels name it.
  const matrix = new Set(results.map((result) => result.kernel)).size > 1;
  return markup`<h2>Verdicts</h2>
<div class="scroll"><table>
<thead><tr><th>verdict</th><th>scenario</th><th>variant</th>${seeds && markup`<th class="number">seed</th>`}<th>deciding figures</th>${matrix && markup`<th>kernel</th>`}<th class="number">protocol</th><th class="number">wall</th><th class="number">speed</th></tr></thead>
<tbody>
${results.map((result) => markup`<tr class="${standing(result)}"><td>${badge(result)}</td><td class="name"><a href="#${id(result)}">${breakable(result.scenario)}</a></td><td class="variant">${oneLine(result.variant)}${result.control && markup` <span class="badge control">control</span>`}</td>${seeds && markup`<td class="number">${result.seed}</td>`}<td class="figures">${decidingFigures(result, 2)}</td>${matrix && markup`<td class="kernel">${breakable(result.kernel)}</td>`}${times(result)}</tr>
`)}</tbody>
</table></div>`;
}

function times(result: ResultRecord): Markup {
  if (standing(result) === 'skipped') return markup`<td></td><td></td><td></td>`;
  return markup`<td class="number">${protocolTime(result.protocolS)}</td><td class="number">${wallTime(result.wallS)}</td><td class="number">${ratio(result.protocolS, result.wallS)}</td>`;
}

/** A path may break after its slashes and colons, not within a word. */
function breakable(path: string): Markup[] {
  return oneLine(path).split(/(?<=[/:])/).map((part) => markup`${part}<wbr>`);
}

function kernelTable(kernels: KernelRecord[]): Markup {
  return markup`<h2>Kernels</h2>
<div class="scroll"><table>
<thead><tr><th>kernel</th><th>release and version</th><th class="number">HZ</th><th>why here</th></tr></thead>
<tbody>
${kernels.map((kernel) => markup`<tr><td class="name">${oneLine(kernel.id)}</td><td>${kernel.release}<br><span class="faint">${kernel.version}</span>${kernel.image !== undefined && markup`<br><span class="mono">${kernel.image}</span>`}${kernel.icountShift !== undefined && markup`<br><span class="faint">virtual time, icount shift ${kernel.icountShift}</span>`}${kernel.cpus !== undefined && markup`<br><span class="faint">${plural(kernel.cpus, 'CPU')}</span>`}</td><td class="number">${kernel.hz}</td><td>${kernel.reason}</td></tr>
`)}</tbody>
</table></div>`;
}

function about(run: RunRecord): Markup {
  const { machine } = run;
  return markup`<h2>This run</h2>
<pre class="command">${run.command.map(shellWord).join(' ')}</pre>
<p class="faint">${run.startedAt} to ${run.endedAt} · ${machine.platform} ${machine.release}, ${plural(machine.cpus, 'CPU')}, Node ${machine.node} · <a href="run.json">run.json</a> · <a href="report.tap">report.tap</a> · <a href="junit.xml">junit.xml</a></p>`;
}

/** As one would type it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
