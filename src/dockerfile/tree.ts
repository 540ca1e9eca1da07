import type { Directive } from './directives.ts';
import type { EscapeCharacter } from './expand.ts';
import type { Heredoc } from './heredoc.ts';
import type { MappedText } from './mapped-text.ts';
import type { SourceRange, SourceText } from './source.ts';

/**
 * Level 1 of the language: lines, escapes, here-documents and words, without meaning. The tree always exists, whatever the
 * bytes; what a build would refuse is listed in `problems`.
 */
export interface SyntaxTree {
  readonly source: SourceText;
  readonly escape: EscapeCharacter;
  readonly directives: readonly Directive[];
  /** They tile the text: each begins where the one before ends, line ends included. */
  readonly items: readonly SyntaxItem[];
  readonly instructions: readonly InstructionNode[];
  /** In the order in which the reference would meet them; it stops at the first. */
  readonly problems: readonly SyntaxProblem[];
  readonly warnings: readonly SyntaxWarning[];
}

export type SyntaxItem = ByteOrderMark | BlankLine | CommentLine | InstructionNode;

export interface ByteOrderMark {
  readonly type: 'mark';
  readonly range: SourceRange;
}

export interface BlankLine {
  readonly type: 'blank';
  readonly range: SourceRange;
}

export interface CommentLine {
  readonly type: 'comment';
  readonly range: SourceRange;
  /** After the `#`, trimmed. */
  readonly text: string;
  readonly line: number;
  readonly directive?: Directive;
}

export interface InstructionNode {
  readonly type: 'instruction';
  /** From the start of its first line to the end of its last, here-document bodies and line end included. */
  readonly range: SourceRange;
  /** First and last line, here-document bodies included. */
  readonly lines: readonly [first: number, last: number];
  /** The joined logical line: continuations, comments and blank lines taken out. */
  readonly text: MappedText;
  readonly keyword: MappedText;
  /** The keyword's text. */
  readonly written: string;
  /** Lower case. */
  readonly name: string;
  /** With quotes and escapes resolved: `--from=a`. */
  readonly flags: readonly MappedText[];
  /** All text after keyword and flags, trimmed. */
  readonly rest: MappedText;
  /** Before expansion. Shell form: one element, the whole text. HEALTHCHECK: the type first. ENV and LABEL: none. */
  readonly args: readonly MappedText[];
  /** ENV and LABEL. */
  readonly pairs: readonly PairNode[];
  /** True for the exec (JSON) form. */
  readonly json: boolean;
  /** ONBUILD's instruction. */
  readonly inner: InstructionNode | undefined;
  readonly heredocs: readonly Heredoc[];
  /** Comment lines directly above, without a blank line between. */
  readonly comments: readonly CommentLine[];
  /** Comment lines inside, between continuation lines. */
  readonly innerComments: readonly CommentLine[];
  /** Numbers of blank lines inside, between continuation lines. */
  readonly emptyContinuations: readonly number[];
  /** True when one of the tree's problems is this instruction's: its words may be incomplete. */
  readonly broken: boolean;
}

export interface PairNode {
  readonly key: MappedText;
  readonly value: MappedText;
  /** `KEY value` without `=`. */
  readonly legacy: boolean;
}

export interface SyntaxProblem {
  /** The reference's words, without `dockerfile parse error…`. */
  readonly message: string;
  readonly range: SourceRange;
  /** The line that the reference reports; for directives one less than the true one. */
  readonly line: number;
  readonly endLine: number;
}

/** An empty continuation line. */
export interface SyntaxWarning {
  readonly message: string;
  readonly url: string;
  readonly range: SourceRange;
  /** The last line of the instruction, as the reference reports it. */
  readonly line: number;
}
