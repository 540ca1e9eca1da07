import { DirectiveReader } from './directives.ts';
import type { Directive } from './directives.ts';
import { exact } from './exact-list.ts';
import { ExpansionError } from './expand.ts';
import type { EscapeCharacter } from './expand.ts';
import { heredocsOfLine } from './heredoc.ts';
import type { Heredoc, HeredocWord } from './heredoc.ts';
import { MappedTextBuilder } from './mapped-text.ts';
import type { MappedText } from './mapped-text.ts';
import { isInstructionName, readLine } from './node.ts';
import type { LineContent } from './node.ts';
import { noParts, ParsedInstruction } from './parsed-instruction.ts';
import { SourceText } from './source.ts';
import type { SourceRange } from './source.ts';
import type { CommentLine, SyntaxItem, SyntaxProblem, SyntaxTree, SyntaxWarning } from './tree.ts';
import { isBlank, lineEndIndex, skipSpaces, trimSpaces } from './whitespace.ts';

/** Longest physical line that the reference reads, in bytes without the line feed. */
const longestLine = 65535;

const hash = 35;

const emptyContinuationUrl = 'https://docs.docker.com/go/dockerfile/rule/no-empty-continuation/';

export interface ParseOptions {
  /** Escape character of a file without an `escape` directive: a backslash unless told otherwise. */
  readonly escape?: EscapeCharacter;
}

/** Parses a Dockerfile. Never throws: what is wrong is in `problems`, in time and memory linear in the text. */
export function parseSyntax(source: SourceText | string, options: ParseOptions = {}): SyntaxTree {
  return new Parser(typeof source === 'string' ? new SourceText(source) : source, options).parse();
}

interface PhysicalLine {
  /** 1-based. */
  readonly number: number;
  /** Of the text, after a byte-order mark. */
  readonly start: number;
  /** After the last character that is no line end. */
  readonly end: number;
  /** After the line feed. */
  readonly next: number;
}

class Parser {
  private readonly source: SourceText;
  private readonly reader = new DirectiveReader();
  private readonly items: SyntaxItem[] = [];
  private readonly instructions: ParsedInstruction[] = [];
  private readonly problems: SyntaxProblem[] = [];
  private readonly warnings: SyntaxWarning[] = [];
  /** Comments directly above the next line. */
  private comments: CommentLine[] = [];
  /** Lines read so far: the number of the last one. */
  private line = 0;
  private position = 0;
  private lineEnds: LineIndex | undefined;

  constructor(source: SourceText, { escape }: ParseOptions) {
    this.source = source;
    if (escape !== undefined) this.reader.escape = escape;
  }

  parse(): SyntaxTree {
    const source = this.source;
    if (source.markLength > 0) {
      this.position = source.markLength;
      this.items.push({ type: 'mark', range: { start: 0, end: source.markLength } });
    }
    for (let line = this.readLine(); line; line = this.readLine()) this.item(line);
    const instructions = this.instructions;
    if (instructions.length === 0) {
      this.problems.push({
        message: 'file with no instructions',
        range: { start: source.text.length, end: source.text.length },
        line: this.line,
        endLine: this.line,
      });
    }
    return {
      source,
      escape: this.reader.escape,
      directives: this.reader.directives,
      items: this.items,
      instructions,
      problems: this.problems,
      warnings: this.warnings,
    };
  }

  private readLine(): PhysicalLine | undefined {
    const text = this.source.text;
    const start = this.position;
    if (start >= text.length) return undefined;
    const feed = text.indexOf('\n', start);
    const next = feed < 0 ? text.length : feed + 1;
    const stop = feed < 0 ? next : feed;
    let end = stop;
    while (end > start && text.charCodeAt(end - 1) === 13) end--;
    this.position = next;
    if (stop - start > longestLine / 3) this.checkLength(start, stop);
    return { number: ++this.line, start, end, next };
  }

