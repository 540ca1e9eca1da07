/** One version of one open document, analysed once; what every request of an editor looks at. */
import type { Range } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { SourceText, type SourceRange } from '../dockerfile/source.ts';
import type { SyntaxTree } from '../dockerfile/tree.ts';
import { lintSource, type LintOptions, type LintResult } from '../lint/lint-file.ts';
import type { LintStage } from '../lint/model.ts';
import type { RuleDefinition } from '../lint/rule.ts';
import { collectNames, type Names } from './names.ts';

export class Analysis {
  readonly document: TextDocument;
  readonly source: SourceText;
  readonly rules: readonly RuleDefinition[];
  readonly options: LintOptions;
  readonly lint: LintResult;
  #names: Names | undefined;

  constructor(document: TextDocument, rules: readonly RuleDefinition[], options: LintOptions) {
    this.document = document;
    this.source = new SourceText(document.getText());
    this.rules = rules;
    this.options = options;
    this.lint = lintSource(this.source, rules, options);
  }

  get tree(): SyntaxTree {
    return this.lint.file.dockerfile.tree;
  }

  get text(): string {
    return this.source.text;
  }

  get stages(): readonly LintStage[] {
    return this.lint.file.stages;
  }

  get names(): Names {
    return (this.#names ??= collectNames(this.lint.file));
  }

  /** The stage whose FROM stands at or above `offset`; undefined above the first. */
  stageAt(offset: number): LintStage | undefined {
    return this.stages.findLast(({ from }) => from.node.range.start <= offset);
  }

  /** In the protocol's coordinates: lines as the editor counts them (a lone carriage return ends one), UTF-16 columns. */
  range({ start, end }: SourceRange): Range {
    return { start: this.document.positionAt(start), end: this.document.positionAt(end) };
  }

  /** The range without the blanks and line ends at its end, so that nothing of the next line is marked. */
  trimmed({ start, end }: SourceRange): SourceRange {
    let stop = end;
    while (stop > start && /\s/.test(this.text[stop - 1]!)) stop--;
    return { start, end: stop };
  }
}
