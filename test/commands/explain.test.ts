import { expect } from 'chai';
import type { Engine } from '../../src/engine/roles/index.ts';
import { PortholeError } from '../../src/errors/porthole-error.ts';
import { HcsError } from '../../src/hcs/hcs-error.ts';
import { fromWireError, toWireError } from '../../src/monitor/protocol.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandScene } from '../support/command-host.ts';

/** Explaining starts no engine. */
const noEngine = async (): Promise<Engine> => {
  throw new Error('an engine was asked for');
};
const explain = (argv: string[], scene: Partial<CommandScene> = {}) =>
  runCommand(['explain', ...argv], { engine: noEngine, ...scene });

const mismatch = `PH-HCS-0101  HCS_E_IMAGE_MISMATCH
  0x80370101, 0xC0370101
  "The container operating system does not match the host operating system."

Try: use --isolation=hyperv, or an image whose os.version has the host's build
     number

Why: With process isolation the container shares the kernel of the host, so the
     Windows build of the image has to fit the build of the host. It does not.

What to do:
  1. porthole compat IMAGE lists the versions that the image is offered for, and
     which of them run here.
  2. Use the tag for the build of the host (ltsc2019, ltsc2022, ltsc2025).
  3. Run it with --isolation=hyperv: older images than the host then work.

See:
  https://learn.microsoft.com/virtualization/windowscontainers/deploy-containers/version-compatibility
  https://github.com/microsoft/Windows-Containers/issues/399
  https://learn.microsoft.com/virtualization/api/hcs/reference/hcshresult
`;

describe('porthole explain', () => {
  for (const code of ['0xC0370101', '0x80370101', 'C0370101', '3224830209', '-1070137087', 'PH-HCS-0101']) {
    it(`explains ${code}`, async () => {
      expect(await explain([code])).to.deep.equal({ exitCode: 0, stdout: mismatch, stderr: '' });
    });
  }

  it('shows other meanings in a line each', async () => {
    expect((await explain(['127'])).stdout).to.equal(`PH-EXIT-127
  127
  "The program in the container was not found."

Try: check the program's path in the image and its PATH; a shell built-in needs
     cmd /c

Why: There is no such program in the image.

Also:
  PH-WIN32-127  127: this Windows is too old for the call: install updates
`);
  });

  it('shows them in full with --all', async () => {
    const { stdout } = await explain(['--all', '127']);
    expect(stdout).to.match(/^PH-EXIT-127\n[^]*\n\nPH-WIN32-127 {2}ERROR_PROC_NOT_FOUND\n/);
    expect(stdout).not.to.contain('Also:');
  });

  it('takes a text as arguments and on standard input', async () => {
    const text = 'Error response from daemon: windows does not support tmpfs';
    const shown = `PH-MSG-TMPFS
  "windows does not support tmpfs"

Try: use an anonymous volume: -v C:\\temp together with --rm

Why: Windows has no file system in memory for containers.
`;
    expect((await explain(text.split(' '))).stdout).to.equal(shown);
    expect((await explain([text])).stdout).to.equal(shown);
    expect((await explain(['-'], { stdin: text })).stdout).to.equal(shown);
    expect((await explain([], { stdin: text })).stdout).to.equal(shown);
  });

  it('reads what PowerShell 5.1 pipes', async () => {
    const { PassThrough } = await import('node:stream');
    const stdin = new PassThrough();
    stdin.end(Buffer.from('\ufefferror 0xC0370101\r\n', 'utf16le'));
    expect((await explain(['-'], { stdin })).stdout).to.equal(mismatch);
  });

  it('says what kind of code an unknown one is, and ends with 1', async () => {
    expect(await explain(['0x80370999'])).to.deep.equal({
      exitCode: 1,
      stdout: '',
      stderr:
        '0x80370999 is not in the table: an HRESULT of host compute service (HCS), number 2457.\n' +
        'Hint: porthole explain --list shows what is known\n',
    });
    expect((await explain(['hello', 'world'])).stderr).to.match(/^nothing in this text is known: /);
  });

  it('has unknown codes beside known ones', async () => {
    const { stdout, exitCode } = await explain(['0x80370101', '0x80379999']);
    expect(exitCode).to.equal(0);
    expect(stdout).to.equal(
      `${mismatch}\n0x80379999 is not in the table: an HRESULT of host compute service (HCS), number\n39321.\n`,
    );
  });

  it('gives one JSON document', async () => {
    const { stdout, stderr, exitCode } = await explain(['--json', 'exit code 125']);
    expect([exitCode, stderr]).to.deep.equal([0, '']);
    expect(JSON.parse(stdout)).to.deep.equal({
      apiVersion: 'porthole/v1',
      table: '2026-11-22',
      matches: [
        {
          of: '125',
          id: 'PH-EXIT-125',
          family: 'exit',
          codes: ['125'],
          names: ['exit code 125'],
          title: 'The engine could not run the container.',
          hint: 'the reason is the error above it: porthole explain takes its text',
          cause:
            'run or create failed before the program was started: a wrong flag, a missing image, a port in use.',
          fix: [],
          see: [],
        },
      ],
      unknown: [],
    });
    const unknown = await explain(['--json', '0x80370999']);
    expect(unknown.exitCode).to.equal(1);
    expect(JSON.parse(unknown.stdout)).to.deep.equal({
      apiVersion: 'porthole/v1',
      table: '2026-11-22',
      matches: [],
      unknown: [
        {
          code: '0x80370999',
          hex: '0x80370999',
          kind: 'hresult',
          text: 'an HRESULT of host compute service (HCS), number 2457',
        },
      ],
    });
  });

  it('lists what it knows', async () => {
    const { stdout } = await explain(['--list']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).to.be.above(200);
    expect(lines[1]).to.equal(
      'PH-HCS-0101                        0x80370101  The container operating system does not match the host operating system.',
    );
  });

  it('takes no text with --list', async () => {
    expect(await explain(['--list', '5'])).to.deep.include({ exitCode: 125, stdout: '' });
  });

  it('asks for something to explain', async () => {
    expect(await explain([], { inTerminal: { isTTY: true } })).to.deep.equal({
      exitCode: 125,
      stdout: '',
      stderr: 'nothing to explain: give a code, a text, or - to read standard input\n',
    });
    expect((await explain(['-'], { stdin: ' \n' })).stderr).to.equal(
      'nothing to explain: the text is empty\n',
    );
    expect((await explain(['--nope'])).exitCode).to.equal(125);
  });
});

