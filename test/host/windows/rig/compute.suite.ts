import { expect } from 'chai';
import { computeContract } from '../../../contract/compute.ts';
import { compute, hypervDocument, mountedDocument, olderCompute, v2Document } from './hosts.ts';
import { expectNothingOpen, setMode } from './standins.ts';

const hosts = [
  {
    name: 'computecore, failures with the operation',
    mode: '',
    open: compute,
    document: async () => v2Document(),
  },
  {
    name: 'computecore, with a C: of its own',
    mode: '',
    open: compute,
    document: async () => mountedDocument(),
  },
  {
    name: 'computecore, failures with the call',
    mode: 'early',
    open: compute,
    document: async () => v2Document(),
  },
  {
    name: 'vmcompute, completions as notifications',
    mode: '',
    open: olderCompute,
    document: async (id: string) => hypervDocument(id),
  },
  {
    name: 'vmcompute, completions with the call',
    mode: 'prompt',
    open: compute,
    document: async (id: string) => hypervDocument(id),
  },
];

for (const { name, mode, open, document } of hosts) {
  describe(name, () => {
    before(() => setMode(mode));
    after(async () => expectNothingOpen());
    computeContract(
      name,
      async () => ({
        compute: open(),
        document,
        fileInContainer: 'C:\\windows\\system32\\cmd.exe',
        console: true,
        dispose: async () => undefined,
      }),
      15_000,
    );
  });
}

describe("the rig's console", () => {
  it('gives a program whole lines, however slowly they are typed', async () => {
    const system = await compute().create('console'.padEnd(64, '0'), v2Document());
    await system.start();
    const shell = await system.createProcess({
      CommandLine: 'cmd /v:on /c "set /p LINE=name: & echo [!LINE!]"',
      CreateStdInPipe: true,
      CreateStdOutPipe: true,
      EmulateConsole: true,
      ConsoleSize: [30, 120],
    });
    let shown = '';
    const prompted = new Promise<void>((resolve) =>
      shell.stdout!.on('data', (piece: Buffer) => {
        shown += piece.toString('latin1');
        if (shown.includes('name:')) resolve();
      }),
    );
    // Now cmd reads: every key comes alone.
    await prompted;
    for (const key of 'typo\bed\r') await new Promise((resolve) => shell.stdin!.write(key, resolve));
    await shell.waitExit();
    expect(shown).to.match(/name: typo\x08 \x08ed\r\n\[typed\]\r\n$/);
    shell.close();
    await system.terminate();
    await system.waitExit();
    system.close();
    await expectNothingOpen();
  });
});
