import { expect } from 'chai';
import { commandEntries } from '../../src/cli/command-entries.ts';
import { catalogue } from '../../src/explain/catalogue.ts';
import { findExplanations } from '../../src/explain/find.ts';
import { renderExplanation } from '../../src/explain/render.ts';
import { hresultHint, knownHresults } from '../../src/hcs/hresult.ts';
import { hnsHint, knownHnsCodes } from '../../src/hns/hns-error.ts';

describe('explain/catalogue', () => {
  it('names everything once', () => {
    const ids = catalogue.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).to.deep.equal([]);
    for (const id of ids) expect(id).to.match(/^PH-(?:HCS|HNS|WIN32|NT|HR|EXIT|MSG)-[A-Z0-9-]+$/);
  });

  it('has one line of advice and a cause for everything', () => {
    for (const { id, hint, cause, title, fix } of catalogue) {
      expect(hint, id).to.match(/^[^\n]{10,140}$/);
      expect(hint, id).not.to.match(/\.$/);
      expect(title, id).not.to.equal('');
      expect(cause, id).to.match(/^(?:[A-Z0-9]|nanoserver|run or create|cmd.exe).*[.:)]$/s);
      for (const step of fix) expect(step, id).to.match(/\S/);
    }
  });

  it('advises only commands that there are', async () => {
    const known = new Set((await commandEntries()).map(({ path }) => path.replaceAll(':', ' ')));
    const topics = new Set([...known].filter((path) => path.includes(' ')).map((path) => path.split(' ')[0]));
    const isSentence = new Set([
      'needs',
      'has',
      'does',
      'runs',
      'knows',
      'would',
      'the',
      'from',
      'as',
      'outside',
    ]);
    const advised = catalogue
      .flatMap(({ hint, fix }) => [hint, ...fix])
      .flatMap((text) => [...text.matchAll(/(?:^|[:,(] ?|and )porthole ([a-z]+)(?: ([a-z]+))?/g)]);
    expect(advised).to.have.length.above(30);
    for (const [text, first = '', second = ''] of advised)
      if (!isSentence.has(first))
        expect(known.has(topics.has(first) ? `${first} ${second}` : first), text).to.equal(true);
  });

  it('links to https pages', () => {
    for (const { see } of catalogue) for (const link of see) expect(link).to.match(/^https:\/\/[^\s]+$/);
  });

  it('fits into 80 columns but for links', () => {
    for (const explanation of catalogue) {
      for (const line of renderExplanation(explanation).split('\n')) {
        if (!line.includes('https://')) expect(line.length, line).to.be.at.most(80);
      }
    }
  });

  for (const [table, codes, hintOf] of [
    ['HCS', knownHresults(), hresultHint],
    ['HNS', knownHnsCodes(), hnsHint],
  ] as const) {
    it(`explains every code that ${table} errors can have, with the hint that they print`, () => {
      for (const code of codes) {
        const { matches, unknown } = findExplanations(`0x${code.toString(16)}`);
        expect(unknown, code.toString(16)).to.deep.equal([]);
        const hint = hintOf(code);
        if (hint !== undefined) {
          expect(
            matches.map(({ explanation }) => explanation.hint),
            code.toString(16),
          ).to.include(hint);
        }
      }
    });
  }

  it('finds every entry by its id and by its symbols', () => {
    for (const explanation of catalogue) {
      const found = (text: string) => findExplanations(text).matches.map((match) => match.explanation.id);
      expect(found(explanation.id)[0]).to.equal(explanation.id);
      const [name] = explanation.names;
      if (name !== undefined && /^(?:[A-Z]+_[A-Z0-9_]+|WSA[A-Z_]+)$/.test(name)) {
        expect(found(name)).to.include(explanation.id);
      }
    }
  });

  it('finds every message by its own text', () => {
    for (const { id, title, family } of catalogue.filter((one) => one.family === 'message')) {
      expect(family).to.equal('message');
      const found = findExplanations(`Error response from daemon: ${title}`).matches;
      expect(
        found.map((match) => match.explanation.id),
        title,
      ).to.include(id);
    }
  });
});
