/**
 * A small part of the shell's grammar, read into a tree: lists, &&, ||, !, pipes, if, case, for, groups, functions,
 * `[[ … ]]`, redirections, quoting and parameters. Nothing is executed. What is outside raises ShellSyntax with the line,
 * and then nothing of the script is believed.
 */

export class ShellSyntax extends Error {
  override readonly name = 'ShellSyntax';
  readonly line: number;
  constructor(line: number, what: string) {
    super(what);
    this.line = line;
  }
}

export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  /** $name, ${name}, ${name:-word} and its kin; ${#name}, ${name%…} and others are `opaque`. */
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean; readonly instead?: { readonly when: ':-' | '-' | ':=' | '=' | ':+' | '+'; readonly word: Word }; readonly strip?: { readonly how: '%' | '%%' | '#' | '##'; readonly word: Word } }
  /** Its value depends on the machine: $(…), `…`, $((…)). */
  | { readonly kind: 'opaque'; readonly what: string; readonly quoted: boolean };
export interface Word { readonly parts: readonly Part[]; readonly raw: string }

export interface Redirect { readonly fd: number; readonly op: '>' | '>>' | '<' | '>&' | '<&' | '&>'; readonly to: Word }
export interface Simple {
  readonly type: 'simple';
  readonly assigns: readonly { readonly name: string; readonly word: Word }[];
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
  readonly line: number;
}
export type Test = readonly (Word | '&&' | '||' | '!' | '(' | ')' | '<' | '>')[];
export type Shell =
  | Simple
  | { readonly type: 'list'; readonly items: readonly Shell[] }
  | { readonly type: 'and' | 'or'; readonly left: Shell; readonly right: Shell }
  | { readonly type: 'not'; readonly body: Shell }
  | { readonly type: 'pipe'; readonly parts: readonly Shell[]; readonly line: number }
  | { readonly type: 'if'; readonly branches: readonly { readonly condition: Shell; readonly body: Shell }[]; readonly otherwise?: Shell }
  | { readonly type: 'case'; readonly subject: Word; readonly line: number; readonly arms: readonly { readonly patterns: readonly Word[]; readonly body: Shell }[] }
  | { readonly type: 'for'; readonly name: string; readonly words?: readonly Word[]; readonly body: Shell; readonly line: number }
  | { readonly type: 'group'; readonly subshell: boolean; readonly body: Shell; readonly redirects: readonly Redirect[]; readonly line: number }
  | { readonly type: 'function'; readonly name: string; readonly body: Shell }
  | { readonly type: 'test'; readonly words: Test; readonly line: number };

type Token =
  | { readonly kind: 'word'; readonly word: Word; readonly line: number; readonly bare?: string }
  | { readonly kind: 'op'; readonly op: string; readonly line: number; readonly fd?: number }
  | { readonly kind: 'end'; readonly line: number };

const OPERATORS = ['<<<', '<<', ';;', '&&', '||', '&>', '>>', '>&', '<&', '>|', ';', '&', '|', '(', ')', '<', '>'] as const;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;
const DEEPEST = 60;

class Lexer {
  readonly text: string;
  at = 0;
  line: number;
  constructor(text: string, line: number) {
    this.text = text;
    this.line = line;
  }

