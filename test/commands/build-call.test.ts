import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, type CommandRun } from '../support/command-host.ts';

const noEngine = () => Promise.reject(new Error('a call asks no engine'));

const dockerfile = `ARG EDITION=nanoserver
ARG UNUSED=x\${EDITION}
# TAG is the release of the base image
ARG TAG=ltsc2022

# build compiles the program
FROM mcr.microsoft.com/windows/servercore:\${TAG} AS Build
# CONFIG is Debug or Release
ARG CONFIG=Release PATHS=\${CONFIG}/bin
ARG TARGETARCH
ARG TOKEN
RUN --mount=type=secret,id=nuget-\${CONFIG},env=KEY --mount=type=ssh build.cmd

FROM mcr.microsoft.com/windows/\${EDITION}:\${TAG} AS other
ARG LOST
RUN --mount=type=secret,id=lost,env=KEY other.cmd

FROM mcr.microsoft.com/windows/nanoserver:ltsc2025 AS base
ARG TAG
ONBUILD ARG FROM_TRIGGER=1
ONBUILD RUN --mount=type=secret,target=/run/trigger,required whoami

FROM base AS app
COPY --from=build C:/out C:/app/
RUN --mount=type=ssh,id=deploy,required app.cmd
`;

describe('porthole build --call', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-call-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const call = (text: string, ...args: string[]): Promise<CommandRun> => {
    writeFileSync(join(folder, 'Dockerfile'), text);
    return runCommand(['build', ...args, '.'], { engine: noEngine, cwd: folder });
  };

  it('outline tells what the last stage and all that it needs can be given', async () => {
    const { stdout, stderr, exitCode } = await call(
      dockerfile,
      '--call=outline',
      '--build-arg',
      'CONFIG=Debug',
    );

    expect(stdout).to.equal(`TARGET: app

BUILD ARG      VALUE       DESCRIPTION
TAG            ltsc2022    is the release of the base image
CONFIG         Debug       is Debug or Release
PATHS          Debug/bin   
TOKEN                      
FROM_TRIGGER   1           

SECRET        REQUIRED
nuget-Debug   
trigger       true

SSH       REQUIRED
default   
deploy    true

`);
    expect([stderr, exitCode]).to.deep.equal(['', 0]);
  });

  it('outline of a target leaves out what it does not need, and names the arguments of arguments', async () => {
    expect((await call(dockerfile, '--call=outline', '--target', 'BUILD')).stdout).to.match(
      /^TARGET: {6}build\nDESCRIPTION: compiles the program\n\nBUILD ARG [^]*\nTAG [^]*\nCONFIG [^]*\nTOKEN [^]*SECRET [^]*\nnuget-Release/,
    );
    const nested = 'ARG A=1\nARG B=$A-2\nARG C\nARG B=$B-3\nFROM scratch\nARG B\nARG C\nARG D=$B\n';
    expect((await call(nested, '--call=outline')).stdout).to.equal(
      'BUILD ARG   VALUE   DESCRIPTION\nA           1       \nB           1-2-3   \nC                   \nD           1-2-3   \n\n',
    );
  });

  it('outline is JSON with format=json', async () => {
    const text =
      '# A is <b>\nARG A=1\nFROM scratch AS x\nARG A\nRUN --mount=type=secret,id=s,required \\\n  a\n';

    const { stdout } = await call(text, '--call=outline,format=json');

    expect(stdout).to.include('"is \\u003cb\\u003e"');
    const at = (start: number, end = start) => ({
      ranges: [{ start: { line: start }, end: { line: end } }],
    });
    expect(JSON.parse(stdout)).to.deep.equal({
      name: 'x',
      args: [{ name: 'A', description: 'is <b>', value: '1', location: at(2) }],
      secrets: [{ name: 's', required: true, location: at(5, 6) }],
      sources: [Buffer.from(text).toString('base64')],
    });
  });

  it('targets lists the stages', async () => {
    expect(await call(dockerfile, '--call=targets')).to.deep.equal({
      stdout:
        'TARGET        DESCRIPTION\nbuild         compiles the program\nother         \nbase          \napp (default) \n',
      stderr: '',
      exitCode: 0,
    });
    const text = 'FROM a AS b\n# x is not told\n\nFROM --platform=$BUILDPLATFORM b\n';
    expect(JSON.parse((await call(text, '--print', 'targets,format=json')).stdout)).to.deep.equal({
      targets: [
        { name: 'b', base: 'a', location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] } },
        {
          default: true,
          base: 'b',
          platform: '$BUILDPLATFORM',
          location: { ranges: [{ start: { line: 4 }, end: { line: 4 } }] },
        },
      ],
      sources: [Buffer.from(text).toString('base64')],
    });
  });

  it('shows where a Dockerfile is wrong', async () => {
    for (const name of ['outline', 'targets']) {
      expect(await call('FROM a\nCOPY b\n', `--call=${name}`)).to.deep.equal({
        stdout: '',
        stderr:
          'Dockerfile:2\n--------------------\n   1 |     FROM a\n   2 | >>> COPY b\n   3 |     \n--------------------\n' +
          'ERROR: failed to build: failed to solve: dockerfile parse error on line 2: COPY requires at least two arguments, but only one was provided. Destination could not be determined\n',
        exitCode: 1,
      });
    }
    const { stderr, exitCode } = await call('FROM a\nARG B="${C"\n', '--call=outline');
    expect(stderr)
      .to.include('>>> ARG B="${C"\n')
      .and.to.match(/failed to solve: failed to process [^\n]*\n$/);
    expect(exitCode).to.equal(1);
  });

  it('refuses a target that is not there, and a platform that is none', async () => {
    expect(await call(dockerfile, '--call=outline', '--target', 'buidl')).to.deep.include({
      stderr: 'target stage "buidl" could not be found (did you mean build?)\n',
      exitCode: 1,
    });
    expect((await call(dockerfile, '--call=outline', '--platform', 'a b')).exitCode).to.equal(1);
  });

  it('does not tire of long chains of stages', async () => {
    const text = Array.from(
      { length: 3000 },
      (_, at) => `FROM ${at === 0 ? 'a' : `s${at - 1}`} AS s${at}\nARG A${at}=1\n`,
    );

    const { stdout } = await call(text.join(''), '--call=outline');

    expect(stdout.split('\n')).to.have.length.above(3000);
  });
});
