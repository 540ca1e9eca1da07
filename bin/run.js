#!/usr/bin/env node
'use strict';
/* global __filename, __dirname */

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  require('./newer-node.js').runWithNewerNode(__filename);
} else {
  const { join } = require('node:path');
  const [, , word = 'help'] = process.argv;
  const command = /^[_a-z]+$/.test(word) ? word : 'other';
  const hot = join(__dirname, '../dist/hot', `${command}.js`);
  const bundle = require('node:fs').existsSync(hot) ? hot : join(__dirname, '../dist/porthole.js');
  require('./code-cache.js')
    .runBundle(bundle, command, command === 'lint')
    .main();
}
