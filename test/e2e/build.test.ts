/**
 * Builds on real parts: Wine runs the RUN lines, a real registry keeps the image between two data roots. One story told in
 * order, because each step is the next one's arrangement.
 */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort, startLoopbackRegistry } from '../../scripts/loopback-registry.ts';
import type { LoopbackRegistry } from '../../scripts/loopback-registry.ts';
import type { BuildRequest, Engine } from '../../src/engine/roles/index.ts';
import { defaultHostConfig } from '../../src/engine/local/containers/default-host-config.ts';
import { PortholeError } from '../../src/errors/porthole-error.ts';
import { createEngine } from '../../src/main.ts';
import { pushBaseImage } from '../support/base-image-registry.ts';
import { defaultRequest } from '../support/build-deps.ts';
import { testEnvironment } from '../support/linux-host.ts';
import { whyNoBackend } from '../support/embedded-backend.ts';

const reason = whyNoBackend();
const wineTemplates = join(import.meta.dirname, '../../.cache', `wine-${process.getuid?.() ?? 0}`);

/** An engine on a data root of its own; the Wine template, which takes long to make, is shared between runs. */
async function engineAt(root: string): Promise<Engine> {
  mkdirSync(wineTemplates, { recursive: true, mode: 0o700 });
  mkdirSync(root, { recursive: true });
  symlinkSync(wineTemplates, join(root, 'wine'));
  return createEngine(testEnvironment(root));
}

