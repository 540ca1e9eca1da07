import { expect } from 'chai';
import { CliError } from '../../src/cli/cli-error.ts';
import { commandEntry } from '../../src/cli/command-scan.ts';
import { indexOf } from '../../src/cli/command-index.ts';
import { Command } from '../../src/cli/command.ts';
import type { CommandClass, CommandContext } from '../../src/cli/command.ts';
import { dispatch } from '../../src/cli/dispatch.ts';
import type { DispatchHost } from '../../src/cli/dispatch.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { createHelper } from '../../src/cli/helper.ts';
import { nowhere } from '../../src/cli/nowhere.ts';
import { PortholeError } from '../../src/errors/porthole-error.ts';

class List extends Command {
  static readonly summary = 'List containers';
  static readonly usage = '[OPTIONS]';
  static readonly aliases = ['container ls', 'container list'];
  static readonly category = 'common';
  static readonly args = { min: 0, max: 0 };
  static readonly flags: FlagSpecs = {
    all: { type: 'bool', char: 'a', description: 'Show all' },
    filter: { type: 'filter', char: 'f', description: 'Filter' },
    time: { type: 'int', description: 'Time', deprecated: 'use --timeout instead' },
  };
  async run({ flags }: ParsedFlags<FlagSpecs>): Promise<void> {
    this.context.stdout.write(`all=${flags['all'] === true}\n`);
    this.result([{ Id: 'é' }]);
  }
}

class Run extends Command {
  static readonly summary = 'Run';
  static readonly usage = '[OPTIONS] IMAGE [COMMAND] [ARG...]';
  static readonly aliases = ['container run'];
  static readonly interspersed = false;
  static readonly args = { min: 1 };
  static readonly flags: FlagSpecs = {
    hostname: { type: 'string', char: 'h', description: 'Host name' },
    detach: { type: 'bool', char: 'd', description: 'Detach' },
  };
  async run({ flags, args }: ParsedFlags<FlagSpecs>): Promise<number> {
    this.context.stdout.write(`${JSON.stringify(flags['hostname'])} ${args.join('|')}\n`);
    return 3;
  }
}

/** Fails in the way its first argument names. */
class Fail extends Command {
  static readonly summary = 'Fail';
  static readonly usage = 'HOW';
  static readonly args = { min: 1 };
  static readonly flags: FlagSpecs = {};
  async run({ args }: ParsedFlags<FlagSpecs>): Promise<void> {
    this.result(['done before']);
    const cause = new Error('the cause');
    switch (args[0]) {
      case 'daemon':
        throw new PortholeError('notFound', 'CONTAINER_NOT_FOUND', 'No such container: x', {
          hint: 'look again',
        });
      case 'client':
        throw new CliError('plain words', { exitCode: 64, cause });
      case 'system':
        throw Object.assign(new Error('ENOENT: no such file or directory, open nope'), {
          code: 'ENOENT',
          syscall: 'open',
          path: 'nope',
        });
      case 'cancelled':
        throw new PortholeError('cancelled', 'CANCELLED', 'no');
      case 'hcs':
        throw new PortholeError('internal', 'HCS', 'failed', {
          cause: Object.assign(new Error('hcs'), { hresult: 0xc0370106 | 0 }),
        });
      default:
        throw new TypeError('x is not a function');
    }
  }
}

const classes: Record<string, CommandClass> = { ps: List, run: Run, fail: Fail };
const entries = Object.entries(classes).map(([file, command]) => commandEntry(file, command));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(argv: string[], more: Partial<DispatchHost> = {}): Promise<Outcome> {
  let out = '';
  let err = '';
  const stdout = { write: (text: string) => (out += text) };
  const stderr = { write: (text: string) => (err += text) };
  const terminal = { isTTY: false, columns: 80, rows: 24, color: false };
  const code = await dispatch(argv, {
    bin: 'docker',
    version: 'Docker version 1',
    defaultConfig: '/home/user/.docker',
    index: indexOf(entries),
    loadCommand: async (file) => classes[file]!,
    loadHelp: async () =>
      createHelper({ entries: async () => entries, terminal, config: '/home/user/.docker' }),
    context: () => ({ stdout, stderr }) as unknown as CommandContext,
    nowhere,
    stdout,
    stderr,
    runPlugin: async () => undefined,
    signalled: () => undefined,
    ...more,
  });
  return { code, out, err };
}

