/** What may be written at a position. Every item replaces the word that was begun there. */
import { CompletionItemKind, type CompletionItem, type TextEdit } from 'vscode-languageserver';
import { predefinedArgs } from '../dockerfile/build-args.ts';
import type { InstructionNode } from '../dockerfile/tree.ts';
import { isEnded, windowsReleases } from '../lint/data/windows-releases.ts';
import { platformArgs } from '../lint/platform-args.ts';
import type { Analysis } from './analysis.ts';
import { cursorAt } from './cursor.ts';
import { instructionText } from './hover.ts';
import {
  directives,
  instructions,
  mountKeys,
  mountValues,
  windowsFamilies,
  windowsRepositories,
  type FlagReference,
} from './reference.ts';
import { ruleText } from './rule-text.ts';
import { own } from '../text/own.ts';

interface Choice {
  readonly label: string;
  readonly kind: CompletionItemKind;
  /** What is written, when it is not the label. */
  readonly text?: string;
  readonly detail?: string;
  readonly documentation?: string | undefined;
}

/** `word`: what is replaced, the last characters before the position. */
interface Choices {
  readonly word: string;
  readonly choices: readonly Choice[];
}

export function completionAt(analysis: Analysis, offset: number): CompletionItem[] {
  const cursor = cursorAt(analysis.tree, offset);
  if (cursor.kind === 'heredoc') return [];
  const found =
    cursor.kind === 'comment'
      ? inComment(analysis, cursor.before)
      : cursor.kind === 'line'
        ? atLineStart(analysis, cursor.before, offset)
        : inInstruction(analysis, cursor.node, cursor.before, offset);
  return found === undefined ? [] : items(analysis, found, offset);
}

function items(analysis: Analysis, { word, choices }: Choices, offset: number): CompletionItem[] {
  const start = offset - word.length;
  // A word that a continuation cuts in two stands at two places: nothing could replace it.
  if (analysis.text.slice(start, offset) !== word) return [];
  const range = analysis.range({ start, end: offset });
  return choices.map(({ label, kind, text, detail, documentation }, index) => {
    const textEdit: TextEdit = { range, newText: text ?? label };
    return {
      label,
      kind,
      textEdit,
      filterText: text ?? label,
      sortText: String(index).padStart(4, '0'),
      ...(detail === undefined ? {} : { detail }),
      ...(documentation === undefined ? {} : { documentation: { kind: 'markdown', value: documentation } }),
    };
  });
}

/** On a new line: instructions, and parser directives where those may still stand. */
function atLineStart(analysis: Analysis, before: string, offset: number): Choices | undefined {
  const word = /^\s*([A-Za-z]*)$/.exec(before)?.[1];
  if (word === undefined) return undefined;
  return { word, choices: instructionChoices(analysis, offset, word) };
}

function instructionChoices(analysis: Analysis, offset: number, word: string): Choice[] {
  const lower = isLowerCase(analysis, offset, word);
  // Above the first FROM only ARG may stand beside it.
  const inStage = analysis.stageAt(offset) !== undefined;
  const names = Object.keys(instructions).filter((name) => name !== 'MAINTAINER');
  return names
    .toSorted((one, other) => rank(one, inStage) - rank(other, inStage))
    .map((name) => ({
      label: lower ? name.toLowerCase() : name,
      text: `${lower ? name.toLowerCase() : name} `,
      kind: CompletionItemKind.Keyword,
      documentation: instructionText(name),
    }));
}

const rank = (name: string, inStage: boolean): number =>
  !inStage && (name === 'FROM' || name === 'ARG') ? 0 : 1;

/** As the file has it; an empty file goes by what was begun. */
function isLowerCase(analysis: Analysis, offset: number, word: string): boolean {
  const others = analysis.tree.instructions.filter(
    ({ range, name }) =>
      !(range.start <= offset && offset <= range.end) && name.toUpperCase() in instructions,
  );
  if (others.length === 0) return word !== '' && word === word.toLowerCase();
  const lower = others.filter(({ keyword }) => keyword.text === keyword.text.toLowerCase());
  return lower.length > others.length / 2;
}

function inComment(analysis: Analysis, before: string): Choices | undefined {
  const ignore =
    /ignore\s*=\s*(?:[\w-]+\s*,\s*)*([\w-]*)$/i.exec(before) ??
    /check\s*=\s*skip\s*=\s*(?:[\w-]+\s*,\s*)*([\w-]*)$/i.exec(before);
  if (ignore !== null) return { word: ignore[1]!, choices: ruleChoices(analysis, /check\s*=/i.test(before)) };
  const value = /^\s*#\s*([A-Za-z]+)\s*=\s*(\S*)$/.exec(before);
  if (value !== null) {
    const name = value[1]!.toLowerCase();
    const about = own(directives, name);
    if (about === undefined) return undefined;
    const choices = about.values.map((label) => ({ label, kind: CompletionItemKind.Value }));
    return { word: value[2]!, choices };
  }
  const begun = /^\s*#\s*([A-Za-z][A-Za-z ]*|)$/.exec(before);
  if (begun === null) return undefined;
  const pragmas = ['porthole ignore=', 'porthole global ignore='];
  const top = directivesMayStand(analysis, before) ? Object.keys(directives) : [];
  const choices = [
    ...top.map((name) => ({
      label: `${name}=`,
      kind: CompletionItemKind.Property,
      documentation: directives[name]!.summary,
    })),
    ...pragmas.map((label) => ({ label, kind: CompletionItemKind.Snippet, detail: 'leave out rules' })),
  ];
  const word = begun[1]!;
  return { word, choices: choices.filter(({ label }) => label.startsWith(word.toLowerCase())) };
}

