/**
 * The program's door: which of its parts is loaded. The ping tools need a fiftieth of the rest, and a tenth of a second
 * of loading would be in every one of their starts.
 */
const [, , word = ''] = process.argv;
// Beside each other in dist/, apart in the sources.
const built = !import.meta.url.endsWith('.ts');
const isPingTool = ['omping', 'ssmping', 'asmping', 'ssmpingd', 'mcfirst'].includes(word);
// A variable, which the bundler leaves alone.
const part = isPingTool ? (built ? './ping.js' : '../ping/main.ts') : built ? './main.js' : './main.ts';
await import(part);
