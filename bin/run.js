#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  const { runWithNewerNode } = await import('./newer-node.js');
  runWithNewerNode(import.meta.url);
} else {
  enableCompileCache();
  const { main } = await import('../dist/entry.js');
  await main();
}
