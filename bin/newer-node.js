import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const wanted = '22.15.0';

/** The binary of the npm package `node`, which the lockfile brings, if it is there. */
function packagedNode(from) {
  try {
    const folder = dirname(createRequire(from).resolve('node/package.json'));
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** Starts the script at `url` again with a Node.js that can run it, and ends as that process ends. */
export function runWithNewerNode(url) {
  const binary = process.env.PORTHOLE_REEXECUTED ? undefined : packagedNode(url);
  if (binary === undefined) {
    process.stderr.write(
      `porthole needs Node.js ${wanted} or newer, and this is ${process.versions.node}: https://nodejs.org/\n`,
    );
    process.exit(1);
  }
  const ended = spawnSync(binary, [fileURLToPath(url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, PORTHOLE_REEXECUTED: '1' },
  });
  if (ended.error) throw ended.error;
  if (ended.signal) process.kill(process.pid, ended.signal);
  process.exit(ended.status ?? 1);
}
