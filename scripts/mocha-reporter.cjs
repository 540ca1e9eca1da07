'use strict';
/**
 * Mocha's dot reporter, which also appends one JSON line of its own counts to the file named by PORTHOLE_TEST_COUNTS:
 * `{ passed, failed, skipped, skips: [title…] }`. scripts/test.ts adds them up for the closing line.
 */
const { appendFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class CountingReporter extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    const skips = [];
    runner.on('pending', (test) => skips.push(test.fullTitle()));
    runner.once('end', () => {
      const file = process.env.PORTHOLE_TEST_COUNTS;
      if (file === undefined) return;
      const { passes, failures } = this.stats;
      appendFileSync(
        file,
        JSON.stringify({ passed: passes, failed: failures, skipped: skips.length, skips }) + '\n',
      );
    });
  }
};
