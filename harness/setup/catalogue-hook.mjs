/**
 * Makes `wirewarp:catalogue` importable without a build, for tests: `node --import ./harness/setup/catalogue-hook.mjs`.
 * Beside tsx, which compiles the scenario files it imports.
 */
import { register } from 'node:module';

register('./catalogue-loader.mjs', import.meta.url);