  private checkLength(start: number, stop: number): void {
    const text = this.source.text.slice(start, stop);
    const bytes = this.source.encoding === 'binary' ? text.length : Buffer.byteLength(text);
    if (bytes <= longestLine) return;
    this.problems.push({
      message: `dockerfile line greater than max allowed size of ${longestLine}`,
      range: { start, end: stop },
      line: this.line,
      endLine: this.line,
    });
  }

  private item(line: PhysicalLine): void {
    const text = this.source.text;
    const begin = skipSpaces(text, line.start, line.end);
    const known = this.reader.directives.length;
    const failure = this.reader.isDone ? undefined : this.reader.read(text.slice(begin, line.end), begin);
    if (failure) {
      const reported = line.number - 1;
      this.problems.push({
        message: failure.error,
        range: failure.range,
        line: reported,
        endLine: reported,
      });
    }
    const range = { start: line.start, end: line.next };
    if (begin === line.end) {
      this.items.push({ type: 'blank', range });
      this.comments = [];
    } else if (text.charCodeAt(begin) === hash) {
      const directive = this.reader.directives[known];
      const comment = commentLine(text, line, begin, directive);
      this.items.push(comment);
      if (comment.text === '') this.comments = [];
      else this.comments.push(comment);
    } else {
      this.instruction(line, begin);
    }
  }

  private instruction(first: PhysicalLine, begin: number): void {
    const text = this.source.text;
    const comments = this.comments;
    if (comments.length > 0) this.comments = [];
    const joined = new MappedTextBuilder();
    let innerComments: CommentLine[] | undefined;
    let emptyContinuations: number[] | undefined;
    let end = first.next;
    let open = this.append(joined, begin, first.end);
    while (open) {
      const line = this.readLine();
      if (!line) break;
      end = line.next;
      const content = skipSpaces(text, line.start, line.end);
      if (text.charCodeAt(content) === hash && content < line.end)
        (innerComments ??= []).push(commentLine(text, line, content, undefined));
      else if (content === line.end) (emptyContinuations ??= []).push(line.number);
      else open = this.append(joined, line.start, line.end);
    }
    const logical = joined.build(begin);
    const lastLine = this.line;
    if (emptyContinuations !== undefined) this.warnEmpty(logical, emptyContinuations);
    const content = readLine(logical, this.reader.escape);
    if (content.problem)
      this.problem(content.problem.message, content.problem.at.range(), first.number, lastLine);
    const heredocs = content.problem ? undefined : this.heredocs(content, first.number, lastLine);
    if (heredocs && heredocs.end > end) end = heredocs.end;
    const plain = !heredocs && comments.length === 0 && !innerComments && !emptyContinuations;
    const parts = plain
      ? noParts
      : {
          heredocs: exact(heredocs?.found),
          comments: exact(comments),
          innerComments: exact(innerComments),
          emptyContinuations: exact(emptyContinuations),
        };
    const place = { start: first.start, end, firstLine: first.number, lastLine: this.line };
    const broken = content.problem !== undefined || heredocs?.failed === true;
    const instruction = new ParsedInstruction(content, place, parts, broken);
    this.items.push(instruction);
    this.instructions.push(instruction);
  }

  /** Adds a physical line to the logical one; true when it is continued on the next. */
  private append(joined: MappedTextBuilder, start: number, end: number): boolean {
    const text = this.source.text;
    const escape = this.reader.escape.charCodeAt(0);
    let last = end - 1;
    let code = text.charCodeAt(last);
    while (last >= start && (code === 32 || code === 9)) code = text.charCodeAt(--last);
    // A doubled escape character continues nothing.
    const continued =
      last >= start && code === escape && (last === start || text.charCodeAt(last - 1) !== escape);
    joined.append(text.slice(start, continued ? last : end), start);
    return continued;
  }

  private warnEmpty(logical: MappedText, lines: readonly number[]): void {
    const first = lines[0]!;
    this.warnings.push({
      message: `Empty continuation line found in: ${logical.text}`,
      url: emptyContinuationUrl,
      range: { start: this.source.lineStart(first), end: this.source.lineStart(first + 1) },
      line: this.line,
    });
  }

