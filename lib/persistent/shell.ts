/**
 * What a shell script would write to a bridge's files in sysfs, read off without running it. Values that depend on the
 * machine are unknown; what hangs on an unknown value is named and not taken.
 */
import { nearest } from '../validate/nearest.ts';
import { parseShell, type Redirect, type Shell, ShellSyntax, type Simple, type Test, type Word } from './shell-syntax.ts';
import { baseName, type FileText, linesOf, type Place, type Reading, type Target } from './types.ts';
import { meant, take, takeIpWord, takeSysfs } from './values.ts';

export interface ShellContext {
  readonly reading: Reading;
  readonly file: string;
  /** Lines that problems are shown with; the first is number `firstLine`. */
  readonly lines: readonly string[];
  readonly firstLine?: number;
  /** $0, $1, … */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The bridge that comes up, whose folder in sysfs is there. */
  readonly bridge: string;
  /** Another of the user's scripts, by path. */
  readonly script?: (path: string) => FileText | undefined;
  /** Steps taken so far, together with the scripts that call and are called. */
  readonly budget?: { steps: number };
}

/** What a run came upon beyond settings. */
export interface Run {
  /** Names that the script compares the interface's name with. */
  readonly compared: ReadonlySet<string>;
}

const UNKNOWN = Symbol('unknown');
type Text = string | typeof UNKNOWN;
/** true: status 0; undefined: nobody knows. */
type Status = boolean | undefined;

/** `exit` and `return` end what they stand in. */
class Leave extends Error { readonly status: Status; constructor(status: Status) { super('left'); this.status = status; } }
class Exit extends Leave {}
class Return extends Leave {}

/** Steps after which a script is given up: a script that means well needs a few dozen. */
const MOST_STEPS = 5_000;
const DEEPEST_CALL = 12;
const LONGEST_TEXT = 20_000;

const HARMLESS = new Set([':', 'true', 'logger', 'sleep', 'set', 'shopt', 'umask', 'trap', 'export', 'readonly', 'declare', 'typeset', 'local', 'unset', 'ulimit', 'date', 'touch', 'wait', 'hash', 'cd']);
/** Of `ip`: says nothing of a bridge's options. */
const IP_ELSEWHERE = new Set(['a', 'addr', 'address', 'r', 'route', 'ru', 'rule', 'n', 'neigh', 'neighbor', 'neighbour', 'maddr', 'maddress']);

