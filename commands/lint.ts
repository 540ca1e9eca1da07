import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { CliError, systemErrorText } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, FlagValues, ParsedFlags } from '../src/cli/flag.ts';
import { encodeSource } from '../src/dockerfile/source.ts';
import { fixSource } from '../src/lint/apply-fixes.ts';
import { LintUsageError, parseDay, parseSeverity, reaches } from '../src/lint/config.ts';
import { resolveRules, severityTable } from '../src/lint/config.ts';
import { explainBuiltIn, explainRule, listRules } from '../src/lint/explain.ts';
import { findDockerfiles } from '../src/lint/find-files.ts';
import { formatNames, formatOf } from '../src/lint/formats/index.ts';
import type { FileReport } from '../src/lint/formats/report.ts';
import { lintSource, type LintOptions } from '../src/lint/lint-file.ts';
import { readSource, type ReadSource } from '../src/lint/read-source.ts';
import { rules } from '../src/lint/rules/index.ts';
import { unifiedDiff } from '../src/lint/unified-diff.ts';
import { packageVersion } from '../src/version.ts';

const levels = ['error', 'warning', 'info', 'style'];

const flags = {
  'as-of': { type: 'string', description: 'Judge end-of-support dates as of this day (default today)' },
  'build-arg': { type: 'map', description: 'Value of a build-time variable' },
  'dry-run': { type: 'bool', description: 'With --fix: print the changes as a unified diff' },
  explain: { type: 'string', description: 'Explain a rule and exit' },
  'failure-threshold': {
    type: 'string',
    description: 'Lowest level that makes the exit code 1: error, warning, info, style or off',
    default: 'info',
    complete: [...levels, 'off'],
  },
  fix: { type: 'bool', description: 'Correct what can be corrected safely' },
  format: {
    type: 'string',
    char: 'f',
    description: `Output format: ${formatNames.join(', ')}`,
    default: 'human',
    complete: formatNames,
  },
  ignore: { type: 'strings', description: 'Leave out these rules' },
  'list-rules': { type: 'bool', description: 'List all rules and exit' },
  'no-fail': { type: 'bool', description: 'End with exit code 0 whatever is found' },
  only: { type: 'strings', description: 'Run these rules alone' },
  rule: { type: 'strings', description: 'Run these rules too that are off by default' },
  severity: { type: 'map', description: 'Change the level of a rule: RULE=LEVEL' },
  'target-os': {
    type: 'string',
    description: 'Platform of all stages: windows or linux (default from the base images)',
    complete: ['windows', 'linux'],
  },
} as const satisfies FlagSpecs;

type Flags = FlagValues<typeof flags>;

interface Settings {
  readonly options: Omit<LintOptions, 'name'>;
  readonly threshold: ReturnType<typeof parseSeverity>;
  readonly format: (typeof formatNames)[number];
}

export default class Lint extends Command {
  static readonly summary = 'Check Dockerfiles for mistakes, above all those of Windows images';
  static readonly usage = '[OPTIONS] [FILE|DIR|-]...';
  static readonly description =
    'Without a name: all Dockerfiles below the current directory. "-" reads standard input.\n' +
    'Exit codes: 0 nothing found, 1 findings at or above the threshold, 2 bad usage or unreadable files.';
  static readonly flags = flags;
  static readonly args = { min: 0 };
  static readonly completes = 'file';
  static readonly examples = ['porthole lint', 'porthole lint --fix --dry-run Dockerfile'];

  async run({ flags, args }: ParsedFlags<typeof Lint.flags>): Promise<number> {
    const { stdout, stderr } = this.context;
    const settings = this.#settings(flags);
    if (flags['list-rules']) {
      this.result(() => rules.map(({ id, name, severity, docs }) => ({ id, name, severity, ...docs })));
      stdout.write(listRules(rules));
      return 0;
    }
    if (flags.explain !== '') {
      const text = usage(() => resolveRules(flags.explain, rules)).map((id) => {
        const rule = rules.find((candidate) => candidate.id === id);
        return rule === undefined ? (explainBuiltIn(id) ?? '') : explainRule(rule);
      });
      this.result({ apiVersion: 'porthole/v1', text: text.join('\n') });
      stdout.write(text.join('\n'));
      return 0;
    }

    let unreadable = false;
    const refuse = (name: string, error: unknown): void => {
      unreadable = true;
      const { code } = error as NodeJS.ErrnoException;
      const text = (error as Error).message;
      stderr.write(`${code === undefined ? `${name}: ${text}` : systemErrorText(error as Error)}\n`);
    };
    const reports: FileReport[] = [];
    const diffs: string[] = [];
    for (const name of await this.#names(args.length === 0 ? ['.'] : args, refuse)) {
      this.context.signal.throwIfAborted();
      try {
        const { report, diff } = await this.#lint(name, flags, settings);
        reports.push(report);
        diffs.push(diff);
      } catch (error) {
        refuse(name, error);
      }
    }
    const format = formatOf(settings.format, packageVersion, rules);
    this.result(() => ({
      apiVersion: 'porthole/v1',
      findings: JSON.parse(formatOf('json', packageVersion, rules)(reports, plain)) as unknown,
    }));
    const { color, columns } = this.context.outTerminal;
    const dry = flags.fix && flags['dry-run'];
    if (dry) stdout.write(diffs.join(''));
    else if (!(flags.fix && args.includes('-'))) stdout.write(format(reports, { color, columns }));
    if (unreadable) return 2;
    const failing = reports.some(({ findings }) =>
      findings.some(({ level }) => reaches(level, settings.threshold)),
    );
    return failing && !flags['no-fail'] ? 1 : 0;
  }

