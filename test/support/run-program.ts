import { buffer } from 'node:stream/consumers';
import type { ProcessParameters } from '../../src/hcs/documents.ts';
import type { ComputeSystem } from '../../src/host/ports/compute.ts';

export interface ProgramRun {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Standard output as UTF-8. */
  readonly out: string;
  readonly err: string;
}

/** Runs one process to its end, with all three pipes. */
export async function runProgram(
  system: ComputeSystem,
  commandLine: string,
  options: Partial<ProcessParameters> & { input?: Buffer | string } = {},
): Promise<ProgramRun> {
  const { input, ...parameters } = options;
  const process = await system.createProcess({
    WorkingDirectory: 'C:\\',
    CreateStdInPipe: true,
    CreateStdOutPipe: true,
    CreateStdErrPipe: true,
    ...parameters,
    CommandLine: commandLine,
  });
  process.stdin?.end(input);
  const [stdout, stderr] = await Promise.all([buffer(process.stdout!), buffer(process.stderr!)]);
  const { exitCode } = await process.waitExit();
  process.close();
  return { exitCode, stdout, stderr, out: stdout.toString(), err: stderr.toString() };
}
