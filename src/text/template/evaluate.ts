import { quoteGo } from '../go-quote.ts';
import type { TemplateFunction, TemplateFunctions } from './functions.ts';
import { nodeText } from './nodes.ts';
import type { CommandNode, IdentifierNode, Node, NumberNode, OperandNode, PipeNode } from './nodes.ts';
import { printed } from './print.ts';
import { TemplateError } from './template-error.ts';
import {
  bool,
  boolType,
  float,
  indirect,
  int,
  isTrue,
  method,
  string,
  stringType,
  typeName,
  unboxed,
  zero,
} from './value.ts';
import type { GoMethod, GoType, Value } from './value.ts';
import { own } from '../own.ts';

export interface ExecuteOptions {
  readonly functions: TemplateFunctions;
  /** Go's `missingkey=error`: a field that a map has not is an error instead of `<no value>`. */
  readonly missingKeyFails: boolean;
}

type Param = GoType | 'reflect';
/** What the previous stage of a pipeline hands over; `missing` = first stage. A handed-over invalid value is undefined. */
type Final = { readonly value: Value | undefined } | 'missing';

/** Expressions of one template body: pipelines, commands, fields, calls and the variables they see. */
export class Evaluation {
  readonly variables: { name: string; value: Value | undefined }[];
  /** The node that an error names. */
  at: Node | undefined;
  readonly #text: string;
  readonly #name: string;
  readonly #options: ExecuteOptions;

  constructor(text: string, name: string, root: Value | undefined, options: ExecuteOptions) {
    this.#text = text;
    this.#name = name;
    this.#options = options;
    this.variables = [{ name: '$', value: root }];
  }

  fail(message: string): never {
    const name = quoteGo(this.#name);
    if (!this.at) throw new TemplateError('execute', `template: ${this.#name}: ${message}`);
    const before = this.#text.slice(0, this.at.position);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    throw new TemplateError(
      'execute',
      `template: :${line}:${column}: executing ${name} at <${nodeText(this.at)}>: ${message}`,
    );
  }

  pipe(dot: Value | undefined, pipe: PipeNode): Value | undefined {
    this.at = pipe;
    let value: Value | undefined;
    pipe.commands.forEach((command, index) => {
      value = unboxed(this.#command(dot, command, index === 0 ? 'missing' : { value }));
    });
    for (const { names } of pipe.declared) {
      if (pipe.assigns) this.assign(names[0]!, value);
      else this.variables.push({ name: names[0]!, value });
    }
    return value;
  }

  assign(name: string, value: Value | undefined): void {
    const slot = this.variables.findLast((variable) => variable.name === name);
    if (!slot) this.fail(`undefined variable: ${name}`);
    slot.value = value;
  }

  #command(dot: Value | undefined, command: CommandNode, final: Final): Value | undefined {
    const first = command.args[0]!;
    switch (first.kind) {
      case 'field':
        this.at = first;
        return this.#fields(dot, dot, first, first.names, command.args, final);
      case 'chain':
        return this.#chain(dot, first, command.args, final);
      case 'identifier':
        return this.#function(dot, first, command, command.args, final);
      case 'pipe':
        this.#notAFunction(command.args, final);
        return this.pipe(dot, first);
      case 'variable':
        return this.#variable(dot, first, command.args, final);
      case 'bool':
      case 'dot':
      case 'nil':
      case 'number':
      case 'string':
    }
    this.at = first;
    this.#notAFunction(command.args, final);
    if (first.kind === 'nil') this.fail('nil is not a command');
    if (first.kind === 'dot') return dot;
    return this.#constant(first);
  }

