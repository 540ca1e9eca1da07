import { InstructionProblem } from './dockerfile-error.ts';
import { parseFlags } from './flags.ts';
import { heredocText, parseHeredocWord } from './heredoc.ts';
import type { HeredocWord } from './heredoc.ts';
import type { AddInstruction, CopyInstruction, InlineSource } from './instructions.ts';
import type { MappedText } from './mapped-text.ts';
import type { InstructionNode } from './tree.ts';

/** COPY and ADD (dockerfile.md 1.6). */

export function readCopy(node: InstructionNode): CopyInstruction {
  requireDestination(node);
  const flags = parseFlags(node.flags, {
    chown: 'text',
    from: 'text',
    chmod: 'text',
    link: 'boolean',
    parents: 'boolean',
    exclude: 'list',
  });
  const { sources, inline, destination } = transfer(node);
  // Written out: an object that is put together from others takes half as much memory again.
  return {
    kind: 'copy',
    node,
    sources,
    inline,
    destination,
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    link: flags.boolean('link'),
    excludes: flags.list('exclude'),
    flagsUsed: flags.used,
    from: flags.text('from'),
    parents: flags.boolean('parents'),
  };
}

export function readAdd(node: InstructionNode): AddInstruction {
  requireDestination(node);
  const flags = parseFlags(node.flags, {
    chown: 'text',
    chmod: 'text',
    link: 'boolean',
    'keep-git-dir': 'boolean',
    checksum: 'text',
    unpack: 'boolean',
    exclude: 'list',
  });
  const { sources, inline, destination } = transfer(node);
  return {
    kind: 'add',
    node,
    sources,
    inline,
    destination,
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    link: flags.boolean('link'),
    excludes: flags.list('exclude'),
    flagsUsed: flags.used,
    checksum: flags.text('checksum'),
    keepGitDir: flags.boolean('keep-git-dir'),
    unpack: flags.get('unpack') ? flags.boolean('unpack') : undefined,
  };
}

function requireDestination(node: InstructionNode): void {
  if (node.args.length >= 2) return;
  const problem =
    'requires at least two arguments, but only one was provided. Destination could not be determined';
  throw new InstructionProblem(`${node.name.toUpperCase()} ${problem}`, node.text);
}

function transfer(node: InstructionNode): Pick<CopyInstruction, 'sources' | 'inline' | 'destination'> {
  const destination = node.args.at(-1)!;
  if (heredocOf(destination)) {
    throw new InstructionProblem(
      `${node.name.toUpperCase()} cannot accept a heredoc as a destination`,
      destination,
    );
  }
  const words = node.args.slice(0, -1);
  const mayBeInline = words.some(({ text }) => text.includes('<<'));
  const { sources, inline } = mayBeInline ? withInline(node, words) : { sources: words, inline: noInline };
  return { sources, inline, destination };
}

const noInline: readonly InlineSource[] = [];

function withInline(
  node: InstructionNode,
  words: readonly MappedText[],
): { sources: MappedText[]; inline: InlineSource[] } {
  const sources: MappedText[] = [];
  const inline: InlineSource[] = [];
  for (const word of words) {
    const heredoc = heredocOf(word);
    if (!heredoc) {
      sources.push(word);
      continue;
    }
    // Of several bodies with one name, the last one wins.
    const body = node.heredocs.findLast(({ name }) => name === heredoc.name);
    const data = heredocText({ content: body?.content ?? '', chomp: heredoc.chomp });
    inline.push({ name: heredoc.name, data, expand: heredoc.expand });
  }
  return { sources, inline };
}

function heredocOf(word: MappedText): HeredocWord | undefined {
  try {
    return parseHeredocWord(word.text);
  } catch {
    return undefined;
  }
}
