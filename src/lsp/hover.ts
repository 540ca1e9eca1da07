import type { Hover } from 'vscode-languageserver';
import type { MappedText } from '../dockerfile/mapped-text.ts';
import type { SourceRange } from '../dockerfile/source.ts';
import type { InstructionNode } from '../dockerfile/tree.ts';
import { isEnded, releaseOfTag } from '../lint/data/windows-releases.ts';
import type { Analysis } from './analysis.ts';
import { cursorAt } from './cursor.ts';
import { directives, instructions } from './reference.ts';
import { ruleText } from './rule-text.ts';
import { nameAt, type FoundName } from './find-name.ts';
import { own } from '../text/own.ts';

export function hoverAt(analysis: Analysis, offset: number): Hover | null {
  const cursor = cursorAt(analysis.tree, offset);
  if (cursor.kind === 'comment') return inComment(analysis, offset);
  const name = nameAt(analysis, offset);
  if (name !== undefined) return hover(analysis, nameText(analysis, name), name.range);
  if (cursor.kind !== 'instruction') return null;
  const { node } = cursor;
  return inInstruction(analysis, node, offset) ?? inBaseImage(analysis, node, offset);
}

function hover(analysis: Analysis, value: string | undefined, range: SourceRange): Hover | null {
  if (value === undefined) return null;
  return { contents: { kind: 'markdown', value }, range: analysis.range(range) };
}

const covers = ({ start, end }: SourceRange, offset: number): boolean => offset >= start && offset <= end;

function inInstruction(analysis: Analysis, node: InstructionNode, offset: number): Hover | null {
  const keyword = node.keyword.range();
  if (covers(keyword, offset)) return hover(analysis, instructionText(node.name), keyword);
  for (const flag of node.flags) {
    const range = flag.range();
    if (covers(range, offset)) return hover(analysis, flagText(node.name, flag), range);
  }
  return node.inner === undefined ? null : inInstruction(analysis, node.inner, offset);
}

export function instructionText(name: string): string | undefined {
  const about = instructions[name.toUpperCase()];
  if (about === undefined) return undefined;
  const flags = Object.entries(about.flags).map(
    ([flag, { summary, takesValue }]) => `- \`--${flag}${takesValue ? '=' : ''}\` ${summary}`,
  );
  return [
    `\`\`\`dockerfile\n${about.usage.join('\n')}\n\`\`\``,
    about.summary,
    ...(about.windows === undefined ? [] : [`On Windows: ${about.windows}`]),
    ...(flags.length === 0 ? [] : [flags.join('\n')]),
  ].join('\n\n');
}

function flagText(instruction: string, flag: MappedText): string | undefined {
  const name = /^--([^=]*)/.exec(flag.text)?.[1] ?? '';
  const flags = instructions[instruction.toUpperCase()]?.flags ?? {};
  const about = own(flags, name);
  if (about === undefined) return undefined;
  const values =
    about.values === undefined ? '' : `\n\nValues: ${about.values.map((one) => `\`${one}\``).join(', ')}`;
  return `\`${instruction.toUpperCase()} --${name}\`\n\n${about.summary}${values}`;
}

function nameText(analysis: Analysis, name: FoundName): string {
  if (name.kind === 'stage') {
    const stage = analysis.stages[name.stage]!;
    const line = analysis.document.positionAt(stage.from.node.range.start).line + 1;
    const title = stage.name === '' ? `stage ${stage.index}` : `stage \`${stage.name}\` (${stage.index})`;
    return `${title}, ${stage.platform}, line ${line}\n\n\`\`\`dockerfile\n${oneLine(stage.from.node.text.text)}\n\`\`\``;
  }
  if (name.definitions.length === 0) {
    return name.by === 'builder' ? `\`${name.name}\` is not set by this file` : `\`${name.name}\``;
  }
  const lines = name.definitions.map(({ kind, value, range, name: own }) => {
    const line = analysis.document.positionAt(range.start).line + 1;
    return `- \`${kind.toUpperCase()} ${own}${value === undefined ? '' : `=${oneLine(value)}`}\` (line ${line})`;
  });
  return `variable \`${name.name}\`\n\n${lines.join('\n')}`;
}

const oneLine = (text: string): string => text.trim().replace(/\s+/g, ' ').replaceAll('`', "'").slice(0, 200);

/** Codes and names of rules, and parser directives. */
function inComment(analysis: Analysis, offset: number): Hover | null {
  const { text, tree } = analysis;
  const directive = tree.directives.find(({ range }) => covers(range, offset));
  const [start, end] = wordAround(text, offset);
  const rule = ruleText(text.slice(start, end), analysis.rules);
  const line = analysis.source.line(analysis.source.lineAt(offset));
  if (rule !== undefined && /ignore\s*=|check\s*=/i.test(line)) return hover(analysis, rule, { start, end });
  if (directive === undefined) return null;
  return hover(
    analysis,
    `\`# ${directive.name}=\`\n\n${directives[directive.name]!.summary}`,
    directive.range,
  );
}

function wordAround(text: string, offset: number): [number, number] {
  let start = offset;
  let end = offset;
  while (start > 0 && /[\w-]/.test(text[start - 1]!)) start--;
  while (end < text.length && /[\w-]/.test(text[end]!)) end++;
  return [start, end];
}

/** What is known of the Windows release behind a base image. */
function inBaseImage(analysis: Analysis, node: InstructionNode, offset: number): Hover | null {
  const stage = analysis.stages.find(({ from }) => from.node === node);
  if (stage === undefined) return null;
  const range = stage.from.image.range();
  if (!covers(range, offset)) return null;
  const { base, platform, platformGuessed, flavour } = stage;
  if (base.repository === 'scratch') return hover(analysis, '`scratch`: an image without any layer', range);
  const release = releaseOfTag(base.tag);
  const asOf = analysis.options.rule?.asOf ?? Number.POSITIVE_INFINITY;
  const support =
    release === undefined
      ? []
      : [
          release.end === 'ended'
            ? `${release.name} (build ${release.build}): out of support`
            : `${release.name} (build ${release.build}): ${isEnded(release, asOf) ? 'support ended' : 'supported until'} ${release.end}`,
        ];
  const os =
    platform === 'windows'
      ? ['Windows image', ...(flavour === undefined ? [] : [flavour])].join(', ')
      : 'Linux image';
  const lines = [
    `\`${base.text}\``,
    platformGuessed ? `${os} (a guess: nothing in the name tells)` : os,
    ...support,
  ];
  return hover(analysis, lines.join('\n\n'), range);
}
