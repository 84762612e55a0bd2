/** One result on the page: what was asked, what was seen, why, and how to see it again. */
import type { ClaimRecord, Readout, ResultRecord } from '../record.ts';
import { figureText, protocolTime, ratio, wallTime } from './figures.ts';
import { findingBlock } from './html-finding.ts';
import { type Markup, markup } from './markup.ts';
import { claimAsExpected, decidingFigures, explanation, missed, standing } from './standing.ts';
import { oneLine, shorten } from './text.ts';
import { timelineSvg } from './timeline-svg.ts';

/** Tone by standing, word by verdict: a control that broke is green and says broken. */
export function badge(result: ResultRecord): Markup {
  const where = standing(result);
  const tone = where === 'unexpected' && result.verdict === 'errored' ? 'errored' : where;
  const sign = where === 'as-expected' ? '✓' : where === 'skipped' ? '–' : '✗';
  return markup`<span class="badge ${tone}">${sign} ${result.verdict}</span>`;
}

/** Open when there is something to look into. */
export function resultSection(result: ResultRecord, id: string, seeds = false): Markup {
  const where = standing(result);
  const open = where === 'unexpected' && markup` open`;
  return markup`<details class="result ${where}" id="${id}"${open}>
<summary>${badge(result)}${result.control && markup` <span class="badge control">negative control</span>`} <h3>${oneLine(result.title)}: ${oneLine(result.variant)}${seeds && `, seed ${result.seed}`}</h3> <span class="deciding">${shorten(decidingFigures(result, 2), 90)}</span></summary>
<div class="body">
<p class="faint">${facts(result).join(' · ')}</p>
${result.control && markup`<p>${controlNote(result)}</p>`}
${result.reason !== undefined && markup`<pre>${result.reason.trim()}</pre>`}
${(result.notes ?? []).map((note) => markup`<p class="faint">Note: ${oneLine(note)}.</p>`)}
${result.findings.length > 0 && markup`<div class="claim"><h4>What happened</h4>${result.findings.map(findingBlock)}</div>`}
${result.claims.map((claim) => claimBlock(result, claim))}
${Object.keys(result.figures).length > 0 && markup`<div class="claim"><h4>Figures of the story</h4><p>${figureList(result.figures)}</p></div>`}
${result.readouts.map(readoutBlock)}
<div class="claim"><h4>Replay and files</h4><pre class="command">${oneLine(result.replay)}</pre>${fileLinks(result.files)}</div>
</div>
</details>
`;
}

function facts(result: ResultRecord): string[] {
  const speed = ratio(result.protocolS, result.wallS);
  return [
    oneLine(result.scenario),
    ...(result.cases.length > 0 ? [`${result.cases.length === 1 ? 'case' : 'cases'} ${result.cases.map(oneLine).join(', ')}`] : []),
    `on ${oneLine(result.kernel)}`,
    `time ${oneLine(result.time)}`,
    `seed ${result.seed}`,
    `${protocolTime(result.protocolS)} protocol time in ${wallTime(result.wallS)}${speed === '' ? '' : ` (${speed})`}`,
  ];
}

function controlNote(result: ResultRecord): string {
  if (standing(result) === 'as-expected') return 'Negative control: with this setting the claims must break, and they did. So the check can tell the fault from health.';
  return result.verdict === 'held' || missed(result).length > 0 ? `Negative control: ${explanation(result)}.` : 'Negative control: with this setting the claims must break. That was not decided.';
}

function claimBlock(result: ResultRecord, claim: ClaimRecord): Markup {
  const fine = claimAsExpected(result, claim);
  const tone = fine ? 'as-expected' : claim.verdict === 'errored' ? 'errored' : 'unexpected';
  const note = fine && claim.verdict === 'broken' ? ', as expected' : !fine && claim.verdict === 'held' ? ' where it must break' : '';
  return markup`<div class="claim ${tone}">
<h4><span class="badge ${tone}">${fine ? '✓' : '✗'} ${claim.verdict}${note}</span> ${claim.claim}</h4>
<dl><dt>expected</dt><dd>${claim.expected}</dd><dt>observed</dt><dd${!fine && markup` class="observed-bad"`}>${claim.observed}</dd></dl>
${timelineSvg(claim) ?? markup`<p class="faint">Decided at ${protocolTime(claim.atS)}.</p>`}
<dl>${claim.reasons.length > 0 && markup`<dt>why this bound</dt><dd><ul>${claim.reasons.map((reason) => markup`<li>${reason}</li>`)}</ul></dd>`}${Object.keys(claim.figures).length > 0 && markup`<dt>figures</dt><dd>${figureList(claim.figures)}</dd>`}</dl>
${claim.evidence.length > 0 && markup`<p class="faint">Evidence, the frames around that instant:</p><pre>${claim.evidence.map((line) => line.trimEnd()).join('\n')}</pre>`}
</div>
`;
}

const figureList = (figures: Record<string, number>) => Object.entries(figures).map(([name, value]) => figureText(name, value)).join(' · ');

function readoutBlock(readout: Readout): Markup {
  return markup`<div class="readout"><h4>${readout.title} <span class="faint">at ${protocolTime(readout.atS)}</span></h4><pre>${readout.lines.map((line) => line.trimEnd()).join('\n')}</pre></div>
`;
}

function fileLinks(files: string[]): Markup | undefined {
  if (files.length === 0) return undefined;
  return markup`<ul class="files">${files.map((file) => {
    const href = relativeHref(file);
    return markup`<li>${href === undefined ? markup`<code>${file}</code>` : markup`<a class="mono" href="${href}">${file}</a>`}</li>`;
  })}</ul>`;
}

/** Below the run's folder only; `./` keeps a name such as "javascript:x" a path. */
function relativeHref(file: string): string | undefined {
  const parts = file.split('/');
  if (file.startsWith('/') || parts.includes('..')) return undefined;
  return `./${parts.map((part) => encodeURIComponent(part.replace(/\p{Surrogate}/gu, '\ufffd'))).join('/')}`;
}
