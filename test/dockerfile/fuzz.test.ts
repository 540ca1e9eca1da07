import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyzeDockerfile } from '../../src/dockerfile/dockerfile.ts';
import { expandWord, ExpansionError } from '../../src/dockerfile/expand.ts';
import { parseSyntax } from '../../src/dockerfile/parse.ts';
import { checkDockerfile, fuzzDockerfiles, randomSource } from '../support/dockerfile-fuzz.ts';

/** Seeds that once failed. */
const regressions: readonly number[] = [];

describe('Dockerfile language, any input', () => {
  it('gives a tree or ranged problems for random texts', () => {
    fuzzDockerfiles(1, 20_000, Date.now() + 4_000);
    for (const seed of regressions) fuzzDockerfiles(seed, 1);
  });

  it('does so for fixtures with single bytes changed', () => {
    const folder = join(import.meta.dirname, '../../fixtures/dockerfiles');
    const random = randomSource(7);
    for (const name of readdirSync(folder)) {
      const original = readFileSync(join(folder, name, 'Dockerfile'));
      for (let round = 0; round < 150; round++) {
        const bytes = Buffer.from(original);
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
        checkDockerfile(bytes);
      }
    }
  });

  const long = 200_000;
  const shapes: [string, string][] = [
    ['blanks', ' '.repeat(long)],
    ['carriage returns', '\r'.repeat(long) + 'x'],
    ['escapes', '\\'.repeat(long)],
    ['one directive of blanks', '# a=' + ' '.repeat(long) + 'x'],
    ['continuations', 'RUN a\n' + '\\\n'.repeat(long)],
    ['comments in a continuation', 'RUN \\\n' + '#\n'.repeat(long)],
    ['open brackets', 'CMD ' + '['.repeat(long)],
    ['quotes', 'ENV a=' + `"'`.repeat(long)],
    ['flags', 'RUN ' + '--a '.repeat(long)],
    ['here-documents without end', 'FROM a\n' + 'RUN <<EOF\n'.repeat(long / 10)],
    ['here-documents of one line', 'FROM a\nRUN ' + '<<A '.repeat(1000) + '\n' + 'A\n'.repeat(1000)],
    ['nested ONBUILD', 'ONBUILD '.repeat(long / 8)],
    ['nested substitutions', 'WORKDIR ' + '${a:-'.repeat(long / 5)],
  ];
  for (const [name, text] of shapes) {
    it(`reads ${name} of great length`, () => {
      checkDockerfile(Buffer.from(text));
    });
  }

  it('matches patterns of many stars', () => {
    const value = 'a'.repeat(2000);
    const expand = (word: string) => expandWord(word, { escape: '\\', get: () => value }).result;

    expect(expand('${v##' + '*a'.repeat(200) + 'b}')).to.equal(value);
    expect(expand('${v//' + 'a*'.repeat(100) + '/x}')).to.equal('x');
  });

  it('refuses a substitution that is nested without end', () => {
    const word = '${a:-'.repeat(100_000) + '}'.repeat(100_000);

    expect(() => expandWord(word, { escape: '\\', get: () => undefined })).to.throw(
      ExpansionError,
      'substitutions are nested too deeply',
    );
  });

  it('refuses lines that the reference cannot read, and goes on', () => {
    const line = 'RUN ' + 'x'.repeat(65532);

    expect(parseSyntax(`FROM a\n${line.slice(0, -1)}\n`).problems).to.deep.equal([]);
    const { problems, stages } = analyzeDockerfile(`FROM a\n${line}\nUSER b\n`);
    expect(problems.map(({ message, line: at }) => [message, at])).to.deep.equal([
      ['dockerfile line greater than max allowed size of 65535', 1],
    ]);
    expect(stages[0]!.instructions.at(-1)!.kind).to.equal('user');
  });

  it('does not blame what follows for a FROM that cannot be read', () => {
    const { problems, globalArgs } = analyzeDockerfile('FROM a AS 1x\nARG b\nRUN c\nCOPY d\n');

    expect(problems.map(({ line }) => line)).to.deep.equal([1, 4]);
    expect(globalArgs).to.deep.equal([]);
  });
});
