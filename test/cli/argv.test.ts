import { expect } from 'chai';
import {
  checkArguments,
  commonFlags,
  parseCommand,
  parseFlags,
  withCommonFlags,
} from '../../src/cli/argv.ts';
import type { CommandSyntax } from '../../src/cli/argv.ts';
import type { FlagSpecs } from '../../src/cli/flag.ts';
import { PortholeError } from '../../src/errors/porthole-error.ts';

const flags = {
  all: { type: 'bool', char: 'a', description: '' },
  detach: { type: 'bool', char: 'd', description: '' },
  interactive: { type: 'bool', char: 'i', description: '' },
  tty: { type: 'bool', char: 't', description: '' },
  rm: { type: 'bool', description: '' },
  'sig-proxy': { type: 'bool', description: '', default: true },
  name: { type: 'string', description: '' },
  last: { type: 'int', char: 'n', description: '', default: -1 },
  publish: { type: 'list', char: 'p', description: '' },
  env: { type: 'list', char: 'e', description: '' },
  volume: { type: 'list', char: 'v', description: '' },
  subnet: { type: 'strings', description: '' },
  opt: { type: 'map', char: 'o', description: '' },
  docker: { type: 'stringToString', description: '' },
  memory: { type: 'bytes', char: 'm', description: '' },
  'memory-swap': { type: 'bytes', unlimited: true, description: '' },
  cpus: { type: 'decimal', description: '' },
  'blkio-weight': { type: 'uint16', description: '' },
  'io-maxiops': { type: 'uint', description: '' },
  interval: { type: 'duration', description: '' },
  filter: { type: 'filter', char: 'f', description: '' },
  ulimit: { type: 'ulimit', description: '' },
  time: { type: 'int', description: '', deprecated: 'use --timeout instead' },
  color: { type: 'string', description: '', noOptDefault: 'always' },
  attach: {
    type: 'list',
    description: '',
    check: (value) => {
      if (!/^std(in|out|err)$/i.test(value)) throw new Error('valid streams are STDIN, STDOUT and STDERR');
      return value.toLowerCase();
    },
  },
  network: { type: 'network', description: '' },
} as const satisfies FlagSpecs;

const parse = (argv: string[], interspersed = true) =>
  parseFlags(argv, flags, { interspersed, aliases: { net: 'network' } });