/** Directives end at the first line that is none. */
function directivesMayStand({ tree }: Analysis, before: string): boolean {
  const others = tree.items.filter(({ type }) => type !== 'mark');
  const first = others.findIndex((item) => item.type !== 'comment' || item.directive === undefined);
  const begun = first < 0 ? undefined : others[first];
  if (begun?.type !== 'comment') return false;
  const text = tree.source.slice(begun.range).trimEnd();
  return text === before.trimEnd() || text.startsWith(before);
}

function ruleChoices({ rules }: Analysis, forCheck: boolean): Choice[] {
  const choices = rules.map(({ id, name, aliases = [], docs }) => ({
    label: forCheck ? (aliases[0] ?? id) : id,
    kind: CompletionItemKind.Constant,
    detail: `${name}: ${docs.summary}`,
    documentation: ruleText(id, rules),
    // BuildKit knows its own checks alone.
    known: !forCheck || id.startsWith('BK'),
  }));
  return choices.filter(({ known }) => known);
}

function inInstruction(
  analysis: Analysis,
  node: InstructionNode,
  before: string,
  offset: number,
): Choices | undefined {
  const trigger = /^\s*onbuild\s+/i.exec(before);
  const text = trigger === null ? before : before.slice(trigger[0].length);
  const keyword = /^\s*([A-Za-z]*)$/.exec(text);
  if (keyword !== null) {
    const word = keyword[1]!;
    const choices = instructionChoices(analysis, offset, word);
    if (trigger === null) return { word, choices };
    return { word, choices: choices.filter(({ label }) => !/^(?:from|onbuild)$/i.test(label)) };
  }
  const match = /^\s*([A-Za-z]+)\s+([^]*)$/.exec(text);
  if (match === null) return undefined;
  const name = match[1]!.toUpperCase();
  const written = match[2]!;
  return (
    variables(analysis, name, written, node.range.start) ??
    flags(analysis, node, name, written) ??
    words(analysis, node, name, written)
  );
}

