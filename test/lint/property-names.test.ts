/** Names that every object has properties of, wherever a Dockerfile may have a name: they are names like others. */
import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import { rules } from '../../src/lint/rules/index.ts';

/** Each beside a word of the same letters and cases that no object has. */
const pairs = [
  ['constructor', 'konstructor'],
  ['toString', 'toStrink'],
  ['valueOf', 'valueOn'],
  ['hasOwnProperty', 'hasOwnPropertx'],
  ['__proto__', '__proxo__'],
] as const;

const windows = 'FROM mcr.microsoft.com/windows/servercore:ltsc2022';

/** `X` is the name. */
const files = [
  ...[
    'X',
    'X:1',
    'a:X',
    'a@X:00',
    'X/X:X',
    'localhost/X',
    'microsoft/X',
    '--platform=X a',
    '--platform=windows/X a',
  ].map((words) => `FROM ${words}`),
  ...[
    'mcr.microsoft.com/windows/X:X',
    'mcr.microsoft.com/windows/servercore:X',
    '--X=a b',
    'a AS X\nFROM X',
  ].map((words) => `FROM ${words}`),
  ...['ARG X\nFROM $X', 'ARG X=a\nFROM $X', '# escape=X\nFROM a', '# X=a\nFROM a', '# check=X=a\nFROM a'],
  '# check=skip=X\nFROM a',
  ...['', ' -x y', ' && b | X -c'].map((rest) => `RUN X${rest}`),
  ...[
    'sudo X -x',
    'pip install X',
    'apt-get X a',
    'apt-get --X install a',
    'npm --X X',
    'python -m X install a',
  ].map((words) => `RUN ${words}`),
  ...['type=X,target=/a', 'X=1', 'X'].map((mount) => `RUN --mount=${mount} b`),
  ...[
    'RUN --network=X b',
    'RUN --security=X b',
    'RUN X=1 apt-get install b',
    'RUN <<X\nfoo\nX',
    'RUN X <<E\n#!X\nfoo\nE',
  ],
  ...['SHELL ["X", "-c"]\nRUN b', 'SHELL ["a", "X"]\nRUN b', 'ARG X=1\nRUN $X -y b', 'ARG X\nRUN $X -y b'],
  ...[
    'ENV X=1',
    'ENV X 1',
    'ENV A=$X B=${X:-a} C=${X%b}',
    'ENV X="a b"\nRUN $X -y',
    'ARG X',
    'LABEL X=1',
    'LABEL a=X',
  ],
  ...[
    'EXPOSE X',
    'EXPOSE 80/X',
    'STOPSIGNAL X',
    'USER X',
    'USER X:X',
    'WORKDIR X',
    'VOLUME X',
    'MAINTAINER X',
    'X b',
  ],
  ...['HEALTHCHECK X', 'HEALTHCHECK --X=1 CMD a', 'HEALTHCHECK CMD X -a', 'ONBUILD X a', 'ONBUILD RUN X -a'],
  ...[
    'CMD ["X", "-a"]',
    'ENTRYPOINT X -a',
    'ADD X a',
    'COPY --from=X a b',
    'COPY --X=1 a b',
    'COPY --chown=X a b',
  ],
  ...['# hadolint ignore=X\nRUN b', '# porthole shell=X\nRUN b'],
].map((text) => (/^FROM|\nFROM/.test(text) ? text : `${windows}\n${text}`));

describe('names that every object has properties of', () => {
  for (const [name, like] of pairs) {
    for (const targetOs of ['windows', 'linux'] as const) {
      it(`are names like others: ${name} for ${targetOs}`, () => {
        const said = (text: string, word: string): string[] => {
          const source = new SourceText(text.replaceAll(/\bX\b/g, word) + '\n');
          const { findings } = lintSource(source, rules, { name: 'Dockerfile', targetOs });
          const hidden = new RegExp(word, 'gi');
          return findings.map(
            ({ code, line, column, message }) =>
              `${line}:${column} ${code} ${message.replaceAll(hidden, 'X')}`,
          );
        };
        for (const text of files) expect(said(text, name), text).to.deep.equal(said(text, like));
      });
    }
  }
});