describe('hints of engine errors on Windows', () => {
  const failing = (error: Error): Engine =>
    ({ containers: { list: async () => Promise.reject(error) } }) as unknown as Engine;
  const ps = async (error: Error, platform: 'win32' | 'linux', ...flags: string[]) =>
    runCommand(['ps', ...flags], { engine: failing(error), platform });
  const exited = new HcsError('System::Start', 0xc0370106, { systemId: 'web' });
  const text =
    'Error response from daemon: hcs::System::Start web: The virtual machine or container exited unexpectedly. (0xc0370106)\n';
  const hint =
    'the image may be newer than the patches of this host: install updates, or use --isolation=hyperv (porthole explain PH-HCS-0106)';

  it('are the first line of the explanation', async () => {
    expect((await ps(exited, 'win32')).stderr).to.equal(`${text}Hint: ${hint}\n`);
    expect((await ps(exited, 'linux')).stderr).to.equal(text);
  });

  it('survive the way from the monitor', async () => {
    const wire = JSON.parse(JSON.stringify(toWireError(exited))) as ReturnType<typeof toWireError>;
    expect((await ps(fromWireError(wire), 'win32')).stderr).to.equal(`${text}Hint: ${hint}\n`);
    const { stdout } = await ps(fromWireError(wire), 'win32', '--json');
    expect(JSON.parse(stdout)).to.deep.include({
      error: {
        code: 'HCS_ERROR',
        kind: 'internal',
        message: text.slice('Error response from daemon: '.length, -1),
        hints: [hint],
        retriable: false,
        exitCode: 1,
        hresult: '0xC0370106',
        win32: 0x0106,
      },
    });
  });

  it('go by the words of errors without a code', async () => {
    const error = new PortholeError('invalid', 'X', 'windows does not support tmpfs');
    expect((await ps(error, 'win32')).stderr).to.match(
      /\nHint: use an anonymous volume: .* PH-MSG-TMPFS\)\n$/,
    );
  });

  it('leave mistakes on the command line alone', async () => {
    const { stderr } = await ps(exited, 'win32', '--nope');
    expect(stderr).not.to.contain('porthole explain');
  });
});
