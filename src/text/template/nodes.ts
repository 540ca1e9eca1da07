/** Parsed templates. Every node knows its byte position and how Go prints it, which error texts quote. */
export interface IdentifierNode {
  readonly kind: 'identifier';
  readonly position: number;
  readonly name: string;
}
export interface VariableNode {
  readonly kind: 'variable';
  readonly position: number;
  /** `$x` first, then fields. */
  readonly names: readonly string[];
}
export interface DotNode {
  readonly kind: 'dot';
  readonly position: number;
}
export interface NilNode {
  readonly kind: 'nil';
  readonly position: number;
}
export interface FieldNode {
  readonly kind: 'field';
  readonly position: number;
  readonly names: readonly string[];
}
/** A term followed by fields: `(index .A 0).B`. */
export interface ChainNode {
  readonly kind: 'chain';
  readonly position: number;
  readonly node: OperandNode;
  readonly names: readonly string[];
}
export interface BoolNode {
  readonly kind: 'bool';
  readonly position: number;
  readonly value: boolean;
}
export interface NumberNode {
  readonly kind: 'number';
  readonly position: number;
  readonly text: string;
  /** Value as an integer where it has one. */
  readonly integer?: bigint;
  readonly float?: number;
  /** Written as a float (`1e6`, `1.0`): its type where nothing else decides. */
  readonly isFloat: boolean;
}
export interface StringNode {
  readonly kind: 'string';
  readonly position: number;
  readonly quoted: string;
  readonly text: string;
}
export interface PipeNode {
  readonly kind: 'pipe';
  readonly position: number;
  readonly assigns: boolean;
  readonly declared: readonly VariableNode[];
  readonly commands: readonly CommandNode[];
}
export interface CommandNode {
  readonly kind: 'command';
  readonly position: number;
  readonly args: readonly OperandNode[];
}
export type OperandNode =
  | IdentifierNode
  | VariableNode
  | DotNode
  | NilNode
  | FieldNode
  | ChainNode
  | BoolNode
  | NumberNode
  | StringNode
  | PipeNode;

export interface TextNode {
  readonly kind: 'text';
  readonly position: number;
  readonly text: string;
}
export interface ActionNode {
  readonly kind: 'action';
  readonly position: number;
  readonly pipe: PipeNode;
}
export interface BranchNode {
  readonly kind: 'if' | 'range' | 'with';
  readonly position: number;
  readonly pipe: PipeNode;
  readonly body: ListNode;
  readonly otherwise: ListNode | undefined;
}
export interface JumpNode {
  readonly kind: 'break' | 'continue';
  readonly position: number;
}
export interface TemplateNode {
  readonly kind: 'template';
  readonly position: number;
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}
export type ListNode = readonly StatementNode[];
export type StatementNode = TextNode | ActionNode | BranchNode | JumpNode | TemplateNode;
export type Node = OperandNode | CommandNode | StatementNode;

/** The node as Go's `Node.String` writes it. */
export function nodeText(node: Node): string {
  switch (node.kind) {
    case 'identifier':
      return node.name;
    case 'variable':
      return node.names.join('.');
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'field':
      return node.names.map((name) => '.' + name).join('');
    case 'chain': {
      const inner = node.node.kind === 'pipe' ? `(${nodeText(node.node)})` : nodeText(node.node);
      return inner + node.names.map((name) => '.' + name).join('');
    }
    case 'bool':
      return String(node.value);
    case 'number':
      return node.text;
    case 'string':
      return node.quoted;
    case 'pipe': {
      const declared = node.declared.map(nodeText).join(', ');
      const commands = node.commands.map(nodeText).join(' | ');
      return declared === '' ? commands : `${declared} ${node.assigns ? '=' : ':='} ${commands}`;
    }
    case 'command':
      return node.args.map((arg) => (arg.kind === 'pipe' ? `(${nodeText(arg)})` : nodeText(arg))).join(' ');
    case 'text':
      return node.text;
    case 'action':
      return `{{${nodeText(node.pipe)}}}`;
    case 'if':
    case 'range':
    case 'with': {
      const body = node.body.map(nodeText).join('');
      const otherwise = node.otherwise ? `{{else}}${node.otherwise.map(nodeText).join('')}` : '';
      return `{{${node.kind} ${nodeText(node.pipe)}}}${body}${otherwise}{{end}}`;
    }
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    case 'template':
      return `{{template ${JSON.stringify(node.name)}${node.pipe ? ' ' + nodeText(node.pipe) : ''}}}`;
  }
}
