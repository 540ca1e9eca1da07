import { expect } from 'chai';
import { appendFileSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync, closeSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  detailsText,
  fixedNanoTime,
  parseLogTime,
  parseRecord,
  parseTail,
  tailStart,
} from '../../../../src/engine/local/containers/log-records.ts';
import { LogSource } from '../../../../src/engine/local/containers/log-source.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import type { RequestOverrides } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';
import type { MemoryEngine } from '../../../support/memory-engine.ts';
import { rejection } from '../../../support/rejection.ts';

const record = (log: string, stream = 'stdout', time = '2026-01-02T03:04:05.5Z'): string =>
  `${JSON.stringify({ log, stream, time })}\n`;

describe('log records', () => {
  it('are parsed, rubbish is not', () => {
    expect(parseRecord(record('a\n').trim())).to.deep.equal({
      log: 'a\n',
      stream: 'stdout',
      time: '2026-01-02T03:04:05.5Z',
    });
    for (const line of ['', '{', 'null', '[]', '{"log":1,"time":""}'])
      expect(parseRecord(line)).to.equal(undefined);
  });

  const now = Date.parse('2026-01-02T03:04:05Z');
  for (const [text, expected] of [
    ['', undefined],
    ['0', undefined],
    ['1767323045', 1_767_323_045_000],
    ['1767323045.500000000', 1_767_323_045_500],
    ['2026-01-02T03:04:05Z', now],
    ['2026-01-02T03:04:05.25+01:00', now - 3_600_000 + 250],
    ['10m', now - 600_000],
    ['1h30m', now - 5_400_000],
  ] as const) {
    it(`have times like ${JSON.stringify(text)}`, () => {
      expect(parseLogTime('since', text, now)).to.equal(expected);
    });
  }

  it('refuse other times', () => {
    expect(() => parseLogTime('since', 'yesterday', now)).to.throw(
      'invalid value for "since": failed to parse value as time or duration: "yesterday"',
    );
  });

  it('print times with nine digits', () => {
    expect(fixedNanoTime('2026-01-02T03:04:05Z')).to.equal('2026-01-02T03:04:05.000000000Z');
    expect(fixedNanoTime('2026-01-02T03:04:05.678Z')).to.equal('2026-01-02T03:04:05.678000000Z');
    expect(fixedNanoTime('2026-01-02T03:04:05.123456789+02:00')).to.equal(
      '2026-01-02T03:04:05.123456789+02:00',
    );
  });

  it('print attributes sorted', () => {
    expect(detailsText({ b: '2', a: '1 x' })).to.equal('a=1%20x,b=2 ');
    expect(detailsText(undefined)).to.equal(' ');
  });

  for (const [text, count] of [
    ['all', undefined],
    ['', undefined],
    ['x', undefined],
    ['-1', undefined],
    ['0', 0],
    ['12', 12],
  ] as const) {
    it(`take ${JSON.stringify(text)} as tail`, () => expect(parseTail(text)).to.equal(count));
  }
});

describe('log files', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-logs-'));
    path = join(folder, 'x.log');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const read = (source: LogSource): string[] => {
    const logs: string[] = [];
    for (;;) {
      const records = source.read();
      if (records.length === 0) return logs;
      logs.push(...records.map(({ log }) => log));
    }
  };
  const numbered = (from: number, to: number): string =>
    Array.from({ length: to - from + 1 }, (_, at) => record(`${from + at}`)).join('');

  it('are read from the end without reading all', () => {
    writeFileSync(path, numbered(1, 20_000));
    const descriptor = openSync(path, 'r');
    const { size } = statSync(path);

    expect(tailStart(descriptor, size, 0)).to.deep.equal({ offset: size, lines: 0 });
    expect(tailStart(descriptor, size, 3).lines).to.equal(3);
    expect(size - tailStart(descriptor, size, 3).offset).to.equal(numbered(19_998, 20_000).length);
    expect(tailStart(descriptor, size, 30_000)).to.deep.equal({ offset: 0, lines: 20_000 });
    closeSync(descriptor);
  });

  it('are read in the order of their age, compressed ones too', () => {
    writeFileSync(`${path}.2.gz`, gzipSync(numbered(1, 3)));
    writeFileSync(`${path}.1`, numbered(4, 6));
    writeFileSync(path, numbered(7, 9));
    const source = new LogSource(path, 3);

    expect(read(source)).to.deep.equal(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
    source.close();
  });

  for (const [count, expected] of [
    [0, []],
    [2, ['8', '9']],
    [4, ['6', '7', '8', '9']],
    [8, ['2', '3', '4', '5', '6', '7', '8', '9']],
    [50, ['1', '2', '3', '4', '5', '6', '7', '8', '9']],
  ] as const) {
    it(`give their last ${count} across files`, () => {
      writeFileSync(`${path}.2.gz`, gzipSync(numbered(1, 3)));
      writeFileSync(`${path}.1`, numbered(4, 6));
      writeFileSync(path, numbered(7, 9));
      const source = new LogSource(path, 3);

      source.seekTail(count, () => true);

      expect(read(source)).to.deep.equal(expected);
      source.close();
    });
  }

  it('count only the streams that are wanted', () => {
    writeFileSync(
      path,
      record('1') + record('e', 'stderr').repeat(300) + record('2') + record('e', 'stderr'),
    );
    const source = new LogSource(path, 1);

    source.seekTail(2, ({ stream }) => stream === 'stdout');

    expect(read(source)).to.deep.equal(['1', '2']);
    source.close();
  });

  it('are followed through rotations', () => {
    writeFileSync(path, numbered(1, 2));
    const source = new LogSource(path, 3);
    expect(read(source)).to.deep.equal(['1', '2']);

    appendFileSync(path, numbered(3, 3));
    renameSync(path, `${path}.1`);
    writeFileSync(path, numbered(4, 5));
    expect(read(source)).to.deep.equal(['3', '4', '5']);

    renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    writeFileSync(path, numbered(6, 6));
    appendFileSync(path, record('7').slice(0, 10));
    expect(read(source)).to.deep.equal(['6']);
    appendFileSync(path, record('7').slice(10));
    expect(read(source)).to.deep.equal(['7']);
    source.close();
  });

  it('need not exist yet', () => {
    const source = new LogSource(path, 1);
    expect(read(source)).to.deep.equal([]);

    writeFileSync(path, numbered(1, 1));

    expect(read(source)).to.deep.equal(['1']);
    source.close();
  });
});

