/**
 * From words to a command (design.md 10): global flags, the command's spelling, its class, its flags, its run. Known commands
 * load nothing but their own file; help, unknown words and plugins load what they need.
 */
import { checkArguments, parseCommand, withCommonFlags } from './argv.ts';
import type { CommandSyntax } from './argv.ts';
import { CliError } from './cli-error.ts';
import type { CommandClass, CommandContext, GlobalFlags } from './command.ts';
import type { CommandIndex } from './command-index.ts';
import { checkHost, parseGlobals } from './globals.ts';
import type { GlobalParse } from './globals.ts';
import { engineErrorOf, jsonDocument, report } from './reporter.ts';
import type { PortholeError } from '../errors/porthole-error.ts';
import { own } from '../text/own.ts';

/** What the dispatcher needs of the world; `src/entry.ts` gives the process, tests give fakes. */
export interface DispatchHost {
  readonly bin: string;
  /** What `--version` prints. */
  readonly version: string;
  readonly defaultConfig: string;
  readonly index: CommandIndex;
  readonly loadCommand: (file: string) => Promise<CommandClass>;
  readonly loadHelp: () => Promise<Helper>;
  readonly context: (
    globals: GlobalFlags,
    dataRoot: string,
  ) => Omit<CommandContext, 'bin' | 'globals' | 'json'>;
  /** Writes that swallow everything, for `--json`. */
  readonly nowhere: () => NodeJS.WritableStream;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** oclif's plugins and hooks: the exit code, or undefined when nobody knows the command either. */
  readonly runPlugin: (argv: readonly string[]) => Promise<number | undefined>;
  /** On Windows: the hint of an engine error, from the table of `explain`. Loaded when something failed. */
  readonly explainHint?: (error: PortholeError) => Promise<string | undefined>;
  /** Exit code of the signal that aborted the run; undefined when none did. */
  readonly signalled: () => number | undefined;
}

/** Renders help; loaded only when asked for. */
export interface Helper {
  root(bin: string): Promise<string>;
  group(bin: string, group: string): Promise<string>;
  command(syntax: CommandSyntax, command: CommandClass, spellings: readonly string[]): string;
  suggestCommand(word: string, group: string): Promise<string | undefined>;
  suggestFlag(message: string, command: CommandClass): string | undefined;
}

interface Modes {
  json: boolean;
  ascii: boolean;
  debug: boolean;
}

/** Runs one command line and gives the exit code. Nothing is thrown. */
export async function dispatch(argv: readonly string[], host: DispatchHost): Promise<number> {
  const modes: Modes = { json: false, ascii: false, debug: false };
  try {
    return await run(argv, host, modes);
  } catch (error) {
    return fail(error, host, modes, undefined);
  }
}

async function fail(error: unknown, host: DispatchHost, modes: Modes, outcome: unknown): Promise<number> {
  const signalled = host.signalled();
  if (signalled !== undefined) return signalled;
  const engineError = host.explainHint && engineErrorOf(error);
  const hint = engineError && (await host.explainHint?.(engineError));
  const { stderr, document, exitCode } = report(error, { ...modes, ...(hint === undefined ? {} : { hint }) });
  if (modes.json) {
    const result = outcome === undefined ? {} : { result: outcome };
    host.stdout.write(jsonDocument({ ...document, ...result }, modes.ascii));
  }
  if (stderr !== '') host.stderr.write(stderr);
  return exitCode;
}

async function run(argv: readonly string[], host: DispatchHost, modes: Modes): Promise<number> {
  const parsed = parseGlobals(argv, host.bin, host.defaultConfig);
  modes.debug = parsed.globals.debug;
  for (const notice of parsed.notices) host.stderr.write(notice + '\n');
  const [word] = parsed.rest;
  if (word === undefined) return rootWithoutCommand(parsed, host);
  checkHost(parsed.globals.host);
  if (word === 'help' && !Object.hasOwn(host.index.commands, 'help')) return help(parsed.rest.slice(1), host);
  return locate(parsed, host, modes);
}

async function rootWithoutCommand(parsed: GlobalParse, host: DispatchHost): Promise<number> {
  if (parsed.version && !parsed.help) {
    host.stdout.write(host.version + '\n');
    return 0;
  }
  const text = await (await host.loadHelp()).root(host.bin);
  (parsed.help ? host.stdout : host.stderr).write(text);
  return 0;
}

