import { countsText, type Format } from './report.ts';
import type { Finding } from '../finding.ts';
import type { Severity } from '../rule.ts';
import type { SourceText } from '../../dockerfile/source.ts';

const colors: Record<Severity | 'dim' | 'bold', [open: string, close: string]> = {
  error: ['\x1b[31m', '\x1b[39m'],
  warning: ['\x1b[33m', '\x1b[39m'],
  info: ['\x1b[36m', '\x1b[39m'],
  style: ['\x1b[35m', '\x1b[39m'],
  dim: ['\x1b[2m', '\x1b[22m'],
  bold: ['\x1b[1m', '\x1b[22m'],
};

type Paint = (text: string, as: keyof typeof colors) => string;

/** For people: place, message, the line with a caret under the range, the rule's page. Fits 80 columns. */
export const formatHuman: Format = (reports, { color, columns }) => {
  const paint: Paint = (text, as) => (color ? colors[as][0] + text + colors[as][1] : text);
  const blocks = reports.flatMap(({ source, findings }) =>
    findings.map((finding) => block(finding, source, Math.max(columns, 40), paint)),
  );
  const all = reports.flatMap(({ findings }) => findings);
  const files = reports.filter(({ findings }) => findings.length > 0).length;
  if (all.length === 0) return '';
  const fixable = all.filter(({ fix }) => fix !== undefined).length;
  const summary =
    `${countsText(all)} in ${files} ${files === 1 ? 'file' : 'files'}` +
    (fixable === 0 ? '' : `, ${fixable} fixable with --fix`);
  return `${blocks.join('\n')}\n${summary}\n`;
};

function block(finding: Finding, source: SourceText, columns: number, paint: Paint): string {
  const { file, line, column, level, code, message, url } = finding;
  const head = `${paint(`${file}:${line}:${column}`, 'bold')} ${paint(level, level)} ${code} ${paint(finding.name, 'dim')}`;
  const lines = [head, ...wrap(message, columns - 2).map((text) => `  ${text}`)];
  const text = source.line(line).replace(/\r$/, '');
  const gutter = `${String(line).padStart(4)} | `;
  const { shown, from } = clip(text, column - 1, columns - gutter.length);
  const oneLine = finding.endLine === line;
  const width = Math.max(
    1,
    Math.min((oneLine ? finding.endColumn : text.length + 1) - column, shown.length - (column - 1 - from)),
  );
  lines.push(`${paint(gutter, 'dim')}${shown}`);
  lines.push(
    `${paint('     | ', 'dim')}${caretLead(shown, column - 1 - from)}${paint('^'.repeat(width), level)}`,
  );
  lines.push(`  ${paint(`help: ${url}`, 'dim')}`);
  return `${lines.join('\n')}\n`;
}

/** A long line is shown around the place that matters. */
function clip(text: string, at: number, room: number): { shown: string; from: number } {
  if (text.length <= room) return { shown: text, from: 0 };
  const from = Math.max(0, Math.min(at - Math.floor(room / 3), text.length - room));
  return { shown: text.slice(from, from + room), from };
}

/** Blanks that line the caret up, tabs kept as tabs. */
function caretLead(shown: string, at: number): string {
  return shown.slice(0, Math.max(0, at)).replaceAll(/[^\t]/g, ' ');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else {
      current = current === '' ? word : `${current} ${word}`;
    }
  }
  return [...lines, current];
}
