/** Help in Docker's layout (docker-cli.md 1.1): pure text from statics. */
import { quoteGo } from '../text/go-quote.ts';
import { displayWidth } from '../text/width.ts';
import type { CommandSyntax } from './argv.ts';
import { withCommonFlags } from './argv.ts';
import type { CommandEntry } from './command-index.ts';
import { groupOf, groupSummaries } from './command-index.ts';
import type { FlagSpec, FlagSpecs } from './flag.ts';
import { globalFlags } from './globals.ts';

/** Everything up to one column less than the terminal is used; without a terminal 79. */
export function helpColumns(terminal: { isTTY: boolean; columns: number }): number {
  return terminal.isTTY && terminal.columns > 1 ? terminal.columns - 1 : 79;
}

/** Cuts `text` at the last blank within `limit`, or at a newline before; a rest of up to `slop` more stays on the line. */
function cutLine(text: string, limit: number, slop: number): [string, string] {
  if (limit + slop > text.length) return [text, ''];
  const head = text.slice(0, limit);
  const blank = Math.max(head.lastIndexOf(' '), head.lastIndexOf('\t'), head.lastIndexOf('\n'));
  if (blank <= 0) return [text, ''];
  const newline = head.lastIndexOf('\n');
  const at = newline > 0 && newline < blank ? newline : blank;
  return [text.slice(0, at), text.slice(at + 1)];
}

const orphan = 5;

/** Wraps a flag's description at `columns` with continuation lines indented by `indent`, as pflag does. */
function wrap(text: string, indent: number, columns: number): string {
  let margin = indent;
  let room = columns - margin;
  let out = '';
  if (room < 24) {
    margin = 16;
    room = columns - margin;
    out = '\n' + ' '.repeat(margin);
  }
  const blank = '\n' + ' '.repeat(margin);
  if (room < 24) return text.replaceAll('\n', out);
  let rest = text;
  let first = true;
  while (first || rest !== '') {
    const [line, left] = cutLine(rest, room - orphan, orphan);
    out += (first ? '' : blank) + line.replaceAll('\n', blank);
    first = false;
    rest = left;
  }
  return out;
}

const zeroDefaults = new Set<string>(['', '0', 'false', '[]', 'map[]', '0s']);

/** ` (default …)` as pflag adds it: never for zero values, except the types whose zero prints as brackets. */
function defaultText(spec: FlagSpec): string {
  if (spec.helpDefault !== undefined) return ` (default ${spec.helpDefault})`;
  if (spec.type === 'map') return ' (default map[])';
  if (spec.type === 'ulimit') return ' (default [])';
  if (spec.type === 'duration' && spec.default === undefined) return ' (default 0s)';
  const value = spec.default === undefined ? '' : String(spec.default);
  if (zeroDefaults.has(value)) return '';
  return spec.type === 'string' ? ` (default ${quoteGo(value)})` : ` (default ${value})`;
}

function valueName(spec: FlagSpec): string {
  const name = spec.placeholder ?? (spec.type === 'bool' ? '' : spec.type);
  const bare =
    spec.noOptDefault === undefined
      ? ''
      : spec.type === 'string'
        ? `[="${spec.noOptDefault}"]`
        : `[=${spec.noOptDefault}]`;
  return (name === '' ? '' : ' ' + name) + bare;
}

const goNames: Readonly<Record<string, string>> = { int64: 'int' };

/** pflag's two-column list of flags, sorted by name. */
export function flagUsages(flags: FlagSpecs, columns: number): string {
  const shown = Object.entries(flags).filter(
    ([, spec]) => spec.hidden !== true && spec.deprecated === undefined,
  );
  shown.sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = shown.map(([name, spec]) => {
    const letter =
      spec.char === undefined || spec.charDeprecated !== undefined ? '      ' : `  -${spec.char}, `;
    const named = spec.placeholder === undefined ? { ...spec, placeholder: goNames[spec.type] } : spec;
    return [
      `${letter}--${name}${valueName(named as FlagSpec)}`,
      spec.description + defaultText(spec),
    ] as const;
  });
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows
    .map(([left, text]) => `${left}${' '.repeat(width - left.length)}   ${wrap(text, width + 3, columns)}\n`)
    .join('')
    .trimEnd();
}

function section(title: string, body: string): string {
  return body === '' ? '' : `\n${title}:\n${body}\n`;
}

function splitOwn(flags: FlagSpecs): { docker: FlagSpecs; own: FlagSpecs } {
  const entries = Object.entries(flags);
  return {
    docker: Object.fromEntries(entries.filter(([, spec]) => spec.own !== true)),
    own: Object.fromEntries(entries.filter(([, spec]) => spec.own === true)),
  };
}

