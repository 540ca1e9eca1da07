import { expect } from 'chai';
import { IgnoreMatcher, readIgnoreFile } from '../../src/build/ignore-file.ts';
import { describeConformance } from '../support/dockerfile-conformance.ts';

describe('build.ignore-file', () => {
  it('reads patterns: comments at column 0, blanks, inversion, cleaned paths', () => {
    const text = '\uFEFF# one\r\n #two\n\n /a/../b/ \n!  ./c/d\nx/./y//z\n!\n';

    expect(readIgnoreFile(text, 'slash')).to.deep.equal(['#two', 'b', '!c/d', 'x/y/z', '!']);
  });

  it('takes both separators where Windows does', () => {
    expect(readIgnoreFile('a\\b\\*.txt\n', 'windows')).to.deep.equal(['a/b/*.txt']);
    expect(readIgnoreFile('a\\b\\*.txt\n', 'slash')).to.deep.equal(['a\\b\\*.txt']);
  });

  const cases: [patterns: string[], path: string, excluded: boolean][] = [
    [['*.md', '!README.md'], 'README.md', false],
    [['!README.md', '*.md'], 'README.md', true],
    [['node_modules'], 'node_modules/a/b.js', true],
    [['node_modules'], 'src/node_modules', false],
    [['**/node_modules'], 'src/node_modules/x', true],
    [['dir/**'], 'dir', false],
    [['**'], 'anything/at/all', true],
    [['*', '!src', 'src/tmp'], 'src/tmp/x', true],
    [['*', '!src', 'src/tmp'], 'src/keep', false],
    [['a[!b]c'], 'abc', true],
    [['temp?'], 'temp12', false],
  ];
  for (const [patterns, path, excluded] of cases) {
    it(`${patterns.join(' ')} ${excluded ? 'leaves out' : 'keeps'} ${path}`, () => {
      const matcher = new IgnoreMatcher(patterns, 'slash');

      expect(matcher.excludes(path)).to.equal(excluded);
    });
  }

  it('walks with the parent folder’s result to the same answers', () => {
    const matcher = new IgnoreMatcher(['docs', '!docs/keep', 'docs/keep/*.tmp', '**/x'], 'slash');
    const docs = matcher.step('docs', []);
    const keep = matcher.step('docs/keep', docs.matches);

    expect(docs.excluded).to.equal(true);
    expect(matcher.mayHoldInverted('docs')).to.equal(true);
    expect(matcher.mayHoldInverted('docs/other')).to.equal(false);
    expect(keep.excluded).to.equal(false);
    expect(matcher.step('docs/keep/a.tmp', keep.matches).excluded).to.equal(true);
    expect(matcher.step('docs/keep/a', keep.matches).excluded).to.equal(false);
  });

  it('refuses a lone inversion and unbalanced classes', () => {
    expect(() => new IgnoreMatcher(['!'], 'slash')).to.throw('illegal exclusion pattern: "!"');
    expect(() => new IgnoreMatcher(['a['], 'slash')).to.throw('syntax error in pattern');
  });
});

describeConformance('.dockerignore, conformance', (data) => {
  interface Match {
    id: number;
    patterns: string[];
    path: string;
    excluded?: boolean;
    error?: string;
  }
  for (const row of data.json<{ cases: Match[] }>('build/dockerignore-match.json').cases) {
    it(`${row.patterns.join(' ')} on ${row.path}`, () => {
      const match = () => new IgnoreMatcher(row.patterns, 'slash').excludes(row.path);

      if (row.error !== undefined) expect(match).to.throw(row.error);
      else expect(match()).to.equal(row.excluded);
    });
  }

  interface Compiled {
    pattern: string;
    kind: string;
    regexp_slash: string;
    regexp_backslash: string;
  }
  for (const row of data.json<{ cases: Compiled[] }>('build/dockerignore-compile.json').cases) {
    it(`${row.pattern} is ${row.kind}`, () => {
      const slash = new IgnoreMatcher([row.pattern], 'slash').patterns[0]!;
      const backslash = new IgnoreMatcher([row.pattern], 'windows').patterns[0]!;

      expect(slash.kind).to.equal(row.kind);
      const written = (expression: RegExp | undefined) => expression?.source.replaceAll('\\/', '/') ?? '';
      if (row.kind === 'regexp') {
        expect(written(slash.expression)).to.equal(row.regexp_slash);
        if (!row.pattern.includes('/')) expect(backslash.expression?.source).to.equal(row.regexp_backslash);
      }
    });
  }

  it('file', () => {
    const { text, patterns } = data.json<{ text: string; patterns: string[] }>(
      'build/dockerignore-file.json',
    );

    expect(readIgnoreFile(text, 'slash')).to.deep.equal(patterns);
  });
});
