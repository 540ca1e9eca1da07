#!/usr/bin/env node
// Runs from source, without a build: Node strips the types. Slower to start than bin/run.js.
const { main } = await import('../src/entry.ts');
await main();
