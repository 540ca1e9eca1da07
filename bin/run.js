#!/usr/bin/env node
'use strict';
/* global __filename, __dirname */

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  require('./newer-node.js').runWithNewerNode(__filename);
} else {
  require('node:module').enableCompileCache();
  const word = process.argv[2];
  const hot = `${__dirname}/../dist/hot/${word}.js`;
  const found = /^[_a-z]+$/.test(word) && require('node:fs').existsSync(hot);
  // A lint runs nearly all of its code: compiled at once, the compile cache holds it whole, and no run compiles any of it again.
  const whole = found && word === 'lint';
  if (whole) require('node:v8').setFlagsFromString('--no-lazy');
  const { main } = require(found ? hot : '../dist/porthole.js');
  if (whole) require('node:v8').setFlagsFromString('--lazy');
  main();
}
