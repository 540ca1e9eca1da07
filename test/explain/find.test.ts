/** Real messages and what has to come first. */
import { expect } from 'chai';
import { explainedHint } from '../../src/explain/error-hint.ts';
import { findExplanations } from '../../src/explain/find.ts';

const first: readonly (readonly [text: string, ...ids: string[]])[] = [
  ['0xC0370106', 'PH-HCS-0106'],
  ['0x80370106', 'PH-HCS-0106'],
  ['3224830214', 'PH-HCS-0106'],
  ['-1070137082', 'PH-HCS-0106'],
  ['0xc0370103', 'PH-HCS-0103'],
  ['0x803b0013', 'PH-HNS-0013'],
  ['2151350288', 'PH-HNS-0010'],
  ['5', 'PH-WIN32-5', 'PH-WIN32-5-LAYER', 'PH-WIN32-5-PROCESS'],
  ['0x80070005', 'PH-WIN32-5', 'PH-WIN32-5-LAYER', 'PH-WIN32-5-PROCESS'],
  ['127', 'PH-EXIT-127', 'PH-WIN32-127'],
  ['1', 'PH-WIN32-1', 'PH-EXIT-1'],
  ['53', 'PH-WIN32-53', 'PH-EXIT-53'],
  ['-1', 'PH-EXIT-FFFFFFFF'],
  ['4294967295', 'PH-EXIT-FFFFFFFF'],
  ['1067', 'PH-WIN32-1067'],
  ['0xD0000022', 'PH-NT-C0000022'],
  ['status_dll_not_found', 'PH-NT-C0000135'],
  ['ERROR_VMCOMPUTE_IMAGE_MISMATCH', 'PH-HCS-0101'],
  ['hcs_e_image_mismatch', 'PH-HCS-0101'],
  ['ph-msg-tmpfs', 'PH-MSG-TMPFS'],
  [
    'docker: Error response from daemon: container 4e50 encountered an error during hcs::System::CreateProcess: 4e50: failure in a Windows system call: The system cannot find the file specified. (0x2).',
    'PH-WIN32-2',
  ],
  ['hcs::System::CreateProcess 4e50: Access is denied. (0x5)', 'PH-WIN32-5-PROCESS', 'PH-WIN32-5'],
  [
    'failed to create endpoint web on network nat: failed during hnsCallRawResponse: hnsCall failed in Win32: The process cannot access the file because it is being used by another process. (0x20)',
    'PH-WIN32-32-NETWORK',
    'PH-WIN32-32',
  ],
  [
    'hcsshim::ActivateLayer failed in Win32: The process cannot access the file because it is being used by another process. (0x20)',
    'PH-WIN32-32-LAYER',
    'PH-WIN32-32',
  ],
  [
    'hcsshim::PrepareLayer - failed failed in Win32: The parameter is incorrect. (0x57)',
    'PH-WIN32-87-LAYER',
    'PH-WIN32-87',
  ],
  [
    'docker: Error response from daemon: hcsshim::CreateComputeSystem 5eb7: The parameter is incorrect.\n(extra info: {"SystemType":"Container"})',
    'PH-WIN32-87-CREATE',
    'PH-WIN32-87',
  ],
  ['hcsshim::CreateComputeSystem : Element not found.', 'PH-WIN32-1168-CREATE', 'PH-WIN32-1168'],
  [
    'container c40d encountered an error during CreateContainer: failure in a Windows system call: Element not found. (0x490)',
    'PH-WIN32-1168-CREATE',
    'PH-WIN32-1168',
  ],
  [
    'failed to create shim task: hcs::CreateComputeSystem test: The directory name is invalid.: unknown',
    'PH-WIN32-267-CREATE',
    'PH-WIN32-267',
  ],
  [
    'failed to create shim task: hcs::CreateComputeSystem 12: The requested operation for attach namespace failed.: unknown',
    'PH-HNS-002E',
  ],
  [
    'hcsshim::CreateComputeSystem 632b: Insufficient system resources exist to complete the requested service.',
    'PH-WIN32-1450',
  ],
  [
    'container d49b encountered an error during Start: failure in a Windows system call: Call was canceled by the message filter. (0x80010002).',
    'PH-HR-80010002',
  ],
  ["The command 'cmd /S /C x' returned a non-zero code: 3", 'PH-MSG-NON-ZERO-CODE', 'PH-WIN32-3'],
  [
    'failed to create endpoint x on network nat: HNS failed with error : Er is geprobeerd een bewerking uit te voeren op een verslechterd object.',
    'PH-MSG-HNS-FAILED',
  ],
  ['hnsCall failed in Win32: The service has not been started. (0x426)', 'PH-WIN32-1062'],
  ["Service 'Host Network Service (hns)' cannot be started. Error 1068", 'PH-WIN32-1068'],
  [
    'failed to load computecore.dll, ensure that the Containers feature is installed',
    'PH-MSG-FEATURE-MISSING',
  ],
  ['vmcompute.dll of this Windows has no HcsSignalProcess', 'PH-MSG-EXPORT-MISSING'],
  ['what does exitCode=3221226505 means when container die?', 'PH-NT-C0000409'],
  ['Exited (3221225786) 2 minutes ago', 'PH-NT-C000013A'],
  ['0x8007045A', 'PH-WIN32-1114'],
  ['0x80070BC9', 'PH-WIN32-3017'],
  [
    'HNS failed with error : The parameter is incorrect.',
    'PH-MSG-NAT-CONFLICT',
    'PH-WIN32-87-NETWORK',
    'PH-WIN32-87',
  ],
  [
    'failed to register layer: rename failed: hcsshim::ImportLayer failed in Win32: Access is denied. (0x5)',
    'PH-MSG-LAYER-REGISTER',
    'PH-WIN32-5-LAYER',
    'PH-WIN32-5',
  ],
  [
    'Error saving credentials: error storing credentials - err: exit status 1, out: `A specified logon session does not exist. It may already have been terminated.`',
    'PH-MSG-LOGON-SESSION',
    'PH-EXIT-1',
    'PH-WIN32-1312',
  ],
  [
    'error during connect: in the default daemon configuration on Windows, the docker client must be run with elevated privileges to connect: Get "http://%2F%2F.%2Fpipe%2Fdocker_engine/v1.50/containers/json": open //./pipe/docker_engine: The system cannot find the file specified.',
    'PH-WIN32-2-REGISTRY',
    'PH-MSG-DAEMON-NOT-RUNNING',
    'PH-WIN32-2',
  ],
  [
    "The command 'cmd /S /C app.exe' returned a non-zero code: 3221225781",
    'PH-NT-C0000135',
    'PH-MSG-NON-ZERO-CODE',
  ],
  [
    'no matching manifest for windows/amd64 10.0.17763 in the manifest list entries',
    'PH-MSG-NO-MATCHING-MANIFEST',
  ],
  ['a Windows version 10.0.20348-based image is incompatible with a 10.0.19045 host', 'PH-MSG-IMAGE-NEWER'],
  [
    'docker: invalid reference format: repository name (Library/App) must be lowercase',
    'PH-MSG-INVALID-REFERENCE',
  ],
  ['invalid option: Windows does not support MemorySwap', 'PH-MSG-RESOURCE-OPTION'],
];

