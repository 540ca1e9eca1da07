import { expect } from 'chai';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
// What --explain loads on demand is loaded with the tests: no case waits for it on a busy machine.
import '../../src/lint/explain.ts';
import { formatNames } from '../../src/lint/formats/names.ts';
import { rules } from '../../src/lint/rules/index.ts';
import { runCommand, type CommandRun, type CommandScene } from '../support/command-host.ts';
import { Cli, cliMissing, packageRoot } from '../support/cli.ts';

const noEngine = () => Promise.reject(new Error('lint asks no engine'));
const windows = 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n';
/** One warning, on line 2: JSONArgsRecommended. */
const warned = `${windows}CMD app\n`;
const clean = `${windows}CMD ["app"]\n`;
/** One error of the builder's. */
const broken = `${windows}COPY one\n`;

describe('porthole lint', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-lint-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (files: Readonly<Record<string, string | Uint8Array>>): void => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
  };
  const lint = (args: readonly string[], scene: Partial<CommandScene> = {}): Promise<CommandRun> =>
    runCommand(['lint', ...args], { engine: noEngine, cwd: folder, ...scene });
  const codes = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await lint([...args, '--format', 'compact']);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ')[2]!);
  };

  describe('what is linted', () => {
    it('is every Dockerfile below the current folder without a name', async () => {
      write({ Dockerfile: warned, 'b/app.Dockerfile': warned, 'b/readme': warned });

      const { stdout, exitCode } = await lint(['--format', 'compact']);

      const text =
        'warning BK007 JSON arguments recommended for CMD to prevent unintended behavior related to OS signals';
      expect(stdout).to.equal(`Dockerfile:2:1 ${text}\nb/app.Dockerfile:2:1 ${text}\n`);
      expect(exitCode).to.equal(1);
    });

    it('is a named file whatever it is called, and each file once', async () => {
      write({ readme: warned, 'd/Dockerfile': warned });

      const { stdout } = await lint(['readme', 'd', 'd/Dockerfile', 'readme', '--format', 'compact']);

      expect(stdout.split('\n').map((line) => line.split(':')[0])).to.deep.equal([
        'readme',
        'd/Dockerfile',
        '',
      ]);
    });

    it('is a file once, however it is named', async () => {
      write({ Dockerfile: warned });

      const { stdout } = await lint(['./Dockerfile', 'Dockerfile', '.', '--format', 'compact']);

      expect(stdout).to.match(/^\.\/Dockerfile:2:1 [^\n]*\n$/);
    });

    it('is standard input for -', async () => {
      const { stdout, exitCode } = await lint(['-', '--format', 'gnu'], { stdin: warned });

      expect(stdout).to.equal(
        'porthole:-:2:1: BK007 warning: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals\n',
      );
      expect(exitCode).to.equal(1);
    });
  });

  describe('exit codes', () => {
    const cases: readonly (readonly [text: string, args: readonly string[], exitCode: number])[] = [
      [clean, [], 0],
      [warned, [], 1],
      [warned, ['--failure-threshold', 'warning'], 1],
      [warned, ['--failure-threshold', 'error'], 0],
      [warned, ['--failure-threshold', 'off'], 0],
      [warned, ['--no-fail'], 0],
      [warned, ['--format', 'codeclimate'], 0],
      [warned, ['--format', 'codacy'], 0],
      [warned, ['--format', 'gitlab'], 1],
      [warned, ['--severity', 'BK007=error', '--failure-threshold', 'error'], 1],
      [warned, ['--severity', 'JSONArgsRecommended=style'], 0],
      [warned, ['--severity', 'JSONArgsRecommended=style', '--strict'], 1],
      [warned, ['--ignore', 'json-args-recommended,PW001'], 0],
      [warned, ['--only', 'PW001'], 0],
      [broken, [], 2],
      [broken, ['--no-fail'], 0],
      [broken, ['--ignore', 'PH001'], 0],
      [broken, ['--failure-threshold', 'off'], 2],
    ];
    for (const [text, args, expected] of cases) {
      const name = text === broken ? 'a broken file' : text === warned ? 'a warning' : 'a clean file';
      it(`${expected} for ${name} with ${args.join(' ') || 'nothing'}`, async () => {
        write({ Dockerfile: text });

        expect((await lint(args)).exitCode).to.equal(expected);
      });
    }
  });

  describe('settings', () => {
    it('--rule runs a rule that is off by default, and --strict all of them', async function () {
      const optIn = rules.find((rule) => rule.optIn === true);
      const [sample] = optIn?.cases.bad ?? [];
      if (optIn === undefined || sample === undefined) return this.skip();
      write({ Dockerfile: sample.text });

      expect(await codes()).not.to.include(optIn.id);
      expect(await codes('--rule', optIn.name)).to.include(optIn.id);
      expect(await codes('--strict')).to.include(optIn.id);
    });

    it('--target-os decides the platform of all stages', async () => {
      write({ Dockerfile: 'FROM app\nRUN rm -rf /tmp/x\nSTOPSIGNAL 9\n' });

      expect((await codes('--target-os', 'windows')).filter((code) => code.startsWith('PW'))).not.to.be.empty;
      expect((await codes('--target-os', 'linux')).filter((code) => code.startsWith('PW'))).to.be.empty;
    });

    it('--escape is the escape character of files without a directive', async () => {
      write({ Dockerfile: `${windows}RUN echo one && \`\n  echo two\n` });

      expect(await codes()).to.include('PH001');
      expect(await codes('--escape', '`')).not.to.include('PH001');
    });

    it('--build-arg gives variables values', async () => {
      write({ Dockerfile: 'ARG BASE=alpine\nFROM $BASE\nSTOPSIGNAL 9\n' });
      const windowsOnes = async (...args: string[]) =>
        (await codes(...args)).filter((code) => code.startsWith('PW'));

      expect(await windowsOnes()).to.be.empty;
      expect(await windowsOnes('--build-arg', 'BASE=mcr.microsoft.com/windows/nanoserver:ltsc2022')).not.to.be
        .empty;
    });

    it('--as-of is the day that ends of support are judged by', async () => {
      write({ Dockerfile: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2019\nCMD ["a"]\n' });

      expect(await codes('--as-of', '2019-01-01', '--only', 'PW023')).to.deep.equal([]);
      expect(await codes('--as-of', '2039-01-01', '--only', 'PW023')).to.deep.equal(['PW023']);
    });

    it('--disable-ignore-pragma gives comments no say', async () => {
      write({ Dockerfile: `${windows}# porthole ignore=BK007\nCMD app\n` });

      expect(await codes()).to.deep.equal([]);
      expect(await codes('--disable-ignore-pragma')).to.deep.equal(['BK007']);
    });

    it('come from the nearest .porthole-lint.yaml, under the command line', async () => {
      write({
        '.porthole-lint.yaml': 'ignore: [BK007]\n',
        Dockerfile: warned,
        'a/b/Dockerfile': warned,
        'c/.porthole-lint.yml': 'rules: {BK007: error}\n',
        'c/.hadolint.yaml': 'ignored: [BK007]\n',
        'c/d/Dockerfile': warned,
      });

      const { stdout } = await lint(['--format', 'compact']);
      expect(stdout).to.match(/^c\/d\/Dockerfile:2:1 error BK007 [^\n]*\n$/);
      expect(
        (await lint(['--severity', 'BK007=info', '--format', 'compact'])).stdout.split('\n'),
      ).to.have.lengthOf(4);
    });

    it('come from .hadolint.yaml when there is no other', async () => {
      write({
        '.hadolint.yaml': 'format: json\noverride: {error: [JSONArgsRecommended]}\n',
        Dockerfile: warned,
      });

      const { stdout } = await lint(['Dockerfile']);

      expect(JSON.parse(stdout)).to.have.nested.property('[0].level', 'error');
    });

    it('come from hadolint’s personal file at last', async () => {
      write({ 'xdg/hadolint.yaml': 'ignored: [BK007]\n', 'work/Dockerfile': warned });

      const run = await lint([], {
        cwd: join(folder, 'work'),
        env: { XDG_CONFIG_HOME: join(folder, 'xdg') },
      });

      expect(run.exitCode).to.equal(0);
    });

    it('come from hadolint’s variables where no file of Porthole’s is', async () => {
      write({ Dockerfile: warned, 'own/.porthole-lint.yaml': 'no-fail: false\n', 'own/Dockerfile': warned });
      write({ 'its/.hadolint.yaml': 'override: {error: [BK007]}\n', 'its/Dockerfile': warned });
      const env = { HADOLINT_IGNORE: 'BK007', HADOLINT_FORMAT: 'gnu,loud' };

      const run = await lint([], { env });
      expect(run.stdout).to.match(/^porthole:own\/Dockerfile:2:1: BK007 [^\n]*\n$/);
      expect(run.stderr).to.match(/^HADOLINT_FORMAT: "loud" is not one of [^\n]*\n$/);
      const named = await lint(['--config', 'its/.hadolint.yaml'], { env });
      expect(named).to.include({ stdout: '', exitCode: 0 });
    });

    it('turn off one of hadolint’s codes and leave the others of the same rule', async () => {
      write({ Dockerfile: `${windows}CMD ["a"]\nCMD ["b"]\nENTRYPOINT ["a"]\nENTRYPOINT ["b"]\n` });
      const lines = async (...args: string[]) =>
        [
          ...(await lint([...args, '--format', 'compact'])).stdout.matchAll(/^Dockerfile:(\d+):\d+ (\w+) /gm),
        ].map(([, line, level]) => `${line!} ${level!}`);

      expect(await lines()).to.deep.equal(['2 warning', '4 warning']);
      expect(await lines('--ignore', 'DL4003')).to.deep.equal(['4 warning']);
      expect(await lines('--ignore', 'BK012')).to.deep.equal([]);
      expect(await lines('--only', 'dl4004')).to.deep.equal(['4 warning']);
      expect(await lines('--severity', 'DL4004=error')).to.deep.equal(['2 warning', '4 error']);
      write({ '.hadolint.yaml': 'ignored: [DL4004]\n' });
      expect(await lines()).to.deep.equal(['2 warning']);
      expect(await lines('--severity', 'BK012=error')).to.deep.equal(['2 error', '4 error']);
      write({ '.porthole-lint.yaml': 'ignore: [BK012]\nrules: {DL4003: error}\n' });
      expect(await lines()).to.deep.equal([]);
      expect(await lines('--severity', 'DL4003=error')).to.deep.equal(['2 error']);
    });

    it('of one code leave its ignore comment unjudged', async () => {
      write({ Dockerfile: `${windows}CMD ["a"]\n# hadolint ignore=DL4003\nCMD ["b"]\n` });

      expect(await codes('--ignore', 'DL4003')).to.deep.equal([]);
      expect(await codes('--only', 'DL4004,PH002')).to.deep.equal([]);
    });

    it('come from the file that --config names alone', async () => {
      write({ '.porthole-lint.yaml': 'nonsense: 1\n', 'x.yaml': 'format: compact\n', Dockerfile: warned });

      const { stdout, stderr } = await lint(['--config', 'x.yaml']);

      expect(stdout).to.match(/^Dockerfile:2:1 warning/);
      expect(stderr).to.equal('');
    });

    it('decide the format and the color by the first file', async () => {
      write({ '.porthole-lint.yaml': 'no-color: true\n', Dockerfile: warned });
      const outTerminal = { isTTY: true, color: true };

      expect((await lint([], { outTerminal })).stdout).not.to.include('\x1b');
      rmSync(join(folder, '.porthole-lint.yaml'));
      expect((await lint([], { outTerminal })).stdout).to.include('\x1b');
      expect((await lint(['--no-color'], { outTerminal })).stdout).not.to.include('\x1b');
    });
  });

  describe('bad input', () => {
    const usage: readonly (readonly [args: readonly string[], message: string])[] = [
      [['--format', 'x'], `unknown format "x": use one of ${formatNames.join(', ')}`],
      [['--only', 'nope'], 'unknown rule "nope": --list-rules shows all of them'],
      [['--ignore', 'nope'], 'unknown rule "nope": --list-rules shows all of them'],
      [['--rule', 'nope'], 'unknown rule "nope": --list-rules shows all of them'],
      [['--explain', 'nope'], 'unknown rule "nope": --list-rules shows all of them'],
      [['--severity', 'nope=error'], 'unknown rule "nope": --list-rules shows all of them'],
      [['--severity', 'PW001=loud'], 'unknown severity "loud": use error, warning, info, style or off'],
      [['--failure-threshold', 'x'], 'unknown severity "x": use error, warning, info, style or off'],
      [['--target-os', 'mac'], 'unknown target OS "mac": use windows or linux'],
      [['--escape', 'x'], 'unknown escape character "x": use \\ or `'],
      [['--as-of', 'today'], 'invalid date "today": write it as 2026-01-31'],
      [
        ['--label-schema', 'a=b'],
        'unknown type of label a "b": use text, rawtext, url, semver, hash, rfc3339, spdx or email',
      ],
      [['--severity', 'PW001'], 'rule "PW001" has no severity: write PW001=LEVEL'],
      [['--list-rules', 'PW001'], '--list-rules lints nothing: leave out PW001'],
      [['--explain', 'PW001', 'PW002'], '--explain lints nothing: leave out PW002'],
      [['--dry-run'], '--dry-run goes with --fix'],
      [[''], 'open : no such file or directory\n'],
      [
        ['--strict', '--failure-threshold', 'error'],
        '--strict fails on any finding: leave out --failure-threshold',
      ],
      [['--watch', '-'], '--watch cannot watch standard input'],
      [['--config', 'nope.yaml'], 'open nope.yaml: no such file or directory'],
      [['--nope'], 'unknown flag: --nope'],
      [['--strict=maybe'], 'invalid argument "maybe" for "--strict" flag'],
    ];
    for (const [args, message] of usage) {
      it(`refuses ${args.join(' ')}`, async () => {
        write({ Dockerfile: warned });

        const { stdout, stderr, exitCode } = await lint(args);

        expect(stderr.slice(0, message.length)).to.equal(message);
        expect(stdout).to.equal('');
        expect(exitCode).to.equal(2);
      });
    }

    const files: readonly (readonly [what: string, name: string, message: string])[] = [
      ['a missing file', 'nope', 'open nope: no such file or directory\n'],
      ['a binary file', 'binary', 'binary: is a binary file, not a Dockerfile\n'],
      ['a folder without Dockerfiles', 'empty', 'empty: holds no Dockerfile\n'],
    ];
    for (const [what, name, message] of files) {
      it(`tells of ${what} and lints the others`, async () => {
        write({ Dockerfile: warned, binary: Buffer.from([0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0, 4]) });
        mkdirSync(join(folder, 'empty'));

        const run = await lint([name, 'Dockerfile', '--format', 'compact']);

        expect(run).to.deep.include({ stderr: message, exitCode: 2 });
        expect(run.stdout).to.match(/^Dockerfile:2:1 warning BK007 /);
      });
    }

    it('tells of a wrong configuration and lints the files of others', async () => {
      write({ 'a/.porthole-lint.yaml': 'strict: 2\n', 'a/Dockerfile': warned, 'b/Dockerfile': warned });

      const run = await lint(['--format', 'compact']);

      expect(run.stderr).to.equal(
        `${join(folder, 'a/.porthole-lint.yaml')}:1:9: strict is "2": expected true or false\n`,
      );
      expect(run.stdout).to.match(/^b\/Dockerfile:2:1 [^\n]*\n$/);
      expect(run.exitCode).to.equal(2);
    });

    it('tells which configuration cannot be read', async () => {
      write({ Dockerfile: warned });
      mkdirSync(join(folder, '.porthole-lint.yaml'));

      const run = await lint([]);

      expect(run.stderr).to.equal(`open ${join(folder, '.porthole-lint.yaml')}: is a directory\n`);
      expect(run.exitCode).to.equal(2);
    });

    it('tells once of a wrong configuration that many files share', async () => {
      write({ '.porthole-lint.yaml': 'strict: 2\n', 'a/Dockerfile': warned, 'b/Dockerfile': warned });

      const { stderr } = await lint([]);

      expect(stderr.match(/expected true or false/g)).to.have.lengthOf(1);
    });

    it('tells of a standard input that cannot be read and lints the others', async () => {
      write({ Dockerfile: warned });
      const stdin = new Readable({
        read() {
          this.destroy(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' }));
        },
      });

      const run = await lint(['-', 'Dockerfile', '--format', 'compact'], { stdin });

      expect(run.stderr).to.equal('EIO: i/o error, read\n');
      expect(run.stdout).to.match(/^Dockerfile:2:1 /);
      expect(run.exitCode).to.equal(2);
    });

    it('takes an empty file as the builder does', async () => {
      write({ Dockerfile: '' });

      const run = await lint(['--format', 'compact']);

      expect(run.stdout).to.equal('Dockerfile:1:1 error PH001 file with no instructions\n');
      expect(run.exitCode).to.equal(2);
    });

    it('reads UTF-16 and Latin-1 files', async () => {
      write({
        'a.Dockerfile': Buffer.from(`\ufeff${warned}`, 'utf16le'),
        'b.Dockerfile': Buffer.from(`# \xe4\n${warned}`, 'latin1'),
      });

      const { stdout } = await lint(['--format', 'compact', '--only', 'BK007']);

      expect(stdout).to.match(
        /^a.Dockerfile:2:1 warning BK007 [^\n]*\nb.Dockerfile:3:1 warning BK007 [^\n]*\n$/,
      );
    });
  });

  describe('pipes', function () {
    before(function () {
      if (process.platform === 'win32') this.skip();
    });
    const throughPipe = async (content: string | Uint8Array, ...args: string[]): Promise<CommandRun> => {
      write({ content });
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      const writer = spawn('cat content > pipe', { cwd: folder, shell: true });
      const run = await lint([...args, 'pipe']);
      await once(writer, 'exit');
      return run;
    };

    it('are read once, whatever they hold', async () => {
      const { stdout } = await throughPipe(Buffer.from(`\ufeff${warned}`, 'utf16le'), '--format', 'compact');

      expect(stdout.split('\n').map((line) => line.split(' ')[2]))
        .to.include('BK007')
        .and.to.include('PW040');
    });

    it('are not written to by --fix', async () => {
      write({ content: '' });
      execFileSync('mkfifo', [join(folder, 'pipe')]);

      const run = await lint(['--fix', 'pipe']);

      expect(run.stderr).to.equal('pipe: is no regular file, which --fix could write\n');
      expect(run.exitCode).to.equal(2);
    });

    it('are refused when they are binary', async () => {
      const { stderr, exitCode } = await throughPipe(Buffer.from([1, 0, 0, 0, 2]));

      expect(stderr).to.equal('pipe: is a binary file, not a Dockerfile\n');
      expect(exitCode).to.equal(2);
    });
  });

  describe('suppressions', () => {
    it('reports an ignore that ignores nothing, and one that names no rule', async () => {
      write({ Dockerfile: `${windows}# porthole ignore=PW001,NOPE # for reasons\nCMD ["app"]\n` });

      const { stdout } = await lint(['--format', 'compact']);

      expect(stdout).to.equal(
        'Dockerfile:2:19 info PH002 PW001 is ignored here but does not fire\n' +
          'Dockerfile:2:25 info PH002 NOPE is ignored here but no rule has that name\n',
      );
    });

    it('does not judge an ignore of a rule that this run leaves out', async () => {
      write({ Dockerfile: `${windows}# porthole ignore=BK007\nCMD app\n` });

      expect(await codes('--ignore', 'BK007')).to.deep.equal([]);
      expect(await codes('--only', 'PW001')).to.deep.equal([]);
    });

    it('can be silenced and raised itself', async () => {
      write({ Dockerfile: `${windows}# porthole ignore=PW001\nCMD ["app"]\n` });

      expect(await codes('--ignore', 'PH002')).to.deep.equal([]);
      expect((await lint(['--severity', 'unused-ignore=error'])).stdout).to.include('error PH002');
    });

    it('cannot silence what the builder refuses', async () => {
      write({ Dockerfile: `${windows}# porthole ignore=PH001\nCOPY one\n` });

      const { stdout } = await lint(['--format', 'compact']);

      expect(stdout).to.include('PH002 PH001 cannot be ignored by a comment');
      expect(stdout).to.include('error PH001');
    });
  });

  describe('--fix', () => {
    const fixable = 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022 as app\nCMD ["app"]\n';
    const fixed = fixable.replace(' as ', ' AS ');

    it('writes what can be corrected and reports the rest', async () => {
      write({ Dockerfile: fixable });

      expect(await lint(['--fix'])).to.deep.include({ stdout: '', exitCode: 0 });
      expect(readFileSync(join(folder, 'Dockerfile'), 'utf8')).to.equal(fixed);
    });

    it('prints a diff with --dry-run and writes nothing', async () => {
      write({ Dockerfile: fixable });

      const { stdout } = await lint(['--fix', '--dry-run']);

      expect(stdout).to.equal(
        '--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,2 +1,2 @@\n' +
          '-FROM mcr.microsoft.com/windows/nanoserver:ltsc2022 as app\n' +
          '+FROM mcr.microsoft.com/windows/nanoserver:ltsc2022 AS app\n CMD ["app"]\n',
      );
      expect(readFileSync(join(folder, 'Dockerfile'), 'utf8')).to.equal(fixable);
    });

    it('gives the corrected text of standard input, and what is left on stderr', async () => {
      const run = await lint(['--fix', '-', '--format', 'compact'], {
        stdin: fixable.replace('["app"]', 'app'),
      });

      expect(run.stdout).to.equal(fixed.replace('["app"]', 'app'));
      expect(run.stderr).to.match(/^-:2:1 warning BK007 /);
    });

    it('gives the corrected text of UTF-16 as UTF-8, and does not ask for it any more', async () => {
      const run = await lint(['--fix', '-', '--format', 'compact'], {
        stdin: Readable.from([Buffer.from(`\ufeff${fixable}`, 'utf16le')]),
      });

      expect(run).to.deep.include({ stdout: fixed, stderr: '', exitCode: 0 });
    });

    it('tells when a file cannot be written', async function () {
      if (process.getuid?.() === 0) this.skip();
      write({ Dockerfile: fixable });
      const { chmodSync } = await import('node:fs');
      chmodSync(join(folder, 'Dockerfile'), 0o444);

      expect(await lint(['--fix'])).to.deep.include({
        stderr: 'open Dockerfile: permission denied\n',
        exitCode: 2,
      });
    });
  });

  describe('output', () => {
    it('fits the terminal, whatever the file holds', async () => {
      const long = `${windows}RUN powershell -Command ${'x'.repeat(300)}; ls\r\nCMD ${'語'.repeat(90)}\t${'a\tb'.repeat(40)}\n`;
      write({ [`${'folder/'.repeat(9)}Dockerfile`]: `${long}WORKDIR relative\\${'y'.repeat(200)}\n` });

      for (const columns of [80, 120]) {
        const { stdout } = await lint([], { outTerminal: { columns } });
        const wide = [...stdout.split('\n')].filter(
          (line) => [...line].reduce((sum, c) => sum + (c > '\u2e80' ? 2 : 1), 0) > columns,
        );
        expect(wide).to.deep.equal([]);
        expect(stdout).to.include('^');
      }
    });

    it('marks where a long line was cut', async () => {
      write({ Dockerfile: `${windows}RUN ${'a'.repeat(100)} && cd C:/語 && ${'語'.repeat(60)}\n` });

      const { stdout } = await lint(['--only', 'DL3003'], { outTerminal: { columns: 80 } });

      expect(stdout.split('\n').slice(2, 4)).to.deep.equal([
        `   2 | …${'a'.repeat(19)} && cd C:/語 && ${'語'.repeat(18)}…`,
        `     |                         ^^^^^^^^`,
      ]);
    });

    it('gives a byte-order mark no column', async () => {
      write({ Dockerfile: '\ufefffrom scratch\nCMD ["a"]\n' });

      const { stdout } = await lint(['--only', 'BK004']);

      expect(stdout.split('\n').slice(2, 4)).to.deep.equal(['   1 | from scratch', '     | ^^^^']);
    });

    it('shows characters that nobody sees', async () => {
      write({ Dockerfile: `${windows}\u200bRUN x\n` });

      const { stdout } = await lint(['--only', 'PH001']);

      expect(stdout.split('\n').slice(1, 4)).to.deep.equal([
        '  unknown instruction: \ufffdRUN (did you mean RUN?)',
        '   2 | \ufffdRUN x',
        '     | ^^^^',
      ]);
    });

    it('passes no control characters of a file on', async () => {
      write({ Dockerfile: `${windows}CMD app \x1b[31mred\x07\nWORKDIR a\x1b]0;title\x07\n` });

      for (const format of ['human', 'compact', 'gnu', 'github']) {
        const { stdout } = await lint(['--format', format]);
        expect(stdout).to.not.match(/[\x00-\x08\x0b-\x1f\x7f]/);
      }
    });

    it('is one JSON document with --json', async () => {
      write({ Dockerfile: warned });

      const { stdout } = await lint(['--json']);

      expect(JSON.parse(stdout)).to.have.nested.property('findings[0].code', 'BK007');
    });

    it('explains rules', async () => {
      expect((await lint(['--explain', 'JSONArgsRecommended'])).stdout).to.match(
        /^BK007 json-args-recommended \(JSONArgsRecommended, DL3025\)\nwarning, every stage\n[^]*Bad:\n[^]*Good:\n/,
      );
    });

    it('explains within the columns of the terminal', async () => {
      const { stdout } = await lint(['--explain', 'BK007'], { outTerminal: { columns: 80 } });
      const [sentences] = stdout.split('Bad:');

      expect(sentences!.split('\n').filter((line) => line.length > 80)).to.deep.equal([]);
      expect(sentences!.replaceAll('\n', ' ')).to.include(
        'event to every process of the container; with cmd',
      );
    });

    it('explains the rule that a code is a part of', async () => {
      expect((await lint(['--explain', 'dl4003'])).stdout).to.match(
        /^BK012 multiple-instructions-disallowed /,
      );
    });

    it('lists all rules', async () => {
      expect((await lint(['--list-rules'])).stdout).to.match(/^BK001 [^]*\nPH001 [^]*\nPW001 /);
    });
  });

  describe('as a program', () => {
    const missing = cliMissing();
    before(function () {
      if (missing === undefined) return;
      console.log(`      skipped: ${missing}`);
      this.skip();
    });

    it('loads YAML for a configuration alone, and nothing of the engine ever', async function () {
      this.timeout(30_000);
      write({ Dockerfile: clean, 'b/Dockerfile': clean, 'b/.hadolint.yaml': 'no-fail: true\n' });
      const loadedFor = async (name: string): Promise<string> => {
        const list = join(folder, 'loaded');
        rmSync(list, { force: true });
        const record = join(packageRoot, 'test/support/record-modules.mjs');
        const cli = new Cli(join(folder, 'data'), {
          PORTHOLE_LOADED: list,
          NODE_OPTIONS: `--import ${record}`,
        });
        await cli.ok(['lint', join(folder, name)]);
        return readFileSync(list, 'utf8');
      };

      expect(await loadedFor('Dockerfile')).to.not.match(/node_modules|porthole\.js/);
      expect(await loadedFor('b/Dockerfile')).to.match(/node_modules\/yaml\//);
    });

    it('tells of a standard input that is a folder', async function () {
      this.timeout(30_000);
      if (process.platform === 'win32') return this.skip();
      const command = `exec "$0" "$1" lint - < ${folder}`;
      const child = spawnSync('sh', ['-c', command, process.execPath, join(packageRoot, 'bin/run.js')], {
        encoding: 'utf8',
      });

      expect(child.stderr).to.equal('EISDIR: illegal operation on a directory, read\n');
      expect([child.stdout, child.status]).to.deep.equal(['', 2]);
    });

    it('ends with 0 on Ctrl-C when it watches', async function () {
      this.timeout(30_000);
      write({ Dockerfile: warned });
      const child = new Cli(join(folder, 'data')).start(['lint', '--watch', join(folder, 'Dockerfile')]);
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('Watching')) child.kill('SIGINT');
      });
      const exitCode = await new Promise((done) => child.once('close', done));

      expect(exitCode).to.equal(0);
    });

    it('ends without a word when the reader of a pipe goes away', async function () {
      this.timeout(30_000);
      write({ Dockerfile: windows + 'CMD app\n'.repeat(20_000) });
      const child = new Cli(join(folder, 'data')).start(['lint', join(folder, 'Dockerfile')]);
      let stderr = '';
      child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.stdout!.once('data', () => child.stdout!.destroy());
      const exitCode = await new Promise((done) => child.once('close', done));

      expect(stderr).to.equal('');
      expect(exitCode).to.equal(process.platform === 'win32' ? 1 : 141);
      expect(existsSync(join(folder, 'data'))).to.equal(false);
    });
  });
});
