import { characterWidth, displayWidth } from '../../text/width.ts';
import { wrapWords } from '../../text/wrap-words.ts';
import type { SourceText } from '../../dockerfile/source.ts';
import { helpOf } from '../finding.ts';
import type { Finding } from '../finding.ts';
import type { Severity } from '../rule.ts';
import { printable } from './printable.ts';
import { countsText, type Format } from './report.ts';

const colors: Record<Severity | 'dim' | 'bold', [open: string, close: string]> = {
  error: ['\x1b[31m', '\x1b[39m'],
  warning: ['\x1b[33m', '\x1b[39m'],
  info: ['\x1b[36m', '\x1b[39m'],
  style: ['\x1b[35m', '\x1b[39m'],
  dim: ['\x1b[2m', '\x1b[22m'],
  bold: ['\x1b[1m', '\x1b[22m'],
};

type Paint = (text: string, as: keyof typeof colors) => string;

/** For people: place, message, the line with a caret under the range, the rule's page. Fits the columns, but for long names of files. */
export const formatHuman: Format = (reports, { color, columns }) => {
  const paint: Paint = (text, as) => (color ? colors[as][0] + text + colors[as][1] : text);
  const width = Math.max(columns, 40);
  // Rules say the same of many files.
  const wrapped = new Map<string, string>();
  const told = (message: string): string => {
    let text = wrapped.get(message);
    if (text === undefined) {
      text = wrapWords(printable(message), width - 2)
        .map((line) => `  ${line}\n`)
        .join('');
      wrapped.set(message, text);
    }
    return text;
  };
  const blocks: string[] = [];
  for (const { file, source, findings } of reports) {
    if (findings.length === 0) continue;
    const name = printable(file);
    const columnsOfName = displayWidth(name);
    for (const finding of findings)
      blocks.push(block(finding, source, { name, columnsOfName, width, paint, told }));
  }
  if (blocks.length === 0) return '';
  const all = reports.flatMap(({ findings }) => findings);
  const files = reports.filter(({ findings }) => findings.length > 0).length;
  const fixable = all.filter(({ fix }) => fix !== undefined).length;
  const summary =
    `${countsText(all)} in ${files} ${files === 1 ? 'file' : 'files'}` +
    (fixable === 0 ? '' : `, ${fixable} fixable with --fix`);
  return `${blocks.join('\n')}\n${summary}\n`;
};

interface BlockOptions {
  /** Of the file. */
  readonly name: string;
  readonly columnsOfName: number;
  readonly width: number;
  readonly paint: Paint;
  /** Lines of a message. */
  readonly told: (message: string) => string;
}

function block(
  finding: Finding,
  source: SourceText,
  { name: file, columnsOfName, width, paint, told }: BlockOptions,
): string {
  const { line, column, level, code, name, message } = finding;
  const position = `:${line}:${column}`;
  const place = file + position;
  // The place stays whole: terminals make it a link.
  const oneLine = columnsOfName + position.length + ` ${level} ${code} ${name}`.length <= width;
  const gutter = `${String(line).padStart(4)} | `;
  const written = source.line(line);
  const text = written.endsWith('\r') ? written.slice(0, -1) : written;
  // A byte-order mark takes no column.
  const mark = text.startsWith('\ufeff') ? 1 : 0;
  const excerpt = cut(text, finding, mark, width - gutter.length);
  return (
    `${paint(place, 'bold')}${oneLine ? ' ' : '\n  '}${paint(level, level)} ${code} ${paint(name, 'dim')}\n` +
    told(message) +
    `${paint(gutter, 'dim')}${excerpt.text}\n` +
    `${paint(`${' '.repeat(gutter.length - 2)}| `, 'dim')}${' '.repeat(excerpt.lead)}${paint('^'.repeat(excerpt.width), level)}\n` +
    `  ${paint(`help: ${helpOf(finding)}`, 'dim')}\n`
  );
}

interface Excerpt {
  readonly text: string;
  /** Columns before the caret, and how many it has. */
  readonly lead: number;
  readonly width: number;
}

const tabWidth = 4;

/** A long line is shown around the place that matters. Wide characters count as two columns, tabs become blanks. */
function cut(
  text: string,
  { column, endLine, endColumn, line: first }: Finding,
  mark: number,
  room: number,
): Excerpt {
  const line = text.slice(mark);
  const start = Math.max(column - 1 - mark, 0);
  const end = endLine === first ? endColumn - 1 - mark : line.length;
  // Far more than can be shown, on both sides: a line may have megabytes.
  const from = Math.max(0, start - room);
  const near = line.slice(from, start + room);
  const { cells, lead, stop } = onePlaceEach.test(near)
    ? { cells: near, lead: Math.min(start - from, near.length), stop: Math.min(end - from, near.length) }
    : measured(line, from, start, end, room);
  const room1 = Math.max(room, 1);
  const skip =
    cells.length <= room1 ? 0 : Math.max(0, Math.min(lead - Math.floor(room1 / 3), cells.length - room1));
  const before = skip > 0 ? '…' : '';
  const after = cells.length > skip + room1 || line.length > start + room ? '…' : '';
  const begin = skip + before.length;
  const stopAt = skip + room1 - after.length;
  const shown = typeof cells === 'string' ? cells.slice(begin, stopAt) : whole(cells, begin, stopAt);
  const width = Math.min(Math.max(stop - lead, 1), Math.max(room1 - (lead - skip), 1));
  return { text: `${before}${shown}${after}`.trimEnd(), lead: Math.min(lead - skip, room1 - 1), width };
}

/** Characters that take one column and are shown as they are. */
const onePlaceEach = /^[\x20-\x7e\xa0-\u10ff]*$/;

/** One entry of `cells` a column; `lead` and `stop` count them. */
function measured(
  line: string,
  from: number,
  start: number,
  end: number,
  room: number,
): { cells: readonly string[]; lead: number; stop: number } {
  const cells: string[] = [];
  let lead = 0;
  let stop = 0;
  for (let at = from; at < line.length && cells.length < lead + room;) {
    const character = String.fromCodePoint(line.codePointAt(at)!);
    if (at < start) lead = cells.length + widthOf(character);
    pushCells(cells, character);
    if (at < end) stop = cells.length;
    at += character.length;
  }
  if (start >= line.length) lead = cells.length;
  return { cells, lead, stop };
}

/** Half of a wide character cannot be shown. */
function whole(cells: readonly string[], start: number, end: number): string {
  const shown = cells.slice(start, end);
  if (shown[0] === '') shown[0] = ' ';
  if (cells[end] === '') shown[shown.length - 1] = ' ';
  return shown.join('');
}

const widthOf = (character: string): number => (character === '\t' ? tabWidth : characterWidth(character));

/** One entry a column; the second one of a wide character is empty. */
function pushCells(cells: string[], character: string): void {
  if (character === '\t') for (let column = 0; column < tabWidth; column++) cells.push(' ');
  else {
    cells.push(printable(character));
    if (characterWidth(character) === 2) cells.push('');
  }
}
