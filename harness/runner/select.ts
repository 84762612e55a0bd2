/** Which variants of which scenarios a run consists of. The agent bundles this file too: nothing heavy in here. */
import { breaksTexts } from '../../lib/breaks.ts';
import type { Scenario, VariantCommon } from '../scenario.ts';

/** A scenario under the name by which people call it: its path below scenarios/, without ending. */
export interface Named {
  readonly name: string;
  readonly scenario: Scenario;
  /** The user's own file, where it is none of ours. */
  readonly file?: string;
}

/** One thing to run. */
export interface Selection extends Named {
  readonly variant: string;
  readonly control: boolean;
}

export const scenarioName = (path: string): string =>
  path
    .replace(/^(.*\/)?scenarios\//, '')
    .replace(/^(\.\/)+/, '')
    .replace(/\.[cm]?[jt]s$/, '');

export function variantsOf(named: Named, controls: boolean): Selection[] {
  const make =
    (control: boolean) =>
    (variant: string): Selection => ({ ...named, variant, control });
  return [
    ...Object.keys(named.scenario.variants).map(make(false)),
    ...(controls ? Object.keys(named.scenario.controls).map(make(true)) : []),
  ];
}

/** "multicast/expiry#legacy": how a person names exactly this. */
export const keyOf = (s: { name: string; variant: string }): string => `${s.name}#${s.variant}`;

export function settingsOf(s: Selection): VariantCommon {
  const all = s.control ? s.scenario.controls : s.scenario.variants;
  const settings = Object.hasOwn(all, s.variant) ? all[s.variant] : undefined;
  if (!settings) throw new Error(`${s.name} has no ${s.control ? 'control' : 'variant'} ${s.variant}`);
  return settings;
}

export const expectedOf = (s: Selection): 'held' | 'broken' =>
  settingsOf(s).expected ?? (s.control ? 'broken' : 'held');

/** The claims that must break, as the record holds them. */
export const breaksOf = (s: Selection): string[] => breaksTexts(settingsOf(s).breaks);

/** Why it cannot run with its timers divided; undefined where it can. */
export const notScaledOf = (s: Selection): string | undefined => s.scenario.notScaled ?? settingsOf(s).notScaled;

/** Kinds of findings that this variant should give; undefined when its scenario does not say. */
export function diagnosisOf(s: Selection): readonly string[] | undefined {
  const { diagnosis } = settingsOf(s) as { diagnosis?: string | readonly string[] };
  return typeof diagnosis === 'string' ? [diagnosis] : diagnosis;
}

const hasVariant = ({ scenario }: Named, variant: string): boolean =>
  Object.hasOwn(scenario.variants, variant) || Object.hasOwn(scenario.controls, variant);

/** "NAME#VARIANT" in two; a pattern without "#" has no variant. */
export function splitPattern(pattern: string): { what: string; variant: string | undefined } {
  const at = pattern.lastIndexOf('#');
  return at < 0
    ? { what: pattern, variant: undefined }
    : { what: pattern.slice(0, at), variant: pattern.slice(at + 1) };
}

/** A case, a path or the end of one, a folder, the begin of words of the title, a glob; each with or without #VARIANT. */
export function matches(named: Named, pattern: string): boolean {
  const { what, variant } = splitPattern(pattern);
  if (variant !== undefined && !hasVariant(named, variant)) return false;
  const bare = scenarioName(what).replace(/\/+$/, '').toLowerCase();
  const name = named.name.toLowerCase();
  if (bare === '') return false;
  if (named.scenario.cases.some((c) => c.toLowerCase() === bare)) return true;
  if (bare.includes('*')) return globToRegExp(bare).test(name);
  return (
    name === bare ||
    name.startsWith(`${bare}/`) ||
    name.endsWith(`/${bare}`) ||
    inTitle(named.scenario.title.toLowerCase(), bare)
  );
}

/** Two letters are in too many titles to mean one, and a mistyped case must not start half the catalogue. */
const inTitle = (title: string, bare: string): boolean =>
  bare.length >= 3 &&
  ` ${title.replaceAll(/[^\p{L}\p{N}]+/gu, ' ')}`.includes(` ${bare.replaceAll(/[^\p{L}\p{N}]+/gu, ' ')}`);

/** `*` within a folder's name, `**` across folders. */
const globToRegExp = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split('**')
      .map((part) =>
        part
          .split('*')
          .map((t) => t.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
          .join('[^/]*'),
      )
      .join('.*')}$`,
  );

export interface Chosen {
  readonly selections: Selection[];
  /** Patterns that nothing matches. */
  readonly unmatched: string[];
}

/** "A1,B2" is two patterns. */
export const patternsOf = (words: readonly string[]): string[] => words.flatMap((word) => word.split(','));

/**
 * No pattern: the default set, or with `all` everything. A control is run where `controls` is set or where a pattern names it;
 * what is up to the seed where a pattern names it, and with `seeded`.
 */
export function choose(named: readonly Named[], patterns: readonly string[], controls: boolean, all = false, seeded = false): Chosen {
  if (patterns.length === 0) {
    const set = named.filter((n) => all || n.scenario.inDefaultSet);
    return { selections: set.flatMap((n) => variantsOf(n, controls)).filter((s) => seeded || !isUpToTheSeed(s)), unmatched: [] };
  }
  const selections = new Map<string, Selection>();
  const unmatched: string[] = [];
  for (const pattern of patternsOf(patterns)) {
    const hits = named.filter((n) => matches(n, pattern));
    if (hits.length === 0) unmatched.push(pattern);
    for (const selection of hits.flatMap((hit) => select(hit, pattern, controls, seeded)))
      selections.set(keyOf(selection), selection);
  }
  return { selections: [...selections.values()], unmatched };
}

/** What of a scenario that matches the pattern means. */
export function select(named: Named, pattern: string, controls: boolean, seeded = false): Selection[] {
  const { variant } = splitPattern(pattern);
  return variantsOf(named, controls || variant !== undefined).filter(
    (s) => (variant === undefined ? seeded || !isUpToTheSeed(s) : s.variant === variant),
  );
}

const isUpToTheSeed = (s: Selection): boolean => settingsOf(s).upToTheSeed !== undefined;