/** A glob of the shell, of udev or of interfaces(5): *, ?, […]; a backslash makes the next character plain. */
export function globMatches(pattern: string, text: string): boolean {
  // Names and paths are short; what is not would only make the pattern slow.
  if (text.length > 300 || pattern.length > 300 || pattern.split('*').length > 8) return pattern === text || pattern === '*';
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] ?? '';
    if (c === '\\') source += escape(pattern[++i] ?? '\\');
    else if (c === '*') { if (!source.endsWith('.*')) source += '.*'; }
    else if (c === '?') source += '.';
    else if (c === '[') {
      const end = pattern.indexOf(']', i + 2);
      if (end < 0) { source += '\\['; continue; }
      const set = pattern.slice(i + 1, end);
      const negated = /^[!^]/.test(set);
      source += `[${negated ? '^' : ''}${set.slice(negated ? 1 : 0).replace(/[\\\]^]/g, '\\$&')}]`;
      i = end;
    } else source += escape(c);
  }
  try { return new RegExp(`^(?:${source})$`, 's').test(text); } catch { return false; }
}
const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
const isGlob = (pattern: string): boolean => /(?<!\\)[*?[]/.test(pattern);

/** One run of one script for one interface. Settings and problems go to the reading. */
class Evaluator implements Run {
  readonly compared = new Set<string>();
  readonly #c: ShellContext;
  readonly #variables: Map<string, Text>;
  readonly #functions = new Map<string, Shell>();
  readonly #names: ReadonlySet<string>;
  readonly #depth: number;
  #args: readonly Text[];
  readonly #budget: { steps: number };
  #last: Status = true;

  constructor(context: ShellContext, depth: number) {
    this.#c = context;
    this.#budget = context.budget ?? { steps: 0 };
    this.#args = context.args;
    this.#depth = depth;
    this.#variables = new Map(Object.entries(context.env));
    this.#names = new Set([...context.args.slice(1), context.env['IFACE'] ?? '', context.env['INTERFACE'] ?? ''].filter((n) => n !== ''));
  }

  run(script: Shell): Status {
    try { return this.#do(script, 0); } catch (signal) {
      if (signal instanceof Leave) return signal.status;
      throw signal;
    }
  }

  #place(line: number): Place {
    return { file: this.#c.file, line, text: this.#c.lines[line - (this.#c.firstLine ?? 1)] ?? '' };
  }

  #problem(line: number, problem: string, fix: string): void {
    this.#c.reading.problem(this.#place(line), problem, fix);
  }

  #do(node: Shell, depth: number): Status {
    if (++this.#budget.steps > MOST_STEPS || depth > 200) throw new ShellSyntax(0, 'more steps than can be followed');
    this.#last = this.#step(node, depth);
    return this.#last;
  }

  #step(node: Shell, depth: number): Status {
    const go = (n: Shell): Status => this.#do(n, depth + 1);
    switch (node.type) {
      case 'list': {
        let status: Status = true;
        for (const item of node.items) status = go(item);
        return status;
      }
      case 'and': {
        const left = go(node.left);
        return left === true ? go(node.right) : left;
      }
      case 'or': {
        const left = go(node.left);
        return left === false ? go(node.right) : left;
      }
      case 'not': {
        const status = go(node.body);
        return status === undefined ? undefined : !status;
      }
      case 'pipe': return this.#pipe(node.parts, node.line, depth);
      case 'if': {
        for (const { condition, body } of node.branches) {
          const status = go(condition);
          if (status === undefined) return undefined;
          if (status) return go(body);
        }
        return node.otherwise ? go(node.otherwise) : true;
      }
      case 'case': {
        const subject = this.#one(node.subject);
        if (subject === UNKNOWN) { this.#depends(node.line, node.subject); return undefined; }
        for (const { patterns } of node.arms) for (const word of patterns) this.#noteCompared(subject, this.#pattern(word));
        for (const { patterns, body } of node.arms) {
          for (const word of patterns) {
            const pattern = this.#pattern(word);
            if (pattern === UNKNOWN) { this.#depends(node.line, word); return undefined; }
            if (globMatches(pattern, subject)) return go(body);
          }
        }
        return true;
      }
      case 'for': {
        const values: Text[] = node.words ? [] : [...this.#args.slice(1)];
        for (const word of node.words ?? []) {
          const fields = this.#fields(word);
          if (fields === UNKNOWN) { this.#depends(node.line, word); return undefined; }
          values.push(...fields.flatMap((f) => this.#paths(f)));
        }
        let status: Status = true;
        for (const value of values) {
          this.#variables.set(node.name, value);
          status = go(node.body);
        }
        return status;
      }
      case 'group': {
        const to = this.#output(node.redirects, node.line);
        if (to !== undefined && to !== UNKNOWN && isKernelFile(to)) {
          this.#problem(node.line, 'a group of commands writes to a file of the kernel together', 'write with one echo');
          return undefined;
        }
        return go(node.body);
      }
      case 'function':
        this.#functions.set(node.name, node.body);
        return true;
      case 'test': return this.#condition(node.words, node.line);
      case 'simple': return this.#simple(node, depth);
    }
  }

  /** What a word depends on, said to the user. */
  #depends(line: number, word: Word): void {
    this.#problem(line, `what ${word.raw || 'this'} is cannot be read off the file`, 'write the value, or the interface that the script was called for');
  }

  #pipe(parts: readonly Shell[], line: number, depth: number): Status {
    const [first, second] = parts;
    if (parts.length === 2 && first?.type === 'simple' && second?.type === 'simple' && this.#one(second.words[0]) === 'tee') {
      const printed = this.#printed(first);
      const files: Text[] = second.words.slice(1).map((w) => this.#one(w)).filter((w) => w === UNKNOWN || !w.startsWith('-'));
      if (printed !== undefined) {
        for (const file of files) this.#write(file, printed, line, second.words.at(-1));
        return true;
      }
    }
    const speaksOfKernel = parts.some((p) => p.type !== 'simple' || p.redirects.some((r) => { const to = this.#one(r.to); return to === UNKNOWN || isKernelFile(to); }) || p.words.some((w) => { const text = this.#one(w); return text === UNKNOWN || isKernelFile(text) || text === 'tee' || text === 'xargs' || text === 'sh'; }));
    if (!speaksOfKernel && parts.every((p) => p.type === 'simple' && (this.#printed(p) !== undefined || HARMLESS.has(String(this.#one(p.words[0]))))) && depth >= 0) return true;
    this.#problem(line, 'a pipe: what comes out of it cannot be read off the file', 'write the value with echo VALUE > FILE');
    return undefined;
  }

  /** What `echo` or `printf` would print; undefined for any other command. */
  #printed(node: Simple): Text | undefined {
    const words = node.words.flatMap((w): Text[] => { const f = this.#fields(w); return f === UNKNOWN ? [UNKNOWN] : f.map(plainOf); });
    const [name, ...rest] = words;
    if (name === UNKNOWN || name === undefined || node.assigns.length > 0) return undefined;
    const command = baseName(name);
    if (command !== 'echo' && command !== 'printf') return undefined;
    if (rest.includes(UNKNOWN)) return UNKNOWN;
    const args = rest as string[];
    if (command === 'echo') {
      while (args[0] !== undefined && /^-[neE]+$/.test(args[0])) args.shift();
      return args.join(' ');
    }
    const [format = '', ...values] = args;
    let used = 0;
    const text = format.replace(/\\n/g, '\n').replace(/%[sd]/g, () => values[used++] ?? '');
    return text.includes('%') || used < values.length ? UNKNOWN : text;
  }

  #simple(node: Simple, depth: number): Status {
    if (node.words.length === 0) {
      for (const { name, word } of node.assigns) this.#variables.set(name, this.#one(word));
      const to = this.#output(node.redirects, node.line);
      if (to === UNKNOWN || (to !== undefined && isKernelFile(to))) this.#problem(node.line, 'it writes nothing to a file of the kernel', 'write echo VALUE in front');
      return true;
    }
    const to = this.#output(node.redirects, node.line);
    const printed = this.#printed(node);
    if (printed !== undefined) {
      const target = node.redirects.findLast((r) => (r.op === '>' || r.op === '>>' || r.op === '&>') && (r.fd === 1 || r.op === '&>'));
      if (to !== undefined) this.#write(to, printed, node.line, target?.to);
      return true;
    }
    const words: Text[] = [];
    for (const word of node.words) {
      const fields = this.#fields(word);
      if (fields === UNKNOWN) words.push(UNKNOWN);
      else words.push(...fields.map(plainOf));
    }
    const [name, ...args] = words;
    if (name === undefined) return true;
    if (name === UNKNOWN) { this.#depends(node.line, node.words[0] ?? { parts: [], raw: '' }); return undefined; }
    const body = this.#functions.get(name);
    if (body) return this.#call(body, [name, ...args], depth);
    const command = name === '[' ? 'test' : baseName(name);
    if (to === UNKNOWN || (to !== undefined && isKernelFile(to))) {
      this.#problem(node.line, `what ${command} writes to a file of the kernel cannot be read off`, 'write the value with echo VALUE > FILE');
      return undefined;
    }
    switch (command) {
      case 'test': {
        const inner = name === '[' ? node.words.slice(1, -1) : node.words.slice(1);
        if (name === '[' && node.words.at(-1)?.raw !== ']') { this.#problem(node.line, '[ without ]', 'close the test'); return undefined; }
        return this.#condition(inner.map((w) => (w.raw === '!' ? '!' : w.raw === '\\(' || w.raw === "'('" ? '(' : w.raw === '\\)' || w.raw === "')'" ? ')' : w.raw === '-a' ? '&&' : w.raw === '-o' ? '||' : w)), node.line, true);
      }
      case 'exit': throw new Exit(args[0] === undefined ? this.#last : args[0] === UNKNOWN ? undefined : args[0] === '0');
      case 'return': throw new Return(args[0] === undefined ? this.#last : args[0] === UNKNOWN ? undefined : args[0] === '0');
      case 'false': return false;
      case 'shift': this.#args = [this.#args[0] ?? '', ...this.#args.slice(2)]; return true;
      case 'exec': if (args.length === 0) return true; break;
      case 'ip': return this.#ip(args, node);
      case 'bridge': return this.#bridgeTool(args, node);
      case 'brctl': return this.#brctl(args, node);
      case 'export': case 'readonly': case 'local': case 'declare':
        for (const word of args) {
          const match = word === UNKNOWN ? undefined : /^([A-Za-z_]\w*)=(.*)$/s.exec(word);
          if (match) this.#variables.set(match[1] ?? '', match[2] ?? '');
        }
        return true;
      case 'unset':
        for (const word of args) if (word !== UNKNOWN) this.#variables.delete(word);
        return true;
      case 'sh': case 'bash': case 'dash':
        if (args[0] === '-c' && args[1] !== undefined && args[1] !== UNKNOWN) return this.#nested(args[1], args.slice(2), node.line);
        break;
    }
    if (HARMLESS.has(command)) return true;
    const script = this.#c.script?.(name) ?? (['.', 'source', 'sh', 'bash', 'dash', 'exec'].includes(command) && typeof args[0] === 'string' ? this.#c.script?.(args[0]) : undefined);
    if (script) {
      const own = this.#c.script?.(name) !== undefined;
      return this.#file(script, own ? [name, ...args] : command === '.' || command === 'source' ? [this.#args[0] ?? '', ...(args.length > 1 ? args.slice(1) : this.#args.slice(1))] : args, own, node.line);
    }
    const near = nearest(command, ['echo', 'printf', 'test', 'ip', 'brctl', 'logger', 'exit']).filter((n) => n !== command);
    this.#problem(node.line, `${command} is not understood: what it does to the bridge cannot be read off the file`, command === 'sysctl' ? 'no option of a bridge is a sysctl: drop the line, or write to /sys/class/net/BRIDGE/bridge/' : near.length > 0 && command.length > 1 ? `did you mean ${near.join(' or ')}? Otherwise hand over a script without it` : 'hand over a script without it, or hand over the file too if it is a script of yours');
    return undefined;
  }

  #call(body: Shell, args: readonly Text[], depth: number): Status {
    if (depth > 150) throw new ShellSyntax(0, 'calls too deep to follow');
    const outer = this.#args;
    this.#args = [outer[0] ?? '', ...args.slice(1)];
    try { return this.#do(body, depth + 1); } catch (signal) {
      if (signal instanceof Return) return signal.status;
      throw signal;
    } finally { this.#args = outer; }
  }

  /** sh -c TEXT: its lines are the one that calls it. */
  #nested(text: string, args: readonly Text[], line: number): Status {
    return this.#inner({ ...this.#c, firstLine: line, lines: text.split('\n').map(() => this.#place(line).text), args: args.length > 0 ? args.map((a) => (a === UNKNOWN ? '' : a)) : ['sh'] }, text, line);
  }

  #file(script: FileText, args: readonly Text[], needsMode: boolean, line: number): Status {
    if (args.includes(UNKNOWN)) { this.#problem(line, `with what ${baseName(script.path)} is called cannot be read off the file`, 'write the interface into the call'); return undefined; }
    if (needsMode && script.executable === false) {
      this.#problem(line, `${script.path} is not executable, so nobody runs it`, `chmod +x ${script.path}`);
      return undefined;
    }
    return this.#inner({ ...this.#c, file: script.path, lines: linesOf(script.text), firstLine: 1, args: args as string[] }, script.text, 1);
  }

  #inner(context: ShellContext, text: string, line: number): Status {
    if (this.#depth >= DEEPEST_CALL || this.#budget.steps > MOST_STEPS) throw new ShellSyntax(line, 'calls too deep to follow');
    const env = Object.fromEntries([...this.#variables].filter((entry): entry is [string, string] => entry[1] !== UNKNOWN));
    const inner = new Evaluator({ ...context, env, budget: this.#budget }, this.#depth + 1);
    const status = parsed(context, text, line, (script) => inner.run(script));
    for (const name of inner.compared) this.compared.add(name);
    return status;
  }

  /** Where standard output goes; undefined when it stays. */
  #output(redirects: readonly Redirect[], line: number): Text | undefined {
    let to: Text | undefined;
    for (const { op, fd, to: word } of redirects) {
      if (op === '<' || op === '<&' || (op === '>&' && /^[\d-]$/.test(word.raw))) continue;
      const path = this.#one(word);
      if (fd === 1 || op === '&>') to = path;
      if (fd !== 1 && path !== UNKNOWN && isKernelFile(path)) this.#problem(line, `only what goes to standard error reaches ${path}`, 'drop the number in front of >');
    }
    return to;
  }

  #write(path: Text, printed: Text, line: number, word?: Word): void {
    if (path === UNKNOWN) { this.#depends(line, word ?? { parts: [], raw: 'the file' }); return; }
    if (!isKernelFile(path)) return;
    const place = this.#place(line);
    const { reading } = this.#c;
    const clean = path.replace(/\/+/g, '/');
    const own = /^\/sys\/(?:class\/net|devices\/virtual\/net)\/([^/]+)\/bridge\/([^/]+)$/.exec(clean);
    const inside = /^\/sys\/(?:class\/net|devices\/virtual\/net)\/([^/]+)\/brif\/([^/]+)\/([^/]+)$/.exec(clean);
    const port = /^\/sys\/(?:class\/net|devices\/.+\/net)\/([^/]+)\/brport\/([^/]+)$/.exec(clean);
    const [target, file]: [Target | undefined, string] = own ? [{ bridge: own[1] ?? '' }, own[2] ?? ''] : inside ? [{ bridge: inside[1] ?? '', port: inside[2] ?? '' }, inside[3] ?? ''] : port ? [{ bridge: this.#c.bridge, port: port[1] ?? '' }, port[2] ?? ''] : [undefined, ''];
    if (!target) { this.#problem(line, `${clean} is no option of a bridge`, nearest(clean, [`/sys/class/net/${this.#c.bridge}/bridge/`]).length > 0 ? `the options of a bridge are in /sys/class/net/${this.#c.bridge}/bridge/` : 'wirewarp sets options of bridges only: drop the line from what you hand over'); return; }
    if (isGlob(target.bridge)) { this.#problem(line, `a shell does not expand * behind >: no bridge is called ${target.bridge}`, 'write the name of the bridge, or a for loop'); return; }
    if (printed === UNKNOWN) { this.#problem(line, `the value for ${file} cannot be read off the file`, 'write the value itself'); return; }
    takeSysfs(reading, place, target, file, printed.trim());
  }

  // Conditions

  #condition(words: Test, line: number, bracket = false): Status {
    let at = 0;
    const or = (): Status => {
      let status = and();
      while (words[at] === '||') {
        at++;
        const right = and();
        status = status === true || right === true ? true : status === undefined || right === undefined ? undefined : false;
      }
      return status;
    };
    const and = (): Status => {
      let status = not();
      while (words[at] === '&&') {
        at++;
        const right = not();
        status = status === false || right === false ? false : status === undefined || right === undefined ? undefined : true;
      }
      return status;
    };
    let nots = 0;
    const not = (): Status => {
      if (words[at] !== '!') return primary();
      at++;
      if (++nots > 50) return undefined;
      const status = not();
      return status === undefined ? undefined : !status;
    };
    let nested = 0;
    const primary = (): Status => {
      if (words[at] === '(') {
        if (++nested > 50) return undefined;
        at++;
        const status = or();
        if (words[at] === ')') at++;
        return status;
      }
      const rest: (Word | '<' | '>')[] = [];
      while (at < words.length) {
        const word = words[at];
        if (word === undefined || word === '&&' || word === '||' || word === ')' || word === '(' || word === '!') break;
        rest.push(word);
        at++;
      }
      return this.#primary(rest, line, bracket);
    };
    const status = words.length === 0 ? false : or();
    if (at < words.length) { this.#problem(line, 'this test is not understood', 'compare the interface with [ "$1" = NAME ]'); return undefined; }
    return status;
  }

  #primary(words: readonly (Word | '<' | '>')[], line: number, bracket: boolean): Status {
    const cannot = (what = 'this test'): Status => {
      this.#problem(line, `whether ${what} holds cannot be read off the file`, 'compare the interface with [ "$1" = NAME ], or hand over a script without the test');
      return undefined;
    };
    const [a, op, b] = words;
    if (a === undefined || typeof a === 'string') return cannot();
    // An unquoted variable that is empty is no word at all: [ $X = y ] with X empty is an error of test.
    if (words.length === 1) {
      const text = this.#one(a);
      return text === UNKNOWN ? cannot(a.raw) : text !== '';
    }
    if (words.length === 2 && op !== undefined && typeof op !== 'string') {
      const value = this.#one(op);
      if (value === UNKNOWN) return cannot(`${a.raw} ${op.raw}`);
      switch (a.raw) {
        case '-n': return value !== '';
        case '-z': return value === '';
        case '-e': case '-f': case '-w': case '-r': case '-d': case '-s': return this.#exists(value) ?? cannot(`${a.raw} ${op.raw}`);
        default: return cannot(`${a.raw} ${op.raw}`);
      }
    }
    if (words.length !== 3 || op === undefined || b === undefined || typeof op === 'string' || typeof b === 'string') return cannot();
    const left = this.#one(a);
    const right = this.#one(b);
    const shown = `${a.raw} ${op.raw} ${b.raw}`;
    if (left === UNKNOWN || right === UNKNOWN) return cannot(shown);
    this.#noteCompared(left, this.#pattern(b));
    this.#noteCompared(right, this.#pattern(a));
    switch (op.raw) {
      case '=': case '==': case '!=': {
        const pattern = bracket ? undefined : this.#pattern(b);
        const same = pattern === undefined ? left === right : pattern !== UNKNOWN && globMatches(pattern, left);
        return op.raw === '!=' ? !same : same;
      }
      case '-eq': case '-ne': case '-gt': case '-ge': case '-lt': case '-le': {
        if (!/^-?\d{1,15}$/.test(left) || !/^-?\d{1,15}$/.test(right)) return cannot(shown);
        const [x, y] = [Number(left), Number(right)];
        return { '-eq': x === y, '-ne': x !== y, '-gt': x > y, '-ge': x >= y, '-lt': x < y, '-le': x <= y }[op.raw];
      }
      default: return cannot(shown);
    }
  }

  /** Of the bridge that comes up we know that it is there; of the rest of the machine nothing. */
  #exists(path: string): Status {
    const match = /^\/sys\/(?:class\/net|devices\/virtual\/net)\/([^/]+)(?:\/bridge(?:\/[a-z_]+)?)?\/?$/.exec(path);
    return match?.[1] === this.#c.bridge ? true : undefined;
  }

  #noteCompared(value: string, other: Text): void {
    if (other === UNKNOWN || other === '' || !this.#names.has(value)) return;
    if (!isGlob(other) && /^[^\s/]{1,15}$/.test(other)) this.compared.add(other.replace(/\\(.)/g, '$1'));
  }

  // Tools

  #ip(args: readonly Text[], node: Simple): Status {
    const { line } = node;
    const cannot = (fix: string): Status => { this.#problem(line, 'this `ip` command is not understood', fix); return undefined; };
    if (args.includes(UNKNOWN)) return cannot('write the values themselves');
    const words = (args as string[]).filter((w) => !/^-(4|6|s|d|o|c|color|br|brief)$/.test(w));
    const object = words.shift() ?? '';
    if (IP_ELSEWHERE.has(object)) return true;
    if (!['l', 'li', 'lin', 'link'].includes(object)) return cannot('wirewarp reads ip link … type bridge');
    const verb = words.shift() ?? '';
    if (['show', 'sh', 'list', 'ls'].includes(verb)) return true;
    if (!['set', 's', 'add', 'a', 'change', 'replace'].includes(verb)) return cannot('wirewarp reads ip link set and ip link add');
    if (['dev', 'name'].includes(words[0] ?? '')) words.shift();
    const device = words.shift() ?? '';
    const type = words.indexOf('type');
    if (type < 0) return true;
    const kind = words[type + 1];
    const options = words.slice(type + 2);
    const master = words.slice(0, type).indexOf('master');
    if (kind === 'bridge_slave') return this.#pairs(options, line, { bridge: master >= 0 ? (words[master + 1] ?? this.#c.bridge) : this.#c.bridge, port: device });
    if (kind === 'bridge') { this.#c.reading.bridge(device); return this.#pairs(options, line, { bridge: device }); }
    return true;
  }

  #pairs(words: readonly string[], line: number, target: Target): Status {
    for (let i = 0; i < words.length; i += 2) {
      const [word = '', value] = [words[i], words[i + 1]];
      if (value === undefined) { this.#problem(line, `${word} is given no value`, 'give it one'); return undefined; }
      takeIpWord(this.#c.reading, this.#place(line), target, word, value);
    }
    return true;
  }

  #bridgeTool(args: readonly Text[], node: Simple): Status {
    const words = args.includes(UNKNOWN) ? [] : (args as string[]);
    if (words[0] === 'link' && words[1] === 'set' && words[2] === 'dev' && words[3] !== undefined) return this.#pairs(words.slice(4), node.line, { bridge: this.#c.bridge, port: words[3] });
    this.#problem(node.line, 'this `bridge` command is not understood', 'wirewarp reads bridge link set dev PORT …; draw VLANs and static entries in the topology');
    return undefined;
  }

  #brctl(args: readonly Text[], node: Simple): Status {
    const { line } = node;
    const { reading } = this.#c;
    if (args.includes(UNKNOWN)) { this.#problem(line, 'this `brctl` command is not understood', 'write the values themselves'); return undefined; }
    const [verb = '', bridge = '', ...values] = args as string[];
    const option = Object.hasOwn(BRCTL, verb) ? BRCTL[verb] : undefined;
    const port = Object.hasOwn(BRCTL_PORT, verb) ? BRCTL_PORT[verb] : undefined;
    if (option !== undefined && values.length === 1) take(reading, this.#place(line), { bridge }, option, values[0] ?? '', 'seconds', verb);
    else if (port !== undefined && values.length === 2) take(reading, this.#place(line), { bridge, port: values[0] ?? '' }, port, values[1] ?? '', 'seconds', verb);
    else if (['addbr', 'addif', 'delif', 'show', 'showstp', 'showmacs'].includes(verb)) reading.bridge(verb === 'addbr' ? bridge : '');
    else {
      this.#problem(line, `brctl ${verb} is not understood`, meant(verb, [...Object.keys(BRCTL), ...Object.keys(BRCTL_PORT)]));
      return undefined;
    }
    return true;
  }

  // Words

  #variable(name: string): Text {
    if (name === '?') return this.#last === undefined ? UNKNOWN : this.#last ? '0' : '1';
    if (name === '#') return String(this.#args.length - 1);
    if (name === '@' || name === '*') return this.#args.includes(UNKNOWN) ? UNKNOWN : (this.#args.slice(1) as string[]).join(' ');
    if (/^[$!-]$/.test(name)) return UNKNOWN;
    if (/^\d$/.test(name)) return this.#args[Number(name)] ?? '';
    // A variable that nobody set here may come from the caller's environment.
    return this.#variables.get(name) ?? UNKNOWN;
  }

  /** The word as pieces: what came of quotes or plain text, and what a shell would still split or take for a pattern. */
  #pieces(word: Word): { text: string; quoted: boolean; split: boolean }[] | typeof UNKNOWN {
    const pieces: { text: string; quoted: boolean; split: boolean }[] = [];
    let length = 0;
    for (const part of word.parts) {
      if (part.kind === 'opaque') return UNKNOWN;
      if (part.kind === 'text') { pieces.push({ text: part.text, quoted: part.quoted, split: false }); continue; }
      let value: Text;
      if (part.instead) {
        const { when, word: other } = part.instead;
        const given = /^\d$/.test(part.name) ? this.#args[Number(part.name)] : this.#variables.get(part.name);
        if (given === UNKNOWN) return UNKNOWN;
        // Unset here is not unset at the machine, but for positional parameters.
        if (given === undefined && !/^\d$/.test(part.name) && when.endsWith('+')) return UNKNOWN;
        const there = given !== undefined && (given !== '' || !when.startsWith(':'));
        value = when.endsWith('+') ? (there ? other.raw : '') : there ? given : other.raw;
        if (when.endsWith('=') && !there) this.#variables.set(part.name, value);
      } else value = this.#variable(part.name);
      if (value === UNKNOWN) return UNKNOWN;
      if (part.strip) value = stripped(value, part.strip.how, part.strip.word.raw);
      length += value.length;
      if (length > LONGEST_TEXT) throw new ShellSyntax(0, 'texts too long to follow');
      pieces.push({ text: value, quoted: part.quoted, split: !part.quoted });
    }
    return pieces;
  }

  #one(word: Word | undefined): Text {
    if (!word) return '';
    const pieces = this.#pieces(word);
    return pieces === UNKNOWN ? UNKNOWN : pieces.map((p) => p.text).join('');
  }

  /** As a pattern: quoted characters are plain. */
  #pattern(word: Word): Text {
    const pieces = this.#pieces(word);
    return pieces === UNKNOWN ? UNKNOWN : pieces.map((p) => (p.quoted ? p.text.replace(/[*?[\]\\]/g, '\\$&') : p.text)).join('');
  }

  /** Fields that the word becomes, as patterns. */
  #fields(word: Word): string[] | typeof UNKNOWN {
    const pieces = this.#pieces(word);
    if (pieces === UNKNOWN) return UNKNOWN;
    const fields: string[] = [];
    let open: string | undefined;
    for (const { text, quoted, split } of pieces) {
      if (!split) { open = (open ?? '') + (quoted ? text.replace(/[*?[\]\\]/g, '\\$&') : text); continue; }
      const words = text.split(/[ \t\n]+/);
      words.forEach((w, index) => {
        if (index > 0 && open !== undefined) { fields.push(open); open = undefined; }
        if (w !== '') open = (open ?? '') + w;
      });
    }
    if (open !== undefined) fields.push(open);
    return fields;
  }

  /** Of the machine's files a pattern can only find our bridge's. */
  #paths(field: string): string[] {
    if (!isGlob(field)) return [plainOf(field)];
    const match = /^(\/sys\/(?:class|devices\/virtual)\/net\/)([^/]+)(\/?.*)$/.exec(field);
    if (match && !isGlob(match[3] ?? '') && globMatches(match[2] ?? '', this.#c.bridge)) return [`${match[1] ?? ''}${this.#c.bridge}${match[3] ?? ''}`];
    return [plainOf(field)];
  }
}

/** Words of brctl(8) for options of a bridge and of a port. */
const BRCTL: Readonly<Record<string, string>> = { setageing: 'ageing_time', setfd: 'forward_delay', sethello: 'hello_time', setmaxage: 'max_age', setbridgeprio: 'priority', stp: 'stp_state' };
const BRCTL_PORT: Readonly<Record<string, string>> = { setpathcost: 'cost', setportprio: 'priority', hairpin: 'hairpin' };

const plainOf = (pattern: string): string => pattern.replace(/\\([*?[\]\\])/g, '$1');
const isKernelFile = (path: string): boolean => /^\/+(sys|proc)(\/|$)/.test(path);

function stripped(value: string, how: '%' | '%%' | '#' | '##', pattern: string): string {
  const lengths = Array.from({ length: Math.min(value.length, 300) + 1 }, (_, i) => i);
  if (how.length === 2) lengths.reverse();
  for (const n of lengths) {
    const part = how.startsWith('%') ? value.slice(value.length - n) : value.slice(0, n);
    if (globMatches(pattern, part)) return how.startsWith('%') ? value.slice(0, value.length - n) : value.slice(n);
  }
  return value;
}

function parsed(context: ShellContext, text: string, line: number, run: (script: Shell) => Status): Status {
  if (text.includes('\r')) {
    context.reading.problem({ file: context.file, line, text: context.lines[0] ?? '' }, CARRIAGE_RETURNS, CARRIAGE_RETURNS_FIX);
    return undefined;
  }
  try {
    return run(parseShell(text, line));
  } catch (error) {
    if (!(error instanceof ShellSyntax)) throw error;
    const at = error.line || line;
    const first = context.firstLine ?? 1;
    context.reading.problem(
      { file: context.file, line: at, text: context.lines[at - first] ?? '' },
      `${error.message}: not understood, so nothing more is read off this script`,
      'hand over a script that compares the interface and writes with echo',
    );
    return undefined;
  }
}

/** Reads off what the text would do. Problems and settings go to `context.reading`. */
export function readShell(context: ShellContext, text: string): Run {
  const evaluator = new Evaluator(context, 0);
  parsed(context, text, context.firstLine ?? 1, (script) => evaluator.run(script));
  return evaluator;
}

export const CARRIAGE_RETURNS = 'lines end in CR LF, and a shell takes the CR for a part of the last word';
export const CARRIAGE_RETURNS_FIX = "sed -i 's/\\r$//' on the file";

/** Plain assignments (NAME=value, with the shell's quoting), in order; anything else is given to `other`. */
export function readAssignments(text: string, other: (line: number, what: string) => void): { name: string; value: string; line: number }[] {
  const assigns: { name: string; value: string; line: number }[] = [];
  const lines = linesOf(text);
  const known = new Map<string, string>();
  const value = (word: Word, line: number): string | undefined => {
    let out = '';
    for (const part of word.parts) {
      if (part.kind === 'text') out += part.text;
      else if (part.kind === 'variable' && !part.instead && !part.strip && known.has(part.name)) out += known.get(part.name) ?? '';
      else { other(line, `what ${word.raw} is cannot be read off the file`); return undefined; }
      if (out.length > LONGEST_TEXT) { other(line, 'a value too long to follow'); return undefined; }
    }
    return out;
  };
  // Line by line where it can be, so that one bad line does not hide the others.
  for (let index = 0; index < lines.length; index++) {
    let piece = lines[index] ?? '';
    const line = index + 1;
    let tree: Shell | undefined;
    for (let more = 0; more < 50; more++) {
      try { tree = parseShell(piece, line); break; } catch (error) {
        if (!(error instanceof ShellSyntax)) throw error;
        const next = lines[index + 1];
        if (!/quotation/.test(error.message) || next === undefined || /^[A-Z][A-Z0-9_]*=/.test(next)) { other(line, `${error.message}: not understood`); break; }
        piece += `\n${next}`;
        index++;
      }
    }
    if (tree?.type !== 'list') continue;
    for (const item of tree.items) {
      if (item.type !== 'simple' || item.words.length > 0 || item.redirects.length > 0) { other(line, 'this is no assignment NAME=value'); continue; }
      for (const { name, word } of item.assigns) {
        const text_ = value(word, line);
        if (text_ === undefined) continue;
        known.set(name, text_);
        assigns.push({ name, value: text_, line });
      }
    }
  }
  return assigns;
}
