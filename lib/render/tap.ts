/**
 * TAP 14. One test point a scenario, its subtest holds one point a variant and kernel, whose subtest holds one point
 * a claim. `ok` says "as expected": a negative control that broke is ok, and one that held is not.
 * https://testanything.org/tap-version-14-specification.html
 */
import type { ClaimRecord, ResultRecord, RunRecord } from '../record.ts';
import { claimAsExpected, explanation, groupBy, standing } from './standing.ts';
import { oneLine, visible } from './text.ts';

interface Point {
  ok: boolean;
  name: string;
  /** Given: the point is a skip. */
  skip?: string;
  /** Shown as a YAML block under the point. */
  diagnostics?: Record<string, Value>;
  subtest?: Point[];
}

type Value = string | number | boolean | string[] | Record<string, number>;

/** The whole run as a TAP document. */
export function renderTap(run: RunRecord): string {
  const lines = ['TAP version 14', `# ${oneLine(`wirewarp ${run.wirewarp}, run ${run.runId}`)}`];
  const scenarios = [...groupBy(run.results, 'scenario')].map(([scenario, results]) => scenarioPoint(scenario, results, run.sweep !== undefined));
  // "1..0" would end the document there, and a parser would not see the bail-out.
  if (!run.interrupted || scenarios.length > 0) lines.push(...points(scenarios, 'no scenario ran'));
  // After the points: what was done until then still counts, but the run as a whole does not pass.
  if (run.interrupted) lines.push('Bail out! interrupted: the results hold what was done until then');
  return `${lines.join('\n')}\n`;
}

function scenarioPoint(scenario: string, results: ResultRecord[], seeds: boolean): Point {
  const title = results[0]?.title ?? '';
  const skipped = results.every((result) => standing(result) === 'skipped');
  return {
    ok: results.every((result) => standing(result) !== 'unexpected'),
    name: title === '' ? scenario : `${scenario}: ${title}`,
    ...(skipped && { skip: results[0]?.reason ?? '' }),
    subtest: results.map((result) => resultPoint(result, seeds)),
  };
}

function resultPoint(result: ResultRecord, seeds: boolean): Point {
  const where = standing(result);
  const control = result.control ? ' (negative control)' : '';
  return {
    ok: where !== 'unexpected',
    // The verdict is no part of the name: a name stays the same from run to run.
    name: `${result.variant}${control} on ${result.kernel}${seeds ? `, seed ${result.seed}` : ''}`,
    ...(where === 'skipped' && { skip: result.reason ?? 'no reason recorded' }),
    ...(where === 'unexpected' && {
      diagnostics: {
        message: explanation(result),
        verdict: result.verdict,
        expected: result.expected,
        ...(result.reason !== undefined && { reason: result.reason }),
        cases: result.cases,
        figures: result.figures,
        protocolS: result.protocolS,
        wallS: result.wallS,
        files: result.files,
        replay: result.replay,
      },
    }),
    subtest: result.claims.map((claim) => claimPoint(result, claim)),
  };
}

function claimPoint(result: ResultRecord, claim: ClaimRecord): Point {
  const ok = claimAsExpected(result, claim);
  const note = ok && claim.verdict === 'broken' ? ' (broken, as expected)'
    : !ok && claim.verdict === 'held' ? ' (held where it must break)' : '';
  return {
    ok,
    name: `${claim.claim}${note}`,
    ...((!ok || claim.verdict !== 'held') && {
      diagnostics: {
        verdict: claim.verdict,
        expected: claim.expected,
        observed: claim.observed,
        atS: claim.atS,
        ...(claim.windowS && { windowS: { from: claim.windowS.from, to: claim.windowS.to } }),
        reasons: claim.reasons,
        figures: claim.figures,
        evidence: claim.evidence,
      },
    }),
  };
}

function points(list: Point[], whyEmpty: string): string[] {
  if (list.length === 0) return [`1..0 # SKIP ${description(whyEmpty)}`];
  return [`1..${list.length}`, ...list.flatMap((point, index) => pointLines(point, index + 1))];
}

function pointLines(point: Point, id: number): string[] {
  const lines: string[] = [];
  if (point.subtest !== undefined && point.subtest.length > 0) {
    lines.push(`# Subtest: ${oneLine(point.name)}`, ...indent(points(point.subtest, ''), 4));
  }
  const skip = point.skip === undefined ? '' : ` # SKIP ${description(point.skip)}`;
  lines.push(`${point.ok ? 'ok' : 'not ok'} ${id} - ${description(point.name)}${skip}`);
  if (point.diagnostics !== undefined) lines.push(...indent(yaml(point.diagnostics), 2));
  return lines;
}

const indent = (lines: string[], by: number) => lines.map((line) => ' '.repeat(by) + line);

/** `#` would begin a directive, so TAP 14 escapes it, and the backslash that escapes it. */
const description = (text: string) => oneLine(text).replace(/[\\#]/g, '\\$&');

function yaml(values: Record<string, Value>): string[] {
  const lines = Object.entries(values).flatMap(([key, value]) => {
    if (Array.isArray(value)) return value.length === 0 ? [] : [`${key}:`, ...value.map((item) => `  - ${scalar(item)}`)];
    if (typeof value === 'object') {
      const entries = Object.entries(value);
      return entries.length === 0 ? [] : [`${key}:`, ...entries.map(([name, number]) => `  ${scalar(name)}: ${scalar(number)}`)];
    }
    return [`${key}: ${scalar(value)}`];
  });
  return ['---', ...lines, '...'];
}

/** Quoted always: a string that looks like a number, a date or "no" stays a string. A JSON string is a YAML string. */
function scalar(value: string | number | boolean): string {
  if (typeof value === 'number') return Number.isNaN(value) ? '.nan' : Math.abs(value) === Infinity ? `${value < 0 ? '-' : ''}.inf` : String(value);
  return typeof value === 'boolean' ? String(value) : JSON.stringify(visible(value));
}
