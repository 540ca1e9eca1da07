import type { Fix as SarifFix, Log, Region } from 'sarif';
import type { SourceRange, SourceText } from '../../dockerfile/source.ts';
import type { Finding } from '../finding.ts';
import type { Fix, RuleDefinition, Severity } from '../rule.ts';
import { fingerprinted } from './fingerprints.ts';
import { reportUri } from './report-path.ts';
import type { FileReport, Format } from './report.ts';

const levels = { error: 'error', warning: 'warning', info: 'note', style: 'note' } as const satisfies Record<
  Severity,
  string
>;

/** SARIF 2.1.0, one run. Rules that were not hit are left out: the log stays small. */
export function formatSarif(version: string, rules: readonly RuleDefinition[]): Format {
  return (reports) => {
    const findings = reports.flatMap(({ findings: found }) => found);
    const codes = [...new Set(findings.map(({ code }) => code))].toSorted();
    const samples = new Map(findings.map((finding) => [finding.code, finding]));
    const indexes = new Map(codes.map((code, index) => [code, index]));
    return `${JSON.stringify(
      {
        $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
        version: '2.1.0',
        runs: [
          {
            tool: {
              driver: {
                name: 'porthole lint',
                version,
                semanticVersion: version,
                informationUri: home,
                rules: codes.map((id) =>
                  descriptor(
                    samples.get(id)!,
                    rules.find((rule) => rule.id === id),
                  ),
                ),
              },
            },
            columnKind: 'utf16CodeUnits',
            results: reports.flatMap((report) =>
              fingerprinted(report).map(({ finding, fingerprint }) => ({
                ruleId: finding.code,
                ruleIndex: indexes.get(finding.code)!,
                level: levels[finding.level],
                message: { text: finding.message },
                locations: [
                  {
                    physicalLocation: {
                      artifactLocation: { uri: reportUri(finding.file) },
                      region: regionOfFinding(finding),
                    },
                  },
                ],
                partialFingerprints: { 'portholeFinding/v1': fingerprint },
                ...(finding.fix === undefined ? {} : { fixes: [fixOf(finding.fix, report)] }),
              })),
            ),
          },
        ],
      } satisfies Log,
      undefined,
      2,
    )}\n`;
  };
}

const home = 'https://www.npmjs.com/package/porthole';

function descriptor({ code, name, url, level, message }: Finding, rule: RuleDefinition | undefined) {
  const { summary, why, windows } = rule?.docs ?? { summary: name, why: message };
  const more = windows === undefined ? why : `${why}\n\nOn Windows: ${windows}`;
  return {
    id: code,
    name,
    shortDescription: { text: summary },
    fullDescription: { text: why },
    help: { text: more },
    helpUri: url.includes('://') ? url : `${home}#${code}`,
    defaultConfiguration: { level: levels[rule?.severity ?? level] },
  };
}

function regionOfFinding({ line, column, endLine, endColumn }: Finding): Region {
  return { startLine: line, startColumn: column, endLine, endColumn };
}

function fixOf({ title, edits }: Fix, { file, source }: FileReport): SarifFix {
  return {
    description: { text: title },
    artifactChanges: [
      {
        artifactLocation: { uri: reportUri(file) },
        replacements: edits.map(({ range, text }) => ({
          deletedRegion: regionOf(range, source),
          insertedContent: { text },
        })),
      },
    ],
  };
}

function regionOf(range: SourceRange, source: SourceText): Region {
  const start = source.position(range.start);
  const end = source.position(range.end);
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}
