/** `npm run docs`: writes `docs/lint/` anew from the rules. A test fails while it is stale. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rules } from '../src/lint/rules/index.ts';
import { rulePages } from './rule-pages.ts';

const folder = join(import.meta.dirname, '../docs/lint');
const pages = rulePages(rules);
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(join(folder, name));
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
console.log(`docs/lint: ${pages.size} pages`);