  next(): Token {
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined) return { kind: 'end', line: this.line };
      if (c === ' ' || c === '\t' || c === '\r') { this.at++; continue; }
      if (c === '\\' && this.text[this.at + 1] === '\n') { this.at += 2; this.line++; continue; }
      if (c === '#') { while (this.at < this.text.length && this.text[this.at] !== '\n') this.at++; continue; }
      if (c === '\n') {
        const { line } = this;
        this.at++;
        this.line++;
        return { kind: 'op', op: '\n', line };
      }
      break;
    }
    const fd = /^\d(?=[<>])/.exec(this.text.slice(this.at, this.at + 2));
    if (fd) this.at++;
    const op = OPERATORS.find((o) => this.text.startsWith(o, this.at));
    if (op) {
      this.at += op.length;
      if (op === '<<' || op === '<<<') throw new ShellSyntax(this.line, 'a here-document');
      return { kind: 'op', op: op === '>|' ? '>' : op, line: this.line, ...(fd ? { fd: Number(fd[0]) } : {}) };
    }
    return this.#word();
  }

  #word(): Token {
    const { line, at } = this;
    const parts: Part[] = [];
    let plain = '';
    const flush = (): void => {
      if (plain !== '') parts.push({ kind: 'text', text: plain, quoted: false });
      plain = '';
    };
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined || /[ \t\r\n;&|()<>]/.test(c)) break;
      if (c === '\\') {
        const escaped = this.text[this.at + 1];
        this.at += 2;
        if (escaped === '\n') { this.line++; continue; }
        flush();
        parts.push({ kind: 'text', text: escaped ?? '\\', quoted: true });
      } else if (c === "'") {
        flush();
        const end = this.text.indexOf("'", this.at + 1);
        if (end < 0) throw new ShellSyntax(line, 'a quotation that does not end');
        const text = this.text.slice(this.at + 1, end);
        parts.push({ kind: 'text', text, quoted: true });
        this.line += text.split('\n').length - 1;
        this.at = end + 1;
      } else if (c === '"') {
        flush();
        this.at++;
        this.#double(parts, line);
      } else if (c === '$') {
        flush();
        parts.push(this.#dollar(false, 0));
      } else if (c === '`') {
        flush();
        parts.push(this.#backquote(false));
      } else {
        plain += c;
        this.at++;
      }
    }
    flush();
    const raw = this.text.slice(at, this.at);
    const [only] = parts;
    const bare = parts.length === 1 && only?.kind === 'text' && !only.quoted ? only.text : undefined;
    return { kind: 'word', word: { parts, raw }, line, ...(bare === undefined ? {} : { bare }) };
  }

  /** Behind the opening quote, until behind the closing one. */
  #double(parts: Part[], line: number): void {
    let text = '';
    const flush = (): void => { parts.push({ kind: 'text', text, quoted: true }); text = ''; };
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined) throw new ShellSyntax(line, 'a quotation that does not end');
      if (c === '"') { this.at++; flush(); return; }
      if (c === '\n') this.line++;
      if (c === '\\' && /[$`"\\\n]/.test(this.text[this.at + 1] ?? '')) {
        const escaped = this.text[this.at + 1] ?? '';
        if (escaped === '\n') this.line++;
        else text += escaped;
        this.at += 2;
      } else if (c === '$') { flush(); parts.push(this.#dollar(true, 0)); }
      else if (c === '`') { flush(); parts.push(this.#backquote(true)); }
      else { text += c; this.at++; }
    }
  }

  #backquote(quoted: boolean): Part {
    const end = this.text.indexOf('`', this.at + 1);
    if (end < 0) throw new ShellSyntax(this.line, 'a command substitution that does not end');
    const what = this.text.slice(this.at, end + 1);
    this.line += what.split('\n').length - 1;
    this.at = end + 1;
    return { kind: 'opaque', what, quoted };
  }

  #dollar(quoted: boolean, depth: number): Part {
    const start = this.at;
    const rest = this.text.slice(this.at + 1, this.at + 130);
    if (rest.startsWith('(')) return this.#substitution(quoted);
    if (rest.startsWith('{')) return this.#braces(quoted, depth);
    const name = NAME.exec(rest)?.[0] ?? /^[0-9@*#?$!-]/.exec(rest)?.[0];
    if (name === undefined) {
      this.at++;
      return { kind: 'text', text: '$', quoted };
    }
    this.at = start + 1 + name.length;
    return { kind: 'variable', name, quoted };
  }

  /** $(…) and $((…)): to the matching parenthesis. */
  #substitution(quoted: boolean): Part {
    const start = this.at;
    let depth = 0;
    for (this.at++; this.at < this.text.length; this.at++) {
      const c = this.text[this.at];
      if (c === '\n') this.line++;
      if (c === '(') depth++;
      if (c === ')' && --depth === 0) {
        this.at++;
        return { kind: 'opaque', what: this.text.slice(start, this.at), quoted };
      }
    }
    throw new ShellSyntax(this.line, 'a command substitution that does not end');
  }

  #braces(quoted: boolean, depth: number): Part {
    const start = this.at;
    const end = this.text.indexOf('}', this.at);
    if (end < 0 || depth > 4) throw new ShellSyntax(this.line, 'a parameter that does not end');
    const inside = this.text.slice(start + 2, end);
    const match = /^([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?])(?:(:-|:=|:\+|-|=|\+)([^$`"'\\{}\n]*)|(%%|%|##|#)([^$`"'\\{}\n]*))?$/.exec(inside);
    if (match) {
      this.at = end + 1;
      const word = (text: string): Word => ({ parts: text === '' ? [] : [{ kind: 'text', text, quoted: false }], raw: text });
      const name = match[1] ?? '';
      if (match[2] !== undefined) return { kind: 'variable', name, quoted, instead: { when: match[2] as ':-', word: word(match[3] ?? '') } };
      if (match[4] !== undefined) return { kind: 'variable', name, quoted, strip: { how: match[4] as '%', word: word(match[5] ?? '') } };
      return { kind: 'variable', name, quoted };
    }
    // Nested or quoted: its end cannot be found by looking for a brace, and its value is not ours to guess.
    let open = 0;
    for (this.at = start + 1; this.at < this.text.length; this.at++) {
      const c = this.text[this.at];
      if (c === '\n') break;
      if (c === '{') open++;
      if (c === '}' && --open === 0) {
        this.at++;
        return { kind: 'opaque', what: this.text.slice(start, this.at), quoted };
      }
    }
    throw new ShellSyntax(this.line, 'a parameter that does not end');
  }
}

const CLOSING = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}']);
const NOT_READ = new Set(['while', 'until', 'select', 'function', 'coproc', 'time']);

