import type { CommandContext } from './command.ts';
import { shellExitCode } from './exit-status.ts';

/** The exit code for the caller's shell; the full value is told on stderr where the shell loses it. */
export function reportExit({ environment, stderr, bin }: CommandContext, code: number): number {
  const { code: shell, note } = shellExitCode(code, environment.platform);
  if (note !== undefined) stderr.write(`${bin}: ${note}\n`);
  return shell;
}
