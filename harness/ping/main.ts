/**
 * The ping tools' program: `wirewarp omping …`, or by a link to this file that is named like one of them. Apart from
 * the rest of wirewarp, so that it starts as fast as Node does.
 */
import { basename } from 'node:path';
import { complain, Ended, say } from './output.ts';

export const PING_TOOLS = ['omping', 'ssmping', 'asmping', 'ssmpingd', 'mcfirst'] as const;
export type PingTool = (typeof PING_TOOLS)[number];
export const isPingTool = (word: string | undefined): word is PingTool => (PING_TOOLS as readonly (string | undefined)[]).includes(word);

async function usage(tool: PingTool): Promise<readonly string[]> {
  return tool === 'omping' ? (await import('../../lib/ping/omping-options.ts')).OMPING_USAGE : (await import('../../lib/ping/ssm-options.ts')).ssmUsage(tool);
}

async function start(tool: PingTool, args: readonly string[]): Promise<number> {
  switch (tool) {
    case 'omping': return (await import('./omping.ts')).omping(args);
    case 'ssmping': case 'asmping': return (await import('./ssmping.ts')).ssmping(tool, args);
    case 'ssmpingd': return (await import('./ssmpingd.ts')).ssmpingd(args);
    case 'mcfirst': return (await import('./mcfirst.ts')).mcfirst(args);
  }
}

/** Runs one and ends the process with its status. */
export async function runPingTool(tool: PingTool, args: readonly string[]): Promise<never> {
  try {
    if (args.includes('--help')) {
      say(...await usage(tool));
      process.exit(0);
    }
    process.exit(await start(tool, args));
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    complain(...error.lines);
    process.exit(error.status);
  }
}

const [, self = '', word, ...rest] = process.argv;
const called = basename(self).replace(/\.[jt]s$/, '');
if (isPingTool(called)) await runPingTool(called, [...(word === undefined ? [] : [word]), ...rest]);
else if (isPingTool(word)) await runPingTool(word, rest);
