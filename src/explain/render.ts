/** Explanations as text for people, at most 80 columns wide. Pure. */
import { fillWords } from '../text/fill.ts';
import { hexCode } from './describe-code.ts';
import type { Explanation } from './explanation.ts';
import type { Answer, Match } from './find.ts';

/** The codes as people meet them: `0xC0370106, 0x80370106`, `5 (0x5, 0x80070005)`. */
export function spellings({ family, code }: Explanation): string {
  if (code === undefined) return '';
  switch (family) {
    case 'hcs':
      return code === 0x0103
        ? hexCode(0xc0370000 + code)
        : `${hexCode(0x80370000 + code)}, ${hexCode(0xc0370000 + code)}`;
    case 'hns':
      return hexCode(0x803b0000 + code);
    case 'win32':
      return `${code} (0x${code.toString(16).toUpperCase()}, ${hexCode(0x80070000 + code)})`;
    case 'exit':
      return code === 0xffffffff ? '4294967295, -1 (0xFFFFFFFF)' : String(code);
    case 'ntstatus':
    case 'hresult':
      return `${hexCode(code)} (${code}, ${code | 0})`;
    case 'message':
      return '';
  }
}

/** The first line of every explanation, for hints: what to try, and where there is more. */
export function firstLine({ hint, id }: Explanation): string {
  return `${hint} (porthole explain ${id})`;
}

export function renderExplanation(explanation: Explanation): string {
  const { id, names, title, hint, cause, fix, see } = explanation;
  const codes = spellings(explanation);
  const heading = [id, ...(names[0] === undefined || /^exit code/.test(names[0]) ? [] : [names[0]])].join(
    '  ',
  );
  return (
    `${heading}\n` +
    (codes === '' ? '' : fillWords(codes, '  ')) +
    fillWords(`"${title}"`, '  ', '   ') +
    fillWords(hint, '\nTry: ', '     ') +
    fillWords(cause, '\nWhy: ', '     ') +
    (fix.length === 0
      ? ''
      : `\nWhat to do:\n${fix.map((step, index) => fillWords(step, `  ${index + 1}. `, '     ')).join('')}`) +
    (see.length === 0 ? '' : `\nSee:\n${see.map((link) => `  ${link}\n`).join('')}`)
  );
}

function line({ explanation, of }: Match): string {
  return fillWords(`${explanation.id}  ${of}: ${explanation.hint}`, '  ', '    ');
}

/** The best match in full; the others in a line each, or in full with `all`. Unknown codes last. */
export function renderAnswer(answer: Answer, all: boolean): string {
  const [best, ...others] = answer.matches;
  const parts: string[] = [];
  if (best !== undefined) parts.push(renderExplanation(best.explanation));
  if (all) parts.push(...others.map(({ explanation }) => renderExplanation(explanation)));
  else if (others.length > 0) parts.push(`Also:\n${others.slice(0, 6).map(line).join('')}`);
  if (answer.unknown.length > 0) {
    parts.push(answer.unknown.map((one) => fillWords(describeUnknown(one), '')).join(''));
  }
  return parts.join('\n');
}

export function describeUnknown({ shown, hex, text }: Answer['unknown'][number]): string {
  const same = shown.toLowerCase() === hex.toLowerCase();
  return `${shown}${same ? '' : ` (${hex})`} is not in the table: ${text}.`;
}

/** One line an explanation: id, code or symbol, text. Lines may be longer than the terminal: they are for searching. */
export function listExplanations(explanations: readonly Explanation[]): string {
  const rows = explanations.map((one) => [one.id, spellings(one).split(/[ ,]/)[0] ?? '', one.title] as const);
  const width = Math.max(...rows.map(([id]) => id.length));
  return rows.map(([id, code, title]) => `${id.padEnd(width)}  ${code.padEnd(10)}  ${title}\n`).join('');
}
