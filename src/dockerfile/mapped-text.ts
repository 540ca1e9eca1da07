import type { SourceRange } from './source.ts';

/**
 * Text with the place in the file that each of its characters came from. Continuations, dropped comments, removed quotes
 * and JSON escapes break the text into runs: within a run, text and file advance together.
 */
export class MappedText {
  readonly text: string;
  readonly #map: TextMap;
  readonly #offset: number;

  constructor(text: string, map: TextMap, offset = 0) {
    this.text = text;
    this.#map = map;
    this.#offset = offset;
  }

  /** The part from `start` to `end` (exclusive), which keeps its places. */
  slice(start: number, end = this.text.length): MappedText {
    if (start === 0 && end >= this.text.length) return this;
    return new MappedText(this.text.slice(start, end), this.#map, this.#offset + start);
  }

  /** Offset in the file of the character at `index`; for `index` = length, the offset after the last character. */
  offsetOf(index: number): number {
    const at = this.#offset + index;
    if (index > 0 && index >= this.text.length) return this.#map.sourceOf(at - 1) + 1;
    return this.#map.sourceOf(at);
  }

  /** Where characters `start` to `end` (exclusive) stand in the file. An empty part gives an empty range. */
  range(start = 0, end = this.text.length): SourceRange {
    if (end <= start) {
      const at = this.offsetOf(Math.min(start, this.text.length));
      return { start: at, end: at };
    }
    return {
      start: this.#map.sourceOf(this.#offset + start),
      end: this.#map.sourceOf(this.#offset + end - 1) + 1,
    };
  }

  /** Characters `start` to `end` as the pieces that stand together in the file. */
  pieces(start = 0, end = this.text.length): { text: string; source: number }[] {
    const pieces: { text: string; source: number }[] = [];
    for (let at = start; at < end;) {
      const stop = Math.min(end, this.#map.runEnd(this.#offset + at) - this.#offset);
      pieces.push({ text: this.text.slice(at, stop), source: this.#map.sourceOf(this.#offset + at) });
      at = stop;
    }
    return pieces;
  }

  /** The same places with another text of the same length. */
  withText(text: string): MappedText {
    return new MappedText(text, this.#map, this.#offset);
  }

  toString(): string {
    return this.text;
  }
}

/**
 * The runs of a text, each a place in the text and one in the file. Most texts have one run, and a long file has very many
 * texts: only further runs take lists.
 */
export class TextMap {
  #text = 0;
  #source = -1;
  /** Of the runs after the first, alternating: place in the text, place in the file. */
  #more: number[] | undefined = undefined;

  /** A map of one run. */
  static from(source: number): TextMap {
    const map = new TextMap();
    map.add(0, source);
    return map;
  }

  /** Starts a run. Calls come in order of `text`; a run that continues the last one is not stored. */
  add(text: number, source: number): void {
    const more = this.#more;
    const lastText = more === undefined ? this.#text : more.at(-2)!;
    const lastSource = more === undefined ? this.#source : more.at(-1)!;
    if (lastSource < 0 || (lastText === text && more === undefined)) {
      this.#text = text;
      this.#source = source;
    } else if (lastText === text) {
      more![more!.length - 1] = source;
    } else if (source - text !== lastSource - lastText) {
      if (more === undefined) this.#more = [text, source];
      else more.push(text, source);
    }
  }

  sourceOf(text: number): number {
    const run = this.#runOf(text);
    if (run > 0) return this.#more![2 * run - 1]! + text - this.#more![2 * run - 2]!;
    return Math.max(this.#source, 0) + text - this.#text;
  }

  /** Where the run that holds `text` ends; Infinity for the last one. */
  runEnd(text: number): number {
    return this.#more?.[2 * this.#runOf(text)] ?? Infinity;
  }

  /** 0 for the first. */
  #runOf(text: number): number {
    const more = this.#more;
    if (more === undefined) return 0;
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
  #text = '';
  readonly #map = new TextMap();

  get length(): number {
    return this.#text.length;
  }

  append(text: string, source: number): void {
    if (text === '') return;
    this.#map.add(this.#text.length, source);
    this.#text += text;
  }

  /** `emptyAt`: the place of a text that stays empty. */
  build(emptyAt: number): MappedText {
    if (this.#text === '') this.#map.add(0, emptyAt);
    return new MappedText(this.#text, this.#map);
  }
}
