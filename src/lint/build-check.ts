/**
 * `build --check`: BuildKit's build checks in BuildKit's text (dockerfile.md 3.2), and with them what Porthole knows of Windows
 * stages. Findings below a warning, and other linters' rules, are left to `porthole lint`.
 */
import type { SourceText } from '../dockerfile/source.ts';
import { encodedSource, locationOf } from './build-targets.ts';
import type { Finding } from './finding.ts';
import { lintSource } from './lint-file.ts';
import type { LintFile } from './model.ts';
import type { RuleDefinition } from './rule.ts';
import { checkOptions } from './suppressions.ts';
import { linesForTarget } from './target-stages.ts';

export interface CheckRequest {
  readonly source: SourceText;
  /** As excerpts name the file. */
  readonly name: string;
  readonly wasUtf16: boolean;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly dockerignore: string | undefined;
  /** `--platform`; '' = not given. */
  readonly platform: string;
  /** Of `platform`. */
  readonly targetOs: 'windows' | 'linux' | undefined;
  /** Stage that is asked for; '' = all. */
  readonly target: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface CheckWarning {
  readonly ruleName: string;
  readonly description: string;
  readonly url: string;
  readonly detail: string;
  readonly lines: Lines;
}

export interface CheckResult {
  readonly source: SourceText;
  readonly name: string;
  readonly warnings: readonly CheckWarning[];
  /** What a build would stop at. */
  readonly error: { readonly message: string; readonly lines: Lines | undefined } | undefined;
}

/** 1-based, both included. */
type Lines = readonly [first: number, last: number];

export function checkBuild(request: CheckRequest, rules: readonly RuleDefinition[]): CheckResult {
  const { source, name, buildArgs, dockerignore, platform, targetOs, target, now } = request;
  const override = buildArgs['BUILDKIT_DOCKERFILE_CHECK'];
  const checks = rules.filter(({ id }) => /^(BK|PW)/.test(id));
  const { file, findings, planProblems } = lintSource(source, checks, {
    name,
    wasUtf16: request.wasUtf16,
    foldCovered: false,
    ...(targetOs === undefined ? {} : { targetOs }),
    ...(override === undefined ? {} : { checkOverride: override }),
    rule: { buildArgs, dockerignore, asOf: now, targetPlatform: platform },
  });
  const inTarget = linesForTarget(file, target);
  const problem = file.dockerfile.problems[0] ?? planProblems.find(({ line }) => inTarget(line));
  const names = namesOf(checks);
  const byId = new Map(checks.map((rule) => [rule.id, rule]));
  const said = new Set(findings.map(({ code, line }) => `${code}@${line}`));
  const shown = findings.filter((finding) => {
    const rule = byId.get(finding.code);
    if (rule === undefined || !inTarget(finding.line)) return false;
    if (isBuildKit(finding)) return true;
    const repeats = (rule.coveredBy ?? []).some((code) => said.has(`${code}@${finding.line}`));
    return !repeats && (finding.level === 'error' || finding.level === 'warning');
  });
  const lines = linesByStart(file);
  const warnings = shown.map((finding): CheckWarning => {
    const rule = byId.get(finding.code)!;
    return {
      ruleName: names.get(finding.code)!,
      description: rule.description ?? rule.docs.summary,
      // BuildKit has a page for most of its checks.
      url: isBuildKit(finding) ? (rule.url ?? '') : finding.url,
      detail: finding.message,
      lines: lines.get(finding.line) ?? [finding.line, Math.max(finding.line, finding.endLine)],
    };
  });
  return {
    source,
    name,
    warnings: warnings.toSorted((a, b) => a.lines[0] - b.lines[0]),
    error: problem === undefined ? violation(file, shown, names, override) : problemOf(problem),
  };
}

/** BuildKit's own names of its checks. */
function namesOf(rules: readonly RuleDefinition[]): Map<string, string> {
  return new Map(
    rules.map(({ id, name, aliases }) => [id, id.startsWith('BK') ? (aliases?.[0] ?? name) : id]),
  );
}

const isBuildKit = ({ code }: Finding): boolean => code.startsWith('BK');

type Problem = LintFile['dockerfile']['problems'][number];

/** As BuildKit words it, with the lines that it shows. */
export function problemOf({ message, line, endLine, phase }: Problem): NonNullable<CheckResult['error']> {
  return {
    message: phase === 'instruction' ? `dockerfile parse error on line ${line}: ${message}` : message,
    lines: line < 1 ? undefined : [line, endLine],
  };
}

/** `# check=error=true`: any of BuildKit's warnings fails the build. */
function violation(
  file: LintFile,
  findings: readonly Finding[],
  ruleNames: ReadonlyMap<string, string>,
  override: string | undefined,
): CheckResult['error'] {
  const violated = findings.filter(isBuildKit);
  const [first] = violated;
  if (first === undefined || !checkOptions(file.dockerfile.tree, override).error) return undefined;
  const names = [...new Set(violated.map(({ code }) => ruleNames.get(code) ?? code))];
  return {
    message: `lint violation found for rules: ${names.join(', ')}`,
    lines: linesByStart(file).get(first.line) ?? [first.line, first.endLine],
  };
}

/** BuildKit reports whole instructions. */
function linesByStart(file: LintFile): Map<number, Lines> {
  return new Map(file.dockerfile.tree.instructions.map(({ lines }) => [lines[0], lines]));
}

/** `Check complete, …` and every warning with its excerpt; without the error, which goes to stderr. */
export function checkText({ warnings, error, source, name }: CheckResult): string {
  const count = warnings.length;
  if (count === 0) return error === undefined ? 'Check complete, no warnings found.\n' : '';
  const found = count === 1 ? '1 warning has been found!' : `${count} warnings have been found!`;
  const blocks = warnings.map(
    ({ ruleName, url, detail, lines }) =>
      `\nWARNING: ${ruleName}${url === '' ? '' : ` - ${url}`}\n${detail}\n${excerpt(source, name, lines)}`,
  );
  return `Check complete, ${found}\n${blocks.join('')}${error === undefined ? '' : '\n'}`;
}

/** The build error as it follows the warnings; '' for none. */
export function checkErrorText({ error, source, name }: CheckResult): string {
  if (error === undefined) return '';
  return `${error.message}\n${error.lines === undefined ? '' : excerpt(source, name, error.lines)}`;
}

/**
 * `--call=check,format=json`. Without the sources' `definition`: it tells BuildKit how to fetch the file again in the session
 * that asked, and there is no such session.
 */
export function checkDocument(result: CheckResult): object {
  const { warnings, error, name } = result;
  return {
    // Go's nil slice: BuildKit writes null for none.
    warnings:
      warnings.length === 0
        ? null
        : warnings.map(({ ruleName, description, url, detail, lines }) => ({
            ruleName,
            description,
            ...(url === '' ? {} : { url }),
            detail,
            location: locationOf({ lines }),
          })),
    sources: [
      {
        filename: name,
        data: encodedSource(result),
        language: 'Dockerfile',
      },
    ],
    ...(error === undefined
      ? {}
      : {
          buildError: {
            message: error.message,
            location: error.lines === undefined ? {} : locationOf({ lines: error.lines }),
          },
        }),
  };
}

const rule = '-'.repeat(20);

/** The lines with what stands around them, as BuildKit shows them: up to two lines around one line, one around several. */
export function excerpt(source: SourceText, name: string, [first, last]: Lines): string {
  const total = source.lineCount;
  const end = Math.min(last, total);
  const around = first === last ? 2 : 1;
  const rows: string[] = [];
  for (let line = Math.max(1, first - around); line <= Math.min(total, end + around); line++) {
    const mark = line >= first && line <= end ? '>>>' : '   ';
    rows.push(` ${String(line).padStart(3)} | ${mark} ${source.line(line)}\n`);
  }
  return `${name}:${first}\n${rule}\n${rows.join('')}${rule}\n`;
}
