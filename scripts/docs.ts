/** `npm run docs`: writes `docs/lint/` and `schema/` anew from rules and settings. Tests fail while they are stale. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../src/lint/settings/config-schema.ts';
import { rules } from '../src/lint/rules/index.ts';
import { rulePages } from './rule-pages.ts';

const folder = join(import.meta.dirname, '../docs/lint');
const pages = rulePages(rules);
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(join(folder, name));
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
const schemas = join(import.meta.dirname, '../schema');
mkdirSync(schemas, { recursive: true });
writeFileSync(
  join(schemas, 'porthole-lint.schema.json'),
  `${JSON.stringify(configSchema(), undefined, 2)}\n`,
);
console.log(`docs/lint: ${pages.size} pages`);
