/** What happened, and how to set it right: a finding on the page. */
import type { CureRecord, EvidenceRecord, FindingRecord } from '../record.ts';
import { num } from './figures.ts';
import { type Markup, markup } from './markup.ts';
import { plural } from './text.ts';

export function findingBlock(finding: FindingRecord): Markup {
  return markup`<section class="finding ${finding.sure}">
<h4>${capital(finding.title)} <span class="faint">${finding.where}</span> <span class="badge sure">${finding.sure}</span></h4>
<p>${finding.what}</p>
${finding.affects.length > 0 && markup`<ul class="affects">${finding.affects.map((one) => markup`<li>${one.receiver === '' || one.flow.startsWith(one.receiver) ? one.flow : `${one.receiver}: ${one.flow}`}: ${one.lost} lost, ${one.lost === 1 ? `at ${num(one.fromS)} s` : `from ${num(one.fromS)} s ${one.open ? 'to the end' : `to ${num(one.toS)} s`}`}</li>`)}</ul>`}
${finding.evidence.length > 0 && markup`<details><summary>Evidence: ${plural(finding.evidence.length, 'line')} of the record</summary><table class="evidence"><tbody>${finding.evidence.map(evidenceRow)}</tbody></table></details>`}
${finding.cures.length > 0 && markup`<details><summary>Cures: ${places(finding.cures)}</summary>${finding.cures.map(cureBlock)}</details>`}
</section>
`;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function evidenceRow({ atS, event, frame, text }: EvidenceRecord): Markup {
  const source = frame !== undefined ? `frame ${frame}` : event !== undefined ? `event ${event}` : '';
  return markup`<tr><td class="number">${atS === undefined ? '' : `${atS.toFixed(3)} s`}</td><td class="source">${source}</td><td class="mono">${text}</td></tr>
`;
}

const places = (cures: readonly CureRecord[]): string => [...new Set(cures.map((cure) => cure.where))].join(', ');

function cureBlock({ where, lines, note }: CureRecord): Markup {
  return markup`<div class="cure"><p><strong>${where}</strong>${note !== undefined && markup` <span class="faint">${note}</span>`}</p><pre class="command">${lines.join('\n')}</pre></div>
`;
}
