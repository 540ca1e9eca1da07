import { expect } from 'chai';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { runCommand, type CommandRun, type CommandScene } from '../support/command-host.ts';

const noEngine = () => Promise.reject(new Error('a check asks no engine'));

describe('porthole build --check', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-check-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, text: string | Uint8Array) => writeFileSync(join(folder, name), text);
  const check = (args: readonly string[], scene: Partial<CommandScene> = {}): Promise<CommandRun> =>
    runCommand(['build', ...args], { engine: noEngine, cwd: folder, ...scene });

  it('prints what BuildKit prints', async () => {
    write('Dockerfile', 'FROM scratch\n\nCMD mycommand\n');

    expect(await check(['--check', '.'])).to.deep.equal({
      exitCode: 1,
      stdout: `Check complete, 1 warning has been found!

WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/
JSON arguments recommended for CMD to prevent unintended behavior related to OS signals
Dockerfile:3
--------------------
   1 |     FROM scratch
   2 |     
   3 | >>> CMD mycommand
   4 |     
--------------------
`,
      stderr: '',
    });
  });

  it('is content with a clean file', async () => {
    write('Dockerfile', 'FROM scratch\nCMD ["a"]\n');

    expect(await check(['--call=check', '.'])).to.deep.equal({
      exitCode: 0,
      stdout: 'Check complete, no warnings found.\n',
      stderr: '',
    });
  });

  it('names the file by the way to it, and shows one line around several', async () => {
    write('x.Dockerfile', 'FROM scratch AS a\nENTRYPOINT one \\\n  two\nCOPY a /\nCOPY b /\n');

    const { stdout } = await check(['--check', '-f', 'x.Dockerfile', '.']);

    expect(stdout).to.include(
      'x.Dockerfile:2\n--------------------\n   1 |     FROM scratch AS a\n   2 | >>> ENTRYPOINT one \\\n' +
        '   3 | >>>   two\n   4 |     COPY a /\n--------------------\n',
    );
  });

  it('adds what it knows of Windows stages', async () => {
    write(
      'Dockerfile',
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY app C:\\app\\\nCMD ["a"]\n',
    );

    const { stdout, exitCode } = await check(['--check', '.']);

    expect(stdout).to.match(/\nWARNING: PW\d+ - \S+\n[^\n]+\nDockerfile:2\n/);
    expect(exitCode).to.equal(1);
  });

  it('prints a build error last, on stderr', async () => {
    write('Dockerfile', 'FROM scratch as a\nNOPE b\n');

    const run = await check(['--check', '.']);

    expect(run.exitCode).to.equal(1);
    expect(run.stdout).to.match(
      /^Check complete, 1 warning has been found!\n\nWARNING: FromAsCasing - [^]*---\n\n$/,
    );
    expect(run.stderr).to.equal(
      'ERROR: dockerfile parse error on line 2: unknown instruction: NOPE (did you mean COPY?)\nDockerfile:2\n--------------------\n' +
        '   1 |     FROM scratch as a\n   2 | >>> NOPE b\n   3 |     \n--------------------\n',
    );
  });

  it('fails by # check=error=true, and by the build argument that replaces it', async () => {
    write('Dockerfile', '# check=error=true\nFROM scratch as a\ncopy b /\n');

    const { stderr, exitCode } = await check(['--check', '.']);
    expect(stderr).to.match(
      /^ERROR: lint violation found for rules: FromAsCasing, ConsistentInstructionCasing\nDockerfile:2\n/,
    );
    expect(exitCode).to.equal(1);

    const skipped = await check(['--check', '--build-arg', 'BUILDKIT_DOCKERFILE_CHECK=skip=all', '.']);
    expect(skipped).to.deep.include({ stderr: '', exitCode: 0 });
  });

  it('tells what no build takes although every line can be read', async () => {
    write('Dockerfile', 'FROM a:1 AS x\nCOPY --from=y a b\nFROM x AS y\n');

    const { stdout, stderr, exitCode } = await check(['--check', '.']);

    expect(stdout).to.equal('');
    expect(stderr).to.match(/^ERROR: circular dependency detected on stage: x\nDockerfile:2\n/);
    expect(exitCode).to.equal(1);
  });

  it('has exit code 0 with ignorestatus', async () => {
    write('Dockerfile', 'FROM scratch\nCMD a\n');

    expect((await check(['--call=check,ignorestatus=true', '.'])).exitCode).to.equal(0);
  });

  it('prints JSON', async () => {
    write('Dockerfile', 'FROM scratch\nCMD a\n');

    const { stdout, exitCode } = await check(['--call=check,format=json', '.']);

    expect(JSON.parse(stdout)).to.deep.equal({
      warnings: [
        {
          ruleName: 'JSONArgsRecommended',
          description:
            'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
          url: 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
          detail: 'JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
          location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
        },
      ],
      sources: [
        {
          filename: 'Dockerfile',
          language: 'Dockerfile',
          data: Buffer.from('FROM scratch\nCMD a\n').toString('base64'),
        },
      ],
    });
    expect(exitCode).to.equal(1);
  });

  it('prints JSON as Go does when nothing was found', async () => {
    write('Dockerfile', 'FROM scratch\n');

    expect((await check(['--check', '--call=check,format=json', '.'])).stdout).to.equal(
      `{\n  "warnings": null,\n  "sources": [\n    {\n      "filename": "Dockerfile",\n      "data": "RlJPTSBzY3JhdGNoCg==",\n      "language": "Dockerfile"\n    }\n  ]\n}\n`,
    );
  });

  it('compares base images with the platform that is asked for', async () => {
    write('Dockerfile', 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n');

    expect((await check(['--check', '--platform', 'windows/amd64', '.'])).exitCode).to.equal(0);
    expect((await check(['--check', '--platform', 'linux/amd64', '.'])).stdout).to.include(
      'InvalidBaseImagePlatform\nBase image mcr.microsoft.com/windows/nanoserver:ltsc2022 was pulled with platform "windows/amd64", expected "linux/amd64" for current build',
    );
  });

  it('reads the Dockerfile from standard input, alone, beside a folder and in an archive', async () => {
    const text = 'FROM scratch as a\n';
    const archive = pack();
    archive.entry({ name: 'sub/Dockerfile' }, text);
    archive.finalize();
    const bytes = await buffer(archive);

    for (const [args, stdin] of [
      [['--check', '-'], text],
      [['--check', '-f', '-', '.'], text],
      [['--check', '-f', 'sub/Dockerfile', '-'], bytes.toString('latin1')],
    ] as const) {
      expect((await check(args, { stdin })).stdout, args.join(' ')).to.include('WARNING: FromAsCasing');
    }
    expect((await check(['--check', '-'], { stdin: bytes.toString('latin1') })).stderr).to.equal(
      'failed to read dockerfile: open Dockerfile: no such file or directory\n',
    );
  });

  it('obeys .dockerignore, build arguments and the target', async () => {
    write('.dockerignore', 'secret\n');
    write(
      'Dockerfile',
      'ARG BASE\nFROM $BASE AS one\nCOPY secret /\nFROM scratch AS two\nCMD a\nFROM one AS three\n',
    );
    const found = async (...args: string[]) =>
      [...(await check(['--check', ...args, '.'])).stdout.matchAll(/WARNING: (\w+)/g)].map(
        ([, name]) => name,
      );

    expect(await found()).to.deep.equal([
      'InvalidDefaultArgInFrom',
      'CopyIgnoredFile',
      'JSONArgsRecommended',
    ]);
    expect(await found('--build-arg', 'BASE=alpine', '--target', 'two')).to.deep.equal([
      'JSONArgsRecommended',
    ]);
    expect(await found('--target', 'three'))
      .to.include('CopyIgnoredFile')
      .and.not.to.include('JSONArgsRecommended');
    expect((await check(['--check', '--target', 'tow', '.'])).stderr).to.equal(
      'target stage "tow" could not be found (did you mean two?)\n',
    );
  });

  const wrong: readonly (readonly [call: string, message: string])[] = [
    [
      'subrequests.describe',
      'unsupported --call "subrequests.describe": use build, check, outline or targets',
    ],
    ['check,build', 'invalid print value: check,build'],
    ['check,x=1', 'invalid print field: x=1'],
    ['check,format=xml', 'unsupported format "xml" of --call: use text or json'],
    ['check,ignorestatus=maybe', 'invalid ignorestatus print value: maybe'],
  ];
  for (const [call, message] of wrong) {
    it(`refuses --call=${call}`, async () => {
      write('Dockerfile', 'FROM scratch\n');

      const run = await check([`--call=${call}`, '.']);

      expect(run.stderr.slice(0, message.length)).to.equal(message);
      expect(run.exitCode).to.equal(1);
    });
  }

  it('refuses a binary Dockerfile', async () => {
    write('Dockerfile', Buffer.from([0x4d, 0x5a, 0x90, 0, 3]));

    expect(await check(['--check', '.'])).to.deep.include({
      stderr: 'failed to read dockerfile: Dockerfile is a binary file, not a Dockerfile\n',
      exitCode: 1,
    });
  });

  const recorded = join(import.meta.dirname, '../../../shared/conformance/dockerfile/lint/buildkit');
  const missing = !existsSync(recorded);
  describe(`recorded checks${missing ? ' (skipped: no conformance data beside the checkout)' : ''}`, () => {
    if (missing) {
      it.skip('agree');
      return;
    }
    for (const file of readdirSync(recorded).toSorted()) {
      it(file, async () => {
        const one = JSON.parse(readFileSync(join(recorded, file), 'utf8')) as {
          variant: string;
          dockerfile: string;
          dockerignore?: string;
          frontend_attrs?: Record<string, string>;
          check_warnings: { rule: string; line: number; message: string; url: string }[] | null;
        };
        if (one.variant === 'windows') return;
        write('Dockerfile', one.dockerfile);
        if (one.dockerignore !== undefined) write('.dockerignore', one.dockerignore);
        const args = Object.entries(one.frontend_attrs ?? {}).flatMap(([name, value]) =>
          name.startsWith('build-arg:') ? ['--build-arg', `${name.slice(10)}=${value}`] : [],
        );

        const { stdout } = await check(['--check', ...args, '.']);

        const got = [...stdout.matchAll(/^WARNING: (\w+)(?: - (\S+))?\n(.*)\nDockerfile:(\d+)$/gm)].map(
          ([, rule, url = '', message, line]) => ({ rule, url, message, line: Number(line) }),
        );
        const order = (a: { line: number; message?: string }, b: { line: number; message?: string }) =>
          a.line - b.line || (a.message! < b.message! ? -1 : 1);
        const expected = (one.check_warnings ?? []).map(({ rule, url, message, line }) => ({
          rule,
          url,
          message,
          line,
        }));
        expect(got.toSorted(order as never)).to.deep.equal(expected.toSorted(order));
      });
    }
  });
});
