import { FoldingRangeKind, SymbolKind, type DocumentSymbol, type FoldingRange } from 'vscode-languageserver';
import type { InstructionNode } from '../dockerfile/tree.ts';
import type { Analysis } from './analysis.ts';
import { own } from '../text/own.ts';

/** Global ARGs, then one symbol a stage with its instructions inside. Broken lines are there too. */
export function documentSymbols(analysis: Analysis): DocumentSymbol[] {
  const { tree, stages } = analysis;
  const starts = new Map(stages.map((stage) => [stage.from.node, stage]));
  const roots: DocumentSymbol[] = [];
  let open: DocumentSymbol | undefined;
  for (const node of tree.instructions) {
    const stage = starts.get(node);
    if (stage === undefined) {
      (open?.children ?? roots).push(instructionSymbol(analysis, node));
      if (open !== undefined) open.range.end = symbolRange(analysis, node).end;
      continue;
    }
    const image = stage.from.image.text;
    const named = stage.from.stageName?.text;
    open = {
      name: named ?? image,
      ...(named === undefined ? {} : { detail: image }),
      kind: SymbolKind.Module,
      range: symbolRange(analysis, node),
      selectionRange: analysis.range((stage.from.stageName ?? stage.from.image).range()),
      children: [],
    };
    roots.push(open);
  }
  return roots;
}

const kinds: Readonly<Record<string, SymbolKind>> = {
  arg: SymbolKind.Constant,
  env: SymbolKind.Variable,
  run: SymbolKind.Function,
  cmd: SymbolKind.Event,
  entrypoint: SymbolKind.Event,
  copy: SymbolKind.File,
  add: SymbolKind.File,
  label: SymbolKind.Property,
};

const longestName = 60;

function instructionSymbol(analysis: Analysis, node: InstructionNode): DocumentSymbol {
  const text = node.text.text.trim().replace(/\s+/g, ' ');
  return {
    name: text.length > longestName ? `${text.slice(0, longestName - 1)}…` : text,
    kind: own(kinds, node.name) ?? SymbolKind.Object,
    range: symbolRange(analysis, node),
    selectionRange: analysis.range(node.keyword.range()),
  };
}

function symbolRange(analysis: Analysis, node: InstructionNode): DocumentSymbol['range'] {
  const { start } = node.text.range();
  const trimmed = analysis.trimmed(node.range);
  return analysis.range({ start, end: Math.max(trimmed.end, node.keyword.range().end) });
}

/** Stages, instructions and here-documents of several lines, blocks of comments. */
export function foldingRanges(analysis: Analysis): FoldingRange[] {
  const { tree, stages, document } = analysis;
  const folds: FoldingRange[] = [];
  const add = (start: number, end: number, kind?: FoldingRangeKind): void => {
    const startLine = document.positionAt(start).line;
    const endLine = document.positionAt(analysis.trimmed({ start, end }).end).line;
    if (endLine > startLine) folds.push({ startLine, endLine, ...(kind === undefined ? {} : { kind }) });
  };
  stages.forEach(({ from }, index) => {
    const next = stages[index + 1]?.from.node;
    // Comments above the next FROM belong to that one.
    const end =
      next === undefined ? analysis.text.length : (next.comments[0]?.range.start ?? next.range.start);
    add(from.node.range.start, end, FoldingRangeKind.Region);
  });
  let comments: { start: number; end: number } | undefined;
  for (const item of tree.items) {
    if (item.type === 'comment') {
      comments = { start: comments?.start ?? item.range.start, end: item.range.end };
      continue;
    }
    if (comments !== undefined) add(comments.start, comments.end, FoldingRangeKind.Comment);
    comments = undefined;
    if (item.type !== 'instruction') continue;
    add(item.range.start, item.range.end);
    if (item.heredocs.length < 2) continue;
    for (const { range, terminator } of item.heredocs) add(range.start, terminator?.end ?? range.end);
  }
  if (comments !== undefined) add(comments.start, comments.end, FoldingRangeKind.Comment);
  return folds;
}
