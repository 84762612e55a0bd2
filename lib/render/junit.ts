/**
 * JUnit XML as Jenkins, GitLab and GitHub's reporters read it: a suite per scenario and kernel, a case per variant.
 * failure: something broke that must hold, held that must break, or the kernel crashed. error: the harness or the
 * machine failed. Times are wall seconds, as the readers expect; protocol time stands in the properties and the text.
 */
import type { ClaimRecord, ResultRecord, RunRecord } from '../record.ts';
import { figureText, protocolTime } from './figures.ts';
import { type Markup, markup } from './markup.ts';
import { claimAsExpected, count, decidingFigures, explanation, groupBy, missed, standing } from './standing.ts';
import { oneLine } from './text.ts';

/** The whole run as a JUnit XML document. */
export function renderJunit(run: RunRecord): string {
  const suites = [...groupBy(run.results, 'scenario')].flatMap(([scenario, results]) =>
    [...groupBy(results, 'kernel')].map(([kernel, group]) => suite(run, scenario, kernel, group)));
  const all = tally(run.results);
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="wirewarp ${run.runId}" tests="${all.tests}" failures="${all.failures}" errors="${all.errors}" skipped="${all.skipped}" time="${seconds(run.wallS)}" timestamp="${run.startedAt}">
${suites}</testsuites>
`.text;
}

function tally(results: ResultRecord[]) {
  const { total, unexpected, skipped, verdicts } = count(results);
  return { tests: total, failures: unexpected - verdicts.errored, errors: verdicts.errored, skipped };
}

const seconds = (wallS: number) => (Number.isFinite(wallS) ? wallS.toFixed(3) : '0');

function suite(run: RunRecord, scenario: string, kernel: string, results: ResultRecord[]): Markup {
  const { tests, failures, errors, skipped } = tally(results);
  const wallS = results.reduce((sum, result) => sum + result.wallS, 0);
  return markup`  <testsuite name="${oneLine(`${scenario} on ${kernel}`)}" tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}" time="${seconds(wallS)}" timestamp="${run.startedAt}">
    <properties>
      <property name="kernel" value="${oneLine(kernel)}"/>
      <property name="title" value="${oneLine(results[0]?.title ?? '')}"/>
      <property name="wirewarp" value="${run.wirewarp}"/>
    </properties>
${results.map((result) => testcase(result, run.sweep !== undefined))}  </testsuite>
`;
}

function testcase(result: ResultRecord, seeds: boolean): Markup {
  // The kernel belongs to the name: CI systems tell cases apart by class and name alone.
  return markup`    <testcase classname="${oneLine(result.scenario)}" name="${oneLine(`${result.variant} on ${result.kernel}${seeds ? `, seed ${result.seed}` : ''}`)}" time="${seconds(result.wallS)}">
${outcome(result)}      <system-out>${summary(result)}</system-out>
    </testcase>
`;
}

function outcome(result: ResultRecord): Markup | undefined {
  const where = standing(result);
  if (where === 'as-expected') return undefined;
  if (where === 'skipped') return markup`      <skipped message="${oneLine(result.reason ?? 'no reason recorded')}"/>
`;
  const message = explanation(result);
  const text = details(result);
  if (result.verdict === 'errored') return markup`      <error type="errored" message="${message}">${text}</error>
`;
  const type = result.verdict === 'held' ? 'control-held' : missed(result).length > 0 ? 'control-broken-elsewhere' : result.verdict;
  return markup`      <failure type="${type}" message="${message}">${text}</failure>
`;
}

/** What a person needs who sees only the CI page: each bad claim with its evidence, and the command to repeat it. */
function details(result: ResultRecord): string {
  const bad = result.claims.filter((claim) => !claimAsExpected(result, claim));
  return [
    ...(result.reason === undefined ? [] : [result.reason.trim()]),
    ...bad.map(claimText),
    `replay: ${result.replay}`,
  ].join('\n\n');
}

function claimText(claim: ClaimRecord): string {
  const { windowS } = claim;
  return [
    `${claim.verdict}: ${claim.claim}`,
    `expected: ${claim.expected}`,
    `observed: ${claim.observed}`,
    `decided at: ${protocolTime(claim.atS)}${windowS ? ` (window ${protocolTime(windowS.from)} to ${protocolTime(windowS.to)})` : ''}`,
    ...claim.reasons.map((reason) => `because: ${reason}`),
    ...Object.entries(claim.figures).map(([name, value]) => `figure: ${figureText(name, value)}`),
    ...(claim.evidence.length > 0 ? ['evidence:', ...claim.evidence.map((line) => `  ${line}`)] : []),
  ].join('\n');
}

function summary(result: ResultRecord): string {
  return [
    `verdict ${result.verdict}, expected ${result.expected}${result.control ? ' (negative control)' : ''}`,
    `deciding: ${decidingFigures(result, 3)}`,
    `protocol time ${protocolTime(result.protocolS)}, time ${result.time}, seed ${result.seed}`,
    ...(result.cases.length > 0 ? [`cases: ${result.cases.join(' ')}`] : []),
    ...(result.files.length > 0 ? [`files: ${result.files.join(' ')}`] : []),
    `replay: ${result.replay}`,
  ].join('\n');
}