describe('logs of a container', () => {
  let engine: MemoryEngine;
  let speak: (text: string) => void;
  let finish: () => void;

  beforeEach(() => {
    engine = memoryEngine({
      programs: {
        'app.exe': ({ stdout, killed }) =>
          new Promise((resolve) => {
            speak = (text) => stdout.write(text);
            finish = () => resolve(0);
            killed.addEventListener('abort', () => resolve(1));
          }),
        'both.exe': ({ stdout, stderr }) => {
          stdout.write('one\ntwo\n');
          stderr.write('bad\n');
          return 0;
        },
      },
    });
  });
  afterEach(() => engine[Symbol.asyncDispose]());

  const run = async (overrides: RequestOverrides = {}): Promise<string> => {
    const { Id } = await engine.containers.create(aCreateRequest(overrides), { name: 'web' });
    const { exit } = await engine.containers.wait(Id, 'next-exit');
    await engine.containers.start(Id);
    if (overrides.Cmd?.[0] === 'both.exe') await exit;
    else exit.catch(() => undefined);
    return Id;
  };
  const text = async (stream: NodeJS.ReadableStream | undefined): Promise<string> => {
    let all = '';
    if (stream !== undefined) for await (const chunk of stream) all += String(chunk);
    return all;
  };
  const both = { stdout: true, stderr: true };

  it('come back by stream', async () => {
    await run({ Cmd: ['both.exe'] });
    const session = await engine.containers.logs('web', both);

    expect(await text(session.stdout)).to.equal('one\ntwo\n');
    expect(await text(session.stderr)).to.equal('bad\n');
    const only = await engine.containers.logs('web', { stdout: false, stderr: true });
    expect(await text(only.stdout)).to.equal('');
    expect(await text(only.stderr)).to.equal('bad\n');
  });

  it('take tail, times and details', async () => {
    await run({
      Cmd: ['both.exe'],
      Labels: { tier: 'x' },
      HostConfig: { LogConfig: { Type: '', Config: { labels: 'tier' } } },
    });

    const tail = await engine.containers.logs('web', { stdout: true, stderr: false, tail: '1' });
    expect(await text(tail.stdout)).to.equal('two\n');
    const stamped = await engine.containers.logs('web', {
      stdout: true,
      stderr: false,
      timestamps: true,
      details: true,
      tail: '1',
    });
    expect(await text(stamped.stdout)).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z tier=x two\n$/);
    const future = await engine.containers.logs('web', { ...both, since: '2100-01-01T00:00:00Z' });
    expect(await text(future.stdout)).to.equal('');
    const past = await engine.containers.logs('web', { ...both, until: '2001-01-01T00:00:00Z' });
    expect(await text(past.stdout)).to.equal('');
  });

  it('go on while it runs, and end with it', async () => {
    await run();
    speak('one\n');
    const session = await engine.containers.logs('web', { ...both, follow: true });
    const seen: string[] = [];
    const firstTwo = new Promise<void>((resolve) => {
      session.stdout.on('data', (chunk: Buffer) => {
        seen.push(String(chunk));
        if (seen.join('') === 'one\ntwo\n') resolve();
      });
    });
    speak('two\n');
    await firstTwo;
    const ended = new Promise((resolve) => session.stdout.once('end', resolve));

    speak('three');
    finish();
    await ended;

    expect(seen.join('')).to.equal('one\ntwo\nthree');
  });

  it('are of one stream with a terminal', async () => {
    await run({ Tty: true });
    speak('hello\r\n');
    finish();
    await engine.quiet();

    const session = await engine.containers.logs('web', both);

    expect(session.stderr).to.equal(undefined);
    expect(await text(session.stdout)).to.equal('hello\r\n');
  });

  it('cannot be read without a log, nor without a stream', async () => {
    await run({ HostConfig: { LogConfig: { Type: 'none', Config: {} } } });

    expect(await rejection(engine.containers.logs('web', both))).to.include({
      kind: 'notImplemented',
      message: 'configured logging driver does not support reading',
    });
    expect(await rejection(engine.containers.logs('web', { stdout: false, stderr: false }))).to.include({
      message: 'Bad parameters: you must choose at least one stream',
    });
  });

  it('are replayed to who attaches and asks for them', async () => {
    await run();
    speak('before\n');
    const session = await engine.containers.attach('web', { stdout: true, logs: true });
    const seen = text(session.stdout);

    speak('after\n');
    finish();

    expect((await seen).split('\n').filter((line) => line === 'after')).to.have.length(1);
    expect(await seen).to.match(/^before\n/);
  });
});