  #notAFunction(args: readonly OperandNode[], final: Final): void {
    if (args.length > 1 || final !== 'missing') {
      this.fail(`can't give argument to non-function ${nodeText(args[0]!)}`);
    }
  }

  #constant(node: OperandNode): Value | undefined {
    if (node.kind === 'bool') return bool(node.value);
    if (node.kind === 'string') return string(node.text);
    if (node.kind === 'number') return this.#number(node);
    return undefined;
  }

  #number(node: NumberNode): Value {
    if (node.isFloat) return float(node.float!);
    if (node.integer! >= 1n << 63n) this.fail(`${node.text} overflows int`);
    return int(node.integer!);
  }

  #variable(
    dot: Value | undefined,
    node: OperandNode & { kind: 'variable' },
    args: readonly OperandNode[],
    final: Final,
  ): Value | undefined {
    this.at = node;
    const slot = this.variables.findLast((variable) => variable.name === node.names[0]);
    if (!slot) this.fail(`undefined variable: ${node.names[0]}`);
    if (node.names.length === 1) {
      this.#notAFunction(args, final);
      return slot.value;
    }
    return this.#fields(dot, slot.value, node, node.names.slice(1), args, final);
  }

  #chain(
    dot: Value | undefined,
    node: OperandNode & { kind: 'chain' },
    args: readonly OperandNode[],
    final: Final,
  ): Value | undefined {
    this.at = node;
    if (node.node.kind === 'nil') this.fail(`indirection through explicit nil in ${nodeText(node)}`);
    const start = this.#argument(dot, undefined, node.node);
    return this.#fields(dot, start, node, node.names, args, final);
  }

  #fields(
    dot: Value | undefined,
    receiver: Value | undefined,
    node: OperandNode,
    names: readonly string[],
    args: readonly OperandNode[],
    final: Final,
  ): Value | undefined {
    let current = receiver;
    for (const name of names.slice(0, -1)) current = this.#field(dot, name, node, [], 'missing', current);
    return this.#field(dot, names.at(-1)!, node, args, final, current);
  }

  #field(
    dot: Value | undefined,
    name: string,
    node: OperandNode,
    args: readonly OperandNode[],
    final: Final,
    given: Value | undefined,
  ): Value | undefined {
    if (!given) {
      if (this.#options.missingKeyFails) this.fail(`nil data; no entry for key ${quoteGo(name)}`);
      return undefined;
    }
    const type = typeName(given.type);
    const { value: receiver, isNil } = indirect(given);
    if (receiver.type.kind === 'interface' && isNil) this.fail(`nil pointer evaluating ${type}.${name}`);
    const found = method(receiver.type, name) ?? method(given.type, name);
    if (found) return this.#method(dot, found, receiver, name, node, args, final);
    const hasArgs = args.length > 1 || final !== 'missing';
    if (receiver.type.kind === 'struct') {
      const index = receiver.type.fields.findIndex((field) => field.name === name);
      if (index >= 0) {
        if (hasArgs) this.fail(`${name} has arguments but cannot be invoked as function`);
        return (receiver.data as Value[])[index];
      }
    } else if (receiver.type.kind === 'map' && receiver.type.key.name === 'string') {
      if (hasArgs) this.fail(`${name} is not a method but has arguments`);
      const entry = (receiver.data as Map<string, Value> | null)?.get(name);
      if (!entry && this.#options.missingKeyFails) this.fail(`map has no entry for key ${quoteGo(name)}`);
      return entry;
    } else if (receiver.type.kind === 'ptr') {
      const target = receiver.type.elem;
      const known = target.kind !== 'struct' || target.fields.some((field) => field.name === name);
      if (isNil && known) this.fail(`nil pointer evaluating ${type}.${name}`);
    }
    return this.fail(`can't evaluate field ${name} in type ${type}`);
  }

  #method(
    dot: Value | undefined,
    found: GoMethod,
    receiver: Value,
    name: string,
    node: OperandNode,
    args: readonly OperandNode[],
    final: Final,
  ): Value | undefined {
    const target: TemplateFunction = { params: found.params, call: (values) => found.call(receiver, values) };
    return this.#call(dot, target, name, node, args, final);
  }

  #function(
    dot: Value | undefined,
    node: IdentifierNode,
    command: Node,
    args: readonly OperandNode[],
    final: Final,
  ): Value | undefined {
    this.at = node;
    const target = own(this.#options.functions, node.name);
    if (!target) this.fail(`${quoteGo(node.name)} is not a defined function`);
    return this.#call(dot, target, node.name, command, args, final);
  }

  #call(
    dot: Value | undefined,
    target: TemplateFunction,
    name: string,
    node: Node,
    allArgs: readonly OperandNode[],
    final: Final,
  ): Value | undefined {
    const args = allArgs.slice(1);
    const count = args.length + (final === 'missing' ? 0 : 1);
    const fixed = target.variadic === true ? target.params.length - 1 : target.params.length;
    if (target.variadic === true && count < fixed) {
      this.fail(`wrong number of args for ${name}: want at least ${fixed} got ${args.length}`);
    }
    if (target.variadic !== true && count !== fixed) {
      this.fail(`wrong number of args for ${name}: want ${fixed} got ${count}`);
    }
    if (name === 'and' || name === 'or') return this.#shortCircuit(dot, name, args, final);
    const param = (index: number): Param => target.params[Math.min(index, target.params.length - 1)]!;
    const values = args.map((arg, index) => this.#argument(dot, param(index), arg));
    if (final !== 'missing') values.push(this.#checked(final.value, param(args.length)));
    if (name === 'call') return this.#callValue(node, args, values[0]);
    try {
      return target.call(values);
    } catch (error) {
      this.at = node;
      return this.fail(`error calling ${name}: ${(error as Error).message}`);
    }
  }

  /** Nothing in Docker's documents is a function, so `call` always fails; its words say on what. */
  #callValue(node: Node, args: readonly OperandNode[], callee: Value | undefined): never {
    const name = args.length > 0 ? nodeText(args[0]!) : printed(callee);
    const value = unboxed(callee);
    this.at = node;
    if (!value) this.fail('error calling call: call of nil');
    return this.fail(`error calling call: non-function ${name} of type ${typeName(value.type)}`);
  }

  #shortCircuit(
    dot: Value | undefined,
    name: 'and' | 'or',
    args: readonly OperandNode[],
    final: Final,
  ): Value | undefined {
    let value: Value | undefined;
    for (const arg of args) {
      value = this.#argument(dot, 'reflect', arg);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final === 'missing' ? value : final.value;
  }

  /** An argument evaluated for a parameter: constants take the parameter's type. `undefined` = any type. */
  #argument(dot: Value | undefined, param: Param | undefined, node: OperandNode): Value | undefined {
    this.at = node;
    switch (node.kind) {
      case 'dot':
        return this.#checked(dot, param);
      case 'nil':
        if (param === undefined || param === 'reflect') return undefined;
        if (['slice', 'map', 'ptr', 'interface', 'func'].includes(param.kind)) return zero(param);
        return this.fail(`cannot assign nil to ${typeName(param)}`);
      case 'field':
        this.at = node;
        return this.#checked(this.#fields(dot, dot, node, node.names, [node], 'missing'), param);
      case 'variable':
        return this.#checked(this.#variable(dot, node, [node], 'missing'), param);
      case 'pipe':
        return this.#checked(this.pipe(dot, node), param);
      case 'identifier':
        return this.#checked(this.#function(dot, node, node, [node], 'missing'), param);
      case 'chain':
        return this.#checked(this.#chain(dot, node, [node], 'missing'), param);
      case 'bool':
      case 'number':
      case 'string':
    }
    if (param === undefined || param === 'reflect' || param.kind === 'interface') return this.#constant(node);
    const found = nodeText(node);
    if (param.kind === 'bool') {
      if (node.kind === 'bool') return { type: boolType, data: node.value };
      return this.fail(`expected bool; found ${found}`);
    }
    if (param.kind === 'string') {
      if (node.kind === 'string') return { type: stringType, data: node.text };
      return this.fail(`expected string; found ${found}`);
    }
    if (param.kind === 'int') {
      if (node.kind === 'number' && node.integer !== undefined) return int(node.integer);
      return this.fail(`expected integer; found ${found}`);
    }
    return this.fail(`can't handle ${found} for arg of type ${typeName(param)}`);
  }

  #checked(value: Value | undefined, param: Param | undefined): Value | undefined {
    if (param === undefined || param === 'reflect') return value;
    if (!value) {
      if (['slice', 'map', 'ptr', 'interface', 'func'].includes(param.kind)) return zero(param);
      return this.fail(`invalid value; expected ${typeName(param)}`);
    }
    if (param.kind === 'interface') return value;
    const wanted = typeName(param);
    if (typeName(value.type) === wanted) return value;
    const inner = unboxed(value);
    if (inner && typeName(inner.type) === wanted) return inner;
    if (inner?.type.kind === 'ptr' && typeName(inner.type.elem) === wanted) {
      if (inner.data === null) this.fail(`dereference of nil pointer of type ${wanted}`);
      return inner.data as Value;
    }
    return this.fail(`wrong type for value; expected ${wanted}; got ${typeName((inner ?? value).type)}`);
  }
}
