/**
 * Text from outside (kernel logs, frames, names) made safe to show. A console log may hold colour codes, bells and
 * bytes that reverse the reading direction: a terminal obeys them and XML 1.0 cannot hold them at all. They are
 * shown, not dropped: that a driver printed an escape is a finding too.
 */
import stringWidth from 'string-width';

/** Bidirectional overrides: they can make a line read as what it is not. */
const bidirectional = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** C0 but for tab and newline, DEL, C1, the two line separators, non-characters, lone surrogates. */
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const unshowable = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]|\p{Surrogate}/gu;

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // As `cat -v` writes them: ESC is ^[. Unicode has pictures for these, but common fonts do not.
  if (code < 0x20 || code === 0x7f) return `^${String.fromCharCode(code ^ 0x40)}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

/** Control characters in caret notation, the others as <U+0085>; newline and tab stay; the carriage return of a console's CR LF goes. */
export function visible(text: string): string {
  return text.replace(/\r+(?=\n|$)/g, '').replace(unshowable, shown).replace(bidirectional, shown);
}

/** The same in one line, blanks collapsed: for places where a newline would end the record. */
export function oneLine(text: string): string {
  return visible(text).replace(/\s+/g, ' ').trim();
}

/** Columns that the text takes on a terminal: a CJK character takes two. */
export function width(text: string): number {
  return stringWidth(text);
}

/** Cut to so many columns, with an ellipsis if anything went. */
export function shorten(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  if (columns < 1) return '';
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += width(character);
    if (used > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text;
}

/** Break at blanks into lines of at most so many columns; a longer word keeps its length, so that a path stays whole. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** "1 result", "2 results". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
