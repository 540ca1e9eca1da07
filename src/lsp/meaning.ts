/** Whether two files say the same to a builder; what formatting may not change. */
import { lookUpDirective } from '../dockerfile/directives.ts';
import type { MappedText } from '../dockerfile/mapped-text.ts';
import type { InstructionNode, SyntaxTree } from '../dockerfile/tree.ts';

export function sameMeaning(one: SyntaxTree, other: SyntaxTree): boolean {
  return (
    one.escape === other.escape &&
    sameList(one.directives, other.directives, (a, b) => a.name === b.name && a.value === b.value) &&
    (['syntax', 'check'] as const).every(
      (name) => lookUpDirective(one.source, name)?.value === lookUpDirective(other.source, name)?.value,
    ) &&
    sameList(one.problems, other.problems, (a, b) => a.message === b.message) &&
    one.warnings.length === other.warnings.length &&
    sameList(commentsOf(one), commentsOf(other), (a, b) => a === b) &&
    sameList(one.instructions, other.instructions, sameInstruction)
  );
}

function commentsOf(tree: SyntaxTree): string[] {
  return tree.items.flatMap((item) => (item.type === 'comment' ? [item.text] : []));
}

export function sameInstruction(one: InstructionNode, other: InstructionNode): boolean {
  return (
    one.name === other.name &&
    one.json === other.json &&
    one.broken === other.broken &&
    sameTexts(one.flags, other.flags) &&
    (isShellText(one)
      ? squeezed(one.args) === squeezed(other.args)
      : sameList(one.args, other.args, (a, b) => a.text === b.text || isKeywordAs(one, a, b))) &&
    sameList(
      one.pairs,
      other.pairs,
      (a, b) => a.key.text === b.key.text && a.value.text === b.value.text && a.legacy === b.legacy,
    ) &&
    sameList(one.heredocs, other.heredocs, (a, b) => a.name === b.name && a.content === b.content) &&
    sameList(one.comments, other.comments, (a, b) => a.text === b.text) &&
    sameList(one.innerComments, other.innerComments, (a, b) => a.text === b.text) &&
    one.emptyContinuations.length === other.emptyContinuations.length &&
    (one.inner === undefined || other.inner === undefined
      ? one.inner === other.inner
      : sameInstruction(one.inner, other.inner))
  );
}

/** Texts in which the amount of blanks between words means nothing; quotes are looked after where lines are moved. */
function isShellText({ name, json }: InstructionNode): boolean {
  return !json && (name === 'run' || name === 'cmd' || name === 'entrypoint');
}

const squeezed = (args: readonly MappedText[]): string =>
  args.map(({ text }) => text.replace(/[ \t]+/g, ' ')).join('\0');

/** `FROM a as b` and `FROM a AS b` are the same. */
function isKeywordAs(node: InstructionNode, one: MappedText, other: MappedText): boolean {
  if (node.name !== 'from' || node.args.length !== 3 || node.args[1] !== one) return false;
  return one.text.toLowerCase() === 'as' && other.text.toLowerCase() === 'as';
}

const sameTexts = (one: readonly MappedText[], other: readonly MappedText[]): boolean =>
  sameList(one, other, (a, b) => a.text === b.text);

function sameList<T>(one: readonly T[], other: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return one.length === other.length && one.every((item, index) => same(item, other[index]!));
}
