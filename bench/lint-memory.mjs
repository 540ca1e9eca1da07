// Preloaded by bench/lint.ts: writes the peak memory of the process, in kilobytes, to the file that LINT_BENCH_MEMORY names.
import { writeFileSync } from 'node:fs';
import process from 'node:process';

process.on('exit', () =>
  writeFileSync(process.env.LINT_BENCH_MEMORY, String(process.resourceUsage().maxRSS)),
);
