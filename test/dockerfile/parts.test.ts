import { expect } from 'chai';
import { BuildArgs, platformArgs } from '../../src/dockerfile/build-args.ts';
import { noCheckOptions, parseCheckOptions } from '../../src/dockerfile/check-options.ts';
import { expandWord } from '../../src/dockerfile/expand.ts';
import { NotStringArrayError, parseJsonArray } from '../../src/dockerfile/json-array.ts';
import { MappedText } from '../../src/dockerfile/mapped-text.ts';
import { parseMount } from '../../src/dockerfile/mount.ts';
import { parseSyntax } from '../../src/dockerfile/parse.ts';
import { applyEdits } from '../../src/dockerfile/print.ts';
import { didYouMean } from '../../src/dockerfile/suggest.ts';
import { lookUpIn, setVariable } from '../../src/dockerfile/variables.ts';

describe('dockerfile.build-args', () => {
  it('shows global arguments to FROM, and to a stage only after its own ARG', () => {
    const args = new BuildArgs({ GIVEN: 'g', OTHER: 'o' });
    args.declareGlobal('GIVEN', 'default');
    args.declareGlobal('PLAIN', 'p');
    const stage = args.forStage();
    const before = [...stage.stageValues()];
    stage.declare('GIVEN', undefined);
    stage.declare('PLAIN', undefined);
    stage.declare('OWN', 'x');
    stage.declare('UNSET', undefined);

    expect([...args.globalValues()]).to.deep.equal([
      ['GIVEN', 'g'],
      ['PLAIN', 'p'],
    ]);
    expect(before).to.deep.equal([]);
    expect([...stage.stageValues()]).to.deep.equal([
      ['GIVEN', 'g'],
      ['PLAIN', 'p'],
      ['OWN', 'x'],
    ]);
    expect([...args.forStage().stageValues()]).to.deep.equal([]);
    expect(args.unused()).to.deep.equal(['OTHER']);
  });

  it('passes proxies without a declaration, hidden until declared', () => {
    const args = new BuildArgs({ http_proxy: 'p', NO_PROXY: null }).forStage();

    expect(args.environment(['A=b'])).to.deep.equal(['http_proxy=p']);
    expect(args.environment(['http_proxy=env'])).to.deep.equal([]);
    expect(args.isUndeclaredPredefined('http_proxy')).to.equal(true);
    args.declare('http_proxy', undefined);
    expect(args.isUndeclaredPredefined('http_proxy')).to.equal(false);
  });

  it('takes a null value for none', () => {
    const args = new BuildArgs({ A: null }).forStage();
    args.declare('A', 'default');

    expect(args.stageValues().get('A')).to.equal('default');
  });

  it('names platforms, the target with its version', () => {
    const windows = { os: 'windows', architecture: 'amd64', osVersion: '10.0.20348.1' };

    expect(platformArgs(windows, windows, '')).to.deep.equal({
      BUILDPLATFORM: 'windows/amd64',
      BUILDOS: 'windows',
      BUILDOSVERSION: '10.0.20348.1',
      BUILDARCH: 'amd64',
      BUILDVARIANT: '',
      TARGETPLATFORM: 'windows(10.0.20348.1)/amd64',
      TARGETOS: 'windows',
      TARGETOSVERSION: '10.0.20348.1',
      TARGETARCH: 'amd64',
      TARGETVARIANT: '',
      TARGETSTAGE: 'default',
    });
  });
});

describe('dockerfile.variables', () => {
  it('replaces without regard to case on Windows, exactly on Linux', () => {
    expect(setVariable(['Path=a', 'B=c'], 'PATH', 'x', 'windows')).to.deep.equal(['PATH=x', 'B=c']);
    expect(setVariable(['Path=a'], 'PATH', 'x', 'linux')).to.deep.equal(['Path=a', 'PATH=x']);
  });

  it('looks the last entry up', () => {
    const windows = lookUpIn(['A=1', 'a=2', 'N'], 'windows');

    expect([windows('A'), windows('n'), windows('x')]).to.deep.equal(['2', '', undefined]);
    expect(lookUpIn(['A=1', 'a=2'], 'linux')('A')).to.equal('1');
  });
});

describe('dockerfile.expand', () => {
  const cases: [word: string, escape: '\\' | '`', result: string][] = [
    ['C:\\app\\$DIR', '\\', 'C:app$DIR'],
    ['C:\\app\\$DIR', '`', 'C:\\app\\x y'],
    ['"${dir}"', '`', 'x y'],
    ["'$DIR'", '`', '$DIR'],
    ['${DIR:+[$DIR]}', '`', '[x y]'],
    ['${NONE:-${DIR}}', '\\', 'x y'],
    ['${DIR%% *}', '`', 'x'],
    ['${DIR/ /_}', '`', 'x_y'],
    ['a<<b < c', '`', 'a<<b < c'],
  ];
  for (const [word, escape, result] of cases) {
    it(`${word} with ${escape} is ${result}`, () => {
      const get = lookUpIn(['DIR=x y'], 'windows');

      expect(expandWord(word, { escape, get }).result).to.equal(result);
    });
  }

  it('tells which variables were used, and where', () => {
    const { uses } = expandWord('a$B "${C:-$D}"', {
      escape: '\\',
      get: (name) => (name === 'D' ? '1' : undefined),
    });

    expect(uses).to.deep.equal([
      { name: 'B', start: 1, end: 3, found: false, operator: '' },
      { name: 'D', start: 10, end: 12, found: true, operator: '' },
      { name: 'C', start: 5, end: 13, found: false, operator: ':-' },
    ]);
  });
});

