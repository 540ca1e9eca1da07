import type { Readable } from 'node:stream';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { lintErrorText, orUsage, orUsageAsync, refuseIf } from '../src/cli/lint-errors.ts';
import { compilersAfterAll } from '../src/lint/compilers.ts';
import { formatOf } from '../src/lint/formats/index.ts';
import { formatNames } from '../src/lint/formats/names.ts';
import { listFiles } from '../src/lint/list-files.ts';
import { Linter, stdinName, type Refuse } from '../src/lint/linter.ts';
import { exitCodeOf } from '../src/lint/exit-code.ts';
import { builtInCodes } from '../src/lint/lint-file.ts';
import { rules } from '../src/lint/rules/index.ts';
import { loadNamedConfig, personalSettings } from '../src/lint/settings/find-config.ts';
import { settingsOfFlags } from '../src/lint/settings/flag-settings.ts';
import { packageVersion } from '../src/version.ts';

/** For completion. */
const codes = [...rules, ...builtInCodes].map(({ id }) => id).toSorted();
const levels = ['error', 'warning', 'info', 'style', 'off'];

const flags = {
  'as-of': { type: 'string', description: 'Judge end-of-support dates as of this day (default today)' },
  'build-arg': { type: 'map', description: 'Value of a build-time variable' },
  config: {
    type: 'string',
    char: 'c',
    description: 'Configuration file (default: the nearest .porthole-lint.yaml, else .hadolint.yaml)',
    complete: 'file',
  },
  'disable-ignore-pragma': { type: 'bool', description: 'Comments in the file silence nothing' },
  'dry-run': { type: 'bool', description: 'With --fix: print the changes as a unified diff' },
  escape: {
    type: 'string',
    description: 'Escape character of files without an escape directive: "\\" or "`" (default "\\")',
    complete: ['\\', '`'],
  },
  explain: { type: 'string', description: 'Explain a rule and exit', complete: codes },
  'failure-threshold': {
    type: 'string',
    description: 'Lowest level that makes the exit code 1: error, warning, info, style or off',
    helpDefault: 'info',
    complete: levels,
  },
  fix: { type: 'bool', description: 'Correct what can be corrected safely' },
  format: {
    type: 'string',
    char: 'f',
    description: `Output format: ${formatNames.join(', ')}`,
    helpDefault: 'human',
    complete: formatNames,
  },
  ignore: { type: 'strings', description: 'Leave out these rules', complete: codes },
  'label-schema': {
    type: 'map',
    description: 'What the value of a label must look like: LABEL=TYPE (text, url, semver, hash, ...)',
  },
  'list-rules': { type: 'bool', description: 'List all rules and exit' },
  'no-color': { type: 'bool', description: 'Print without colors' },
  'no-fail': { type: 'bool', description: 'End with exit code 0 whatever is found' },
  only: { type: 'strings', description: 'Run these rules alone', complete: codes },
  rule: {
    type: 'strings',
    description: 'Run these rules too that are off by default',
    complete: rules.filter(({ optIn }) => optIn === true).map(({ id }) => id),
  },
  severity: { type: 'map', description: 'Change the level of a rule: RULE=LEVEL' },
  strict: { type: 'bool', description: 'Run the rules too that are off by default, and fail on any finding' },
  'strict-labels': { type: 'bool', description: 'Report labels that the label schema does not name' },
  'target-os': {
    type: 'string',
    description: 'Platform of all stages: windows or linux (default from the base images)',
    complete: ['windows', 'linux'],
  },
  'trusted-registry': {
    type: 'strings',
    description: 'Registry that base images may come from; "*" stands for any text',
  },
  watch: { type: 'bool', char: 'w', description: 'Lint again whenever a file changes, until Ctrl-C' },
} as const satisfies FlagSpecs;

type Parsed = ParsedFlags<typeof flags>;

export default class Lint extends Command {
  static readonly summary = 'Check Dockerfiles for mistakes, above all those of Windows images';
  static readonly usage = '[OPTIONS] [FILE|DIR|-]...';
  static readonly description =
    'Without a name: all Dockerfiles below the current directory, but what git or .portholeignore\n' +
    'ignores. "-" reads standard input.\n\n' +
    'Exit codes:\n' +
    '  0  nothing found at or above the failure threshold\n' +
    '  1  findings at or above the failure threshold\n' +
    '  2  bad usage, an invalid configuration, a file that cannot be read or that no builder takes\n' +
    'The formats codeclimate and codacy end with 0 whatever is found.';
  static readonly flags = flags;
  static readonly args = { min: 0 };
  static readonly usageExitCode = 2;
  static readonly completes = 'file';
  static readonly examples = ['porthole lint', 'porthole lint --fix --dry-run Dockerfile'];