describe('explain/find', () => {
  for (const [text, ...ids] of first) {
    it(`${text.slice(0, 90)} -> ${ids.join(', ')}`, () => {
      const { matches } = findExplanations(text);
      expect(matches.map(({ explanation }) => explanation.id)).to.deep.equal(ids);
    });
  }

  it('says of unknown codes what kind they are, beside what is known', () => {
    const { matches, unknown } = findExplanations('start: 0x80370101 then 0x80379999');
    expect(matches.map(({ explanation }) => explanation.id)).to.deep.equal(['PH-HCS-0101']);
    expect(unknown).to.have.lengthOf(1);
    expect(unknown[0]).to.include({ shown: '0x80379999', kind: 'hresult' });
  });
});

describe('explain/explainedHint', () => {
  it('is the first line of the explanation, and where there is more', () => {
    expect(
      explainedHint({ hresult: 0xc0370106, message: 'hcs::System::Start x: exited (0xc0370106)' }),
    ).to.equal(
      'the image may be newer than the patches of this host: install updates, or use --isolation=hyperv (porthole explain PH-HCS-0106)',
    );
  });
  it('goes by the words where there is no code', () => {
    expect(explainedHint({ message: 'windows does not support tmpfs' })).to.equal(
      'use an anonymous volume: -v C:\\temp together with --rm (porthole explain PH-MSG-TMPFS)',
    );
  });
  it('keeps what the error itself knows', () => {
    expect(explainedHint({ hresult: 0x80370101, message: 'x', hint: 'use the tag ltsc2019' })).to.equal(
      'use the tag ltsc2019 (porthole explain PH-HCS-0101)',
    );
  });
  it('leaves errors alone that nothing is known of', () => {
    expect(explainedHint({ message: 'No such container: web' })).to.equal(undefined);
    expect(explainedHint({ message: 'No such container: web', hint: 'look' })).to.equal('look');
  });
});
