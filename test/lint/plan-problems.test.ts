/** What no build takes although every line can be read: told by lint as PH001, and by `build --check` as its error. */
import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { buildModel } from '../../src/lint/build-model.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import { planProblems } from '../../src/lint/plan-problems.ts';
import { rules } from '../../src/lint/rules/index.ts';

const problemsOf = (text: string): string[] =>
  planProblems(buildModel(new SourceText(text), { name: 'Dockerfile' })).map(
    ({ line, message, forBuildKit }) => `${line}${forBuildKit ? ' BuildKit' : ''}: ${message}`,
  );

const quote = (word: string): string =>
  `failed to process ${word}: unexpected end of statement while looking for matching`;

describe('what a build refuses before its first step', () => {
  const cases: readonly (readonly [text: string, ...problems: string[]])[] = [
    ['FROM a:1\nCOPY "a b" c\n', `2: ${quote('"\\"a"')} double-quote`],
    [
      "FROM a:1\nENV A=it's\nLABEL b=c\nUSER 'x\n",
      `2: ${quote('"it\'s"')} single-quote`,
      `4: ${quote('"\'x"')} single-quote`,
    ],
    ['FROM a:1\nWORKDIR ${}\n', '2: failed to process "${}": syntax error: bad substitution'],
    [
      'FROM a:1\nRUN --mount=type=cache,target=${A^} x\n',
      '2: failed to process "${A^}": unsupported modifier (^) in substitution',
    ],
    ['ARG A="x\nFROM a:1\n', `1: ${quote('"\\"x"')} double-quote`],
    [
      'FROM Ubuntu\n',
      '1: failed to parse stage name "Ubuntu": invalid reference format: repository name (library/Ubuntu) must be lowercase',
    ],
    [
      'FROM example.com/A/b:1\n',
      '1: failed to parse stage name "example.com/A/b:1": invalid reference format: repository name (A/b) must be lowercase',
    ],
    [
      `FROM a@sha256:${'A'.repeat(64)}\n`,
      `1: failed to parse stage name "a@sha256:${'A'.repeat(64)}": invalid checksum digest format`,
    ],
    [
      `FROM ${'a'.repeat(250)}\n`,
      `1: failed to parse stage name "${'a'.repeat(250)}": repository name must not be more than 255 characters`,
    ],
    ['FROM ex_ample.com/a\n', '1: failed to parse stage name "ex_ample.com/a": invalid reference format'],
    ['FROM a\u200b\n', '1: failed to parse stage name "a\\u200b": invalid reference format'],
    ['FROM [::1]:5000/app:1\n'],
    ['FROM a::1\n', '1: failed to parse stage name "a::1": invalid reference format'],
    [
      'FROM --platform=windows/amd64/v1/x a:1\n',
      '1: failed to parse platform windows/amd64/v1/x: "windows/amd64/v1/x": cannot parse platform specifier: invalid argument',
    ],
    [
      'FROM --platform=windows(10.0.20348.1/amd64 a:1\n',
      '1: failed to parse platform windows(10.0.20348.1/amd64: "windows(10.0.20348.1" is an invalid OS component of "windows(10.0.20348.1/amd64": OSAndVersion specifier component must match "^([A-Za-z0-9_-]+)(?:\\\\(([A-Za-z0-9_.%-]*)((?:\\\\+[A-Za-z0-9_.%-]+)*)\\\\))?$": invalid argument',
    ],
    [
      'FROM --platform=windows/amd(64 a:1\n',
      '1: failed to parse platform windows/amd(64: "amd(64" is an invalid component of "windows/amd(64": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument',
    ],
    [
      'FROM --platform=win64 a:1\n',
      '1: failed to parse platform win64: "win64": unknown operating system or architecture: invalid argument',
    ],
    [
      'FROM a:1\nCOPY --from=$X a b\n',
      '2: variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
    ],
    ['FROM a:1\nCOPY --from=1 a b\n', '2: invalid stage index 1'],
    [
      'FROM a:1\nEXPOSE x 80/icmp\n',
      '2: invalid port: "80/icmp": invalid proto: icmp',
      '2: invalid containerPort: x',
    ],
    ['FROM a:1\nEXPOSE 90-80\n', '2: invalid containerPort: 90-80'],
    ['FROM a:1\nEXPOSE -5 80-\n', '2: invalid containerPort: -5', '2: invalid containerPort: 80-'],
    ['FROM a:1\nEXPOSE 70000:80\n', '2: invalid hostPort: 70000'],
    [
      'FROM a:1\nADD --checksum=${A^} https://example.com/a b\n',
      '2: failed to process "${A^}": unsupported modifier (^) in substitution',
    ],
    // Rules say these in lint.
    ['FROM a:1\nEXPOSE 70000\n', '2 BuildKit: invalid containerPort: 70000'],
    ['FROM a:1\nCOPY --from=0 a b\n', '2 BuildKit: circular dependency detected on stage: stage-0'],
    [
      'FROM a:1 AS x\nCOPY --from=y a b\nFROM x AS y\n',
      '2 BuildKit: circular dependency detected on stage: x',
    ],
    [
      'FROM a:1 AS x\nCOPY --from=y a b\nFROM b:1 AS y\n',
      '2 BuildKit: cannot copy from stage "y", it needs to be defined before current stage "x"',
    ],
    // Values that only a build has.
    ['ARG A\nFROM $A\nARG B\nWORKDIR ${B:?no}\nEXPOSE $P/tcp "80"\nCOPY --from=other a b\n'],
    ['FROM --platform=$BUILDPLATFORM a:1 AS Build\nFROM build\nCOPY --from=BUILD "a" \'b\' c/\n'],
    [
      'FROM --platform=windows(10.0.20348.1)/amd64 mcr.microsoft.com/windows/nanoserver:ltsc2022@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n',
    ],
    ['FROM scratch\nLABEL a="it\'s" b=\\"\nONBUILD ENV A="x\n'],
  ];
  for (const [text, ...problems] of cases) {
    it(`of ${JSON.stringify(text)} is ${problems.length === 0 ? 'nothing' : JSON.stringify(problems)}`, () => {
      expect(problemsOf(text)).to.deep.equal(problems);
    });
  }

  it('is left out while lines cannot be read', () => {
    expect(problemsOf('FROM a:1\nCOPY "a b" c\nNOPE\n')).to.deep.equal([]);
  });

  it('is PH001 in lint, where the word stands', () => {
    const { findings } = lintSource(new SourceText('FROM a:1\nCOPY x "a b" c/\n'), rules, { name: 'f' });

    expect(findings.find(({ code }) => code === 'PH001')).to.deep.include({
      line: 2,
      column: 8,
      endColumn: 10,
      level: 'error',
    });
  });
});
