import type { CommandContext } from './command.ts';
import { bufferedOutput } from './buffered-output.ts';

/**
 * Where a process's output goes: to the terminal, and under `--json` into texts that become part of the document. Bytes that
 * are no UTF-8 become U+FFFD there.
 */
export interface OutputSink {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Members for the document; empty without `--json`. */
  readonly collected: () => { Stdout?: string; Stderr?: string };
}

export function outputSink(context: Pick<CommandContext, 'stdout' | 'stderr' | 'json'>): OutputSink {
  if (!context.json) return { stdout: context.stdout, stderr: context.stderr, collected: () => ({}) };
  const out = bufferedOutput();
  const error = bufferedOutput();
  return {
    stdout: out.stream,
    stderr: error.stream,
    collected: () => ({ Stdout: out.text(), Stderr: error.text() }),
  };
}