export interface CommandHelp {
  readonly syntax: CommandSyntax;
  readonly summary: string;
  readonly description?: string | undefined;
  readonly examples?: readonly string[] | undefined;
  /** Every spelling, the own one first. */
  readonly spellings: readonly string[];
}

/** Management spellings of the first group, then the short one, then other groups. */
function orderedSpellings(spellings: readonly string[]): string[] {
  const first = groupOf(spellings.find((spelling) => spelling.includes(' ')) ?? '');
  const rank = (spelling: string) => (groupOf(spelling) === '' ? 1 : groupOf(spelling) === first ? 0 : 2);
  return [...spellings].sort((a, b) => rank(a) - rank(b));
}

/** Docker's text of the command, then what only Porthole has. */
export function commandHelp(help: CommandHelp, columns: number): string {
  const { syntax, spellings } = help;
  const { docker, own } = splitOwn(withCommonFlags(syntax.flags));
  const aliases = orderedSpellings(spellings).map((spelling) => `${syntax.bin} ${spelling}`);
  return (
    `Usage:  ${syntax.usage}\n\n${help.description ?? help.summary}\n` +
    (aliases.length > 1 ? section('Aliases', `  ${aliases.join(', ')}`) : '') +
    section('Options', flagUsages(docker, columns)) +
    section('Porthole Options', flagUsages(own, columns)) +
    section('Examples', (help.examples ?? []).map((example) => `  ${example}`).join('\n'))
  );
}

/** Names padded to at least 11 columns, as cobra does. */
function summaries(items: readonly (readonly [name: string, summary: string])[], padding: number): string {
  return items.map(([name, summary]) => `  ${name.padEnd(padding + 1)}${summary}`).join('\n');
}

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]) => (a < b ? -1 : 1);
const paddingOf = (names: readonly string[]) => Math.max(11, ...names.map(displayWidth));

/** The names shown below a group: each command once, under its first spelling there. */
function commandsIn(group: string, entries: readonly CommandEntry[]): [string, CommandEntry][] {
  const found: [string, CommandEntry][] = [];
  for (const entry of entries) {
    if (entry.hidden) continue;
    const spelling = [entry.path, ...entry.aliases].find((candidate) => groupOf(candidate) === group);
    if (spelling !== undefined)
      found.push([group === '' ? spelling : spelling.slice(group.length + 1), entry]);
  }
  return found;
}

export function groupHelp(bin: string, group: string, entries: readonly CommandEntry[]): string {
  const items = commandsIn(group, entries).map(([name, entry]) => [name, entry.summary] as const);
  const padding = paddingOf(items.map(([name]) => name));
  return (
    `Usage:  ${bin} ${group} COMMAND\n\n${groupSummaries[group] ?? `Manage ${group}s`}\n` +
    section('Commands', summaries([...items].sort(byName), padding)) +
    `\nRun '${bin} ${group} COMMAND --help' for more information on a command.\n`
  );
}

/** Docker's order of its common commands; the rest of a category is alphabetical. */
const commonOrder = 'run exec ps build pull push images login logout search version info'.split(' ');

export function rootHelp(
  bin: string,
  entries: readonly CommandEntry[],
  columns: number,
  defaults: { config: string },
): string {
  const top = commandsIn('', entries);
  const groups = new Set(
    entries.flatMap((entry) =>
      entry.hidden ? [] : [entry.path, ...entry.aliases].map(groupOf).filter((group) => group !== ''),
    ),
  );
  const management = [...groups].map(
    (group) => [group, groupSummaries[group] ?? `Manage ${group}s`] as const,
  );
  const named = (category: string) =>
    top
      .filter(([, entry]) => entry.category === category)
      .map(([name, entry]) => [name, entry.summary] as const)
      .sort(byName);
  const common = named('common').sort(([a], [b]) => {
    const [first, second] = [commonOrder.indexOf(a), commonOrder.indexOf(b)];
    return (first < 0 ? commonOrder.length : first) - (second < 0 ? commonOrder.length : second);
  });
  const padding = paddingOf([...top.map(([name]) => name), ...groups]);
  const flags = { ...globalFlags, config: { ...globalFlags.config, default: defaults.config } };
  return (
    `Usage:  ${bin} [OPTIONS] COMMAND\n\nDocker for Windows containers, with no daemon\n` +
    section('Common Commands', summaries(common, padding)) +
    section('Management Commands', summaries([...management, ...named('management')].sort(byName), padding)) +
    section('Commands', summaries(named('command'), padding)) +
    section('Global Options', flagUsages(flags, columns)) +
    `\nRun '${bin} COMMAND --help' for more information on a command.\n`
  );
}