class Parser {
  readonly #lexer: Lexer;
  #token: Token;
  #depth = 0;
  constructor(text: string, line: number) {
    this.#lexer = new Lexer(text, line);
    this.#token = this.#lexer.next();
  }

  script(): Shell {
    const list = this.#list();
    if (this.#token.kind !== 'end') this.#unexpected();
    return list;
  }

  #take(): Token {
    const token = this.#token;
    this.#token = this.#lexer.next();
    return token;
  }

  #unexpected(): never {
    const token = this.#token;
    throw new ShellSyntax(token.line, token.kind === 'word' ? `an unexpected "${token.word.raw.slice(0, 40)}"` : token.kind === 'op' ? `an unexpected "${token.op === '\n' ? 'end of line' : token.op}"` : 'an end where more was to come');
  }

  #isOp(...ops: string[]): boolean { return this.#token.kind === 'op' && ops.includes(this.#token.op); }
  #isWord(...words: string[]): boolean { return this.#token.kind === 'word' && this.#token.bare !== undefined && words.includes(this.#token.bare); }
  #expect(word: string): void {
    if (!this.#isWord(word)) this.#unexpected();
    this.#take();
  }
  #newlines(): void { while (this.#isOp('\n')) this.#take(); }

  #list(): Shell {
    if (++this.#depth > DEEPEST) throw new ShellSyntax(this.#token.line, 'nesting too deep to follow');
    const items: Shell[] = [];
    for (;;) {
      while (this.#isOp('\n', ';')) this.#take();
      if (this.#token.kind === 'end' || this.#isOp(')', ';;') || (this.#token.kind === 'word' && CLOSING.has(this.#token.bare ?? ''))) break;
      items.push(this.#andOr());
      if (this.#isOp(';', '\n', '&')) { this.#take(); continue; }
      break;
    }
    this.#depth--;
    return { type: 'list', items };
  }

  #andOr(): Shell {
    let left = this.#pipeline();
    while (this.#isOp('&&', '||')) {
      const token = this.#take();
      this.#newlines();
      left = { type: token.kind === 'op' && token.op === '&&' ? 'and' : 'or', left, right: this.#pipeline() };
    }
    return left;
  }

  #pipeline(): Shell {
    if (this.#isWord('!')) {
      this.#take();
      return { type: 'not', body: this.#pipeline() };
    }
    const { line } = this.#token;
    const parts = [this.#command()];
    while (this.#isOp('|')) {
      this.#take();
      this.#newlines();
      parts.push(this.#command());
    }
    return parts.length === 1 && parts[0] ? parts[0] : { type: 'pipe', parts, line };
  }

  #command(): Shell {
    if (++this.#depth > DEEPEST) throw new ShellSyntax(this.#token.line, 'nesting too deep to follow');
    try {
      const { line } = this.#token;
      if (this.#isOp('(')) {
        this.#take();
        if (this.#isOp('(')) throw new ShellSyntax(line, 'arithmetic');
        const body = this.#list();
        if (!this.#isOp(')')) this.#unexpected();
        this.#take();
        return { type: 'group', subshell: true, body, redirects: this.#redirects(), line };
      }
      if (this.#isWord('{')) {
        this.#take();
        const body = this.#list();
        this.#expect('}');
        return { type: 'group', subshell: false, body, redirects: this.#redirects(), line };
      }
      if (this.#isWord('if')) return this.#if();
      if (this.#isWord('case')) return this.#case();
      if (this.#isWord('for')) return this.#for();
      if (this.#isWord('[[')) return this.#test();
      if (this.#token.kind === 'word' && NOT_READ.has(this.#token.bare ?? '')) throw new ShellSyntax(line, `"${this.#token.bare ?? ''}"`);
      return this.#simple();
    } finally { this.#depth--; }
  }

  #if(): Shell {
    const branches: { condition: Shell; body: Shell }[] = [];
    let otherwise: Shell | undefined;
    this.#take();
    for (;;) {
      const condition = this.#list();
      this.#expect('then');
      branches.push({ condition, body: this.#list() });
      if (this.#isWord('elif')) { this.#take(); continue; }
      if (this.#isWord('else')) { this.#take(); otherwise = this.#list(); }
      this.#expect('fi');
      this.#noRedirects();
      return { type: 'if', branches, ...(otherwise ? { otherwise } : {}) };
    }
  }

  #noRedirects(): void {
    const { line } = this.#token;
    if (this.#redirects().length > 0) throw new ShellSyntax(line, 'a redirection of a whole if, case or for');
  }

  #case(): Shell {
    const { line } = this.#take();
    const subject = this.#word();
    this.#newlines();
    this.#expect('in');
    const arms: { patterns: Word[]; body: Shell }[] = [];
    for (;;) {
      this.#newlines();
      if (this.#isWord('esac')) { this.#take(); break; }
      if (this.#isOp('(')) this.#take();
      const patterns = [this.#word()];
      while (this.#isOp('|')) { this.#take(); patterns.push(this.#word()); }
      if (!this.#isOp(')')) this.#unexpected();
      this.#take();
      arms.push({ patterns, body: this.#list() });
      if (this.#isOp(';;')) { this.#take(); continue; }
      this.#newlines();
      this.#expect('esac');
      break;
    }
    this.#noRedirects();
    return { type: 'case', subject, arms, line };
  }

  #for(): Shell {
    const { line } = this.#take();
    const name = this.#token.kind === 'word' ? this.#token.bare : undefined;
    if (name === undefined || NAME.exec(name)?.[0] !== name) this.#unexpected();
    this.#take();
    this.#newlines();
    let words: Word[] | undefined;
    if (this.#isWord('in')) {
      this.#take();
      words = [];
      while (this.#token.kind === 'word') words.push(this.#word());
    }
    while (this.#isOp(';', '\n')) this.#take();
    this.#expect('do');
    const body = this.#list();
    this.#expect('done');
    this.#noRedirects();
    return { type: 'for', name, body, line, ...(words ? { words } : {}) };
  }

  #test(): Shell {
    const { line } = this.#take();
    const words: Test[number][] = [];
    while (!this.#isWord(']]')) {
      const token = this.#token;
      if (token.kind === 'word') words.push(token.bare === '!' ? '!' : token.word);
      else if (token.kind === 'op' && ['&&', '||', '(', ')', '<', '>'].includes(token.op)) words.push(token.op as '&&');
      else if (!this.#isOp('\n')) this.#unexpected();
      this.#take();
    }
    this.#take();
    return { type: 'test', words, line };
  }

  #word(): Word {
    const token = this.#token;
    if (token.kind !== 'word') this.#unexpected();
    this.#take();
    return token.word;
  }

  #redirects(): Redirect[] {
    const redirects: Redirect[] = [];
    while (this.#isOp('>', '>>', '<', '>&', '<&', '&>')) {
      const token = this.#take();
      if (token.kind !== 'op') break;
      redirects.push({ op: token.op as Redirect['op'], fd: token.fd ?? (token.op.startsWith('<') ? 0 : 1), to: this.#word() });
    }
    return redirects;
  }

  #simple(): Shell {
    const { line } = this.#token;
    const assigns: { name: string; word: Word }[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      const found = this.#redirects();
      redirects.push(...found);
      const token = this.#token;
      if (token.kind !== 'word') {
        if (found.length > 0) continue;
        break;
      }
      const assign = words.length === 0 ? assignment(token.word) : undefined;
      this.#take();
      if (assign) assigns.push(assign);
      else words.push(token.word);
      if (words.length === 1 && assigns.length === 0 && token.bare !== undefined && this.#isOp('(')) return this.#function(token.bare);
    }
    if (assigns.length === 0 && words.length === 0 && redirects.length === 0) this.#unexpected();
    return { type: 'simple', assigns, words, redirects, line };
  }

  #function(name: string): Shell {
    this.#take();
    if (!this.#isOp(')')) this.#unexpected();
    this.#take();
    this.#newlines();
    return { type: 'function', name, body: this.#command() };
  }
}

function assignment(word: Word): { name: string; word: Word } | undefined {
  const [first, ...rest] = word.parts;
  if (first?.kind !== 'text' || first.quoted) return undefined;
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(first.text);
  if (!match) return undefined;
  const text = first.text.slice(match[0].length);
  return { name: match[1] ?? '', word: { parts: text === '' ? rest : [{ ...first, text }, ...rest], raw: word.raw.slice(match[0].length) } };
}

/** Throws ShellSyntax. `line`: of the text's first line in its file. */
export const parseShell = (text: string, line = 1): Shell => new Parser(text, line).script();
