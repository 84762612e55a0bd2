/** Mutated kernels (bench/mutants): what a patch says of itself, and the table of what each one broke. Pure. */

export interface Mutant {
  readonly name: string;
  /** The behaviour that it breaks, as a sentence. */
  readonly breaks: string;
  /** Patterns of the scenarios that can matter, the likeliest first. */
  readonly scenarios: readonly string[];
  /** Paths in the tree that it changes. */
  readonly files: readonly string[];
  /** What it does to the kernel, without what it says of itself. */
  readonly diff: string;
  /** Set where no story can be expected to notice: why. */
  readonly equivalent?: string;
}

/** What came of one variant on one kernel. */
export interface Outcome {
  readonly scenario: string;
  readonly variant: string;
  readonly verdict: string;
  readonly asExpected: boolean;
}

export interface MutantRun {
  readonly mutant: Mutant;
  readonly outcomes: readonly Outcome[];
  /** Patterns that were left out, since one before them broke already. */
  readonly leftOut: readonly string[];
}

/** The head of a patch file: "Breaks: …", "Scenarios: …", perhaps "Equivalent: …", above the diff. Every fault at once. */
export function readMutant(name: string, text: string): Mutant {
  const start = text.search(/^--- a\//m);
  const head = start < 0 ? text : text.slice(0, start);
  const field = (key: string): string | undefined => new RegExp(`^${key}: *(.+)$`, 'm').exec(head)?.[1]?.trim();
  const breaks = field('Breaks');
  const scenarios = field('Scenarios')?.split(/\s+/) ?? [];
  const files = [...text.matchAll(/^--- a\/(\S+)/gm)].map(([, path]) => path as string);
  const faults = [
    ...(breaks === undefined ? ['it has no line "Breaks: …"'] : []),
    ...(scenarios.length === 0 ? ['it has no line "Scenarios: …"'] : []),
    ...(files.length === 0 ? ['it changes no file'] : []),
    ...files.filter((path) => path.startsWith('/') || path.split('/').includes('..')).map((path) => `${path} is outside the tree`),
  ];
  if (faults.length > 0 || breaks === undefined) throw new Error(`Cannot use the mutant ${name}: ${faults.join('; ')}.`);
  const equivalent = field('Equivalent');
  return { name, breaks, scenarios, files, diff: text.slice(start), ...(equivalent === undefined ? {} : { equivalent }) };
}

export const pattern = ({ scenario, variant }: Outcome): string => `${scenario}#${variant}`;

/** Broken or crashed where it should not be; what does so on the unmutated kernel too, or could not be decided there, says nothing. */
export function noticed(outcomes: readonly Outcome[], base: readonly Outcome[]): Outcome[] {
  const ours = new Set([...failures(base), ...errored(base)].map(pattern));
  return failures(outcomes).filter((outcome) => !ours.has(pattern(outcome)));
}

/** What a kernel did wrong. */
export const failures = (outcomes: readonly Outcome[]): Outcome[] => outcomes.filter(({ verdict, asExpected }) => !asExpected && (verdict === 'broken' || verdict === 'crashed'));

/** The harness or the machine failed: that says nothing of a kernel. */
export const errored = (outcomes: readonly Outcome[]): Outcome[] => outcomes.filter(({ verdict }) => verdict === 'errored');

/** Nobody noticed, but not everybody could look: a run errored, or what failed did not get an answer on the unmutated kernel. */
export function undecided(outcomes: readonly Outcome[], base: readonly Outcome[]): Outcome[] {
  if (noticed(outcomes, base).length > 0) return [];
  const unknown = new Set(errored(base).map(pattern));
  return [...errored(outcomes), ...failures(outcomes).filter((outcome) => unknown.has(pattern(outcome)))];
}

export const survived = (outcomes: readonly Outcome[], base: readonly Outcome[]): boolean => noticed(outcomes, base).length + undecided(outcomes, base).length === 0;

/** "multicast/a#x, #y; ports/b#z (errored)": variants by their scenario. */
export function byScenario(outcomes: readonly Outcome[]): string {
  const of = new Map<string, string[]>();
  for (const { scenario, variant, verdict } of outcomes)
    of.set(scenario, [...(of.get(scenario) ?? []), `#${variant}${verdict === 'broken' ? '' : ` (${verdict})`}`]);
  return [...of].map(([scenario, variants]) => `${scenario}${variants.join(', ')}`).join('; ');
}

/** Rows for docs/mutants.md. */
export function mutantTable(runs: readonly MutantRun[], base: readonly Outcome[]): string {
  const rows = runs.map(({ mutant, outcomes, leftOut }) => {
    const broke = noticed(outcomes, base);
    const open = undecided(outcomes, base);
    const silent = mutant.equivalent === undefined ? '**survived**' : `survived: ${mutant.equivalent}`;
    const what = broke.length > 0 ? byScenario(broke) : open.length > 0 ? `**undecided**: ${byScenario(open)}` : silent;
    return `| ${mutant.name} | ${mutant.breaks} | ${what} | ${broke.length} of ${outcomes.length}${leftOut.length > 0 ? ', stopped' : ''} |`;
  });
  return ['| mutant | what it breaks | variants that noticed | of those run |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

export function mutantSummary(runs: readonly MutantRun[], base: readonly Outcome[]): string {
  const names = (some: readonly MutantRun[]): string => (some.length === 0 ? '' : `: ${some.map(({ mutant }) => mutant.name).join(', ')}`);
  const survivors = runs.filter(({ outcomes }) => survived(outcomes, base));
  const open = runs.filter(({ outcomes }) => undecided(outcomes, base).length > 0);
  const count = runs.length - survivors.length - open.length;
  const left = open.length === 0 ? '' : `, ${open.length} undecided, since the harness failed${names(open)}`;
  const lost = errored(base).length === 0 ? '' : `, ${errored(base).length} errored`;
  return `${runs.length} mutants, ${count} noticed, ${survivors.length} survived${names(survivors)}${left}. On the unmutated kernel ${failures(base).length} of ${base.length} variants came out otherwise than they should${lost}.`;
}
