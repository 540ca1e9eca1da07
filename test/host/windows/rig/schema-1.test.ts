/** Schema 1 documents from the command line: Hyper-V isolation, and a Windows that has only vmcompute.dll (Server 2016). */
import { expect } from 'chai';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  openWindowsCli,
  whyNoWindowsCli,
  withHyperV,
  type WindowsCli,
} from '../../../support/windows-cli.ts';

const why = whyNoWindowsCli();
const skipped = why === undefined ? '' : ` (skipped: ${why})`;

const document = (cli: WindowsCli): Record<string, unknown> =>
  JSON.parse(cli.calls('HcsCreateComputeSystem').at(-1)!['configuration']!) as Record<string, unknown>;

describe(`hyper-v isolation under Wine${skipped}`, function () {
  this.timeout(120_000);
  let cli: WindowsCli;
  before(async function () {
    if (why !== undefined) return this.skip();
    cli = await openWindowsCli({ prepare: withHyperV });
  });
  after(() => cli?.dispose());

  it('leaves the disk to the utility VM and the endpoints to HCS', async () => {
    const run = await cli.porthole(
      ...['run', '--rm', '--isolation=hyperv', '-p', '8080:80', '-v', 'C:\\ProgramData:C:\\data'],
      ...[cli.image, 'cmd', '/c', 'echo isolated& exit 7'],
    );
    expect([run.stdout, run.stderr, run.code]).to.deep.equal(['isolated\r\n', '', 7]);
    const sent = document(cli);
    expect(sent).to.include({ SystemType: 'Container', HvPartition: true });
    expect(sent).not.to.have.any.keys('VolumePath', 'TerminateOnLastHandleClosed');
    expect(sent['EndpointList']).to.have.length(1);
    expect(sent['MappedDirectories']).to.deep.equal([
      {
        HostPath: 'C:\\ProgramData',
        ContainerPath: 'c:\\data',
        ReadOnly: false,
        BandwidthMaximum: 0,
        IOPSMaximum: 0,
        CreateInUtilityVM: false,
      },
    ]);
    expect(cli.calls('HcnCreateNamespace')).to.deep.equal([]);
    const endpoints = cli.calls('HNSCall').filter((call) => call['path'] === '/endpoints/');
    expect(endpoints[0]!['request']).to.include('"ExternalPort":8080');
  });

  it('keeps what programs do to files in the scratch that it was given', async () => {
    const options = ['--isolation=hyperv', '--name', 'kept', cli.image, 'cmd', '/c'];
    const first = await cli.porthole(
      ...['run', ...options],
      'type C:\\License.txt& del C:\\License.txt& if not exist C:\\made.txt (echo new> C:\\made.txt) else echo again',
    );
    expect([first.stdout.split('\r\n')[0], first.code]).to.deep.equal(['Porthole test image: nanoserver', 0]);
    const second = await cli.porthole('start', '-a', 'kept');
    expect(second.stdout).to.equal('again\r\n');
    expect((await cli.porthole('diff', 'kept')).stdout.split('\n').sort()).to.deep.equal([
      '',
      'A Files/made.txt',
      'D Files/License.txt',
    ]);
  });
});

describe(`windows without computecore.dll under Wine${skipped}`, function () {
  this.timeout(120_000);
  let cli: WindowsCli;
  before(async function () {
    if (why !== undefined) return this.skip();
    cli = await openWindowsCli({
      prepare(rig) {
        const here = join(rig.folder, 'older');
        mkdirSync(here);
        const from = rig.env['PORTHOLE_TEST_DLL_DIR']!.slice(2).replaceAll('\\', '/');
        for (const name of readdirSync(from))
          if (!/^compute(?:core|network)\.dll$/.test(name)) cpSync(join(from, name), join(here, name));
        rig.env['PORTHOLE_TEST_DLL_DIR'] = rig.windowsPath(here);
        rig.env['WINEPATH'] = rig.windowsPath(here);
      },
    });
  });
  after(() => cli?.dispose());

  it('runs, executes, stops and removes through vmcompute.dll alone', async () => {
    const run = await cli.porthole('run', '--rm', cli.image, 'cmd', '/c', 'echo older& exit 5');
    expect([run.stdout, run.stderr, run.code]).to.deep.equal(['older\r\n', '', 5]);
    expect(document(cli)).to.include({ SystemType: 'Container', HvPartition: false });
    expect(document(cli))
      .to.have.property('VolumePath')
      .that.matches(/^\\\\\?\\Volume\{.*\}$/);
    expect(document(cli)['EndpointList']).to.have.length(1);

    const started = await cli.porthole(
      ...['run', '-d', '--name', 'two', cli.image, 'cmd', '/c', 'ping -n 60 127.0.0.1 >nul'],
    );
    expect([started.stderr, started.code]).to.deep.equal(['', 0]);
    const exec = await cli.porthole('exec', 'two', 'cmd', '/c', 'echo inside& exit 3');
    expect([exec.stdout, exec.code]).to.deep.equal(['inside\r\n', 3]);
    const connect = await cli.porthole('network', 'disconnect', 'nat', 'two');
    expect([connect.code, connect.stderr]).to.deep.equal([
      1,
      'Error response from daemon: unsupported platform request\n' +
        'Hint: stop the container first: this version of Windows changes no adapters while a container runs\n',
    ]);
    expect((await cli.porthole('stop', '-t', '1', 'two')).stdout).to.equal('two\n');
    expect((await cli.porthole('rm', 'two')).code).to.equal(0);
    const left = await cli.porthole('network', 'inspect', 'nat', '-f', '{{len .Containers}}');
    expect(left.stdout).to.equal('0\n');
  });

  it('refuses nothing that it could do, and names what it cannot', async () => {
    const spec = '{"CmsPlugins":["ActiveDirectory"]}';
    const run = await cli.porthole(
      ...['run', '--rm', '--memory', '1g', '--security-opt', `credentialspec=raw://${spec}`],
      ...[cli.image, 'cmd', '/c', 'echo guarded'],
    );
    expect([run.stdout, run.stderr, run.code]).to.deep.equal(['guarded\r\n', '', 0]);
    expect(document(cli)).to.include({ Credentials: spec, MemoryMaximumInMB: 1024 });
  });
});
