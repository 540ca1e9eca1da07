import { unquoteGo } from '../go-unquote.ts';
import { quoteGo } from '../go-quote.ts';
import { tokenize } from './lexer.ts';
import type { Token, TokenType } from './lexer.ts';
import { nodeText } from './nodes.ts';
import type {
  BranchNode,
  CommandNode,
  ListNode,
  OperandNode,
  PipeNode,
  StatementNode,
  VariableNode,
} from './nodes.ts';
import { numberNode } from './number.ts';
import { TemplateError } from './template-error.ts';

export interface ParsedTemplate {
  readonly text: string;
  /** The template's own body under '' and those of `define` and `block`. */
  readonly bodies: ReadonlyMap<string, ListNode>;
}

/** Parses Go template text. Throws TemplateError of phase `parse` with Go's message. */
export function parseTemplateText(text: string, hasFunction: (name: string) => boolean): ParsedTemplate {
  return new Parser(text, hasFunction).parse();
}

type Stop = 'end' | 'else' | 'eof';

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  readonly #hasFunction: (name: string) => boolean;
  readonly #bodies = new Map<string, ListNode>();
  #index = 0;
  #variables: string[] = ['$'];
  #rangeDepth = 0;
  #actionLine = 0;

  constructor(text: string, hasFunction: (name: string) => boolean) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#hasFunction = hasFunction;
  }

  parse(): ParsedTemplate {
    const { list } = this.#list(['eof'], true);
    this.#bodies.set('', list);
    return { text: this.#text, bodies: this.#bodies };
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#index, this.#tokens.length - 1)]!;
  }

  #next(): Token {
    const token = this.#peek();
    this.#index++;
    return token;
  }

  #nextWord(): Token {
    let token = this.#next();
    while (token.type === 'space') token = this.#next();
    return token;
  }

  #peekWord(): Token {
    while (this.#peek().type === 'space') this.#index++;
    return this.#peek();
  }

  #fail(message: string): never {
    const line = this.#tokens[Math.max(0, Math.min(this.#index, this.#tokens.length) - 1)]!.line;
    throw new TemplateError('parse', `template: :${line}: ${message}`);
  }

  #unexpected(token: Token, context: string): never {
    if (token.type !== 'error') this.#fail(`unexpected ${shown(token)} in ${context}`);
    let extra = '';
    if (this.#actionLine !== 0 && this.#actionLine !== token.line) {
      extra = ` in action started at :${this.#actionLine}`;
      if (token.value.endsWith(' action')) extra = extra.slice(' in action'.length);
    }
    this.#fail(token.value + extra);
  }

  #expect(type: TokenType, context: string): Token {
    const token = this.#nextWord();
    if (token.type !== type) this.#unexpected(token, context);
    return token;
  }

  /** Statements up to one of `stops`; the stopping keyword is consumed, what follows it is not. */
  #list(stops: readonly Stop[], topLevel = false): { list: StatementNode[]; stop: Stop } {
    const list: StatementNode[] = [];
    for (;;) {
      const token = this.#nextWord();
      if (token.type === 'eof') {
        if (stops.includes('eof')) return { list, stop: 'eof' };
        this.#fail('unexpected EOF');
      }
      if (token.type === 'text') {
        list.push({ kind: 'text', position: token.position, text: token.value });
        continue;
      }
      if (token.type !== 'leftDelim') this.#unexpected(token, 'input');
      this.#actionLine = token.line;
      const word = this.#nextWord();
      if (word.type === 'keyword' && (word.value === 'end' || word.value === 'else')) {
        if (stops.includes(word.value)) return { list, stop: word.value };
        this.#fail(`unexpected {{${word.value}}}`);
      }
      const statement = this.#statement(word, topLevel);
      if (statement) list.push(statement);
    }
  }

  #statement(word: Token, topLevel: boolean): StatementNode | undefined {
    if (word.type === 'keyword') {
      switch (word.value) {
        case 'if':
        case 'range':
        case 'with':
          return this.#branch(word.value, word.position);
        case 'define':
          if (!topLevel) this.#unexpected(word, 'command');
          this.#define();
          return undefined;
        case 'block':
          return this.#block();
        case 'template':
          return this.#template();
        case 'break':
        case 'continue':
          return this.#jump(word.value, word.position);
      }
    }
    this.#index--;
    const position = this.#peek().position;
    return { kind: 'action', position, pipe: this.#pipeline('command', 'rightDelim') };
  }

  #jump(kind: 'break' | 'continue', position: number): StatementNode {
    const token = this.#nextWord();
    if (token.type !== 'rightDelim') this.#unexpected(token, `{{${kind}}}`);
    if (this.#rangeDepth === 0) this.#fail(`{{${kind}}} outside {{range}}`);
    return { kind, position };
  }

  #branch(kind: 'if' | 'range' | 'with', position: number): BranchNode {
    const visible = this.#variables.length;
    const pipe = this.#pipeline(kind, 'rightDelim');
    if (kind === 'range') this.#rangeDepth++;
    const { list: body, stop } = this.#list(['end', 'else']);
    if (kind === 'range') this.#rangeDepth--;
    let otherwise: ListNode | undefined;
    if (stop === 'else') otherwise = this.#else(kind);
    else this.#expect('rightDelim', 'end');
    this.#variables.length = visible;
    return { kind, position, pipe, body, otherwise };
  }

  /** After `{{else`: a plain else, or `else if` / `else with`, which shares the outer `{{end}}`. */
  #else(kind: 'if' | 'range' | 'with'): ListNode {
    const word = this.#peekWord();
    if (word.type === 'keyword' && kind !== 'range' && word.value === kind) {
      this.#index++;
      return [this.#branch(kind, word.position)];
    }
    if (word.type === 'keyword' && (word.value === 'if' || word.value === 'with'))
      this.#unexpected(word, 'input');
    this.#expect('rightDelim', 'else');
    const { list, stop } = this.#list(['end', 'else']);
    if (stop === 'else') this.#fail('expected end; found {{else}}');
    this.#expect('rightDelim', 'end');
    return list;
  }

  #templateName(context: string): { name: string; position: number } {
    const token = this.#nextWord();
    if (token.type !== 'string' && token.type !== 'rawString') this.#unexpected(token, context);
    return { name: this.#unquote(token.value), position: token.position };
  }

  #unquote(literal: string): string {
    return unquoteGo(literal) ?? this.#fail('invalid syntax');
  }

  /** A body with variables and range depth of its own. */
  #nested(): ListNode {
    const [variables, depth] = [this.#variables, this.#rangeDepth];
    [this.#variables, this.#rangeDepth] = [['$'], 0];
    const { list } = this.#list(['end']);
    this.#expect('rightDelim', 'end');
    [this.#variables, this.#rangeDepth] = [variables, depth];
    return list;
  }

  #define(): void {
    const { name } = this.#templateName('define clause');
    this.#expect('rightDelim', 'define clause');
    this.#bodies.set(name, this.#nested());
  }

  #block(): StatementNode {
    const { name, position } = this.#templateName('block clause');
    const pipe = this.#pipeline('block clause', 'rightDelim');
    const body = this.#nested();
    if (!this.#bodies.has(name)) this.#bodies.set(name, body);
    return { kind: 'template', position, name, pipe };
  }

  #template(): StatementNode {
    const { name, position } = this.#templateName('template clause');
    if (this.#peekWord().type === 'rightDelim') {
      this.#index++;
      return { kind: 'template', position, name, pipe: undefined };
    }
    return { kind: 'template', position, name, pipe: this.#pipeline('template clause', 'rightDelim') };
  }

  #pipeline(context: string, end: TokenType): PipeNode {
    const position = this.#peekWord().position;
    const { declared, assigns } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#nextWord();
      if (token.type === end) break;
      if (!operandStarts.has(token.type)) this.#unexpected(token, context);
      this.#index--;
      commands.push(this.#command());
    }
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    commands.slice(1).forEach((command, index) => {
      if (['bool', 'dot', 'nil', 'number', 'string'].includes(command.args[0]!.kind)) {
        this.#fail(`non executable command in pipeline stage ${index + 2}`);
      }
    });
    return { kind: 'pipe', position, assigns, declared, commands };
  }

  #declarations(context: string): { declared: VariableNode[]; assigns: boolean } {
    const declared: VariableNode[] = [];
    for (;;) {
      const start = this.#index;
      const variable = this.#peekWord();
      if (variable.type !== 'variable') return { declared, assigns: false };
      this.#index++;
      const next = this.#peekWord();
      if (next.type === 'assign' || next.type === 'declare') {
        this.#index++;
        this.#declare(declared, variable);
        return { declared, assigns: next.type === 'assign' };
      }
      if (next.type !== 'char' || next.value !== ',') {
        this.#index = start;
        return { declared, assigns: false };
      }
      this.#index++;
      this.#declare(declared, variable);
      if (context !== 'range' || declared.length >= 2) this.#fail(`too many declarations in ${context}`);
      if (!['variable', 'rightDelim', 'rightParen'].includes(this.#peekWord().type)) {
        this.#fail('range can only initialize variables');
      }
    }
  }

  #declare(declared: VariableNode[], token: Token): void {
    declared.push({ kind: 'variable', position: token.position, names: [token.value] });
    this.#variables.push(token.value);
  }

  #command(): CommandNode {
    const position = this.#peekWord().position;
    const args: OperandNode[] = [];
    for (;;) {
      this.#peekWord();
      const operand = this.#operand();
      if (operand) args.push(operand);
      const token = this.#next();
      if (token.type === 'space') continue;
      if (token.type === 'rightDelim' || token.type === 'rightParen') this.#index--;
      else if (token.type !== 'pipe') this.#unexpected(token, 'operand');
      break;
    }
    if (args.length === 0) this.#fail('empty command');
    return { kind: 'command', position, args };
  }

  /** A term with any fields after it. */
  #operand(): OperandNode | undefined {
    const node = this.#term();
    if (!node || this.#peek().type !== 'field') return node;
    const position = this.#peek().position;
    const names: string[] = [];
    while (this.#peek().type === 'field') names.push(this.#next().value.slice(1));
    switch (node.kind) {
      case 'field':
        return { kind: 'field', position, names: [...node.names, ...names] };
      case 'variable':
        return { kind: 'variable', position, names: [...node.names, ...names] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.#fail(`unexpected . after term ${quoteGo(nodeText(node))}`);
      case 'identifier':
      case 'chain':
      case 'pipe':
        return { kind: 'chain', position, node, names };
    }
  }

  #term(): OperandNode | undefined {
    const token = this.#nextWord();
    const { position, value } = token;
    switch (token.type) {
      case 'identifier':
        if (!this.#hasFunction(value)) this.#fail(`function ${quoteGo(value)} not defined`);
        return { kind: 'identifier', position, name: value };
      case 'dot':
        return { kind: 'dot', position };
      case 'nil':
        return { kind: 'nil', position };
      case 'variable':
        if (!this.#variables.includes(value)) this.#fail(`undefined variable ${quoteGo(value)}`);
        return { kind: 'variable', position, names: [value] };
      case 'field':
        return { kind: 'field', position, names: [value.slice(1)] };
      case 'bool':
        return { kind: 'bool', position, value: value === 'true' };
      case 'charConstant':
      case 'number':
        try {
          return numberNode(value, position);
        } catch (error) {
          return this.#fail((error as Error).message);
        }
      case 'leftParen':
        return this.#pipeline('parenthesized pipeline', 'rightParen');
      case 'string':
      case 'rawString':
        return { kind: 'string', position, quoted: value, text: this.#unquote(value) };
      default:
        this.#index--;
        return undefined;
    }
  }
}

const operandStarts = new Set<TokenType>([
  'bool',
  'charConstant',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
]);

/** Go's `item.String`. */
function shown(token: Token): string {
  if (token.type === 'eof') return 'EOF';
  if (['keyword', 'dot', 'nil'].includes(token.type)) return `<${token.value}>`;
  return [...token.value].length > 10
    ? quoteGo([...token.value].slice(0, 10).join('')) + '...'
    : quoteGo(token.value);
}