  async run(parsed: Parsed): Promise<number> {
    const { flags, args } = parsed;
    if (flags['list-rules'] || flags.explain !== '') {
      refuseIf(
        args.length > 0,
        `--${flags['list-rules'] ? 'list-rules' : 'explain'} lints nothing: leave out ${args.join(' ')}`,
      );
      return this.#explain(flags);
    }
    const given = orUsage(() => settingsOfFlags(flags, parsed.changed, rules));
    refuseIf(flags['dry-run'] && !flags.fix, '--dry-run goes with --fix');
    refuseIf(flags.watch && args.includes(stdinName), '--watch cannot watch standard input');
    const { environment } = this.context;
    const named = flags.config === '' ? undefined : flags.config;
    const personal = personalSettings(environment);
    const linter = async (): Promise<Linter> =>
      new Linter(
        rules,
        given,
        {
          cwd: environment.cwd,
          now: environment.now(),
          personal,
          readStdin: () => this.#stdin(),
        },
        named === undefined
          ? undefined
          : await orUsageAsync(loadNamedConfig(named, environment.cwd, rules, environment.env)),
      );
    const names = args.length === 0 ? ['.'] : args;
    if (!flags.watch) return this.#pass(await linter(), names, flags);
    const { watchAndLint } = await import('../src/lint/watch.ts');
    return watchAndLint({
      names,
      cwd: environment.cwd,
      recursive: environment.platform === 'win32',
      config: named,
      personal,
      say: (line) => this.context.stderr.write(`${line}\n`),
      onSignal: this.context.onSignal,
      pass: async (only) => this.#pass(await linter(), names, flags, only),
      errorText: lintErrorText,
    });
  }

  /** Lints what `names` stand for, or those files of it that `only` (absolute) has. */
  async #pass(
    linter: Linter,
    names: readonly string[],
    flags: Parsed['flags'],
    only?: ReadonlySet<string>,
  ): Promise<number> {
    try {
      return await this.#lintAndTell(linter, names, flags, only);
    } finally {
      compilersAfterAll();
    }
  }

  async #lintAndTell(
    linter: Linter,
    names: readonly string[],
    flags: Parsed['flags'],
    only: ReadonlySet<string> | undefined,
  ): Promise<number> {
    const { stdout, stderr, outTerminal, signal } = this.context;
    const refusals = new Set<string>();
    const refuse: Refuse = (name, error) => {
      const text = lintErrorText(name, error);
      // Files that share a wrong configuration complain of it once.
      if (!refusals.has(text)) stderr.write(`${text}\n`);
      refusals.add(text);
    };
    const mode = { fix: flags.fix, dryRun: flags['dry-run'] };
    const listed = await listFiles(names, linter, refuse);
    const chosen = listed.filter((name) => only?.has(linter.path(name)) !== false);
    const files = await linter.lint(chosen, mode, refuse, signal);
    for (const notice of linter.notices) stderr.write(`${notice}\n`);
    const reports = files.map(({ report }) => report);
    this.result(() => ({
      apiVersion: 'porthole/v1',
      findings: JSON.parse(formatOf('json', packageVersion, rules)(reports, plain)) as unknown,
    }));
    const { format = 'human', noColor } = files[0]?.settings ?? {};
    const color = outTerminal.color && noColor !== true;
    if (mode.fix && mode.dryRun) stdout.write(files.map(({ diff }) => diff).join(''));
    else {
      const onStdin = mode.fix ? files.find(({ report }) => report.file === stdinName) : undefined;
      // The corrected text of standard input is the output; what is left to say goes beside it.
      if (onStdin !== undefined) stdout.write(onStdin.fixed);
      (onStdin === undefined ? stdout : stderr).write(
        formatOf(format, packageVersion, rules)(reports, { color, columns: outTerminal.columns }),
      );
    }
    return refusals.size > 0 ? 2 : exitCodeOf(files);
  }

  async #explain(flags: Parsed['flags']): Promise<number> {
    const { explainNamed, listRules, ruleSummaries } = await import('../src/lint/explain.ts');
    if (flags['list-rules']) {
      this.result(() => ruleSummaries());
      this.context.stdout.write(listRules());
      return 0;
    }
    const text = orUsage(() => explainNamed(flags.explain, Math.max(this.context.outTerminal.columns, 40)));
    this.result({ apiVersion: 'porthole/v1', text });
    this.context.stdout.write(text);
    return 0;
  }

  async #stdin(): Promise<Buffer> {
    const { signal } = this.context;
    const stdin = this.context.stdin as Readable;
    // Nobody may ever end it.
    signal.addEventListener('abort', () => stdin.destroy(signal.reason as Error), { once: true });
    const chunks: Buffer[] = [];
    for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    }
    return Buffer.concat(chunks);
  }
}

const plain = { color: false, columns: 80 };
