import { quoteGo } from '../go-quote.ts';
import { Evaluation } from './evaluate.ts';
import type { ExecuteOptions } from './evaluate.ts';
import { nodeText } from './nodes.ts';
import type { BranchNode, ListNode, Node, StatementNode } from './nodes.ts';
import type { ParsedTemplate } from './parser.ts';
import { printed } from './print.ts';
import { indirect, int, isTrue, sortedEntries, typeName } from './value.ts';
import type { Value } from './value.ts';

/** `break` and `continue` on their way to the range they belong to. */
class Jump extends Error {
  readonly kind: 'break' | 'continue';
  constructor(kind: 'break' | 'continue') {
    super(kind);
    this.kind = kind;
  }
}

const deepest = 100_000;

/** Runs the template on `data` and gives its text. Throws TemplateError of phase `execute` with Go's message. */
export function executeTemplate(
  parsed: ParsedTemplate,
  data: Value | undefined,
  options: ExecuteOptions,
): string {
  return new Execution(parsed, options, '', data, 0).run();
}

class Execution {
  readonly #parsed: ParsedTemplate;
  readonly #options: ExecuteOptions;
  readonly #evaluation: Evaluation;
  readonly #name: string;
  readonly #root: Value | undefined;
  readonly #depth: number;
  #out = '';

  constructor(
    parsed: ParsedTemplate,
    options: ExecuteOptions,
    name: string,
    root: Value | undefined,
    depth: number,
  ) {
    this.#parsed = parsed;
    this.#options = options;
    this.#evaluation = new Evaluation(parsed.text, name, root, options);
    this.#name = name;
    this.#root = root;
    this.#depth = depth;
  }

  run(): string {
    this.#list(this.#root, this.#parsed.bodies.get(this.#name)!);
    return this.#out;
  }

  #list(dot: Value | undefined, list: ListNode): void {
    for (const node of list) this.#statement(dot, node);
  }

  #statement(dot: Value | undefined, node: StatementNode): void {
    this.#evaluation.at = node;
    switch (node.kind) {
      case 'text':
        this.#out += node.text;
        return;
      case 'action': {
        const value = this.#evaluation.pipe(dot, node.pipe);
        if (node.pipe.declared.length === 0) this.#print(node, value);
        return;
      }
      case 'if':
      case 'with': {
        const visible = this.#evaluation.variables.length;
        const value = this.#evaluation.pipe(dot, node.pipe);
        if (isTrue(value)) this.#list(node.kind === 'with' ? value : dot, node.body);
        else if (node.otherwise) this.#list(dot, node.otherwise);
        this.#evaluation.variables.length = visible;
        return;
      }
      case 'range':
        this.#range(dot, node);
        return;
      case 'break':
      case 'continue':
        throw new Jump(node.kind);
      case 'template': {
        const name = node.name;
        if (!this.#parsed.bodies.has(name)) this.#evaluation.fail(`template ${quoteGo(name)} not defined`);
        if (this.#depth >= deepest) this.#evaluation.fail(`exceeded maximum template depth (${deepest})`);
        const value = node.pipe ? this.#evaluation.pipe(dot, node.pipe) : undefined;
        try {
          this.#out += new Execution(this.#parsed, this.#options, name, value, this.#depth + 1).run();
        } catch (error) {
          if (error instanceof RangeError)
            this.#evaluation.fail(`exceeded maximum template depth (${deepest})`);
          throw error;
        }
      }
    }
  }

  #print(node: Node, value: Value | undefined): void {
    this.#evaluation.at = node;
    const shown = value?.type.kind === 'ptr' ? indirect(value).value : value;
    if (shown?.type.kind === 'func')
      this.#evaluation.fail(`can't print ${nodeText(node)} of type ${typeName(shown.type)}`);
    this.#out += shown === undefined ? '<no value>' : printed(shown);
  }

  #range(dot: Value | undefined, node: BranchNode): void {
    const visible = this.#evaluation.variables.length;
    const given = this.#evaluation.pipe(dot, node.pipe);
    const inner = this.#evaluation.variables.length;
    const pairs = this.#pairs(node, given);
    for (const [index, element] of pairs) {
      const [first, second] = node.pipe.declared;
      if (first) this.#assignLoop(node, first.names[0]!, second ? index : element);
      if (second) this.#assignLoop(node, second.names[0]!, element, 1);
      try {
        this.#list(element, node.body);
      } catch (error) {
        if (!(error instanceof Jump)) throw error;
        if (error.kind === 'break') break;
      } finally {
        this.#evaluation.variables.length = inner;
      }
    }
    if (pairs.length === 0 && node.otherwise) this.#list(dot, node.otherwise);
    this.#evaluation.variables.length = visible;
  }

  #assignLoop(node: BranchNode, name: string, value: Value | undefined, fromTop = 0): void {
    if (node.pipe.assigns) {
      this.#evaluation.assign(name, value);
      return;
    }
    // The pipeline declared its variables last: with two, the second is on top.
    const count = node.pipe.declared.length;
    const slot = this.#evaluation.variables.length - count + (count === 2 ? fromTop : 0);
    this.#evaluation.variables[slot] = { name, value };
  }

  #pairs(node: BranchNode, given: Value | undefined): [Value, Value | undefined][] {
    if (!given) return [];
    const { value, isNil } = indirect(given);
    if (!isNil) {
      switch (value.type.kind) {
        case 'slice':
          return ((value.data as Value[] | null) ?? []).map((item, index) => [int(index), item]);
        case 'map': {
          const key = value.type.key;
          const entries = sortedEntries(
            (value.data as Map<string, Value> | null) ?? new Map<string, Value>(),
          );
          return entries.map(([name, item]) => [{ type: key, data: name }, item]);
        }
        case 'int': {
          if (node.pipe.declared.length > 1) {
            this.#evaluation.fail(`can't use ${printed(value)} to iterate over more than one variable`);
          }
          const count = Math.max(0, Number(value.data));
          return Array.from({ length: count }, (_, index) => [int(index), int(index)]);
        }
        default:
      }
    } else if (value.type.kind === 'interface') return [];
    return this.#evaluation.fail(`range can't iterate over ${printed(value)}`);
  }
}
