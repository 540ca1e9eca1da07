import { exact, none } from './exact-list.ts';
import type { Heredoc } from './heredoc.ts';
import type { MappedText } from './mapped-text.ts';
import type { LineContent } from './node.ts';
import type { SourceRange } from './source.ts';
import type { CommentLine, InstructionNode, PairNode } from './tree.ts';

/** Where an instruction stands: offsets in the text, and its first and last line. */
export interface InstructionPlace {
  readonly start: number;
  readonly end: number;
  readonly firstLine: number;
  readonly lastLine: number;
}

export interface InstructionParts {
  readonly heredocs: readonly Heredoc[];
  readonly comments: readonly CommentLine[];
  readonly innerComments: readonly CommentLine[];
  readonly emptyContinuations: readonly number[];
}

export const noParts: InstructionParts = {
  heredocs: none,
  comments: none,
  innerComments: none,
  emptyContinuations: none,
};

/** The node of one instruction. A long file has very many: what follows from a few numbers is made when somebody asks. */
export class ParsedInstruction implements InstructionNode {
  readonly text: MappedText;
  readonly name: string;
  readonly flags: readonly MappedText[];
  readonly args: readonly MappedText[];
  readonly pairs: readonly PairNode[];
  readonly json: boolean;
  readonly inner: InstructionNode | undefined;
  readonly broken: boolean;
  readonly written: string;
  private readonly keywordStart: number;
  private readonly restStart: number;
  private readonly restEnd: number;
  private readonly start: number;
  private readonly end: number;
  private readonly firstLine: number;
  private readonly lastLine: number;
  private readonly parts: InstructionParts;

  constructor(content: LineContent, place: InstructionPlace, parts: InstructionParts, broken: boolean) {
    this.text = content.text;
    this.name = content.name;
    this.flags = exact(content.flags);
    this.args = exact(content.args);
    this.pairs = exact(content.pairs);
    this.json = content.json;
    this.inner = content.inner && triggerNode(content.inner, place);
    this.broken = broken;
    this.written = content.written;
    this.keywordStart = content.keywordStart;
    this.restStart = content.restStart;
    this.restEnd = content.restEnd;
    this.start = place.start;
    this.end = place.end;
    this.firstLine = place.firstLine;
    this.lastLine = place.lastLine;
    this.parts = parts;
  }

  get type(): 'instruction' {
    return 'instruction';
  }

  get range(): SourceRange {
    return { start: this.start, end: this.end };
  }

  get lines(): readonly [first: number, last: number] {
    return [this.firstLine, this.lastLine];
  }

  get keyword(): MappedText {
    return this.text.slice(this.keywordStart, this.keywordStart + this.written.length);
  }

  get rest(): MappedText {
    return this.text.slice(this.restStart, this.restEnd);
  }

  get heredocs(): readonly Heredoc[] {
    return this.parts.heredocs;
  }

  get comments(): readonly CommentLine[] {
    return this.parts.comments;
  }

  get innerComments(): readonly CommentLine[] {
    return this.parts.innerComments;
  }

  get emptyContinuations(): readonly number[] {
    return this.parts.emptyContinuations;
  }
}

/** ONBUILD's instruction, which has the lines of the whole. */
function triggerNode(content: LineContent, { firstLine, lastLine }: InstructionPlace): ParsedInstruction {
  const place = { ...content.text.range(), firstLine, lastLine };
  return new ParsedInstruction(content, place, noParts, content.problem !== undefined);
}
