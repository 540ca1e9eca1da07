import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { commandEntry } from '../../src/cli/command-scan.ts';
import type { CommandClass } from '../../src/cli/command.ts';
import { complete, splitLine } from '../../src/cli/complete.ts';
import { completionScript, isProgramName } from '../../src/cli/completion-scripts.ts';
import type { FlagSpecs } from '../../src/cli/flag.ts';
import { objectNames } from '../../src/cli/object-names.ts';
import type { Engine } from '../../src/engine/roles/index.ts';

const flags: FlagSpecs = {
  all: { type: 'bool', char: 'a', description: 'Show all' },
  tty: { type: 'bool', char: 't', description: 'TTY' },
  network: { type: 'network', description: 'Network', complete: 'network' },
  file: { type: 'string', char: 'f', description: 'File', complete: 'file' },
  pull: { type: 'string', description: 'Pull', complete: ['always', 'missing', 'never'] },
  name: { type: 'string', char: 'n', description: 'Name' },
  gone: { type: 'int', description: 'Gone', deprecated: 'use --here' },
  color: { type: 'string', description: 'Color', noOptDefault: 'auto', complete: ['auto', 'never'] },
};
const command = (statics: Partial<CommandClass>): CommandClass =>
  ({ summary: 'Does it', usage: '', args: { min: 0 }, flags, ...statics }) as CommandClass;
const entries = [
  commandEntry(
    'ps',
    command({ summary: 'List', aliases: ['container ls', 'container list'], completes: 'none' }),
  ),
  commandEntry('run', command({ aliases: ['container run'], interspersed: false, completes: 'image' })),
  commandEntry('rm', command({ aliases: ['container rm'], completes: 'container' })),
  commandEntry('load', command({ completes: 'file' })),
  commandEntry('network/ls', command({ aliases: ['network list'] })),
  commandEntry('__complete', command({ hidden: true })),
];

/** `line` is what follows the program's name; its last word is completed. */
function offered(line: string): string[] | string {
  const completion = complete(splitLine(line), entries);
  if (completion.kind === 'files') return 'files';
  if (completion.kind === 'words') return completion.candidates.map(({ value }) => value);
  const { of, prefix, lead, given } = completion;
  return `${lead}${of} ${prefix}* without ${given.join(',')}`;
}

describe('cli/complete', () => {
  const cases: [string, string[] | string][] = [
    ['', ['container', 'help', 'load', 'network', 'ps', 'rm', 'run']],
    ['r', ['rm', 'run']],
    ['__', []],
    ['nope ', []],
    ['container ', ['list', 'ls', 'rm', 'run']],
    ['container l', ['list', 'ls']],
    ['container nope ', []],
    ['help con', ['container']],
    ['help container r', ['rm', 'run']],
    ['container --h', ['--help']],
    ['--lo', ['--log-level']],
    ['--log-level ', ['debug', 'info', 'warn', 'error', 'fatal']],
    ['--log-level debug p', ['ps']],
    ['--log-level=w', ['--log-level=warn']],
    ['-D r', ['rm', 'run']],
    [
      'ps --',
      [
        '--all',
        '--tty',
        '--network',
        '--file',
        '--pull',
        '--name',
        '--color',
        '--json',
        '--json-ascii',
        '--help',
      ],
    ],
    ['ps --a', ['--all']],
    ['ps --g', []],
    [
      'ps -',
      [
        '--all',
        '--tty',
        '--network',
        '--file',
        '--pull',
        '--name',
        '--color',
        '--json',
        '--json-ascii',
        '--help',
        '-a',
        '-t',
        '-f',
        '-n',
      ],
    ],
    ['ps ', []],
    ['ps --pull ', ['always', 'missing', 'never']],
    ['ps --pull=m', ['--pull=missing']],
    ['ps --color ', []],
    ['ps --color=', ['--color=auto', '--color=never']],
    ['ps --name ', []],
    ['ps --file ', 'files'],
    ['ps -atf ', 'files'],
    ['ps -f x ', []],
    ['rm --network n', 'network n* without '],
    ['rm --network=n', '--network=network n* without '],
    ['rm ', 'container * without '],
    ['rm web d', 'container d* without web'],
    ['rm -a web ', 'container * without web'],
    ['rm -- -', 'container -* without '],
    ['container rm w', 'container w* without '],
    ['run ', 'image * without '],
    ['run -t --name x ', 'image * without '],
    ['run app ', []],
    ['run app --', []],
    ['load ', 'files'],
    ['rm \'a b\' "c d" e\\ f', 'container e f* without a b,c d'],
  ];
  for (const [line, expected] of cases) {
    it(JSON.stringify(line), () => expect(offered(line)).to.deep.equal(expected));
  }

  it('shows summaries as tooltips', () => {
    const completion = complete(['p'], entries);
    expect(completion).to.deep.equal({ kind: 'words', candidates: [{ value: 'ps', tooltip: 'List' }] });
  });
});