/** Follows the words through groups to a command. */
async function locate(parsed: GlobalParse, host: DispatchHost, modes: Modes): Promise<number> {
  let { help: wantsHelp } = parsed;
  let words = parsed.rest;
  let path = '';
  for (;;) {
    const [word] = words;
    if (word === undefined) return groupWithoutCommand(path, wantsHelp, host);
    const spelling = path === '' ? word : `${path} ${word}`;
    const found = own(host.index.commands, spelling);
    if (found) return runCommand(found, words.slice(1), { ...parsed, help: wantsHelp }, host, modes);
    if (!Object.hasOwn(host.index.groups, spelling)) return unknown(spelling, parsed, wantsHelp, host, modes);
    path = spelling;
    const inGroup = parseCommand(words.slice(1), {
      bin: host.bin,
      path: `${host.bin} ${path}`,
      usage: `${host.bin} ${path}`,
      flags: {},
      args: { min: 0 },
      interspersed: false,
    });
    for (const notice of inGroup.notices) host.stdout.write(notice + '\n');
    wantsHelp ||= inGroup.values.flags['help'] === true;
    words = inGroup.values.args;
  }
}

async function groupWithoutCommand(group: string, wantsHelp: boolean, host: DispatchHost): Promise<number> {
  const text = await (await host.loadHelp()).group(host.bin, group);
  (wantsHelp ? host.stdout : host.stderr).write(text);
  return 0;
}

async function unknown(
  spelling: string,
  parsed: GlobalParse,
  wantsHelp: boolean,
  host: DispatchHost,
  modes: Modes,
): Promise<number> {
  const space = spelling.lastIndexOf(' ');
  const group = space < 0 ? '' : spelling.slice(0, space);
  if (group === '') {
    const code = await host.runPlugin(parsed.rest);
    if (code !== undefined) return code;
  }
  modes.json = parsed.rest.includes('--json');
  const helper = await host.loadHelp();
  if (wantsHelp || parsed.rest.includes('--help')) {
    host.stdout.write(group === '' ? await helper.root(host.bin) : await helper.group(host.bin, group));
    return 0;
  }
  const suggestion = await helper.suggestCommand(spelling.slice(space + 1), group);
  const where = group === '' ? host.bin : `${host.bin} ${group}`;
  const usage = group === '' ? '' : `Usage:  ${where}\n\n`;
  throw new CliError(
    `${host.bin}: unknown command: ${host.bin} ${spelling}\n\n${usage}Run '${where} --help' for more information`,
    {
      code: 'UNKNOWN_COMMAND',
      plainMessage: `unknown command: ${host.bin} ${spelling}`,
      ...(suggestion === undefined ? {} : { hint: `did you mean '${host.bin} ${suggestion}'?` }),
    },
  );
}

async function help(words: readonly string[], host: DispatchHost): Promise<number> {
  const helper = await host.loadHelp();
  if (words.length === 0) {
    host.stdout.write(await helper.root(host.bin));
    return 0;
  }
  const path = words.join(' ');
  if (Object.hasOwn(host.index.groups, path)) {
    host.stdout.write(await helper.group(host.bin, path));
    return 0;
  }
  const found = own(host.index.commands, path);
  if (!found) {
    const missing = words.find((_word, index) => {
      const upTo = words.slice(0, index + 1).join(' ');
      return !Object.hasOwn(host.index.groups, upTo) && !Object.hasOwn(host.index.commands, upTo);
    });
    throw new CliError(`unknown help topic: ${missing ?? path}`, { code: 'UNKNOWN_COMMAND' });
  }
  const command = await host.loadCommand(found[0]);
  host.stdout.write(
    helper.command(syntaxOf(command, found[1], host.bin), command, spellingsOf(found[0], command)),
  );
  return 0;
}

/** A command's spellings: its file's folders and name, then its aliases. */
function spellingsOf(file: string, command: CommandClass): string[] {
  return [file.replaceAll('/', ' '), ...(command.aliases ?? [])];
}

