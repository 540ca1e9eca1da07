import { expect } from 'chai';
import { text } from 'node:stream/consumers';
import type { ProcessParameters } from '../../../src/hcs/documents.ts';
import { HcsError } from '../../../src/hcs/hcs-error.ts';
import type { ComputeProcess, ComputeSystem } from '../../../src/host/ports/compute.ts';
import { openTestHost, whyNoWine, type TestHost } from '../../support/linux-host.ts';
import { programsMapping, whyNoPrograms, windowsPrograms } from '../../support/windows-programs.ts';

const why = whyNoWine() ?? whyNoPrograms();
const { node } = windowsPrograms;

describe(`terminals in a sandbox${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(60_000);
  let host: TestHost;
  let system: ComputeSystem;

  before(async function () {
    if (why !== undefined) return this.skip();
    host = openTestHost();
    const id = host.environment.newId();
    system = await host.compute.create(
      id,
      host.document(id, { container: { MappedDirectories: [programsMapping] } }),
    );
    await system.start();
  });
  after(async () => {
    if (system !== undefined) {
      await system.terminate();
      await system.waitExit();
    }
    host?.dispose();
  });

  function onTerminal(
    commandLine: string,
    options: Partial<ProcessParameters> = {},
  ): Promise<ComputeProcess> {
    return system.createProcess({
      CommandLine: commandLine,
      EmulateConsole: true,
      ConsoleSize: [40, 133],
      CreateStdInPipe: true,
      CreateStdOutPipe: true,
      CreateStdErrPipe: true,
      ...options,
    });
  }

  it('are consoles of the asked size to the program', async () => {
    const process = await onTerminal(
      `${node} -p "[process.stdin.isTTY, process.stdout.isTTY, process.stdout.columns, process.stdout.rows].join()"`,
    );
    const out = await text(process.stdout!);
    expect(await process.waitExit()).to.deep.equal({ exitCode: 0 });
    expect(plain(out)).to.include('true,true,133,40');
    expect(process.stderr).to.equal(undefined);
  });

  it('pass 32-bit exit codes', async () => {
    const process = await onTerminal('cmd /c exit 300000');
    process.stdout!.resume();
    expect(await process.waitExit()).to.deep.equal({ exitCode: 300_000 });
  });

  it('end lines once, and keep text beyond ASCII', async () => {
    const process = await onTerminal(`${node} -e "console.log('é日\\nzwei')"`);
    const out = await text(process.stdout!);
    await process.waitExit();
    expect(plain(out)).to.include('é日\r\nzwei');
    expect(out).to.not.include('\r\r\n');
  });

  it('carry what is typed before the program listens', async () => {
    const shell = await onTerminal('cmd /k');
    const out = text(shell.stdout!);
    shell.stdin!.write('echo typed early\r');
    shell.stdin!.write('exit 5\r');
    expect(await shell.waitExit()).to.deep.equal({ exitCode: 5 });
    expect(plain(await out)).to.match(/echo typed early\r\n(?:.*\r\n)?typed early\r\n/);
  });

  it('turn byte 3 into Ctrl+C', async () => {
    const process = await onTerminal(
      `${node} -e "process.on('SIGINT', () => { console.log('interrupted'); process.exit(44) }); console.log('ready'); setInterval(() => {}, 1000)"`,
    );
    let out = '';
    for await (const chunk of process.stdout!) {
      out += String(chunk);
      if (out.includes('ready') && !out.includes('interrupted')) process.stdin!.write('\x03');
    }
    expect(await process.waitExit()).to.deep.equal({ exitCode: 44 });
    expect(plain(out)).to.include('interrupted');
  });

  it('end their program when they are closed', async () => {
    const shell = await onTerminal('cmd /k');
    expect(shell.pid).to.be.greaterThan(0);
    expect(await shell.signal('CtrlBreak')).to.equal(true);
    shell.close();
    await shell.waitExit();
    expect((await system.processes()).map(({ processId }) => processId)).to.not.include(shell.pid);
  });

  it('run as the asked account', async () => {
    const process = await onTerminal('whoami', { User: 'ContainerUser' });
    const out = await text(process.stdout!);
    await process.waitExit();
    expect(plain(out)).to.match(/\\ContainerUser/);
  });

  it('say which program is missing', async () => {
    const error = await onTerminal('porthole-nothing').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(HcsError);
    expect((error as HcsError).hresult).to.equal(0x80070002);
  });

  it('may be of any size', async () => {
    for (const size of [
      [0, 0],
      [1, 1],
      [1000, 1000],
    ] as [number, number][]) {
      const process = await onTerminal('cmd /c echo x', { ConsoleSize: size });
      const out = await text(process.stdout!);
      await process.waitExit();
      expect(plain(out)).to.include('x');
    }
  });
});

/** Without VT sequences. */
function plain(output: string): string {
  return output.replace(/\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07/g, '');
}
