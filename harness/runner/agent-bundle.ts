/**
 * The agent that a place is given: the built one, or, for scenario files of the user's own, one made for them, with the
 * catalogue and those files. Kept in the cache under its content.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { cacheFolder, cacheTrouble } from '../setup/cache.mjs';
import { buildFaults, doorPlugin, isBuildFailure, scenarioBuild } from './door.ts';
import { home } from './home.ts';
import type { LoadedScenario } from './load.ts';
import { BadInput, NoPlace } from './refusal.ts';
import { scenarioName } from './select.ts';

const ENTRY = 'harness/agent/main.ts';
/** Each is about a megabyte. */
const KEPT = 8;

/** What set-up knows of bundling. It is plain JavaScript beside us, loaded when there is something to bundle. */
interface SetUp {
  readonly bundles: readonly { readonly entry: string; readonly options: BuildOptions }[];
  scenarioFiles(root: string): string[];
}

async function loadSetUp(): Promise<SetUp> {
  const load = (name: string): Promise<unknown> => import(pathToFileURL(join(home(), 'harness/setup', name)).href);
  return { ...((await load('build.mjs')) as object), ...((await load('catalogue.mjs')) as object) } as SetUp;
}

/** The path of an agent that knows these scenarios. */
export async function agentFor(
  files: readonly LoadedScenario[],
  cache = join(cacheFolder(), 'agents'),
): Promise<string> {
  const built = join(home(), 'dist/agent.cjs');
  if (files.length === 0) {
    if (existsSync(built)) return built;
    throw new NoPlace([
      {
        what: `the agent that runs in a VM is not built: ${built} is missing`,
        help: 'Run `npm run build` in the checkout.',
      },
    ]);
  }
  const setUp = await loadSetUp();
  const { build, stop } = await import('esbuild');
  const options = setUp.bundles.find(({ entry }) => entry === ENTRY)?.options ?? {};
  try {
    const { outputFiles } = await build({
      ...options,
      ...scenarioBuild,
      entryPoints: [join(home(), ENTRY)],
      absWorkingDir: process.cwd(),
      plugins: [doorPlugin(), catalogueWith(files, setUp.scenarioFiles(home()))],
      banner: { js: `${options.banner?.['js'] ?? ''}${koffiHere()}` },
    });
    return keep(cache, outputFiles[0]?.contents ?? new Uint8Array());
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw new BadInput(buildFaults(error, files.map(({ file }) => file).join(', ')));
  } finally {
    // Its service would stay beside the whole run.
    await stop();
  }
}

/** In the cache there are no npm packages beside it. In a VM the environment names koffi's place already. */
const koffiHere = (): string =>
  `process.env.WIREWARP_KOFFI??=${JSON.stringify(createRequire(join(home(), 'package.json')).resolve('koffi'))};`;

/** `wirewarp:catalogue` with the user's files; a built-in one of the same name gives way. */
function catalogueWith(files: readonly LoadedScenario[], builtIn: readonly string[]): Plugin {
  return {
    name: 'catalogue',
    setup(build) {
      build.onResolve({ filter: /^wirewarp:catalogue$/ }, ({ path }) => ({ path, namespace: 'catalogue' }));
      build.onLoad({ filter: /.*/, namespace: 'catalogue' }, () => ({
        contents: catalogueSource(files, builtIn),
        resolveDir: home(),
        loader: 'js',
      }));
    },
  };
}

/** `path` stays what the name is made from: the agent finds a scenario by it. */
export function catalogueSource(files: readonly LoadedScenario[], builtIn: readonly string[]): string {
  const own = files.map(({ name, file }) => ({ path: `scenarios/${name}.ts`, file }));
  const taken = new Set(files.map(({ name }) => name));
  const all = [
    ...builtIn.filter((path) => !taken.has(scenarioName(path))).map((path) => ({ path, file: join(home(), path) })),
    ...own,
  ];
  const imports = all.map(({ file }, i) => `import s${i} from ${JSON.stringify(file)};`);
  const entries = all.map(({ path }, i) => `  { path: ${JSON.stringify(path)}, scenario: s${i} },`);
  return [...imports, 'export const catalogue = [', ...entries, '];', ''].join('\n');
}

function keep(cache: string, content: Uint8Array): string {
  const path = join(cache, `${createHash('sha256').update(content).digest('hex').slice(0, 32)}.cjs`);
  // Beside its place and renamed: another start sees all of it or nothing.
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(cache, { recursive: true });
    if (existsSync(path)) {
      const now = new Date();
      utimesSync(path, now, now); // in use: not to be pruned
      return path;
    }
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (cause) {
    throw new Error(`cannot keep the agent with your scenario: ${cacheTrouble(path, cause as NodeJS.ErrnoException)}`, { cause });
  } finally {
    rmSync(temporary, { force: true });
  }
  prune(cache);
  return path;
}

/** The ones used longest ago, but none that a run side by side may be about to read. */
function prune(cache: string): void {
  const age = (path: string): number => Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const agents = readdirSync(cache)
    .filter((name) => name.endsWith('.cjs'))
    .map((name) => join(cache, name))
    .sort((a, b) => age(a) - age(b));
  for (const path of agents.slice(KEPT)) if (age(path) > 600_000) rmSync(path, { force: true });
}
