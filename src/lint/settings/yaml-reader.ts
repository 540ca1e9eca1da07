/** Reads YAML against a description of its keys, so that every mistake is told with its place and what belongs there. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import { LintConfigError } from './config-error.ts';
import type { Shape, ShapeValue, Table } from './shape.ts';
import { own } from '../../text/own.ts';

export interface YamlSettings<T extends Table> {
  readonly values: { readonly [K in keyof T]?: ShapeValue<T[K]> };
  /** Keys that were not known and are passed over, one line each. */
  readonly notices: readonly string[];
}

/** Throws `LintConfigError` with all mistakes. `lenient`: unknown keys are notices, not mistakes. */
export function readYaml<const T extends Table>(
  text: string,
  path: string,
  table: T,
  options: { readonly lenient?: boolean } = {},
): YamlSettings<T> {
  const reader = new Reader(text, path);
  const values = reader.readTable(table, options.lenient === true);
  if (reader.mistakes.length > 0) throw new LintConfigError(reader.mistakes);
  return { values: values as YamlSettings<T>['values'], notices: reader.notices };
}

class Reader {
  readonly mistakes: string[] = [];
  readonly notices: string[] = [];
  readonly #path: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(text: string, path: string) {
    this.#path = path;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const { pos, message } of this.#document.errors) {
      this.mistakes.push(`${this.#place(pos[0])}: ${message.split('\n')[0]!}`);
    }
  }

  readTable(table: Table, lenient: boolean): Record<string, unknown> {
    const root = this.#document.contents;
    if (root === null || this.mistakes.length > 0) return {};
    const values: Record<string, unknown> = {};
    for (const { key, name, value } of this.#pairs(root, 'settings as "name: value"')) {
      const shape = own(table, name);
      if (shape !== undefined) values[name] = this.#read(value ?? key, value, shape, name);
      else if (lenient)
        this.notices.push(`${this.#place(startOf(key))}: "${name}" is not a setting: ignored`);
      else this.#mistake(key, `"${name}" is not a setting: expected one of ${Object.keys(table).join(', ')}`);
    }
    return values;
  }

  /** `at` is where a missing value is complained about. */
  #read(at: Node, written: Node | null, shape: Shape, name: string): unknown {
    const node = this.#resolved(written);
    switch (shape.kind) {
      case 'boolean':
        if (isScalar(node) && typeof node.value === 'boolean') return node.value;
        return this.#mistake(at, `${name} is ${shown(node)}: expected true or false`);
      case 'choice': {
        const text = textOf(node);
        if (text !== undefined && shape.values.includes(text)) return text;
        return this.#mistake(at, `${name} is ${shown(node)}: expected ${listed(shape.values)}`);
      }
      case 'text': {
        const text = textOf(node);
        if (text === undefined)
          return this.#mistake(at, `${name} is ${shown(node)}: expected ${shape.expected}`);
        const wrong = shape.check?.(text);
        return wrong === undefined ? text : this.#mistake(at, `${name}: ${wrong}`);
      }
      case 'list': {
        if (shape.orOne === true && isScalar(node)) return [this.#read(at, written, shape.of, name)];
        if (!isSeq(node))
          return this.#mistake(at, `${name} is ${shown(node)}: expected a list of ${shape.of.expected}`);
        return (node.items as Node[]).map((item) => this.#read(item, item, shape.of, name));
      }
      case 'map': {
        const values: Record<string, unknown> = {};
        for (const pair of this.#pairs(node ?? at, `${name} is ${shown(node)}: expected ${shape.expected}`)) {
          const wrong = shape.checkKey?.(pair.name);
          if (wrong !== undefined) this.#mistake(pair.key, `${name}: ${wrong}`);
          else
            values[pair.name] = this.#read(
              pair.value ?? pair.key,
              pair.value,
              shape.of,
              `${name}.${pair.name}`,
            );
        }
        return values;
      }
      case 'record': {
        const values: Record<string, unknown> = {};
        for (const pair of this.#pairs(node ?? at, `${name} is ${shown(node)}: expected a table`)) {
          const inner = own(shape.keys, pair.name);
          if (inner === undefined) {
            const keys = Object.keys(shape.keys).join(', ');
            this.#mistake(pair.key, `${name} has no "${pair.name}": expected one of ${keys}`);
          } else {
            values[pair.name] = this.#read(pair.value ?? pair.key, pair.value, inner, `${name}.${pair.name}`);
          }
        }
        return values;
      }
    }
  }

  #pairs(
    written: Node,
    expected: string,
  ): { readonly key: Node; readonly name: string; readonly value: Node | null }[] {
    const node = this.#resolved(written);
    if (!isMap(node)) {
      this.#mistake(written, expected.includes('expected') ? expected : `expected ${expected}`);
      return [];
    }
    return (node.items as Pair<Node, Node | null>[]).flatMap(({ key, value }) => {
      const name = textOf(this.#resolved(key));
      if (name !== undefined) return [{ key, name, value }];
      this.#mistake(key, 'expected a name');
      return [];
    });
  }

  #resolved(node: Node | null): Node | undefined {
    if (!isAlias(node)) return node ?? undefined;
    return node.resolve(this.#document);
  }

  #mistake(node: Node, text: string): undefined {
    this.mistakes.push(`${this.#place(startOf(node))}: ${text}`);
    return undefined;
  }

  #place(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#path}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }
}

const startOf = (node: Node): number => node.range?.[0] ?? 0;

/** Text, numbers and booleans as they are written: `1.10` stays `1.10`. */
function textOf(node: Node | undefined): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  const { value, source } = node;
  return typeof value === 'string' ? value : (source ?? JSON.stringify(value));
}

function shown(node: Node | undefined): string {
  if (isSeq(node)) return 'a list';
  if (isMap(node)) return 'a table';
  const text = textOf(node);
  return text === undefined ? 'empty' : JSON.stringify(text);
}

function listed(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)!}`;
}