  #settings(flags: Flags): Settings {
    return usage(() => {
      const format = formatNames.find((name) => name === flags.format);
      if (format === undefined) {
        throw new LintUsageError(`unknown format "${flags.format}": use one of ${formatNames.join(', ')}`);
      }
      const os = flags['target-os'];
      if (os !== '' && os !== 'windows' && os !== 'linux') {
        throw new LintUsageError(`unknown target OS "${os}": use windows or linux`);
      }
      if (flags['dry-run'] && !flags.fix) throw new LintUsageError('--dry-run goes with --fix');
      const ids = (names: readonly string[]) => new Set(names.flatMap((name) => resolveRules(name, rules)));
      return {
        format,
        threshold: parseSeverity(flags['failure-threshold']),
        options: {
          severities: severityTable(flags.severity, flags.ignore, rules),
          enabled: ids(flags.rule),
          ...(flags.only.length > 0 ? { only: ids(flags.only) } : {}),
          ...(os === '' ? {} : { targetOs: os }),
          rule: {
            buildArgs: flags['build-arg'],
            asOf: flags['as-of'] === '' ? this.context.environment.now() : parseDay(flags['as-of']),
          },
        },
      };
    });
  }

  /** Files as they are shown; a folder stands for its Dockerfiles. */
  async #names(args: readonly string[], refuse: (name: string, error: unknown) => void): Promise<string[]> {
    const names: string[] = [];
    for (const arg of args) {
      if (arg === '-') {
        names.push(arg);
        continue;
      }
      try {
        const path = this.#path(arg);
        if (!(await stat(path)).isDirectory()) {
          names.push(arg);
          continue;
        }
        const found = await findDockerfiles(path, arg);
        if (found.length === 0) refuse(arg, new Error('holds no Dockerfile'));
        names.push(...found);
      } catch (error) {
        refuse(arg, error);
      }
    }
    return [...new Set(names)];
  }

  async #lint(
    name: string,
    flags: Flags,
    { options }: Settings,
  ): Promise<{ readonly report: FileReport; readonly diff: string }> {
    const { source, wasUtf16 } = await this.#read(name);
    const dockerignore = name === '-' ? undefined : await this.#dockerignore(this.#path(name));
    const all: LintOptions = { ...options, name, wasUtf16, rule: { ...options.rule, dockerignore } };
    if (!flags.fix) {
      return { report: { file: name, source, findings: lintSource(source, rules, all).findings }, diff: '' };
    }
    const fixed = fixSource(source, rules, all);
    const diff = unifiedDiff(name === '-' ? 'Dockerfile' : name, source.text, fixed.source.text);
    if (!flags['dry-run']) {
      if (name === '-') this.context.stdout.write(fixed.source.text);
      else if (diff !== '' || wasUtf16) {
        await writeFile(this.#path(name), encodeSource(fixed.source.text, source.encoding));
      }
    }
    // A written file is UTF-8 now.
    const left = wasUtf16 && !flags['dry-run'] && name !== '-' ? { ...all, wasUtf16: false } : all;
    const { findings } = left === all ? fixed.result : lintSource(fixed.source, rules, left);
    return { report: { file: name, source: fixed.source, findings }, diff };
  }

  async #read(name: string): Promise<ReadSource> {
    if (name !== '-') return readSource(await readFile(this.#path(name)));
    const chunks: Buffer[] = [];
    for await (const chunk of this.context.stdin as AsyncIterable<Buffer | string>) {
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    }
    return readSource(Buffer.concat(chunks));
  }

  /** BuildKit's order: `NAME.dockerignore`, then `.dockerignore` of the context, which is taken to be the file's folder. */
  async #dockerignore(path: string): Promise<string | undefined> {
    for (const candidate of [`${path}.dockerignore`, join(dirname(path), '.dockerignore')]) {
      try {
        return await readFile(candidate, 'utf8');
      } catch {
        // Most contexts have none.
      }
    }
    return undefined;
  }

  #path(name: string): string {
    return isAbsolute(name) ? name : resolve(this.context.environment.cwd, name);
  }
}

const plain = { color: false, columns: 80 };

/** Bad usage ends with 2, which linters agree on. */
function usage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LintUsageError)) throw error;
    throw new CliError(error.message, { code: 'USAGE', exitCode: 2, cause: error });
  }
}
