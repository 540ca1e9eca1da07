import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexOf } from '../../src/cli/command-index.ts';
import type { CommandEntry } from '../../src/cli/command-index.ts';
import { scanCommands } from '../../src/cli/command-scan.ts';
import type { CommandClass } from '../../src/cli/command.ts';
import { syntaxOf } from '../../src/cli/dispatch.ts';
import { commandHelp, flagUsages, groupHelp, helpColumns, rootHelp } from '../../src/cli/help.ts';
import { conformance } from '../support/conformance.ts';

const root = join(import.meta.dirname, '../..');

describe('cli/help layout', () => {
  it('wraps flags as pflag does, keeping a short last word on the line', () => {
    const usages = flagUsages(
      {
        all: { type: 'bool', char: 'a', description: 'Show all containers (default shows just running)' },
        filter: { type: 'filter', char: 'f', description: 'Filter output based on conditions provided' },
        last: {
          type: 'int',
          char: 'n',
          default: -1,
          description: 'Show n last created containers (includes all states)',
        },
        pull: { type: 'string', default: 'missing', description: 'Pull image' },
        opt: { type: 'map', description: 'Options' },
        'sig-proxy': { type: 'bool', default: true, description: 'Proxy' },
        progress: { type: 'string', noOptDefault: 'auto', description: 'Progress' },
        gone: { type: 'int', deprecated: 'use --here instead', description: 'Gone' },
        secret: { type: 'bool', hidden: true, description: 'Hidden' },
      },
      60,
    );
    expect(usages.split('\n')).to.deep.equal([
      '  -a, --all                        Show all containers',
      '                                   (default shows just',
      '                                   running)',
      '  -f, --filter filter              Filter output based',
      '                                   on conditions provided',
      '  -n, --last int                   Show n last created',
      '                                   containers',
      '                                   (includes all',
      '                                   states) (default -1)',
      '      --opt map                    Options (default map[])',
      '      --progress string[="auto"]   Progress',
      '      --pull string                Pull image (default',
      '                                   "missing")',
      '      --sig-proxy                  Proxy (default true)',
    ]);
  });

  it('puts descriptions below the flags where the terminal is narrow', () => {
    expect(
      flagUsages({ 'a-long-name': { type: 'string', description: 'one two three four five six' } }, 42),
    ).to.equal('      --a-long-name string   \n                one two three four\n                five six');
  });

  it('uses the terminal but for one column, 79 without one', () => {
    expect(helpColumns({ isTTY: true, columns: 120 })).to.equal(119);
    expect(helpColumns({ isTTY: false, columns: 120 })).to.equal(79);
  });
});

describe('cli/help of every command', () => {
  let entries: CommandEntry[];
  const classes = new Map<string, CommandClass>();
  before(async () => {
    entries = await scanCommands(join(root, 'commands'));
    for (const { file } of entries) {
      const loaded = (await import(join(root, 'commands', file + '.ts'))) as { default: CommandClass };
      classes.set(file, loaded.default);
    }
  });

  function helpOf(spelling: string): string {
    const [file, path] = indexOf(entries).commands[spelling]!;
    const command = classes.get(file)!;
    return commandHelp(
      {
        syntax: syntaxOf(command, path, 'docker'),
        summary: command.summary,
        description: command.description,
        examples: command.examples,
        spellings: [file.replaceAll('/', ' '), ...(command.aliases ?? [])],
      },
      79,
    );
  }

  it('starts with the words of the released client', function () {
    if (conformance === undefined) {
      console.log('      skipped: conformance data is not beside the checkout');
      this.skip();
    }
    const recorded = JSON.parse(readFileSync(join(conformance, 'help/help.json'), 'utf8')) as Record<
      string,
      string
    >;
    const wrong: string[] = [];
    for (const spelling of Object.keys(indexOf(entries).commands)) {
      const text = recorded[`docker ${spelling}`];
      if (text !== undefined && !helpOf(spelling).startsWith(text.trimEnd() + '\n')) wrong.push(spelling);
    }
    for (const spelling of wrong.slice(0, 1)) {
      expect(helpOf(spelling)).to.equal(recorded[`docker ${spelling}`]);
    }
    expect(wrong).to.deep.equal([]);
  });

  it('adds only what is marked as our own', () => {
    for (const spelling of Object.keys(indexOf(entries).commands)) {
      const command = classes.get(indexOf(entries).commands[spelling]![0])!;
      const own = Object.entries(command.flags).filter(
        ([, spec]) => spec.own === true && spec.hidden !== true,
      );
      const [docker = '', ours = ''] = helpOf(spelling).split('\nPorthole Options:\n');
      for (const [name] of own) expect(docker).not.to.match(new RegExp(`^ .*--${name}\\b`, 'm'));
      expect(ours).to.match(/^ {6}--json /m);
    }
  });

  it('lists commands and groups of the root', () => {
    const text = rootHelp('porthole', entries, 79, { config: '/home/user/.docker' });
    expect(text).to.match(/^Usage: {2}porthole \[OPTIONS\] COMMAND\n/);
    for (const entry of entries.filter(({ path, hidden }) => !path.includes(' ') && !hidden)) {
      expect(text).to.contain(`\n  ${entry.path.padEnd(12)}${entry.summary}\n`);
    }
    expect(text).to.contain(
      '      --config string      Location of client config files (default\n                           "/home/user/.docker")\n',
    );
  });

  it('lists a management command', () => {
    const text = groupHelp('porthole', 'container', entries);
    expect(text).to.match(/^Usage: {2}porthole container COMMAND\n\nManage containers\n\nCommands:\n/);
    expect(text).to.match(/\n {2}ls {10}List containers\n/);
    expect(text).to.match(/\nRun 'porthole container COMMAND --help' for more information on a command.\n$/);
  });

  it('shows groups and the root as Docker does, but for commands that only one of them has', function () {
    if (conformance === undefined) this.skip();
    const recorded = JSON.parse(readFileSync(join(conformance, 'help/help.json'), 'utf8')) as Record<
      string,
      string
    >;
    const rows = (text: string) => text.split('\n').filter((line) => /^ {2}[a-z]/.test(line));
    const nameOf = (line: string) => line.trim().split(' ')[0]!;
    const shared = (one: string[], other: string[]) => {
      const names = new Set(other.map(nameOf));
      return one.filter((line) => names.has(nameOf(line)));
    };
    const groups = Object.keys(indexOf(entries).groups);
    const pages: [string, string][] = [
      ['docker', rootHelp('docker', entries, 79, { config: '/home/user/.docker' })],
      ...groups.map((group): [string, string] => [`docker ${group}`, groupHelp('docker', group, entries)]),
    ];
    for (const [page, text] of pages) {
      const theirs = recorded[page];
      if (theirs === undefined) continue;
      expect(shared(rows(text), rows(theirs)), page).to.deep.equal(shared(rows(theirs), rows(text)));
    }
  });

  it('covers every spelling that Docker has for a command', function () {
    if (conformance === undefined || !existsSync(join(conformance, 'help/flags.json'))) this.skip();
    const recorded = JSON.parse(readFileSync(join(conformance, 'help/flags.json'), 'utf8')) as Record<
      string,
      { aliases?: string[] }
    >;
    const ours = new Set(Object.keys(indexOf(entries).commands));
    const missing = new Set<string>();
    for (const spelling of ours) {
      for (const alias of recorded[`docker ${spelling}`]?.aliases ?? []) {
        const known = alias.slice('docker '.length);
        if (!ours.has(known)) missing.add(known);
      }
    }
    expect([...missing]).to.deep.equal([]);
  });
});
