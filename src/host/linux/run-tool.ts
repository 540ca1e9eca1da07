import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A system program that ended badly. */
export class ToolError extends Error {
  readonly program: string;
  readonly result: ToolResult;

  constructor(program: string, result: ToolResult) {
    super(`${program}: ${result.stderr.trim() || `exit code ${result.code}`}`);
    this.name = 'ToolError';
    this.program = program;
    this.result = result;
  }
}

/** System folders too, which an ordinary user's PATH may lack. */
const extraFolders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
const found = new Map<string, string | undefined>();

/** Absolute path of a program, or undefined. Looked up once. */
export function findTool(name: string, path: string | undefined): string | undefined {
  const key = `${name}\0${path ?? ''}`;
  if (!found.has(key)) {
    const folders = [...(path ?? '').split(':').filter((folder) => folder.startsWith('/')), ...extraFolders];
    found.set(key, folders.map((folder) => join(folder, name)).find(isExecutable));
  }
  return found.get(key);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program to its end with nothing in its environment but a C locale. Rejects only when it cannot be started. */
export function runTool(program: string, args: readonly string[], input = ''): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: extraFolders.join(':'), LC_ALL: 'C' },
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // A program that ends before it has read everything says why in its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({
        code: code ?? 255,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    );
  });
}

/** The same, but a bad end is a ToolError. */
export async function runToolOk(program: string, args: readonly string[], input = ''): Promise<string> {
  const result = await runTool(program, args, input);
  if (result.code !== 0) throw new ToolError(program, result);
  return result.stdout;
}
