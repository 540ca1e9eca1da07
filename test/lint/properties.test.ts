/** Properties of fixes, formatting and the language server's answers (test/support/lint-properties.ts) on real and broken texts. */
import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { fixSource } from '../../src/lint/apply-fixes.ts';
import { rules } from '../../src/lint/rules/index.ts';
import { conformance } from '../support/dockerfile-conformance.ts';
import { randomDockerfile, randomSource } from '../support/dockerfile-fuzz.ts';
import { mutate } from '../support/dockerfile-mutations.ts';
import { examples, fixtureFiles, realFiles } from '../support/lint-corpus.ts';
import {
  checkEverything,
  checkFixes,
  checkFormat,
  checkLint,
  checkServer,
  lintable,
} from '../support/lint-properties.ts';

/** Texts for which something once did not hold. */
const onceWrong: readonly string[] = [
  'FROM a\nLABEL "k v\n',
  'FROM a\nLABEL a b\u0085c\n',
  'FROM a\nRuN\\ \t\n  ',
  'FROM a\n \n ',
  'COPY a.txt b.txt C:\\app\\\nCOPY a.txt b.txt C:\\app\\\n# x\\\n`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY a.txt b.txt C:\\app\\\n',
  'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nADD https:/\\example.com/a.exe C:\\TEMP\\a.exe\n',
];

/** Milliseconds that random texts get here; `npm run fuzz` takes any number of them. */
const share = 4_000;

function checkAll(bytes: Uint8Array): void {
  const source = lintable(bytes);
  if (source === undefined) return;
  checkLint(source);
  checkFixes(source);
  checkFormat(source);
  for (const part of [0.5, 1]) checkServer(source.text, Math.floor(source.text.length * part));
}

describe('lint, fix, format and answer: what holds for any text', function () {
  this.timeout(60_000);

  it('the examples of all rules', () => {
    for (const { name, bytes } of examples()) attempt(name, () => checkAll(bytes));
  });

  it('the fixtures, and what was once wrong', () => {
    for (const { name, bytes } of fixtureFiles()) attempt(name, () => checkAll(bytes));
    for (const text of onceWrong) attempt(JSON.stringify(text), () => checkAll(Buffer.from(text)));
  });

  it(`real files${conformance === undefined ? ' (skipped: the conformance data beside the checkout is absent)' : ''}`, function () {
    if (conformance === undefined) this.skip();
    for (const { name, bytes } of realFiles()) attempt(name, () => checkAll(bytes));
  });

  it('random texts', () => {
    const until = Date.now() + share;
    for (let seed = 1; seed <= 400 && Date.now() < until; seed++) {
      const random = randomSource(seed);
      attempt(`seed ${seed}`, () => checkEverything(randomDockerfile(random), random));
    }
  });

  it('examples, fixtures and real files with something changed', () => {
    const corpus = [...examples(), ...fixtureFiles(), ...realFiles()];
    const until = Date.now() + share;
    for (let seed = 1; seed <= 400 && Date.now() < until; seed++) {
      const random = randomSource(seed);
      const { name, bytes } = corpus[Math.floor(random() * corpus.length)]!;
      const changed = mutate(bytes, random);
      attempt(`${name}, seed ${seed}: ${JSON.stringify(Buffer.from(changed).toString())}`, () =>
        checkEverything(changed, random),
      );
    }
  });

  it('names of object properties', () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
    for (const name of names) {
      const text = `FROM ${name} AS ${name}\n${name} x\nCOPY --${name}=a --from=${name} a /b\nENV ${name}=\${${name}}\nRUN --mount=${name}=a x\n# porthole ignore=${name}\nUSER ${name}\nSHELL ["${name}"]\n# ${name}=a\nRUN ${name}\n`;
      attempt(name, () => {
        checkLint(new SourceText(text));
        for (let offset = 0; offset <= text.length; offset += 7) checkServer(text, offset);
      });
    }
  });
});

describe('fixes that cannot be made safely', () => {
  for (const [title, text] of [
    ['a key with a quote', 'FROM scratch\nLABEL "k v\n'],
    ['a value with blanks and backslashes', 'FROM scratch\nENV a C:\\b c\n'],
  ] as const) {
    it(`are not offered for ${title}`, () => {
      const { source } = fixSource(new SourceText(text), rules, {
        name: 'Dockerfile',
        only: new Set(['BK013']),
      });

      expect(source.text).to.equal(text);
    });
  }
});

function attempt(name: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
