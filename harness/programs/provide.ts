/**
 * The programs that scenarios name, found or fetched before anything runs: what is installed is taken as it is, else what
 * our cache holds of the distribution's packages, else the packages are fetched. What cannot be had is a reason.
 */
import type { ProgramSpec } from '../../lib/programs.ts';
import { MissingLibrary } from '../kernels/image/libraries.ts';
import { cachedTree, fetchProgram, type Fetched } from '../setup/fetch-program.mjs';
import { type Bundle, bundleOf, type Found, lackedBelow, manifestOf } from './bundle.ts';

/** The bundle, or why there is none and what to do about it. */
export type Provided = { readonly bundle: Bundle; readonly lacks?: undefined } | { readonly bundle?: undefined; readonly lacks: string };

export interface ProvideOptions {
  readonly say: (line: string) => void;
  /** May packages be fetched? `--no-install` says no. */
  readonly fetch: boolean;
  /** For tests. */
  readonly cached?: (name: string) => string | undefined;
  readonly fetchPackage?: (name: string, say: (line: string) => void) => Promise<Fetched>;
}

export async function provide(programs: readonly ProgramSpec[], options: ProvideOptions): Promise<Provided> {
  const { say, fetch, cached = cachedTree, fetchPackage = (name: string, tell: (line: string) => void): Promise<Fetched> => fetchProgram(name, { say: tell }) } = options;
  const found: Found[] = [];
  const lacking: { spec: ProgramSpec; why: string }[] = [];
  for (const spec of programs) {
    if (lackedBelow('/', spec).length === 0) { found.push({ spec, root: '/' }); continue; }
    let tree = cached(spec.package);
    let failed: string | undefined;
    if (tree === undefined && fetch) ({ tree, failed } = await fetchPackage(spec.package, say));
    else if (tree === undefined) failed = 'fetching is forbidden (--no-install)';
    if (tree === undefined) { lacking.push({ spec, why: failed ?? 'it could not be fetched' }); continue; }
    const lacked = lackedBelow(tree, spec);
    if (lacked.length > 0) lacking.push({ spec, why: `the package ${spec.package} holds no ${lacked.join(' and no ')}` });
    else found.push({ spec, root: tree });
  }
  if (lacking.length > 0) return { lacks: lacking.map(({ spec, why }) => withRemedy(spec, `${spec.name} is not on this machine, and ${why}`)).join('; ') };
  try {
    const bundle = bundleOf(found);
    // Libraries show now, not when a VM is to be made.
    manifestOf(bundle, [], { whole: true });
    return { bundle };
  } catch (error) {
    const [spec] = programs;
    if (!(error instanceof MissingLibrary) || spec === undefined) throw error;
    return { lacks: withRemedy(spec, `the library ${error.library}, which ${programs.map(({ name }) => name).join(' or ')} needs, is not on this machine`) };
  }
}

const withRemedy = ({ package: name }: ProgramSpec, what: string): string =>
  `${what}. Install it: apt-get install --no-install-recommends ${name} (Debian, Ubuntu), or your distribution's package of it`;

/** Asks once for each set of programs, however many variants name it. */
export function provider(options: ProvideOptions): (programs: readonly ProgramSpec[]) => Promise<Provided> {
  const answers = new Map<string, Promise<Provided>>();
  // One after the other: two package managers at once are in each other's way.
  let last: Promise<unknown> = Promise.resolve();
  return (programs) => {
    const key = JSON.stringify(programs);
    let answer = answers.get(key);
    if (!answer) {
      answer = last.then(() => provide(programs, options));
      last = answer.catch(() => undefined);
      answers.set(key, answer);
    }
    return answer;
  };
}
