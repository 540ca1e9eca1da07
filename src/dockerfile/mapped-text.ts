import type { SourceRange } from './source.ts';

/**
 * Text with the place in the file that each of its characters came from. Continuations, dropped comments, removed quotes
 * and JSON escapes break the text into runs: within a run, text and file advance together.
 */
export class MappedText {
  readonly text: string;
  /** Undefined when all of it is one run: it stands in the file from `offset` on. Most texts do, and a long file has very many. */
  private readonly map: TextMap | undefined;
  /** In the text of the map. */
  private readonly offset: number;

  constructor(text: string, map: TextMap | undefined, offset: number) {
    this.text = text;
    this.map = map;
    this.offset = offset;
  }

  /** Text that stands in the file as it is, from `source` on. */
  static at(source: number, text: string): MappedText {
    return new MappedText(text, undefined, source);
  }

  /** The part from `start` to `end` (exclusive), which keeps its places. */
  slice(start: number, end = this.text.length): MappedText {
    if (start === 0 && end >= this.text.length) return this;
    return new MappedText(this.text.slice(start, end), this.map, this.offset + start);
  }

  /** Offset in the file of the character at `index`; for `index` = length, the offset after the last character. */
  offsetOf(index: number): number {
    if (index > 0 && index >= this.text.length) return sourceOf(this.map, this.offset + index - 1) + 1;
    return sourceOf(this.map, this.offset + index);
  }

  /** Where characters `start` to `end` (exclusive) stand in the file. An empty part gives an empty range. */
  range(start = 0, end = this.text.length): SourceRange {
    if (end <= start) {
      const at = this.offsetOf(Math.min(start, this.text.length));
      return { start: at, end: at };
    }
    return {
      start: sourceOf(this.map, this.offset + start),
      end: sourceOf(this.map, this.offset + end - 1) + 1,
    };
  }

  /** Characters `start` to `end` as the pieces that stand together in the file. */
  pieces(start = 0, end = this.text.length): { text: string; source: number }[] {
    const pieces: { text: string; source: number }[] = [];
    for (let at = start; at < end;) {
      const run = this.map === undefined ? Infinity : this.map.runEnd(this.offset + at) - this.offset;
      const stop = Math.min(end, run);
      pieces.push({ text: this.text.slice(at, stop), source: sourceOf(this.map, this.offset + at) });
      at = stop;
    }
    return pieces;
  }

  /** The same places with another text of the same length. */
  withText(text: string): MappedText {
    return new MappedText(text, this.map, this.offset);
  }

  toString(): string {
    return this.text;
  }
}

// Not a private method: those take a field of every object.
function sourceOf(map: TextMap | undefined, at: number): number {
  return map === undefined ? at : map.sourceOf(at);
}

/** The runs of a text, each a place in the text and one in the file. */
class TextMap {
  private readonly first: number;
  /** Of the runs after the first, alternating: place in the text, place in the file. */
  private readonly more: number[] = [];

  /** `first`: where the first run stands in the file. */
  constructor(first: number) {
    this.first = first;
  }

  /** Starts a run. Calls come in order of `text`; a run that continues the last one is not stored. */
  add(text: number, source: number): void {
    const more = this.more;
    const last = more.length === 0 ? this.first : more.at(-1)! - more.at(-2)!;
    if (source - text !== last) more.push(text, source);
  }

  sourceOf(text: number): number {
    const run = this.runOf(text);
    return text + (run === 0 ? this.first : this.more[2 * run - 1]! - this.more[2 * run - 2]!);
  }

  /** Where the run that holds `text` ends; Infinity for the last one. */
  runEnd(text: number): number {
    return this.more[2 * this.runOf(text)] ?? Infinity;
  }

  /** 0 for the first. */
  private runOf(text: number): number {
    const more = this.more;
    let low = 0;
    let high = more.length / 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (more[2 * middle - 2]! <= text) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Builds a text piece by piece from parts of another mapped text, leaving out what is not wanted. */
export class MappedTextBuilder {
  private text = '';
  private first = -1;
  private map: TextMap | undefined;

  get length(): number {
    return this.text.length;
  }

  append(text: string, source: number): void {
    if (text === '') return;
    const at = this.text.length;
    if (at === 0) this.first = source;
    else if (source - at !== this.first || this.map !== undefined) {
      this.map ??= new TextMap(this.first);
      this.map.add(at, source);
    }
    this.text += text;
  }

  /** `emptyAt`: the place of a text that stays empty. */
  build(emptyAt: number): MappedText {
    if (this.map !== undefined) return new MappedText(this.text, this.map, 0);
    return MappedText.at(this.text === '' ? emptyAt : this.first, this.text);
  }
}
