/** HTML and XML text that is safe by construction: whatever goes into a template is escaped, unless it is Markup. */
import { visible } from './text.ts';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Good in element text and in quoted attributes alike. Control characters, which XML 1.0 cannot hold, become visible. */
export function escapeMarkup(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Text that is markup already. Made by `markup` and `trusted` only. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type Fill = string | number | Markup | undefined | false | readonly Fill[];

function fill(value: Fill): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(fill).join('');
  return escapeMarkup(String(value));
}

/** Template tag. Arrays are joined; undefined and false leave nothing. */
export function markup(parts: TemplateStringsArray, ...values: Fill[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + fill(values[index - 1]) + part));
}

/** Our own constant text, such as a style sheet. Never for text from outside. */
export function trusted(text: string): Markup {
  return new Markup(text);
}
