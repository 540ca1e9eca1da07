import type { Log } from 'sarif';
import type { RuleDefinition, Severity } from '../rule.ts';
import type { Format } from './report.ts';

const levels = { error: 'error', warning: 'warning', info: 'note', style: 'note' } as const satisfies Record<
  Severity,
  string
>;

/** SARIF 2.1.0, one run. Rules that were not hit are left out: the log stays small. */
export function formatSarif(version: string, rules: readonly RuleDefinition[]): Format {
  return (reports) => {
    const findings = reports.flatMap(({ findings: found }) => found);
    const codes = [...new Set(findings.map(({ code }) => code))].toSorted();
    const descriptors = codes.map((id) => {
      const rule = rules.find((candidate) => candidate.id === id);
      const sample = findings.find(({ code }) => code === id)!;
      return {
        id,
        name: sample.name,
        shortDescription: { text: rule?.docs.summary ?? sample.name },
        fullDescription: { text: rule?.docs.why ?? sample.message },
        helpUri: sample.url.includes('://') ? sample.url : `https://www.npmjs.com/package/porthole#${id}`,
        defaultConfiguration: { level: levels[rule?.severity ?? sample.level] },
      };
    });
    const results = findings.map((finding) => ({
      ruleId: finding.code,
      ruleIndex: codes.indexOf(finding.code),
      level: levels[finding.level],
      message: { text: finding.message },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: encodeURI(finding.file.replaceAll('\\', '/')) },
            region: {
              startLine: finding.line,
              startColumn: finding.column,
              endLine: finding.endLine,
              endColumn: Math.max(finding.endColumn, 1),
            },
          },
        },
      ],
    }));
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
                informationUri: 'https://www.npmjs.com/package/porthole',
                rules: descriptors,
              },
            },
            columnKind: 'utf16CodeUnits',
            results,
          },
        ],
      } satisfies Log,
      undefined,
      2,
    )}\n`;
  };
}
