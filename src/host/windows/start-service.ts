/** Starting a service by the system's own tool: `doctor --fix` does it once in a while, so no binding is worth it. */
import { execFile } from 'node:child_process';
import { win32 } from 'node:path';
import type { Environment } from '../../environment.ts';
import { PortholeError } from '../../errors/porthole-error.ts';

const needsElevation = 5;

/** `net start` waits until the service runs; one that runs already is no error. */
export function startService({ env }: Environment, name: string): Promise<void> {
  const program = win32.join(env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'net.exe');
  return new Promise((resolve, reject) => {
    execFile(program, ['start', name], { windowsHide: true, timeout: 60_000 }, (error, stdout, stderr) => {
      const text = `${stdout}${stderr}`.trim();
      // 2182: the requested service has already been started.
      if (error === null || /\b2182\b/.test(text)) {
        resolve();
        return;
      }
      const denied = new RegExp(`\\b${needsElevation}\\b`).test(text);
      reject(
        new PortholeError(
          denied ? 'forbidden' : 'unavailable',
          'SERVICE_START',
          `service ${name} did not start: ${text === '' ? error.message : text.split(/\r?\n/)[0]!}`,
          { hint: denied ? 'start the terminal as Administrator' : 'look into the event log', cause: error },
        ),
      );
    });
  });
}
