import { expect } from 'chai';
import { FrameParser, frameHeader, frameType } from '../../src/monitor/frames.ts';
import { healthSettings, nextHealth, nextProbeIn } from '../../src/monitor/healthcheck.ts';
import type { HealthStatus } from '../../src/monitor/healthcheck.ts';
import { logAttributes, parseLogOptions } from '../../src/monitor/log-options.ts';
import { decideRestart, firstBackoff } from '../../src/monitor/restart-policy.ts';
import { startFailureCode } from '../../src/monitor/start-failure.ts';

describe('frames', () => {
  it('come apart whatever the chunks', () => {
    const bytes = Buffer.concat([
      frameHeader(frameType.stdout, 5),
      Buffer.from('hello'),
      frameHeader(frameType.stdin, 0),
      frameHeader(frameType.end, 2),
      Buffer.from('{}'),
    ]);
    for (const size of [1, 3, 8, 100]) {
      const seen: [number, string, boolean][] = [];
      let text = '';
      const parser = new FrameParser((type, part, last) => {
        text += part.toString();
        if (last) {
          seen.push([type, text, last]);
          text = '';
        }
      });
      for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));

      expect(seen).to.deep.equal([
        [frameType.stdout, 'hello', true],
        [frameType.stdin, '', true],
        [frameType.end, '{}', true],
      ]);
    }
  });
});

describe('restart decisions', () => {
  const end = { exitCode: 1, ranMs: 5, stoppedByUser: false };
  const cases: [title: string, policy: string, max: number, end: Partial<typeof end>, restarts: boolean][] = [
    ['no', 'no', 0, {}, false],
    ['an empty policy', '', 0, {}, false],
    ['always', 'always', 0, { exitCode: 0 }, true],
    ['always, stopped by the user', 'always', 0, { stoppedByUser: true }, false],
    ['unless-stopped', 'unless-stopped', 0, {}, true],
    ['unless-stopped, stopped by the user', 'unless-stopped', 0, { stoppedByUser: true }, false],
    ['on-failure with success', 'on-failure', 0, { exitCode: 0 }, false],
    ['on-failure with failure', 'on-failure', 0, {}, true],
    ['on-failure within its maximum', 'on-failure', 1, {}, true],
  ];
  for (const [title, name, maximumRetryCount, change, restarts] of cases) {
    it(title, () => {
      const decision = decideRestart({ name, maximumRetryCount }, firstBackoff, { ...end, ...change });

      expect(decision.restart).to.equal(restarts);
    });
  }

  it('wait longer each time, a minute at most', () => {
    const waits: number[] = [];
    let backoff = firstBackoff;
    for (let n = 0; n < 12; n += 1) {
      const decision = decideRestart({ name: 'always', maximumRetryCount: 0 }, backoff, end);
      if (!decision.restart) throw new Error('no restart');
      ({ backoff } = decision);
      waits.push(backoff.waitMs);
    }

    expect(waits).to.deep.equal([
      100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000,
    ]);
  });

  it('begin with short waits again after ten seconds of running', () => {
    const decision = decideRestart(
      { name: 'always', maximumRetryCount: 0 },
      { waitMs: 6400, restarts: 7 },
      { ...end, ranMs: 10_000 },
    );

    expect(decision).to.deep.equal({ restart: true, backoff: { waitMs: 100, restarts: 8 } });
  });

  it('stop at the maximum of on-failure', () => {
    const decision = decideRestart(
      { name: 'on-failure', maximumRetryCount: 2 },
      { waitMs: 200, restarts: 2 },
      end,
    );

    expect(decision.restart).to.equal(false);
  });
});

