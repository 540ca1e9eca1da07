'use strict';
const { spawnSync } = require('child_process');
const { existsSync } = require('fs');
const { dirname, join } = require('path');

const wanted = '22.15.0';

/** The binary of the npm package `node`, which the lockfile brings, if it is there. */
function packagedNode(from) {
  try {
    const folder = dirname(require.resolve('node/package.json', { paths: [from] }));
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** Starts the script again with a Node.js that can run it, and ends as that process ends. */
function runWithNewerNode(script) {
  const binary = process.env.PORTHOLE_REEXECUTED ? undefined : packagedNode(dirname(script));
  if (binary === undefined) {
    process.stderr.write(
      `porthole needs Node.js ${wanted} or newer, and this is ${process.versions.node}: https://nodejs.org/\n`,
    );
    process.exit(1);
  }
  const ended = spawnSync(binary, [script, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, PORTHOLE_REEXECUTED: '1' },
  });
  if (ended.error) throw ended.error;
  if (ended.signal) process.kill(process.pid, ended.signal);
  process.exit(ended.status === null ? 1 : ended.status);
}

module.exports = { runWithNewerNode };
