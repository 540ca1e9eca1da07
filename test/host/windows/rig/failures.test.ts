/** Whole commands while calls of Windows fail: what is said, with which advice, and that nothing is left half-made. */
import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openWindowsCli, whyNoWindowsCli, type WindowsCli } from '../../../support/windows-cli.ts';

const why = whyNoWindowsCli();

interface Failure {
  /** `FUNCTION:COUNTDOWN:HRESULT[:late]` of the stand-ins; countdown 0 = always. */
  readonly fault: string;
  readonly says: RegExp;
  readonly advises?: RegExp;
}

const accessDenied = '80070005';
const runs: readonly Failure[] = [
  {
    fault: `CreateSandboxLayer:0:${accessDenied}`,
    says: /hcsshim::CreateSandboxLayer failed in Win32: Access(?: is)? denied\. \(0x5\) C:\\ProgramData\\porthole\\windowsfilter\\[0-9a-f]{64}/,
    advises: /virus scanner/,
  },
  { fault: 'CreateSandboxLayer:0:80070070', says: /\(0x70\)/, advises: /free some space/ },
  {
    fault: 'ActivateLayer:0:80070020',
    says: /hcsshim::ActivateLayer failed in Win32: .*\(0x20\)/,
    advises: /virus scanner/,
  },
  { fault: 'PrepareLayer:0:8007001f', says: /hcsshim::PrepareLayer failed in Win32: .*\(0x1f\)/ },
  { fault: 'GetLayerMountPath:0:80070002', says: /hcsshim::GetLayerMountPath failed in Win32: .*\(0x2\)/ },
  { fault: 'NameToGuid:0:80070057', says: /hcsshim::NameToGuid failed in Win32: .*\(0x57\)/ },
  {
    fault: 'HNSCall:0:800706ba',
    says: /hnsCall failed in Win32: The RPC server is unavailable\. \(0x6ba\)/,
    advises: /service hns/,
  },
  {
    fault: 'HcnCreateNamespace:0:80070005',
    says: /hnsCall failed in Win32: Access is denied\. \(0x5\)/,
  },
  { fault: 'HcnModifyNamespace:1:803b002e', says: /attach namespace failed\. \(0x803b002e\)/ },
  {
    fault: 'HcsCreateComputeSystem:1:80370112',
    says: /hcs::CreateComputeSystem [0-9a-f]{64}: The container image contains a layer with an unrecognized format\. \(0x80370112\)/,
    advises: /pull it again/,
  },
  {
    fault: 'HcsCreateComputeSystem:1:8037011b',
    says: /hcs::CreateComputeSystem [0-9a-f]{64}: Insufficient privileges\. .*\(0x8037011b\)/,
    advises: /Administrator/,
  },
  {
    fault: 'HcsCreateComputeSystem:1:80370101:late',
    says: /The container operating system does not match the host operating system\. \(0x80370101\)/,
    advises: /--isolation=hyperv/,
  },
  {
    fault: 'HcsStartComputeSystem:1:80370106:late',
    says: /hcs::System::Start [0-9a-f]{64}: The virtual machine or container exited unexpectedly\. \(0x80370106\)/,
    advises: /install updates|newer than/,
  },
  {
    fault: 'HcsCreateProcess:1:80070005:late',
    says: /hcs::System::CreateProcess [0-9a-f]{64}: Access is denied\. \(0x5\)/,
    advises: /ContainerAdministrator/,
  },
  {
    fault: 'HcsCreateProcess:1:8007052e:late',
    says: /\(0x52e\)/,
    advises: /user must exist in the image/,
  },
];