/** The texts of a command under the spelling used: `docker container ls [OPTIONS]`. */
export function syntaxOf(command: CommandClass, path: string, bin: string): CommandSyntax {
  const full = `${bin} ${path}`;
  return {
    bin,
    path: full,
    usage: command.usage === '' ? full : `${full} ${command.usage}`,
    flags: command.flags,
    args: command.args,
    interspersed: command.interspersed ?? true,
    ...(command.negativeNumbers === true ? { negativeNumbers: true } : {}),
    ...(command.flagAliases ? { aliases: command.flagAliases } : {}),
  };
}

/** Whether `--json` was asked for, seen before flags are parsed: a wrong flag is reported as a document too. */
function asksForJson(words: readonly string[], command: CommandClass): boolean {
  if ('json' in command.flags) return false;
  const end = words.findIndex(
    (word) => word === '--' || (command.interspersed === false && !word.startsWith('-')),
  );
  return (end < 0 ? words : words.slice(0, end)).some((word) => /^--json(?:-ascii)?$/.test(word));
}

async function runCommand(
  found: readonly [file: string, path: string],
  words: readonly string[],
  global: GlobalParse,
  host: DispatchHost,
  modes: Modes,
): Promise<number> {
  const loaded = await host.loadCommand(found[0]);
  const syntax = syntaxOf(loaded, found[1], host.bin);
  modes.json = asksForJson(words, loaded);
  let parsed: ReturnType<typeof parseCommand>;
  try {
    parsed = parseCommand(words, syntax);
  } catch (error) {
    throw withExitCode(await withFlagHint(error, loaded, host), loaded.usageExitCode);
  }
  const { values, notices } = parsed;
  const flags = values.flags as Record<string, unknown>;
  const own = withCommonFlags(loaded.flags);
  if (own['json']?.own === true) {
    modes.ascii = flags['json-ascii'] === true;
    modes.json = flags['json'] === true || modes.ascii;
  }
  for (const notice of notices) (modes.json ? host.stderr : host.stdout).write(notice + '\n');
  if (global.help || flags['help'] === true) {
    host.stdout.write((await host.loadHelp()).command(syntax, loaded, spellingsOf(found[0], loaded)));
    return 0;
  }
  try {
    checkArguments(values.args, syntax);
  } catch (error) {
    throw withExitCode(error, loaded.usageExitCode);
  }
  return execute(loaded, values, global, host, modes);
}

/** The error with the exit code of a command that has its own. */
function withExitCode(error: unknown, exitCode: number | undefined): unknown {
  if (exitCode === undefined || !(error instanceof CliError)) return error;
  const { message, kind, code, hint, plainMessage } = error;
  return new CliError(message, {
    kind,
    code,
    plainMessage,
    exitCode,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A mistyped flag gets its nearest neighbour as a hint; Docker's own text stays as it is. */
async function withFlagHint(error: unknown, command: CommandClass, host: DispatchHost): Promise<unknown> {
  if (!(error instanceof CliError) || !error.plainMessage.startsWith('unknown flag: --')) return error;
  const hint = (await host.loadHelp()).suggestFlag(error.plainMessage, command);
  if (hint === undefined) return error;
  return new CliError(error.message, {
    code: error.code,
    plainMessage: error.plainMessage,
    exitCode: 125,
    hint,
    cause: error,
  });
}

async function execute(
  loaded: CommandClass,
  values: Parameters<InstanceType<CommandClass>['run']>[0],
  global: GlobalParse,
  host: DispatchHost,
  modes: Modes,
): Promise<number> {
  const base = host.context(global.globals, global.dataRoot);
  const context: CommandContext = Object.defineProperties(base, {
    bin: { value: host.bin, enumerable: true },
    globals: { value: global.globals, enumerable: true },
    json: { value: modes.json, enumerable: true },
    ...(modes.json ? { stdout: { value: host.nowhere(), enumerable: true } } : {}),
  }) as CommandContext;
  const command = new loaded(context);
  let exitCode: number;
  try {
    exitCode = (await command.run(values)) ?? 0;
  } catch (error) {
    return fail(error, host, modes, modes.json ? command.outcome : undefined);
  }
  if (modes.json) host.stdout.write(jsonDocument(command.outcome, modes.ascii));
  return host.signalled() ?? exitCode;
}
