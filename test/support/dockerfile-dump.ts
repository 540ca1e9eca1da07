/** The S-expression dump and the instruction objects of the conformance data (its README says the forms). */
import type { InstructionNode, SyntaxTree } from '../../src/dockerfile/tree.ts';
import { quoteGo } from '../../src/text/go-quote.ts';

export function dumpTree(tree: SyntaxTree): string {
  return tree.instructions.map((node) => `(${dumpNode(node)})\n`).join('');
}

function dumpNode(node: InstructionNode): string {
  let text = node.name;
  if (node.flags.length > 0) text += ` [${node.flags.map((flag) => quoteGo(flag.text)).join(' ')}]`;
  for (const argument of argumentTexts(node)) text += ' ' + quoteGo(argument);
  if (node.inner) text += ` (${dumpNode(node.inner)})`;
  return text.trim();
}

/** ENV and LABEL as triples. */
export function argumentTexts(node: InstructionNode): string[] {
  if (node.pairs.length > 0) {
    return node.pairs.flatMap(({ key, value, legacy }) => [key.text, value.text, legacy ? '' : '=']);
  }
  return node.args.map((argument) => argument.text);
}

export interface InstructionObject {
  instruction: string;
  lines?: [number, number];
  flags: string[];
  json: boolean;
  args: (string | InstructionObject)[];
  original: string;
  heredocs: { name: string; content: string; expand: boolean; chomp: boolean; fd: number }[];
}

export function instructionObject(node: InstructionNode): InstructionObject {
  return {
    instruction: node.keyword.text,
    lines: [...node.lines],
    flags: node.flags.map((flag) => flag.text),
    json: node.json,
    args: node.inner ? [instructionObject(node.inner)] : argumentTexts(node),
    original: node.text.text,
    heredocs: node.heredocs.map(({ name, content, expand, chomp, fd }) => ({
      name,
      content,
      expand,
      chomp,
      fd,
    })),
  };
}
