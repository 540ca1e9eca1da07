import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rulePages } from '../../scripts/rule-pages.ts';
import { builtInCodes } from '../../src/lint/lint-file.ts';
import { rules } from '../../src/lint/rules/index.ts';

const folder = join(import.meta.dirname, '../../docs/lint');
const pages = rulePages(rules);

describe('docs/lint', () => {
  it('has a page for every rule and check, and an index', () => {
    const wanted = [...rules, ...builtInCodes].map(({ id }) => `${id}.md`);

    expect([...pages.keys()].toSorted()).to.deep.equal(['README.md', ...wanted].toSorted());
    for (const { id } of rules) expect(pages.get('README.md')).to.contain(`[${id}](${id}.md)`);
  });

  it('is what the rules say (npm run docs writes it anew)', () => {
    const stale = [...pages].filter(([name, text]) => {
      try {
        return readFileSync(join(folder, name), 'utf8') !== text;
      } catch {
        return true;
      }
    });

    expect(stale.map(([name]) => name)).to.deep.equal([]);
    expect(readdirSync(folder).toSorted()).to.deep.equal([...pages.keys()].toSorted());
  });

  it('links to pages that exist', () => {
    const broken = [...pages].flatMap(([name, text]) =>
      [...text.matchAll(/\]\((\w+\.md)\)/g)]
        .filter(([, to]) => !pages.has(to!))
        .map(([, to]) => `${name}: ${to}`),
    );

    expect(broken).to.deep.equal([]);
  });

  it('gives every page its example, level and title', () => {
    for (const { id, name, severity } of rules) {
      const text = pages.get(`${id}.md`)!;
      expect(text).to.match(new RegExp(`^# ${id} ${name}\n`));
      expect(text).to.contain(`| Level | ${severity} |`);
      expect(text).to.contain('## Bad');
      expect(text).to.contain('## Good');
    }
  });
});
