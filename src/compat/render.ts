/** Reports as text, at most 80 columns wide but for links. Pure. */
import { fillWords } from '../text/fill.ts';
import type { CompatReport, CompatRow } from './report.ts';

const yes = (works: boolean): string => (works ? 'yes' : 'no');

export function renderReport(report: CompatReport): string {
  const { offer, rows, chosen, isolation, reason, advice } = report;
  const what = offer.kind === 'index' ? `a list of ${offer.platforms.length}` : 'one image';
  const where = offer.source === 'local' ? 'in the store' : 'at the registry';
  const verdict =
    isolation === undefined
      ? fillWords(`Does not run: ${reason}.`, '')
      : fillWords(`Runs with ${isolation === 'hyperv' ? 'Hyper-V' : 'process'} isolation: ${reason}.`, '');
  const notes = [
    ...(isolation === undefined && advice !== undefined ? [fillWords(`Hint: ${advice}`, '')] : []),
    ...(chosen?.verdict.warnings ?? []).map((text) => fillWords(`Warning: ${text}`, '', '  ')),
    ...(isolation === undefined ? [] : (chosen?.verdict.knownIssues ?? [])).map(
      ({ symptom, advice: cure, reference }) =>
        `${fillWords(`Known issue: ${symptom}: ${cure}`, '', '  ')}  ${reference}\n`,
    ),
  ];
  return `${offer.reference} (${what}, ${where})\n\n${table(rows)}\n${verdict}${notes.join('')}`;
}

function table(rows: readonly CompatRow[]): string {
  const lines = rows.map(({ platform, verdict, chosen }) => [
    chosen ? '*' : ' ',
    [platform.os, platform.architecture, platform.variant].filter((part) => part !== undefined).join('/'),
    platform.osVersion ?? '-',
    yes(verdict.process.works),
    yes(verdict.hyperv.works),
    verdict.isolation ?? '-',
  ]);
  const all = [[' ', 'PLATFORM', 'OS VERSION', 'PROCESS', 'HYPER-V', 'DEFAULT'], ...lines];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)));
  return all
    .map(
      (line) =>
        `${line[0]!} ${line
          .slice(1)
          .map((cell, column) => cell.padEnd(widths[column + 1]!))
          .join('   ')}`.trimEnd() + '\n',
    )
    .join('');
}
