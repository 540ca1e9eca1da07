/** Whole commands of the built package in Windows Node under Wine: a real registry, the stand-ins for the system's services. */
import { expect } from 'chai';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWindowsCli, whyNoWindowsCli, type WindowsCli } from '../../../support/windows-cli.ts';
import type { RigRun, WindowsRig } from '../../../support/windows-rig.ts';

const why = whyNoWindowsCli();

describe(`windows commands under Wine${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(120_000);
  let cli: WindowsCli;
  let rig: WindowsRig;
  let folder: string;
  let image: string;

  before(async function () {
    if (why !== undefined) return this.skip();
    cli = await openWindowsCli();
    ({ rig, folder, image } = cli);
  });

  after(() => cli?.dispose());

  const porthole = (...args: string[]): Promise<RigRun> => cli.porthole(...args);
  const calls = (name: string): Readonly<Record<string, string>>[] => cli.calls(name);
  const lines = ({ stdout }: RigRun): string[] => stdout.split('\n').filter((line) => line !== '');
  const store = (): string[] => readdirSync(join(cli.dataRoot, 'windowsfilter'));

  it('runs a program, gives its output and its exit code, and leaves nothing', async () => {
    const before = store();
    const run = await porthole('run', '--rm', image, 'cmd', '/c', 'echo hi& exit 300');

    expect([run.stdout, run.stderr, run.code]).to.deep.equal(['hi\r\n', '', 300 & 0xff]);
    expect(store()).to.deep.equal(before);
    expect(lines(await porthole('ps', '-aq'))).to.deep.equal([]);
  });

  it('keeps a container through create, start, logs, inspect and rm', async () => {
    const created = await porthole('create', '--name', 'one', image, 'cmd', '/c', 'echo hello');
    expect(created.stdout).to.match(/^[0-9a-f]{64}\n$/);
    expect((await porthole('start', '-a', 'one')).stdout).to.equal('hello\r\n');
    expect((await porthole('wait', 'one')).stdout).to.equal('0\n');
    expect((await porthole('logs', 'one')).stdout).to.equal('hello\r\n');
    const state = await porthole(
      'inspect',
      '-f',
      '{{.State.Status}} {{.State.ExitCode}} {{.Platform}}',
      'one',
    );
    expect(state.stdout).to.equal('exited 0 windows\n');
    expect((await porthole('rm', 'one')).code).to.equal(0);
  });

  it('runs in the background, executes more in it and stops it', async () => {
    await porthole('run', '-d', '--name', 'two', image, 'cmd', '/c', 'ping -n 60 127.0.0.1 >nul');
    const exec = await porthole('exec', 'two', 'cmd', '/c', 'echo inside& exit 3');
    expect([exec.stdout, exec.code]).to.deep.equal(['inside\r\n', 3]);
    expect(lines(await porthole('ps', '--format', '{{.Names}} {{.State}}'))).to.deep.equal(['two running']);
    expect((await porthole('stop', '-t', '1', 'two')).stdout).to.equal('two\n');
    expect((await porthole('rm', 'two')).code).to.equal(0);
  });

  it('does not take another process with the ID of a dead monitor for it', async () => {
    await porthole('run', '-d', '--name', 'three', image, 'cmd', '/c', 'ping -n 60 127.0.0.1 >nul');
    const id = (await porthole('inspect', '-f', '{{.Id}}', 'three')).stdout.trim();
    const file = join(cli.dataRoot, 'containers', id, 'state.json');
    const state = readFileSync(file, 'utf8');
    const { owner } = JSON.parse(state) as { owner: { pid: number; startTime: string } };
    expect(owner.startTime).to.match(/^[0-9a-f]{14,16}$/);
    const shown = async (): Promise<string> =>
      (await porthole('ps', '-a', '--filter', 'name=three', '--format', '{{.State}}')).stdout;
    expect(await shown()).to.equal('running\n');

    writeFileSync(
      file,
      JSON.stringify({ ...JSON.parse(state), owner: { ...owner, startTime: '1d00000000000' } }),
    );
    expect(await shown()).to.equal('exited\n');

    writeFileSync(file, state);
    expect((await porthole('rm', '-f', 'three')).code).to.equal(0);
  });

  it('gives devices, named pipes, limits and a credential spec to HCS', async () => {
    const gpu = '5B45201D-F2F2-4F3B-85BB-30FF1F953599';
    const spec = '{"CmsPlugins":["ActiveDirectory"]}';
    const [pipe, inner] = ['\\\\.\\pipe\\docker_engine', '\\\\.\\pipe\\inner'];
    const run = await porthole(
      ...['run', '--rm', '--device', `class/${gpu}`, '-v', `${pipe}:${inner}`],
      ...['--io-maxiops', '500', '--io-maxbandwidth', '10mb', '--memory', '2g', '--cpus', '1'],
      ...['--security-opt', `credentialspec=raw://${spec}`, image, 'cmd', '/c', 'echo guarded'],
    );
    expect([run.stdout, run.stderr, run.code]).to.deep.equal(['guarded\r\n', '', 0]);

    const { Container } = JSON.parse(calls('HcsCreateComputeSystem').at(-1)!['configuration']!) as {
      Container: Record<string, Record<string, unknown>>;
    };
    expect(Container['AssignedDevices']).to.deep.equal([{ InterfaceClassGuid: gpu }]);
    expect(Container['MappedPipes']).to.deep.equal([{ HostPath: pipe, ContainerPipeName: 'inner' }]);
    expect(Container['Storage']!['QoS']).to.deep.equal({ IopsMaximum: 500, BandwidthMaximum: 10 << 20 });
    expect(Container['Memory']).to.deep.equal({ SizeInMB: 2048 });
    expect(Object.keys(Container['Processor']!)).to.deep.equal(['Maximum']);
    expect(Container['ContainerCredentialGuard']).to.include({ CredentialSpec: spec, Transport: 'LRPC' });
    const asked = calls('HcsModifyServiceSettings').map((call) => JSON.parse(call['settings']!) as Settings);
    expect(asked.map((each) => each.Settings.Operation)).to.deep.equal(['AddInstance', 'RemoveInstance']);
  });

  it('takes credential specs from the registry and from files', async () => {
    const spec = '{"CmsPlugins":["ActiveDirectory"],"From":"the registry"}';
    const script =
      `require('child_process').execFileSync('reg.exe', ['add', ` +
      `'HKLM\\\\SOFTWARE\\\\Microsoft\\\\Windows NT\\\\CurrentVersion\\\\Virtualization\\\\Containers\\\\CredentialSpecs', ` +
      `'/v', 'web', '/d', process.argv[1], '/f'], { stdio: 'ignore' })`;
    expect((await rig.node(['-e', script, spec])).code).to.equal(0);
    const files = join(rig.driveC, 'ProgramData', 'porthole', 'CredentialSpecs');
    mkdirSync(files);
    writeFileSync(join(files, 'web.json'), '{"From":"a file"}');
    for (const [source, text] of [
      ['registry://web', spec],
      ['file://web.json', '{"From":"a file"}'],
    ]) {
      const options = ['--rm', '--security-opt', `credentialspec=${source}`];
      const run = await porthole('run', ...options, image, 'cmd', '/c', 'echo ok');
      expect([run.stdout, run.stderr, run.code]).to.deep.equal(['ok\r\n', '', 0]);
      const { Container } = JSON.parse(calls('HcsCreateComputeSystem').at(-1)!['configuration']!) as {
        Container: Record<string, Record<string, unknown>>;
      };
      expect(Container['ContainerCredentialGuard']).to.include({ CredentialSpec: text });
    }
    const missing = await porthole(
      ...['run', '--rm', '--security-opt', 'credentialspec=registry://absent', image, 'cmd'],
    );
    expect(missing.code).to.equal(125);
    expect(missing.stderr).to.include('registry credential spec "absent"').and.include('was not found');
    expect(lines(await porthole('ps', '-aq'))).to.deep.equal([]);
  });

  it('refuses devices that are none, before anything is made', async () => {
    const before = calls('HcsCreateComputeSystem').length;
    const run = await porthole('run', '--rm', '--device', 'C:\\nul', image, 'cmd');

    expect(run.code).to.equal(125);
    expect(run.stderr).to.include('invalid device assignment path');
    expect(calls('HcsCreateComputeSystem')).to.have.length(before);
    expect(lines(await porthole('ps', '-aq'))).to.deep.equal([]);
  });

  it('builds an image with RUN and COPY', async () => {
    const context = join(folder, 'context');
    mkdirSync(context);
    writeFileSync(join(context, 'app.txt'), 'from the context');
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM ${image}\nWORKDIR C:\\\\app\nCOPY app.txt .\nRUN echo built\nCMD ["cmd","/c","echo","made"]\n`,
    );
    const build = await porthole('build', '-t', 'mine', rig.windowsPath(context));
    expect([build.code, build.stderr]).to.deep.equal([0, '']);
    expect(build.stdout).to.include('built').and.to.include('Successfully tagged mine:latest');
    expect((await porthole('run', '--rm', 'mine')).stdout).to.equal('made\r\n');
  });

  it('makes networks of its own and removes them', async () => {
    expect(
      (await porthole('network', 'create', '-d', 'nat', '--subnet', '10.99.0.0/24', 'mynet')).code,
    ).to.equal(0);
    expect(lines(await porthole('network', 'ls', '--format', '{{.Name}}'))).to.include('mynet');
    const run = await porthole('run', '--rm', '--network', 'mynet', image, 'cmd', '/c', 'echo there');
    expect([run.stdout, run.code]).to.deep.equal(['there\r\n', 0]);
    expect((await porthole('network', 'rm', 'mynet')).stdout).to.equal('mynet\n');
  });

  it('knows volumes in any case, and keeps those that are in use', async () => {
    expect((await porthole('volume', 'create', 'Data')).stdout).to.equal('Data\n');
    const holder = (await porthole('create', '-v', 'data:C:\\data', image, 'cmd')).stdout.trim();
    expect((await porthole('inspect', '-f', '{{(index .Mounts 0).Name}}', holder)).stdout).to.equal('Data\n');
    const inUse = await porthole('volume', 'rm', 'DATA');
    expect([inUse.stderr, inUse.code]).to.deep.equal([
      `Error response from daemon: remove Data: volume is in use - [${holder}]\n`,
      1,
    ]);
    expect((await porthole('volume', 'prune', '-af')).stdout).to.equal('Total reclaimed space: 0B\n');
    expect(lines(await porthole('volume', 'ls', '-q'))).to.deep.equal(['Data']);
    const { stdout: path } = await porthole('volume', 'inspect', '-f', '{{.Mountpoint}}', 'data');
    expect(path).to.match(/^[A-Z]:\\.*\\volumes\\Data\\_data\n$/);
    await porthole('rm', holder);
    expect((await porthole('volume', 'rm', 'data')).stdout).to.equal('data\n');
    expect(lines(await porthole('volume', 'ls', '-q'))).to.deep.equal([]);
  });

  it('gave everything back that the stand-ins handed out', () => {
    const exits = cli.exits();

    expect(exits.length).to.be.greaterThan(5);
    for (const { open, violations } of exits) {
      expect(Object.values(open).filter((count) => count !== 0)).to.deep.equal([]);
      expect(violations).to.deep.equal([]);
    }
  });
});

interface Settings {
  readonly Settings: { readonly Operation: string };
}