const failure = (argv: string[]): string => {
  try {
    parse(argv);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
};

describe('cli/argv values', () => {
  const cases: [string[], string, unknown][] = [
    [['-it'], 'tty', true],
    [['-itd'], 'detach', true],
    [['--rm=false'], 'rm', false],
    [['--rm', 'false'], 'rm', true],
    [['--rm=T'], 'rm', true],
    [['--sig-proxy=0'], 'sig-proxy', false],
    [[], 'sig-proxy', true],
    [[], 'last', -1],
    [['-n', '5'], 'last', 5],
    [['-n5'], 'last', 5],
    [['-n=5'], 'last', 5],
    [['--last', '-5'], 'last', -5],
    [['--last=0x1_0'], 'last', 16],
    [['-n', '010'], 'last', 8],
    [['-n', '1', '-n', '2'], 'last', 2],
    [['-p8080:80'], 'publish', ['8080:80']],
    [['-p', '80', '-p=81', '--publish', '82'], 'publish', ['80', '81', '82']],
    [['-itv', 'C:\\a:C:\\b'], 'volume', ['C:\\a:C:\\b']],
    [['-e', '-i'], 'env', ['-i']],
    [['--env=-i'], 'env', ['-i']],
    [['--env', '--rm'], 'env', ['--rm']],
    [['--env='], 'env', ['']],
    [['--name='], 'name', ''],
    [['--name', 'a', '--name', 'b'], 'name', 'b'],
    [['--name=a=b'], 'name', 'a=b'],
    [['--subnet', 'a,b', '--subnet', '"c,d",e'], 'subnet', ['a', 'b', 'c,d', 'e']],
    [['--subnet', ''], 'subnet', []],
    [['-o', 'a=1', '-o', 'b=2', '-o', 'a=3=4', '-o', 'z'], 'opt', { a: '3=4', b: '2', z: '' }],
    [['--docker', 'host=tcp://x,ca=y=z'], 'docker', { host: 'tcp://x', ca: 'y=z' }],
    [['-m', '1.5GiB'], 'memory', 1610612736],
    [['-m', '512m'], 'memory', 536870912],
    [['-m', '5 kb'], 'memory', 5120],
    [['-m', '1_0'], 'memory', 10],
    [['-m', '32b'], 'memory', 32],
    [['--memory-swap', '-1'], 'memory-swap', -1],
    [['--cpus', '1.5'], 'cpus', 1_500_000_000],
    [['--cpus', '3/2'], 'cpus', 1_500_000_000],
    [['--cpus', '2e-1'], 'cpus', 200_000_000],
    [['--cpus', '0x1.8'], 'cpus', 1_500_000_000],
    [['--cpus', '.5'], 'cpus', 500_000_000],
    [['--blkio-weight', '65535'], 'blkio-weight', 65535],
    [['--interval', '1h2m3.5s'], 'interval', 3_723_500_000_000],
    [['-f', 'Name = web '], 'filter', ['name=web']],
    [['-f', '', '-f', 'label=a=b'], 'filter', ['label=a=b']],
    [['--ulimit', 'nofile=+5'], 'ulimit', ['nofile=5:5']],
    [['--color'], 'color', 'always'],
    [['--color', 'never'], 'color', 'always'],
    [['--color=never'], 'color', 'never'],
    [['--attach', 'STDIN'], 'attach', ['stdin']],
    [['--net', 'nat'], 'network', ['nat']],
  ];
  for (const [argv, name, expected] of cases) {
    it(`${argv.join(' ') || '(nothing)'} gives ${name} ${JSON.stringify(expected)}`, () => {
      expect((parse(argv).values.flags as Record<string, unknown>)[name]).to.deep.equal(expected);
    });
  }

  it('tells which flags were given', () => {
    expect([...parse(['-a', '--rm=false']).values.changed]).to.deep.equal(['all', 'rm']);
  });

  it('keeps deprecation lines until the parse has succeeded', () => {
    expect(parse(['--time', '5']).notices).to.deep.equal([
      'Flag --time has been deprecated, use --timeout instead',
    ]);
  });
});

describe('cli/argv positionals', () => {
  it('reads flags on both sides of positionals', () => {
    expect(parse(['a', '-a', 'b', '--rm']).values.args).to.deep.equal(['a', 'b']);
  });
  it('stops at the first positional when not interspersed', () => {
    const { flags: values, args } = parse(['-d', 'app', '-a', '--rm', 'a', 'b', 'a'], false).values;
    expect(args).to.deep.equal(['app', '-a', '--rm', 'a', 'b', 'a']);
    expect(values['rm']).to.equal(false);
  });
  it('ends flags at --, which is dropped', () => {
    expect(parse(['-a', '--', '-d', '--', 'x']).values.args).to.deep.equal(['-d', '--', 'x']);
  });
  it('keeps a later -- of a command that is not interspersed', () => {
    expect(parse(['app', '--', 'x'], false).values.args).to.deep.equal(['app', '--', 'x']);
  });
  it('takes - and the empty word as positionals', () => {
    expect(parse(['-', '', '-a']).values.args).to.deep.equal(['-', '']);
  });
});

describe('cli/argv error texts', () => {
  const cases: [string[], string][] = [
    [['--nope'], 'unknown flag: --nope'],
    [['--nope=1'], 'unknown flag: --nope'],
    [['--constructor'], 'unknown flag: --constructor'],
    [['-z'], "unknown shorthand flag: 'z' in -z"],
    [['-az'], "unknown shorthand flag: 'z' in -z"],
    [['-zh'], "unknown shorthand flag: 'z' in -zh"],
    [['-é'], "unknown shorthand flag: 'Ã' in -é"],
    [['--filter'], 'flag needs an argument: --filter'],
    [['-n'], "flag needs an argument: 'n' in -n"],
    [['-an'], "flag needs an argument: 'n' in -n"],
    [['--=a'], 'bad flag syntax: --=a'],
    [['---a'], 'bad flag syntax: ---a'],
    [
      ['-n', 'abc'],
      'invalid argument "abc" for "-n, --last" flag: strconv.ParseInt: parsing "abc": invalid syntax',
    ],
    [['-n='], 'invalid argument "=" for "-n, --last" flag: strconv.ParseInt: parsing "=": invalid syntax'],
    [
      ['-n', '99999999999999999999'],
      'invalid argument "99999999999999999999" for "-n, --last" flag: strconv.ParseInt: parsing "99999999999999999999": value out of range',
    ],
    [
      ['-n', '08'],
      'invalid argument "08" for "-n, --last" flag: strconv.ParseInt: parsing "08": invalid syntax',
    ],
    [
      ['--all=maybe'],
      'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      ['--blkio-weight', '70000'],
      'invalid argument "70000" for "--blkio-weight" flag: strconv.ParseUint: parsing "70000": value out of range',
    ],
    [
      ['--io-maxiops', '-1'],
      'invalid argument "-1" for "--io-maxiops" flag: strconv.ParseUint: parsing "-1": invalid syntax',
    ],
    [['--interval', '5'], 'invalid argument "5" for "--interval" flag: time: missing unit in duration "5"'],
    [
      ['--interval', '5y'],
      'invalid argument "5y" for "--interval" flag: time: unknown unit "y" in duration "5y"',
    ],
    [['--interval', '.s'], 'invalid argument ".s" for "--interval" flag: time: invalid duration ".s"'],
    [['-m', '12q'], 'invalid argument "12q" for "-m, --memory" flag: invalid suffix: \'q\''],
    [['-m', '5KIBx'], 'invalid argument "5KIBx" for "-m, --memory" flag: invalid suffix: \'KIBx\''],
    [['-m', '5XB'], 'invalid argument "5XB" for "-m, --memory" flag: invalid suffix: \'xb\''],
    [['-m', '-1'], 'invalid argument "-1" for "-m, --memory" flag: invalid size: \'-1\''],
    [
      ['-m', '1.2.3'],
      'invalid argument "1.2.3" for "-m, --memory" flag: strconv.ParseFloat: parsing "1.2.3": invalid syntax',
    ],
    [['--cpus', 'abc'], 'invalid argument "abc" for "--cpus" flag: failed to parse abc as a rational number'],
    [
      ['--cpus', '1__0'],
      'invalid argument "1__0" for "--cpus" flag: failed to parse 1__0 as a rational number',
    ],
    [['--cpus', '1.0000000001'], 'invalid argument "1.0000000001" for "--cpus" flag: value is too precise'],
    [
      ['-f', 'nokey'],
      'invalid argument "nokey" for "-f, --filter" flag: bad format of filter (expected name=value)',
    ],
    [
      ['--subnet', 'a"b'],
      'invalid argument "a\\"b" for "--subnet" flag: parse error on line 1, column 2: bare " in non-quoted-field',
    ],
    [
      ['--subnet', 'a,"b'],
      'invalid argument "a,\\"b" for "--subnet" flag: parse error on line 1, column 5: extraneous or missing " in quoted-field',
    ],
    [
      ['--subnet', '"b"c'],
      'invalid argument "\\"b\\"c" for "--subnet" flag: parse error on line 1, column 3: extraneous or missing " in quoted-field',
    ],
    [['--docker', 'a'], 'invalid argument "a" for "--docker" flag: a must be formatted as key=value'],
    [['--ulimit', 'a'], 'invalid argument "a" for "--ulimit" flag: invalid ulimit argument: a'],
    [['--ulimit', 'foo=5'], 'invalid argument "foo=5" for "--ulimit" flag: invalid ulimit type: foo'],
    [
      ['--ulimit', 'nofile=5:3'],
      'invalid argument "nofile=5:3" for "--ulimit" flag: ulimit soft limit must be less than or equal to hard limit: 5 > 3',
    ],
    [
      ['--ulimit', 'nofile=5:6:7'],
      'invalid argument "nofile=5:6:7" for "--ulimit" flag: too many limit value arguments - 5:6:7, can only have up to two, `soft[:hard]`',
    ],
    [
      ['--attach', 'foo'],
      'invalid argument "foo" for "--attach" flag: valid streams are STDIN, STDOUT and STDERR',
    ],
  ];
  for (const [argv, text] of cases) it(argv.join(' '), () => expect(failure(argv)).to.equal(text));
});

describe('cli/argv commands', () => {
  const syntax: CommandSyntax = {
    bin: 'porthole',
    path: 'porthole ps',
    usage: 'porthole ps [OPTIONS]',
    flags: { all: flags.all },
    args: { min: 0, max: 0 },
    interspersed: true,
  };
  const thrown = (run: () => void): PortholeError => {
    try {
      run();
    } catch (error) {
      if (error instanceof PortholeError) return error;
    }
    throw new Error('nothing was thrown');
  };

  it('adds usage and the pointer to help to a flag error, exit code 125', () => {
    const error = thrown(() => parseCommand(['--nope'], syntax));
    expect(error.exitCode).to.equal(125);
    expect(error.message).to.equal(
      "unknown flag: --nope\n\nUsage:  porthole ps [OPTIONS]\n\nRun 'porthole ps --help' for more information",
    );
  });

  it('gives every command --help, -h and --json', () => {
    const parsed = parseCommand(['-ah', '--json'], syntax);
    expect(parsed.values.flags).to.deep.equal({ all: true, help: true, json: true, 'json-ascii': false });
    expect(parsed.notices).to.deep.equal(['Flag shorthand -h has been deprecated, use --help']);
  });

  it('leaves -h to a command that has it', () => {
    const merged = withCommonFlags({ hostname: { type: 'string', char: 'h', description: '' } });
    expect(merged['help']).to.deep.equal({ type: 'bool', description: 'Print usage' });
    expect(commonFlags.help.char).to.equal('h');
  });

  const counts: [number, number | undefined, number, string][] = [
    [0, 0, 1, "porthole: 'porthole x' accepts no arguments|Run"],
    [1, 1, 0, "porthole: 'porthole x' requires 1 argument|Run"],
    [2, 2, 1, "porthole: 'porthole x' requires 2 arguments|Run"],
    [1, undefined, 0, "porthole: 'porthole x' requires at least 1 argument|See"],
    [2, undefined, 1, "porthole: 'porthole x' requires at least 2 arguments|See"],
    [0, 1, 2, "porthole: 'porthole x' requires at most 1 argument|SRun"],
    [1, 2, 3, "porthole: 'porthole x' requires at least 1 and at most 2 arguments|Run"],
  ];
  for (const [min, max, given, expected] of counts) {
    const [rule, pointer] = expected.split('|') as [string, string];
    it(`${rule} when given ${given}`, () => {
      const target = {
        bin: 'porthole',
        path: 'porthole x',
        usage: 'porthole x Y',
        args: max === undefined ? { min } : { min, max },
      };
      const error = thrown(() => checkArguments(Array<string>(given).fill('w'), target));
      expect(error.exitCode).to.equal(1);
      expect(error.message).to.equal(
        `${rule}\n\nUsage:  porthole x Y\n\n${pointer} 'porthole x --help' for more information`,
      );
    });
  }
});