describe('cli/object-names', () => {
  const engine = {
    containers: {
      list: async () => [
        { Id: 'a'.repeat(64), Names: ['/web'], Image: 'app', Status: 'Up 2 hours', State: 'running' },
        { Id: 'b1'.repeat(32), Names: ['/db'], Image: 'db', Status: 'Exited (0)', State: 'exited' },
      ],
    },
    images: {
      list: async () => [
        { Id: `sha256:${'c'.repeat(64)}`, RepoTags: ['app:latest', 'app:1'] },
        { Id: `sha256:${'d'.repeat(64)}`, RepoTags: [] },
      ],
    },
    networks: { list: async () => [{ Name: 'nat', Driver: 'nat' }] },
    volumes: { list: async () => ({ Volumes: [{ Name: 'data', Driver: 'local' }], Warnings: null }) },
  } as unknown as Engine;
  const names = async (kind: string, prefix = '', given: string[] = []) =>
    (await objectNames(engine, kind, prefix, given)).map(({ value, tooltip }) => `${value} (${tooltip})`);

  it('names containers by what they do', async () => {
    expect(await names('container')).to.deep.equal(['web (app, Up 2 hours)', 'db (db, Exited (0))']);
    expect(await names('running-container')).to.deep.equal(['web (app, Up 2 hours)']);
    expect(await names('stopped-container')).to.deep.equal(['db (db, Exited (0))']);
  });
  it('leaves out what is given already', async () => {
    expect(await names('container', '', ['web'])).to.deep.equal(['db (db, Exited (0))']);
  });
  it('offers IDs where no name fits', async () => {
    expect(await names('container', 'b1')).to.deep.equal(['b1b1b1b1b1b1 (/db)']);
    expect(await names('image', 'dd')).to.deep.equal(['dddddddddddd (untagged image)']);
  });
  it('names images, networks and volumes', async () => {
    expect(await names('image', 'app')).to.deep.equal(['app:latest (image)', 'app:1 (image)']);
    expect(await names('network')).to.deep.equal(['nat (nat network)']);
    expect(await names('volume')).to.deep.equal(['data (local volume)']);
    expect(await names('plugin')).to.deep.equal([]);
  });
});

describe('cli/completion-scripts', () => {
  it('takes plain names only', () => {
    expect(['d', 'my-docker', 'a.b'].every(isProgramName)).to.equal(true);
    expect(['', 'a b', "a'", '$(x)', 'a;b'].some(isProgramName)).to.equal(false);
  });

  it('registers every name with PowerShell and never falls back to files', () => {
    const script = completionScript('powershell', ['d']);
    expect(script).to.contain(
      "Register-ArgumentCompleter -Native -CommandName 'porthole', 'd' -ScriptBlock {",
    );
    expect(script).to.contain("if (-not $found) { '' }");
  });

  for (const shell of ['bash', 'zsh'] as const) {
    it(`is a script that ${shell} accepts`, function () {
      const parsed = spawnSync(shell, ['-n'], { input: completionScript(shell, ['d']), encoding: 'utf8' });
      if (parsed.error) {
        console.log(`      skipped: ${shell} is not installed`);
        this.skip();
      }
      expect(parsed.stderr).to.equal('');
      expect(parsed.status).to.equal(0);
    });
  }

  it('completes in bash', function () {
    this.timeout(20_000);
    if (spawnSync('bash', ['-c', 'true']).error) this.skip();
    const dev = join(import.meta.dirname, '../../bin/dev.js');
    const completed = (line: string, word: string): string[] => {
      const script = `porthole() { "${process.execPath}" "${dev}" "$@"; }
${completionScript('bash', [])}
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:' COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(porthole '${word}') COMP_CWORD=1
_porthole_complete
printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
    };
    expect(completed('porthole netw', 'netw')).to.deep.equal(['network']);
    expect(completed('porthole run --pull=m', 'm')).to.deep.equal(['missing']);
    expect(completed('porthole ps nothing', 'nothing')).to.deep.equal(['']);
  });
});