  private heredocs(
    content: LineContent,
    firstLine: number,
    lastLine: number,
  ): { found: Heredoc[]; end: number; failed: boolean } | undefined {
    if (!takesHeredocs(content) || !content.text.text.includes('<<')) return undefined;
    let words: HeredocWord[];
    try {
      words = heredocsOfLine(content.text.text);
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      this.problem(error.message, content.text.range(), firstLine, lastLine);
      return { found: [], end: 0, failed: true };
    }
    const found: Heredoc[] = [];
    let end = 0;
    for (const word of words) {
      const body = this.body(word);
      if (!body) {
        this.problem('unterminated heredoc', content.text.range(), firstLine, this.lastLine());
        return { found, end: this.skipBroken(), failed: true };
      }
      found.push(body.heredoc);
      end = body.end;
    }
    return { found, end, failed: false };
  }

  /** Reads a body and its terminator; undefined, with nothing read, when there is no terminator below. */
  private body(word: HeredocWord): { heredoc: Heredoc; end: number } | undefined {
    const text = this.source.text;
    this.lineEnds ??= new LineIndex(this.source);
    if (this.lineEnds.last(word.name, word.chomp) <= this.line) return undefined;
    const start = this.position;
    for (let line = this.readLine(); line; line = this.readLine()) {
      let begin = line.start;
      if (word.chomp) while (begin < line.end && text[begin] === '\t') begin++;
      if (line.end - begin !== word.name.length || !text.startsWith(word.name, begin)) continue;
      const heredoc: Heredoc = {
        ...word,
        content: text.slice(start, line.start),
        range: { start, end: line.start },
        terminator: { start: line.start, end: line.end },
      };
      return { heredoc, end: line.next };
    }
    return undefined;
  }

  /** After a here-document without an end: goes on at the next line that looks like an instruction. */
  private skipBroken(): number {
    const text = this.source.text;
    while (this.position < text.length) {
      const start = skipSpaces(text, this.position, Math.min(text.length, this.position + 200));
      let end = start;
      while (end < text.length && end - start < 20 && !isBlank(text.charCodeAt(end)) && text[end] !== '\n')
        end++;
      if (isInstructionName(text.slice(start, end).toLowerCase())) break;
      this.readLine();
    }
    return this.position;
  }

  /** The number of lines that a reader meets: an empty one after the last line feed does not count. */
  private lastLine(): number {
    const source = this.source;
    return source.text.endsWith('\n') ? source.lineCount - 1 : source.lineCount;
  }

  private problem(message: string, range: SourceRange, line: number, endLine: number): void {
    this.problems.push({ message, range, line, endLine });
  }
}

function commentLine(
  text: string,
  line: PhysicalLine,
  at: number,
  directive: Directive | undefined,
): CommentLine {
  return {
    type: 'comment',
    range: { start: line.start, end: line.next },
    text: trimSpaces(text.slice(at + 1, line.end)),
    line: line.number,
    ...(directive ? { directive } : {}),
  };
}

function takesHeredocs(content: LineContent): boolean {
  const target = content.name === 'onbuild' && content.inner ? content.inner : content;
  return (target.name === 'run' || target.name === 'copy' || target.name === 'add') && !target.json;
}

/** The last line with a given text, so that a missing terminator is known without reading to the end each time. */
class LineIndex {
  private readonly plain = new Map<string, number>();
  private readonly chomped = new Map<string, number>();

  constructor(source: SourceText) {
    for (let number = 1; number <= source.lineCount; number++) {
      const line = source.line(number);
      const text = line.slice(0, lineEndIndex(line));
      this.plain.set(text, number);
      if (text.startsWith('\t')) this.chomped.set(text.replace(/^\t+/, ''), number);
    }
  }

  last(name: string, chomp: boolean): number {
    const plain = this.plain.get(name) ?? 0;
    return chomp ? Math.max(plain, this.chomped.get(name) ?? 0) : plain;
  }
}