/** After `$` or `${`, where the builder expands; in shells, the spelling of the shell. */
function variables(analysis: Analysis, name: string, written: string, at: number): Choices | undefined {
  const begun = /(?<![\\`])\$(\{?)(\w*)$/.exec(written);
  if (begun === null || name === 'MAINTAINER' || name === 'SHELL' || name === 'HEALTHCHECK') return undefined;
  const isShell = name === 'RUN' || name === 'CMD' || name === 'ENTRYPOINT';
  const stage =
    name === 'FROM' || (name === 'ARG' && !analysis.stageAt(at)) ? undefined : analysis.stageAt(at);
  const shell = stage?.instructions.findLast(({ instruction }) => instruction.node.range.start <= at)?.shell
    .kind;
  // cmd and PowerShell write their variables another way.
  if (isShell && (stage?.platform === 'windows' || shell === 'powershell' || shell === 'pwsh'))
    return undefined;
  const seen = analysis.names.visible(stage?.index, at);
  const own = seen.map(({ name: label, kind, value }) => ({
    label,
    detail: `${kind.toUpperCase()} ${label}${value === undefined ? '' : `=${value}`}`,
  }));
  const automatic =
    name === 'FROM' ? platformArgs.map((label) => ({ label, detail: 'set by BuildKit' })) : [];
  const brace = begun[1]!;
  return {
    word: `$${brace}${begun[2]!}`,
    choices: [...own, ...automatic].map(({ label, detail }) => ({
      label,
      text: brace === '' ? `$${label}` : `\${${label}}`,
      detail,
      kind: CompletionItemKind.Variable,
    })),
  };
}

function flags(
  analysis: Analysis,
  node: InstructionNode,
  name: string,
  written: string,
): Choices | undefined {
  const begun = /^(?:--\S*\s+)*(-{1,2}\S*)$/.exec(written)?.[1];
  const known = instructions[name]?.flags;
  if (begun === undefined || known === undefined) return undefined;
  const flag = /^--([a-z-]+)=(.*)$/s.exec(begun);
  if (flag !== null) return flagValues(analysis, node, flag[1]!, flag[2]!, known);
  const used = new Set(written.match(/--[a-z-]+(?=[\s=])/g) ?? []);
  const choices = Object.entries(known)
    .filter(([one, { repeats }]) => repeats === true || !used.has(`--${one}`))
    .map(([one, { summary, takesValue }]) => ({
      label: `--${one}`,
      text: takesValue ? `--${one}=` : `--${one} `,
      kind: CompletionItemKind.Property,
      documentation: summary,
    }));
  return { word: begun, choices };
}

function flagValues(
  analysis: Analysis,
  node: InstructionNode,
  flag: string,
  written: string,
  known: Readonly<Record<string, FlagReference>>,
): Choices | undefined {
  if (flag === 'from') {
    return { word: written, choices: [...stageChoices(analysis, node, true), ...imageChoices(analysis)] };
  }
  if (flag === 'mount') {
    const field = /(?:^|,)([^,]*)$/.exec(written)![1]!;
    const pair = /^([a-z]+)=(.*)$/.exec(field);
    if (pair === null) {
      const used = new Set(written.split(',').map((one) => one.split('=')[0]));
      const keys = mountKeys.filter((key) => !used.has(key));
      return {
        word: field,
        choices: keys.map((key) => ({ label: key, text: `${key}=`, kind: CompletionItemKind.Property })),
      };
    }
    if (pair[1] === 'from') return { word: pair[2]!, choices: stageChoices(analysis, node, true) };
    return { word: pair[2]!, choices: valueChoices(own(mountValues, pair[1]!) ?? []) };
  }
  return { word: written, choices: valueChoices(own(known, flag)?.values ?? []) };
}

const valueChoices = (values: readonly string[]): Choice[] =>
  values.map((label) => ({ label, kind: CompletionItemKind.Value }));

/** The words of an instruction after its flags. */
function words(
  analysis: Analysis,
  node: InstructionNode,
  name: string,
  written: string,
): Choices | undefined {
  const after = written.replace(/^(?:--\S*\s+)+/, '');
  const word = /\S*$/.exec(after)![0];
  const count = after.split(/\s+/).length - 1;
  if (name === 'FROM') {
    if (count === 0)
      return { word, choices: [...imageChoices(analysis), ...stageChoices(analysis, node, false)] };
    const lower = node.keyword.text === node.keyword.text.toLowerCase();
    if (count === 1)
      return {
        word,
        choices: [
          { label: lower ? 'as' : 'AS', text: lower ? 'as ' : 'AS ', kind: CompletionItemKind.Keyword },
        ],
      };
    return undefined;
  }
  if (name === 'ARG' && !after.includes('=')) {
    const stage = analysis.stageAt(node.range.start);
    const global =
      stage === undefined ? [] : analysis.names.visible(undefined, Infinity).map((one) => one.name);
    const labels = [...new Set([...global, ...(stage === undefined ? [] : platformArgs), ...predefinedArgs])];
    return { word, choices: labels.map((label) => ({ label, kind: CompletionItemKind.Variable })) };
  }
  const templates = instructions[name]?.templates;
  if (templates === undefined || (count > 0 && name !== 'EXPOSE' && name !== 'LABEL')) return undefined;
  const choices = templates.map((label) => ({ label, kind: CompletionItemKind.Value }));
  return { word, choices };
}

/** Stages above; nameless ones by their number where that may be written. */
function stageChoices(analysis: Analysis, node: InstructionNode, byNumber: boolean): Choice[] {
  return analysis.stages
    .filter(({ from }) => from.node.range.end <= node.range.start)
    .filter(({ name, index }) => (name === '' ? byNumber : index >= 0))
    .filter(({ index }) => (byNumber ? index !== analysis.stageAt(node.range.start)?.index : true))
    .map(({ from, index }) => ({
      label: from.stageName?.text ?? String(index),
      detail: `stage ${index}: ${from.image.text}`,
      kind: CompletionItemKind.Module,
    }))
    .reverse();
}

/** Windows base images of releases that are still supported. */
function imageChoices({ options }: Analysis): Choice[] {
  const asOf = options.rule?.asOf ?? Number.POSITIVE_INFINITY;
  const supported = windowsReleases.filter((release) => !isEnded(release, asOf));
  const plain = windowsRepositories.flatMap(({ name, summary }) =>
    supported.map(({ tags, name: release }) => ({
      label: `${name}:${tags[0]!}`,
      detail: `${summary} (${release})`,
    })),
  );
  const others = windowsFamilies.flatMap(({ name, tag, summary, releases }) =>
    supported
      .filter(({ tags }) => releases.includes(tags[0]!))
      .map(({ tags, name: release }) => ({
        label: `${name}:${tag.replace('*', tags[0]!)}`,
        detail: `${summary} (${release})`,
      })),
  );
  const scratch = { label: 'scratch', detail: 'an image without any layer' };
  return [...plain, ...others, scratch].map((one) => ({ ...one, kind: CompletionItemKind.Reference }));
}
