/** Lines as people paste them: quoted by mail, indented by a bug tracker, with a browser's entities and blanks. */

const ENTITIES: readonly (readonly [RegExp, string])[] = [
  [/&gt;/g, '>'],
  [/&lt;/g, '<'],
  [/&quot;/g, '"'],
  [/&(?:nbsp|#160);/g, ' '],
  [/&amp;/g, '&'],
];

/** What stands before each quoted line: "> > ", "| ", blanks. */
const QUOTING = /^(?:[\s|]|>(?=[\s>|]|$)|>(?=\d{2}:\d{2}:))*/;

export interface PastedLine {
  readonly text: string;
  /** Blanks in front, after any quoting. */
  readonly indent: number;
}

/** The lines without what the way of pasting added: quoting, indentation, entities, odd blanks. */
export function pastedLines(text: string): PastedLine[] {
  return text.split(/\r\n|\n|\r/).map((line) => {
    let plain = line.replace(/[\u00a0\u2007\u202f]/g, ' ').replace(/[\u200b\u200c\u200d\ufeff]/g, '');
    plain = plain.replaceAll('\t', '        ');
    if (plain.includes('&')) for (const [entity, is] of ENTITIES) plain = plain.replace(entity, is);
    const front = QUOTING.exec(plain)?.[0] ?? '';
    return { text: plain.slice(front.length).trimEnd(), indent: front.length - front.trimEnd().length };
  });
}