describe('health', () => {
  const settings = healthSettings({ Retries: 2, StartPeriod: 60e9 });
  const result = (ExitCode: number): Parameters<typeof nextHealth>[1] => ({
    Start: '',
    End: '',
    ExitCode,
    Output: '',
  });
  const starting: HealthStatus = { status: 'starting', failingStreak: 0, log: [] };

  it("has Docker's defaults", () => {
    expect(healthSettings({})).to.deep.equal({
      intervalMs: 30_000,
      timeoutMs: 30_000,
      startPeriodMs: 0,
      startIntervalMs: 5000,
      retries: 3,
    });
  });

  it('forgives failures in the start period only', () => {
    const early = nextHealth(starting, result(1), settings, true);
    const late = nextHealth(nextHealth(early, result(1), settings, false), result(1), settings, false);

    expect(early).to.include({ status: 'starting', failingStreak: 0 });
    expect(late).to.include({ status: 'unhealthy', failingStreak: 2 });
    expect(nextHealth(late, result(0), settings, false)).to.include({ status: 'healthy', failingStreak: 0 });
  });

  it('keeps the last five results', () => {
    let health = starting;
    for (let n = 0; n < 7; n += 1) health = nextHealth(health, result(n), settings, false);

    expect(health.log.map(({ ExitCode }) => ExitCode)).to.deep.equal([2, 3, 4, 5, 6]);
  });

  it('is asked more often while starting', () => {
    expect(nextProbeIn('starting', settings, true)).to.equal(5000);
    expect(nextProbeIn('healthy', settings, true)).to.equal(30_000);
    expect(nextProbeIn('starting', settings, false)).to.equal(30_000);
  });
});

describe('log options', () => {
  const parse = (Config: Record<string, string>, Type = 'json-file'): ReturnType<typeof parseLogOptions> =>
    parseLogOptions({ Type, Config });

  it("are Docker's", () => {
    expect(parse({ 'max-size': '10m', 'max-file': '3', compress: 'true' })).to.deep.include({
      driver: 'json-file',
      maxSize: 10_000_000,
      maxFiles: 3,
      compress: true,
    });
    expect(parse({}, '')).to.deep.include({ driver: 'json-file', maxFiles: 1, compress: false });
    expect(parse({}, 'none')).to.deep.include({ driver: 'none' });
  });

  const refusals: [config: Record<string, string>, type: string, message: string][] = [
    [{ nope: '1' }, 'json-file', "unknown log opt 'nope' for json-file log driver"],
    [{}, 'syslog', "logger: no log driver named 'syslog' is registered"],
    [{ 'max-file': '0' }, 'json-file', 'max-file cannot be less than 1'],
    [{ 'max-file': 'x' }, 'json-file', 'strconv.Atoi: parsing "x": invalid syntax'],
    [{ 'max-size': '0' }, 'json-file', 'max-size must be a positive number'],
    [{ 'max-size': '10q' }, 'json-file', "invalid suffix: 'q'"],
    [
      { compress: 'true' },
      'json-file',
      'compress cannot be true when max-file is less than 2 or max-size is not set',
    ],
    [{ mode: 'odd' }, 'json-file', "logger: unknown log mode 'odd'"],
    [
      { 'max-buffer-size': '1m' },
      'json-file',
      "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
    ],
  ];
  for (const [config, type, message] of refusals) {
    it(`refuse ${JSON.stringify(config)} of ${type}`, () => {
      expect(() => parse(config, type))
        .to.throw(message)
        .with.property('kind', 'invalid');
    });
  }

  it('choose labels and variables', () => {
    const options = parse({ labels: 'a', 'labels-regex': '^x\\.', env: 'PATH', tag: 't' });

    expect(
      logAttributes(options, { labels: { a: '1', b: '2', 'x.y': '3' }, env: ['PATH=C:\\', 'TEMP=x'] }),
    ).to.deep.equal({ a: '1', 'x.y': '3', PATH: 'C:\\', tag: 't' });
  });
});

describe('exit codes of failed starts', () => {
  for (const [message, code] of [
    ['hcs::System::CreateProcess x: The system cannot find the file specified. (0x2)', 127],
    ['exec: "x": executable file not found in %PATH%', 127],
    ['hcs::System::CreateProcess x: Access is denied. (0x5)', 126],
    ['network nope not found', 128],
  ] as const) {
    it(`${code}: ${message}`, () => expect(startFailureCode(new Error(message))).to.equal(code));
  }
});
