/** Words that the findings share. */
import { describeFrame } from '../wire/describe.ts';
import type { Cited, SeenFrame } from './types.ts';

export const cite = ({ number, atS, frame }: SeenFrame, text?: string): Cited => ({
  frame: number,
  atS,
  text: text ?? describeFrame(frame),
});

/** "17.3 s", "0.21 s". */
export const seconds = (s: number): string => `${s >= 100 ? Math.round(s) : s >= 10 ? s.toFixed(1) : s.toFixed(2)} s`;

export const joined = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;

export const macOf = ({ frame }: SeenFrame): string | undefined => frame.eth?.src ?? frame.cooked?.src;
export const senderOf = ({ frame }: SeenFrame): string | undefined => frame.ipv4?.src ?? frame.ipv6?.src;
export const targetOf = ({ frame }: SeenFrame): string | undefined => frame.ipv4?.dst ?? frame.ipv6?.dst;
export const vlanOf = ({ frame }: SeenFrame): string => frame.eth?.vlans.map(({ id }) => id).join('.') ?? '';