describe(`builds under Wine${reason === undefined ? '' : ` (skipped: ${reason})`}`, function () {
  this.timeout(240_000);
  let work: string;
  let registry: LoopbackRegistry;
  let engine: Engine;
  let other: Engine;
  let base: string;
  let image: string;
  let output = '';
  let contexts = 0;

  before(async function () {
    if (reason !== undefined) return this.skip();
    work = mkdtempSync(join(tmpdir(), 'porthole-build-e2e-'));
    registry = await startLoopbackRegistry(join(work, `registry-${await freePort()}`));
    await pushBaseImage(registry.address, 'windows/nanoserver', 'ltsc2022', join(work, 'base'));
    base = `${registry.address}/windows/nanoserver:ltsc2022`;
    image = `${registry.address}/acme/built:1`;
    engine = await engineAt(join(work, 'data'));
    other = await engineAt(join(work, 'other'));
  });

  after(async () => {
    if (reason !== undefined) return;
    await registry.stop();
    rmSync(work, { recursive: true, force: true });
  });

  async function build(
    dockerfile: readonly string[],
    files: Record<string, string> = {},
    request: Partial<BuildRequest> = {},
  ): Promise<string> {
    const path = join(work, `context-${++contexts}`);
    mkdirSync(path);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), content);
    }
    output = '';
    const { imageId } = await engine.build.build(
      { ...defaultRequest, ...request, dockerfile: { text: dockerfile.join('\n'), name: 'Dockerfile' } },
      { kind: 'directory', path, ignore: undefined },
      { onProgress: ({ stream }) => (output += stream ?? '') },
    );
    return imageId;
  }

  /** Output of a command line in a new container of the image. */
  async function run(
    where: Engine,
    name: string,
    commandLine: string,
  ): Promise<{ out: string; code: number }> {
    const { Id } = await where.containers.create({
      Hostname: '',
      Domainname: '',
      User: '',
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: null,
      Cmd: ['cmd', '/S', '/C', commandLine],
      Image: name,
      Volumes: null,
      WorkingDir: '',
      Entrypoint: null,
      OnBuild: null,
      Labels: null,
      HostConfig: { ...defaultHostConfig(), NetworkMode: 'none' },
      NetworkingConfig: { EndpointsConfig: null },
    });
    const session = await where.containers.attach(Id, { stdout: true, stderr: true });
    const shown = text(session.stdout);
    const { exit } = await where.containers.wait(Id, 'next-exit');
    await where.containers.start(Id);
    const { StatusCode } = await exit;
    const out = (await shown).replaceAll('\r\n', '\n');
    await where.containers.remove(Id, { force: true });
    return { out, code: StatusCode };
  }

  it('runs RUN lines of every form and keeps what they change', async () => {
    await build(
      [
        '# escape=`',
        'ARG BASE',
        'FROM $BASE AS tools',
        'USER ContainerAdministrator',
        'WORKDIR C:\\build',
        'COPY . .',
        'RUN mkdir out && `',
        '    copy dir\\b.txt out\\ && `',
        '    echo made by RUN>out\\made.txt',
        '',
        'FROM $BASE',
        'USER ContainerAdministrator',
        'ARG FLAVOUR=plain',
        'ENV APP_HOME=C:\\app',
        'RUN setx /M PORTHOLE_TOOLS "C:\\Program Files\\tools"',
        'RUN reg add HKLM\\Software\\Porthole /v Flavour /d %FLAVOUR% /f',
        'RUN ["cmd", "/c", "echo %PORTHOLE_TOOLS% > C:\\\\seen.txt"]',
        'COPY --from=tools C:\\build\\out C:\\app\\',
        'WORKDIR C:\\app',
        'SHELL ["cmd", "/V:ON", "/S", "/C"]',
        'RUN set X=delayed& echo !X!> shell.txt',
        'RUN <<EOF',
        'echo one> heredoc.txt',
        'echo two>> heredoc.txt',
        'EOF',
        'CMD ["cmd", "/c", "type made.txt"]',
      ],
      { 'a.txt': 'A', 'dir/b.txt': 'B' },
      { buildArgs: { BASE: base, FLAVOUR: 'vanilla' }, tags: [image], pull: true },
    );

    expect(output).to.match(/^Step 1\/19 : ARG BASE$/m);
    expect(output).to.match(/^ ---> Running in [0-9a-f]{12}$/m);
    expect(output).to.match(/^ ---> Removed intermediate container [0-9a-f]{12}$/m);
    expect(output).to.match(new RegExp(`Successfully built [0-9a-f]{12}\nSuccessfully tagged ${image}\n$`));
    const inspected = await engine.images.inspect(image);
    expect(inspected.Config?.Labels?.['io.porthole.built-with']).to.match(/^wine \d/);
    expect(inspected.Config).to.deep.include({
      Env: ['PATH=C:\\Windows\\system32;C:\\Windows;', 'APP_HOME=C:\\app'],
      WorkingDir: 'C:\\app',
      Shell: ['cmd', '/V:ON', '/S', '/C'],
    });
  });

  const expected: [commandLine: string, out: RegExp][] = [
    ['type C:\\app\\b.txt', /^B$/],
    ['type C:\\app\\made.txt', /^made by RUN\s*\n$/],
    ['type C:\\seen.txt', /^C:\\Program Files\\tools\s*\n$/],
    ['echo %PORTHOLE_TOOLS%', /^C:\\Program Files\\tools\n$/],
    ['reg query HKLM\\Software\\Porthole', /Flavour\s+REG_SZ\s+vanilla/],
    ['type C:\\app\\shell.txt', /^delayed\s*\n$/],
    ['type C:\\app\\heredoc.txt', /^one\s*\ntwo\s*\n$/],
    ['if exist C:\\build (echo there) else (echo gone)', /^gone\s*\n$/],
  ];

  it('gives all of it to containers of the image', async () => {
    for (const [commandLine, out] of expected) {
      const result = await run(engine, image, commandLine);
      expect(result.out, commandLine).to.match(out);
      expect(result.code, commandLine).to.equal(0);
    }
  });

  it('keeps it through push and pull', async () => {
    await engine.images.push(image);
    await other.images.pull(image);

    expect((await other.images.inspect(image)).Id).to.equal((await engine.images.inspect(image)).Id);
    for (const [commandLine, out] of expected) {
      expect((await run(other, image, commandLine)).out, commandLine).to.match(out);
    }
  });

  it('uses its cache for all steps, and for those before a change', async () => {
    const dockerfile = [
      'ARG BASE',
      'FROM $BASE',
      'COPY a.txt C:/',
      'RUN type C:\\a.txt',
      'COPY b.txt C:/',
      'RUN type C:\\b.txt',
    ];
    const request = { buildArgs: { BASE: base } };
    const first = await build(dockerfile, { 'a.txt': 'A', 'b.txt': 'B' }, request);
    const again = await build(dockerfile, { 'a.txt': 'A', 'b.txt': 'B' }, request);
    expect(again).to.equal(first);
    expect(output.match(/ ---> Using cache/g)).to.have.length(4);

    await build(dockerfile, { 'a.txt': 'A', 'b.txt': 'changed' }, request);

    expect(output.match(/ ---> Using cache/g)).to.have.length(2);
    expect(output).to.contain('changed');
  });

  it('fails with the exit code of the command and leaves its container', async () => {
    let error: unknown;
    try {
      await build(['ARG BASE', 'FROM $BASE', 'RUN echo before& exit 42'], {}, { buildArgs: { BASE: base } });
    } catch (caught) {
      error = caught;
    }

    expect(error).to.be.instanceOf(PortholeError);
    expect(error).to.include({
      message: "The command 'cmd /S /C echo before& exit 42' returned a non-zero code: 42",
      exitCode: 42,
    });
    expect(output).to.contain('before\r\n');
    const left = await engine.containers.list({ all: true });
    expect(left).to.have.length(1);
    await engine.containers.remove(left[0]!.Id, { force: true });
  });

  it('does not take a program that is not there for success', async () => {
    let message = '';
    try {
      await build(
        ['ARG BASE', 'FROM $BASE', 'RUN powershell -Command Write-Host hi'],
        {},
        {
          buildArgs: { BASE: base },
          forceRemove: true,
        },
      );
    } catch (error) {
      message = (error as Error).message;
    }

    expect(message).to.match(
      /^The command 'cmd \/S \/C powershell -Command Write-Host hi' returned a non-zero code: \d+$/,
    );
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
  });

  it('stops a RUN line when it is cancelled, and removes its container', async () => {
    const controller = new AbortController();
    const path = join(work, `context-${++contexts}`);
    mkdirSync(path);
    let message = '';
    try {
      await engine.build.build(
        {
          ...defaultRequest,
          dockerfile: { text: `FROM ${base}\nRUN echo started& ping -n 100 127.0.0.1\n`, name: 'Dockerfile' },
        },
        { kind: 'directory', path, ignore: undefined },
        {
          signal: controller.signal,
          onProgress: ({ stream }) => {
            if (stream?.includes('started') === true && !stream.includes('RUN')) controller.abort();
          },
        },
      );
    } catch (error) {
      message = (error as Error).message;
    }

    expect(message).to.equal('Build cancelled');
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
  });
});