describe('cli/dispatch', () => {
  const cases: [string, string[], Outcome][] = [
    ['runs a command', ['ps', '-a'], { code: 0, out: 'all=true\n', err: '' }],
    ['knows its other spellings', ['container', 'list'], { code: 0, out: 'all=false\n', err: '' }],
    ['takes the exit code', ['run', 'app', '-d', 'x'], { code: 3, out: '"" app|-d|x\n', err: '' }],
    ['leaves -h to run', ['run', '-h', 'web', 'app'], { code: 3, out: '"web" app\n', err: '' }],
    [
      'accepts global flags before the command',
      ['-D', '-l', 'warn', '--config=/x', '-H', 'local', 'ps'],
      { code: 0, out: 'all=false\n', err: '' },
    ],
    ['prints its version', ['--version'], { code: 0, out: 'Docker version 1\n', err: '' }],
    [
      'refuses unknown commands',
      ['frobnicate'],
      {
        code: 1,
        out: '',
        err: "docker: unknown command: docker frobnicate\n\nRun 'docker --help' for more information\n",
      },
    ],
    [
      'guesses what was meant',
      ['pss'],
      {
        code: 1,
        out: '',
        err: "docker: unknown command: docker pss\n\nRun 'docker --help' for more information\nHint: did you mean 'docker ps'?\n",
      },
    ],
    [
      'refuses unknown commands of a group',
      ['container', 'frobnicate'],
      {
        code: 1,
        out: '',
        err: "docker: unknown command: docker container frobnicate\n\nUsage:  docker container\n\nRun 'docker container --help' for more information\n",
      },
    ],
    [
      'refuses flags of a group',
      ['container', '--nope', 'ls'],
      {
        code: 125,
        out: '',
        err: "unknown flag: --nope\n\nUsage:  docker container\n\nRun 'docker container --help' for more information\n",
      },
    ],
    [
      'refuses global flags it does not know',
      ['--nope', 'ps'],
      {
        code: 125,
        out: '',
        err: "unknown flag: --nope\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help' for more information\n",
      },
    ],
    [
      'refuses flags of a command under the spelling used',
      ['container', 'list', '--nope'],
      {
        code: 125,
        out: '',
        err: "unknown flag: --nope\n\nUsage:  docker container ls [OPTIONS]\n\nRun 'docker container ls --help' for more information\n",
      },
    ],
    [
      'hints at the nearest flag',
      ['ps', '--filtr', 'a=b'],
      {
        code: 125,
        out: '',
        err: "unknown flag: --filtr\n\nUsage:  docker ps [OPTIONS]\n\nRun 'docker ps --help' for more information\nHint: did you mean --filter?\n",
      },
    ],
    [
      'counts arguments',
      ['ps', 'x'],
      {
        code: 1,
        out: '',
        err: "docker: 'docker ps' accepts no arguments\n\nUsage:  docker ps [OPTIONS]\n\nRun 'docker ps --help' for more information\n",
      },
    ],
    [
      'refuses log levels',
      ['-l', 'foo', 'ps'],
      { code: 1, out: '', err: 'Unable to parse logging level: foo\n' },
    ],
    [
      'refuses other engines',
      ['-H', 'tcp://x:1', 'ps'],
      {
        code: 1,
        out: '',
        err: 'engine "tcp://x:1" is not supported: only the local engine is\nHint: leave -H out, or say -H local\n',
      },
    ],
    ['refuses two engines', ['-H', 'a', '-H', 'b', 'ps'], { code: 1, out: '', err: 'Specify only one -H\n' }],
    [
      'prints deprecation lines on stdout, as Docker does',
      ['ps', '--time', '5'],
      { code: 0, out: 'Flag --time has been deprecated, use --timeout instead\nall=false\n', err: '' },
    ],
    [
      'knows no such help topic',
      ['help', 'container', 'nope'],
      { code: 1, out: '', err: 'unknown help topic: nope\n' },
    ],
  ];
  for (const [title, argv, expected] of cases) {
    it(title, async () => expect(await run(argv)).to.deep.equal(expected));
  }

  it('prints the full help on stderr without a command', async () => {
    const { code, out, err } = await run([]);
    expect([code, out]).to.deep.equal([0, '']);
    expect(err).to.match(/^Usage: {2}docker \[OPTIONS\] COMMAND\n/);
    expect((await run(['-D'])).err).to.equal(err);
    expect((await run(['--help'])).out).to.equal(err);
    expect((await run(['help'])).out).to.equal(err);
    expect((await run(['frob', '--help'])).out).to.equal(err);
    expect(await run(['-h'])).to.deep.equal({
      code: 0,
      out: err,
      err: 'Flag shorthand -h has been deprecated, use --help\n',
    });
  });

  it('prints the help of a group on stderr when alone, else on stdout', async () => {
    const { err } = await run(['container']);
    expect(err).to.match(/^Usage: {2}docker container COMMAND\n/);
    expect((await run(['container', '--help'])).out).to.equal(err);
    expect((await run(['help', 'container'])).out).to.equal(err);
    expect((await run(['container', 'frob', '--help'])).out).to.equal(err);
  });

  it('prints the help of a command however it is asked for', async () => {
    const { out } = await run(['ps', '--help']);
    expect(out).to.match(/^Usage: {2}docker ps \[OPTIONS\]\n/);
    for (const argv of [
      ['ps', 'x', '--help'],
      ['--help', 'ps'],
      ['help', 'ps'],
    ]) {
      expect(await run(argv)).to.deep.equal({ code: 0, out, err: '' });
    }
    expect((await run(['ps', '-ah'])).out).to.equal(
      `Flag shorthand -h has been deprecated, use --help\n${out}`,
    );
    expect((await run(['container', '--help', 'ls'])).out).to.match(/^Usage: {2}docker container ls /);
  });

  it('reports a wrong flag even when help is asked for', async () => {
    expect((await run(['ps', '--help', '--nope'])).code).to.equal(125);
  });

  it('lets plugins take words it does not know', async () => {
    let seen: readonly string[] = [];
    const outcome = await run(['lint', 'x', '--y'], {
      runPlugin: async (argv) => {
        seen = argv;
        return 7;
      },
    });
    expect(outcome.code).to.equal(7);
    expect(seen).to.deep.equal(['lint', 'x', '--y']);
  });

  it('ends with the signal that aborted it, without a word', async () => {
    expect(await run(['fail', 'daemon'], { signalled: () => 130 })).to.deep.equal({
      code: 130,
      out: '',
      err: '',
    });
    expect((await run(['ps'], { signalled: () => 143 })).code).to.equal(143);
  });
});

