import { execFile } from 'node:child_process';
import { win32 } from 'node:path';
import type { Environment } from '../../environment.ts';
import type { PortRange } from '../ports/host-facts.ts';

/** TCP ports that nobody may listen on: Windows has no call that lists them, only this tool. */
export async function excludedPorts({
  env,
}: Pick<Environment, 'env'>): Promise<readonly PortRange[] | undefined> {
  const netsh = win32.join(env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'netsh.exe');
  const args = ['interface', 'ipv4', 'show', 'excludedportrange', 'protocol=tcp'];
  const output = await new Promise<string | undefined>((resolve) => {
    execFile(netsh, args, { windowsHide: true, timeout: 10_000 }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
  return output === undefined ? undefined : parseExcludedPorts(output);
}

/** Lines of two port numbers, `*` behind those that an administrator set; the words around them are translated. */
export function parseExcludedPorts(output: string): PortRange[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*(\d{1,5})\s+(\d{1,5})\s*(\*?)\s*$/.exec(line);
    return match === null
      ? []
      : [{ first: Number(match[1]), last: Number(match[2]), administered: match[3] === '*' }];
  });
}