describe('dockerfile.json-array', () => {
  /** Each string with the characters of the text that it stands for. */
  const strings = (text: string): string[][] | undefined =>
    parseJsonArray(MappedText.at(0, text))?.map((string) => {
      const { start, end } = string.range();
      return [string.text, text.slice(start, end)];
    });

  it('tells where each string stands, as it is and with escapes', () => {
    expect(strings('  [ "cmd" ,"" , "a\\\\b", "\\\\." , "\\u0041\\"b", "caf\u00e9" ]  ')).to.deep.equal([
      ['cmd', 'cmd'],
      ['', ''],
      ['a\\b', 'a\\\\b'],
      ['\\.', '\\\\.'],
      ['A"b', '\\u0041\\"b'],
      ['caf\u00e9', 'caf\u00e9'],
    ]);
    expect(strings('[]')).to.deep.equal([]);
  });

  it('keeps the places of strings on continued lines', () => {
    const source = 'FROM a\nCMD ["one", \\\n  "t\\\nwo"]\n';
    const [, cmd] = parseSyntax(source).instructions;

    expect(cmd!.args.map(({ text }) => text)).to.deep.equal(['one', 'two']);
    expect(cmd!.args.map((arg) => source.slice(arg.range().start, arg.range().end))).to.deep.equal([
      'one',
      't\\\nwo',
    ]);
  });

  it('replaces half characters', () => {
    expect(strings('["a\ud800b"]')).to.deep.equal([['a\ufffdb', 'a\ud800b']]);
  });

  it('takes what is no array for none, and refuses what holds other things', () => {
    const none = [
      '',
      'cmd',
      '{"a": "b"}',
      '[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]',
      '["a",]',
      '["a"] b',
      '[ $x -eq 1 ]',
      "['a']",
      '["C:\\temp\\x"]',
    ];
    for (const text of none) expect(strings(text), text).to.equal(undefined);
    for (const text of ['[1]', '[-1]', '[null]', '[true, "a"]', '[false]', '["a", {}]', '[["a"]]'])
      expect(() => strings(text), text).to.throw(NotStringArrayError);
  });
});

describe('dockerfile.mount', () => {
  it('reads every key', () => {
    expect(parseMount('type=cache,id=n,target=C:/c,sharing=LOCKED,mode=755,uid=1,gid=2,from=s')).to.include({
      type: 'cache',
      id: 'n',
      target: 'C:/c',
      sharing: 'locked',
      mode: 0o755,
      uid: 1,
      gid: 2,
      from: 's',
      readOnly: false,
    });
    expect(parseMount('target=/x')!.readOnly).to.equal(true);
    expect(parseMount('target=/x,rw')!.readOnly).to.equal(false);
    expect(parseMount('type=secret,id=a,env=A,required')).to.include({ env: 'A', required: true });
    expect(parseMount('type=tmpfs,target=/t,size=1g')!.size).to.equal(1 << 30);
  });

  it('waits with values that hold variables, and expands them later', () => {
    expect(parseMount('type=$T,target=/x')).to.equal(undefined);
    expect(parseMount('type=$T,target=/x', (value) => value.replace('$T', 'cache'))!.type).to.equal('cache');
  });

  const wrong: [text: string, message: string][] = [
    ['type=bnd,target=/x', 'unsupported mount type "bnd" (did you mean bind?)'],
    ['tpye=bind', "unexpected key 'tpye' in 'tpye=bind' (did you mean type?)"],
    ['type=bind,loose', "invalid field 'loose' must be a key=value pair"],
    ['from=$a', "'from' doesn't support variable expansion, define alias stage instead"],
    ['type=secret,from=a,id=b', 'secret mount should not have a from'],
    ['type=secret,id=a,source=b', "both source and id can't be set"],
    ['type=bind,target=/x,mode=1', 'mode not allowed for "bind" type mounts'],
    ['type=bind,target=/x,sharing=shared', 'invalid cache sharing set for bind mount'],
    ['type=bind,target=/', 'invalid mount target "/"'],
    ['type=ssh,source=x', 'ssh does not support source'],
    ['type=bind,size=1', "unexpected key 'size' for mount type 'bind'"],
  ];
  for (const [text, message] of wrong) {
    it(`refuses ${text}`, () => {
      expect(() => parseMount(text)).to.throw(message);
    });
  }
});

describe('dockerfile.check-options', () => {
  it('reads skip, experimental and error', () => {
    expect(parseCheckOptions('skip=A, B;error=true;experimental=all')).to.deep.equal({
      skip: ['A', 'B'],
      skipAll: false,
      experimental: [],
      experimentalAll: true,
      error: true,
    });
    expect(parseCheckOptions('')).to.deep.equal(noCheckOptions);
  });

  it('refuses others', () => {
    expect(() => parseCheckOptions('only=x')).to.throw(
      'failed to parse check options: invalid check option "only=x"',
    );
    expect(() => parseCheckOptions('error=maybe')).to.throw('failed to parse check option "error"');
  });
});

describe('dockerfile.suggest', () => {
  it('finds the nearest word', () => {
    expect(didYouMean('fomr', ['from', 'chown'])).to.equal(' (did you mean from?)');
    expect(didYouMean('FRM', ['FROM', 'RUN'], true)).to.equal(' (did you mean FROM?)');
    expect(didYouMean('from', ['from'])).to.equal('');
    expect(didYouMean('something', ['from'])).to.equal('');
  });
});

describe('dockerfile.print', () => {
  it('makes edits by place, without those that overlap', () => {
    const tree = parseSyntax('FROM a\nRUN b\n');

    const text = applyEdits(tree, [
      { range: { start: 11, end: 12 }, text: 'c' },
      { range: { start: 5, end: 6 }, text: 'x:1' },
      { range: { start: 4, end: 7 }, text: 'overlaps' },
    ]);

    expect(text).to.equal('FROMoverlapsRUN c\n');
  });
});
