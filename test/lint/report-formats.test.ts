/** Formats that other programs read, on findings and names that are hard to write down. */
import { expect } from 'chai';
import type { Log } from 'sarif';
import { SourceText } from '../../src/dockerfile/source.ts';
import { formatOf } from '../../src/lint/formats/index.ts';
import type { FormatName } from '../../src/lint/formats/names.ts';
import { reportPath, reportUri } from '../../src/lint/formats/report-path.ts';
import type { FileReport } from '../../src/lint/formats/report.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import { rules } from '../../src/lint/rules/index.ts';

const text =
  'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022 as app\r\nCMD "a" <&> b\x1b\r\nENV A b\nENV A b\n';

function report(file: string): FileReport {
  const source = new SourceText(text);
  return { file, source, findings: lintSource(source, rules, { name: file }).findings };
}

const written = (name: FormatName, ...files: string[]): string =>
  formatOf(name, '1.2.3', rules)(files.map(report), { color: false, columns: 80 });

interface Issue {
  readonly check_name: string;
  readonly severity: string;
  readonly fingerprint: string;
  readonly location: {
    readonly path: string;
    readonly lines: { readonly begin: number; readonly end: number };
  };
}

describe('names in reports', () => {
  const cases: readonly (readonly [file: string, path: string, uri: string])[] = [
    ['./a//Dockerfile', 'a/Dockerfile', 'a/Dockerfile'],
    ['a\\b\\Dockerfile', 'a/b/Dockerfile', 'a/b/Dockerfile'],
    ['a b#c?d%/ü.Dockerfile', 'a b#c?d%/ü.Dockerfile', 'a%20b%23c%3Fd%25/%C3%BC.Dockerfile'],
    ['../Dockerfile', '../Dockerfile', '../Dockerfile'],
    ['/w/a b', '/w/a b', 'file:///w/a%20b'],
    ['C:\\w\\a b', 'C:/w/a b', 'file:///C:/w/a%20b'],
  ];
  for (const [file, path, uri] of cases) {
    it(`are ${uri} for ${file}`, () => {
      expect([reportPath(file), reportUri(file)]).to.deep.equal([path, uri]);
    });
  }
});

describe('report formats', () => {
  it('end a finding where its line ends', () => {
    const places = report('Dockerfile').findings.map(
      ({ line, column, endLine, endColumn }) => `${line}:${column}-${endLine}:${endColumn}`,
    );

    expect(places).to.deep.equal(['1:52-1:54', '2:1-2:15', '3:1-3:8', '4:1-4:8']);
  });

  it('sarif has places, fixes and fingerprints', () => {
    const log = JSON.parse(written('sarif', './a b.Dockerfile')) as Log;
    const { results = [], tool } = log.runs[0]!;

    expect(tool.driver.rules!.map(({ id }) => id)).to.deep.equal(['BK002', 'BK007', 'BK013']);
    for (const { id, helpUri, help, shortDescription } of tool.driver.rules!) {
      expect(new URL(helpUri!).protocol, id).to.equal('https:');
      expect(help!.text).to.match(/\S/);
      expect(shortDescription!.text).to.match(/\S/);
    }
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules![ruleIndex!]!.id).to.equal(ruleId);
    expect(results[0]).to.deep.include({
      level: 'warning',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'a%20b.Dockerfile' },
            region: { startLine: 1, startColumn: 52, endLine: 1, endColumn: 54 },
          },
        },
      ],
      fixes: [
        {
          description: { text: 'Write AS' },
          artifactChanges: [
            {
              artifactLocation: { uri: 'a%20b.Dockerfile' },
              replacements: [
                {
                  deletedRegion: { startLine: 1, startColumn: 52, endLine: 1, endColumn: 54 },
                  insertedContent: { text: 'AS' },
                },
              ],
            },
          ],
        },
      ],
    });
    const prints = results.map(({ partialFingerprints }) => partialFingerprints!['portholeFinding/v1']);
    expect(new Set(prints).size).to.equal(results.length);
  });

  it('gitlab and codeclimate count equal findings, and have hadolint’s severities', () => {
    const issues = JSON.parse(written('gitlab', './Dockerfile')) as Issue[];
    const engine = written('codeclimate', './Dockerfile').split('\0');

    expect(engine.pop()).to.equal('');
    expect(engine.map((one) => JSON.parse(one) as Issue)).to.deep.equal(issues);
    expect(issues.map(({ check_name, location }) => [check_name, location])).to.deep.equal([
      ['BK002', { path: 'Dockerfile', lines: { begin: 1, end: 1 } }],
      ['BK007', { path: 'Dockerfile', lines: { begin: 2, end: 2 } }],
      ['BK013', { path: 'Dockerfile', lines: { begin: 3, end: 3 } }],
      ['BK013', { path: 'Dockerfile', lines: { begin: 4, end: 4 } }],
    ]);
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).to.equal(issues.length);
    expect(new Set(issues.map(({ severity }) => severity))).to.deep.equal(new Set(['major']));
    // Lines above do not change what a finding is known by.
    const source = new SourceText(`\n\n${text}`);
    const { findings } = lintSource(source, rules, { name: './Dockerfile' });
    const moved = formatOf(
      'gitlab',
      '1.2.3',
      rules,
    )([{ file: './Dockerfile', source, findings }], {
      color: false,
      columns: 80,
    });
    expect((JSON.parse(moved) as Issue[]).map(({ fingerprint }) => fingerprint)).to.deep.equal(
      issues.map(({ fingerprint }) => fingerprint),
    );
  });

  it('github escapes what its commands are made of', () => {
    expect(written('github', './a,b:c%.Dockerfile').split('\n')[0]).to.equal(
      "::warning file=a%2Cb%3Ac%25.Dockerfile,line=1,col=52,endLine=1,endColumn=54,title=BK002 from-as-casing::'as' and 'FROM' keywords' casing do not match",
    );
  });

  it('checkstyle and junit are XML whatever a file is called', () => {
    for (const name of ['checkstyle', 'junit'] as const) {
      const xml = written(name, 'a<b>&"\x07.Dockerfile');
      expect(xml).to.include('a&lt;b&gt;&amp;&quot;\ufffd.Dockerfile');
      expect(xml.replace(/<\/?[a-z]+(?: [a-z]+="[^"<>&]*(?:&\w+;[^"<>&]*)*")*\/?>/g, '')).to.match(
        /^<\?xml [^>]*\?>(?:\s|&\w+;|[^<>&])*$/,
      );
    }
  });

  it('sonarqube begins columns at 0 and has no empty range', () => {
    const { issues } = JSON.parse(written('sonarqube', './Dockerfile')) as {
      issues: { primaryLocation: { filePath: string; textRange: object } }[];
    };

    expect(issues[0]!.primaryLocation).to.deep.include({
      filePath: 'Dockerfile',
      textRange: { startLine: 1, endLine: 1, startColumn: 51, endColumn: 53 },
    });
  });

  it('have a text for nothing found', () => {
    const none = (name: FormatName): string =>
      formatOf(name, '1.2.3', rules)([], { color: false, columns: 80 });

    expect(none('gitlab')).to.equal('[]\n');
    expect(none('json')).to.equal('[]\n');
    expect(none('codeclimate')).to.equal('');
    expect(JSON.parse(none('sarif')))
      .to.have.nested.property('runs[0].results')
      .that.deep.equals([]);
    expect(none('checkstyle')).to.match(/<checkstyle version="4.3"><\/checkstyle>/);
  });
});
