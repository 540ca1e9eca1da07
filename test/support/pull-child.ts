/** `node pull-child.ts <root> <reference>`: one pull in a process of its own, for tests that kill it. */
import { ImageStore } from './image-store.ts';

const [root, reference] = process.argv.slice(2);
if (root === undefined || reference === undefined) throw new Error('usage: pull-child.ts ROOT REFERENCE');
await new ImageStore({ root }).pull(reference);