describe('cli/dispatch errors', () => {
  const cases: [string, number, string][] = [
    ['daemon', 1, 'Error response from daemon: No such container: x\nHint: look again\n'],
    ['client', 64, 'plain words\n'],
    ['system', 1, 'open nope: no such file or directory\n'],
    ['cancelled', 0, ''],
    [
      'bug',
      1,
      'x is not a function\nHint: this is a mistake in Porthole: please report it with the output of --debug\n',
    ],
  ];
  for (const [how, code, err] of cases) {
    it(how, async () => expect(await run(['fail', how])).to.deep.equal({ code, out: '', err }));
  }

  it('shows causes under --debug', async () => {
    const { err } = await run(['-D', 'fail', 'client']);
    expect(err).to.match(
      /^plain words\nCliError: plain words\n {4}at [^]*caused by: Error: the cause\n {4}at /,
    );
  });
});

describe('cli/dispatch --json', () => {
  const document = async (argv: string[]) => {
    const { code, out, err } = await run(argv);
    return { code, err, document: JSON.parse(out) as unknown };
  };

  it('prints the result and nothing else', async () => {
    expect(await run(['ps', '--json'])).to.deep.equal({
      code: 0,
      out: '[\n  {\n    "Id": "é"\n  }\n]\n',
      err: '',
    });
  });
  it('escapes for consoles with another code page', async () => {
    expect((await run(['ps', '--json-ascii'])).out).to.contain('"Id": "\\u00e9"');
  });
  it('is an empty object for a command without a result', async () => {
    expect(await document(['run', '--json', 'app'])).to.deep.equal({ code: 3, err: '', document: {} });
  });
  it('belongs to the container after the image', async () => {
    expect((await run(['run', 'app', '--json'])).out).to.equal('"" app|--json\n');
  });
  it('moves deprecation lines to stderr', async () => {
    expect((await run(['ps', '--time', '5', '--json'])).err).to.match(/^Flag --time/);
  });
  it('prints the error as a document, beside what succeeded', async () => {
    expect(await document(['fail', '--json', 'daemon'])).to.deep.equal({
      code: 1,
      err: '',
      document: {
        error: {
          code: 'CONTAINER_NOT_FOUND',
          kind: 'notFound',
          message: 'No such container: x',
          hints: ['look again'],
          retriable: false,
          exitCode: 1,
        },
        result: ['done before'],
      },
    });
  });
  it('tells the HRESULT of a Windows error', async () => {
    const { error } = (await document(['fail', '--json', 'hcs'])).document as { error: object };
    expect(error).to.include({ hresult: '0xC0370106', win32: 0x106 });
  });
  it('reports wrong flags, counts and commands as documents too', async () => {
    const errorOf = async (argv: string[]) => {
      const {
        code,
        document: { error },
      } = (await document(argv)) as {
        code: number;
        document: { error: { code: string; message: string } };
      };
      return [code, error.code, error.message];
    };
    expect(await errorOf(['ps', '--nope', '--json'])).to.deep.equal([125, 'USAGE', 'unknown flag: --nope']);
    expect(await errorOf(['ps', '--json', 'x'])).to.deep.equal([
      1,
      'USAGE',
      "'docker ps' accepts no arguments",
    ]);
    expect(await errorOf(['frob', '--json'])).to.deep.equal([
      1,
      'UNKNOWN_COMMAND',
      'unknown command: docker frob',
    ]);
  });
});
