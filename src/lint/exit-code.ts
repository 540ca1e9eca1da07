import { reaches } from './config.ts';
import type { FormatName } from './formats/names.ts';
import { problemCode } from './lint-file.ts';
import type { LintedFile } from './linter.ts';
import { thresholdOf } from './settings/lint-settings.ts';

/** Programs that start a linter for these formats take any exit code but 0 for a crash, and hadolint gives them that. */
const engines: readonly (FormatName | undefined)[] = ['codeclimate', 'codacy'];

/** 0 clean, 1 findings at or above the threshold of their file, 2 a file that no builder takes (users.md 4.2). */
export function exitCodeOf(files: readonly LintedFile[]): 0 | 1 | 2 {
  // The first file's is the one that was printed.
  if (engines.includes(files[0]?.settings.format)) return 0;
  let code: 0 | 1 = 0;
  for (const { report, settings } of files) {
    if (settings.noFail === true) continue;
    if (report.findings.some((finding) => finding.code === problemCode)) return 2;
    const threshold = thresholdOf(settings);
    if (report.findings.some(({ level }) => reaches(level, threshold))) code = 1;
  }
  return code;
}
