/** `porthole doctor` as text, at most 80 columns wide but for commands, which stay whole so that they can be copied. */
import type { Diagnosis, DoctorCheck } from '../../engine/roles/index.ts';
import { fillWords } from '../../text/fill.ts';

const words: Readonly<Record<DoctorCheck['status'], string>> = {
  pass: 'PASS',
  warn: 'WARN',
  fail: 'FAIL',
  skip: 'skip',
};
const colors: Readonly<Record<DoctorCheck['status'], number>> = { pass: 32, warn: 33, fail: 31, skip: 2 };

export interface DiagnosisStyle {
  readonly color: boolean;
  /** What the last line counts: more than is shown under --quiet. */
  readonly counted?: readonly DoctorCheck[];
}

export function diagnosisText(diagnosis: Diagnosis, style: DiagnosisStyle): string {
  const width = Math.max(0, ...diagnosis.checks.map(({ id }) => id.length));
  const rows = diagnosis.checks.map((check, index) => checkText(check, index + 1, width, style));
  const repairs = (diagnosis.repairs ?? []).map(
    ({ check, text, done, error }) =>
      `${done ? 'Done' : 'Not done'}: ${text} (${check})${error === undefined ? '' : `: ${error}`}\n`,
  );
  return [
    `${diagnosis.host}\n\n`,
    ...(repairs.length === 0 ? [] : [...repairs, '\n']),
    ...rows,
    `${rows.length === 0 ? '' : '\n'}${summary(style.counted ?? diagnosis.checks)}\n`,
    fixableText(diagnosis),
  ].join('');
}

function checkText(check: DoctorCheck, number: number, width: number, { color }: DiagnosisStyle): string {
  const word = words[check.status];
  const shown = color ? `\u001b[${colors[check.status]}m${word}\u001b[0m` : word;
  const margin = ' '.repeat(3 + 4 + 2 + width + 2);
  const head = `${String(number).padStart(2)} ${word}  ${check.id.padEnd(width)}  `;
  const text = fillWords(check.fact, head, margin, 80).replace(word, () => shown);
  return text + check.fix.map((step) => `${margin}> ${step}\n`).join('');
}

export function countChecks(checks: readonly DoctorCheck[]): Record<DoctorCheck['status'], number> {
  const counts = { pass: 0, warn: 0, fail: 0, skip: 0 };
  for (const { status } of checks) counts[status] += 1;
  return counts;
}

function summary(checks: readonly DoctorCheck[]): string {
  const { pass, warn, fail, skip } = countChecks(checks);
  return [
    `${pass} passed`,
    ...(warn === 0 ? [] : [`${warn} ${warn === 1 ? 'warning' : 'warnings'}`]),
    ...(fail === 0 ? [] : [`${fail} failed`]),
    ...(skip === 0 ? [] : [`${skip} skipped`]),
  ].join(', ');
}

function fixableText({ checks, repairs }: Diagnosis): string {
  const fixable = checks.filter(({ repair }) => repair !== undefined);
  if (repairs !== undefined || fixable.length === 0) return '';
  return `porthole doctor --fix can ${fixable.map(({ repair }) => repair).join(', ')}\n`;
}