describe(`failing calls of Windows under Wine${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(300_000);
  let cli: WindowsCli;
  let atFirst: Record<string, string[]>;

  const list = (...names: string[]): string[] => {
    const folder = join(cli.rig.driveC, 'ProgramData', 'porthole', ...names);
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  };
  const left = (): Record<string, string[]> => ({
    containers: list('containers'),
    names: list('names'),
    layers: list('windowsfilter'),
    volumes: list('volumes'),
  });

  /** Systems, processes, endpoints and namespaces that are there. */
  async function world(): Promise<Record<string, number>> {
    const script = `
      const core = require('koffi').load(process.env.PORTHOLE_TEST_DLL_DIR + '\\\\standin-core.dll');
      const buffer = Buffer.alloc(4096);
      core.func('uint32_t __stdcall StandinWorld(void *buffer, uint32_t size)')(buffer, 4096);
      console.log(buffer.toString('utf8').replace(/\\0.*$/s, ''));`;
    const { stdout } = await cli.rig.node(['-e', script]);
    const { systems, processes, endpoints, namespaces } = JSON.parse(stdout) as Record<string, number>;
    return { systems: systems!, processes: processes!, endpoints: endpoints!, namespaces: namespaces! };
  }

  before(async function () {
    if (why !== undefined) return this.skip();
    cli = await openWindowsCli();
    expect((await cli.porthole('run', '--rm', cli.image, 'cmd', '/c', 'exit 0')).code).to.equal(0);
    atFirst = left();
  });
  after(() => cli?.dispose());

  for (const { fault, says, advises } of runs)
    it(`run while ${fault}`, async () => {
      cli.rig.env['PORTHOLE_STANDIN_FAULTS'] = fault;
      const run = await cli.porthole(
        'run',
        '--rm',
        '-v',
        'data:C:\\data',
        cli.image,
        'cmd',
        '/c',
        'echo never',
      );
      delete cli.rig.env['PORTHOLE_STANDIN_FAULTS'];

      expect([run.stdout, run.code]).to.deep.equal(['', 125]);
      expect(run.stderr).to.match(says);
      if (advises !== undefined) expect(run.stderr.split('Hint: ')[1]).to.match(advises);
      // The named volume may stay, as with Docker.
      expect({ ...left(), volumes: [] }).to.deep.equal({ ...atFirst, volumes: [] });
    });

  it('leaves nothing in the services', async () => {
    expect(await world()).to.deep.equal({ systems: 0, processes: 0, endpoints: 0, namespaces: 0 });
  });

  it('pulls again what an antivirus kept from being processed', async () => {
    expect((await cli.porthole('rmi', cli.image)).code).to.equal(0);
    cli.rig.env['PORTHOLE_STANDIN_FAULTS'] = 'ProcessBaseImage:0:80070005';
    const pull = await cli.porthole('pull', '-q', cli.image);
    delete cli.rig.env['PORTHOLE_STANDIN_FAULTS'];

    expect(pull.code).to.equal(1);
    expect(pull.stderr).to.match(/hcsshim::ProcessBaseImage failed in Win32: .* \(0x5\)/);
    expect(pull.stderr).to.match(/Hint: .*virus scanner/);
    expect(left()['layers']).to.deep.equal([]);
    expect((await cli.porthole('pull', '-q', cli.image)).code).to.equal(0);
    expect(left()['layers']).to.have.length(1);
  });

  it('names the DLL that is missing, and the feature that has it', async () => {
    const there = cli.rig.env['PORTHOLE_TEST_DLL_DIR'];
    cli.rig.env['PORTHOLE_TEST_DLL_DIR'] = 'C:\\nowhere';
    const run = await cli.porthole('run', '--rm', cli.image, 'cmd');
    cli.rig.env['PORTHOLE_TEST_DLL_DIR'] = there;

    expect(run.code).to.equal(125);
    expect(run.stderr).to.match(
      /failed to load (?:vmcompute|computenetwork)\.dll, ensure that the Containers feature is installed/,
    );
    expect(run.stderr).to.include('Enable-WindowsOptionalFeature -Online -FeatureName Containers');
    expect(left()['containers']).to.deep.equal([]);
  });
});
