import { expect } from 'chai';
import { text } from 'node:stream/consumers';
import type { ComputeSystemDocument } from '../../../src/hcs/documents.ts';
import { HcsError } from '../../../src/hcs/hcs-error.ts';
import { HRESULT } from '../../../src/hcs/hresult.ts';
import { createMemoryCompute, type Program } from '../../../src/host/memory/compute.ts';
import { computeContract, contractCommands } from '../../contract/compute.ts';

const prints =
  (line: string, code = 0): Program =>
  ({ stdout }) => {
    stdout.write(`${line}\r\n`);
    return code;
  };

const programs: Record<string, Program> = {
  [contractCommands.hello]: prints('hello'),
  [contractCommands.error]: ({ stderr }) => {
    stderr.write('oops \r\n');
    return 0;
  },
  [contractCommands.exit7]: () => 7,
  [contractCommands.exitMinus1]: () => -1,
  [contractCommands.showVariable]: ({ parameters, stdout }) => {
    stdout.write(`${parameters.Environment?.['PORTHOLE_CONTRACT'] ?? ''}\r\n`);
    return 0;
  },
  [contractCommands.showFolder]: ({ parameters, stdout }) => {
    stdout.write(`${parameters.WorkingDirectory ?? ''}\r\n`);
    return 0;
  },
  [contractCommands.manyLines]: ({ stdout }) => {
    for (let line = 1; line <= 2000; line += 1) stdout.write(`line ${line}\r\n`);
    return 0;
  },
  [contractCommands.answer]: async ({ stdin, stdout, killed }) => {
    let line = '';
    killed.addEventListener('abort', () => stdin.destroy());
    for await (const chunk of stdin) {
      line += String(chunk);
      if (/[\r\n]/.test(line)) break;
    }
    stdout.write(`[${line.trimEnd()}]\r\n`);
    return 0;
  },
};

const document: ComputeSystemDocument = {
  Owner: 'porthole',
  SchemaVersion: { Major: 2, Minor: 1 },
  Container: { Storage: { Layers: [{ Id: 'a', Path: '/a' }], Path: '/scratch' } },
};

computeContract('memory', async () => ({
  compute: createMemoryCompute({ programs, badDirectories: ['C:\\windows\\system32\\cmd.exe'] }),
  document: async () => document,
  fileInContainer: 'C:\\windows\\system32\\cmd.exe',
  console: true,
  dispose: async () => undefined,
}));

describe('memory compute', () => {
  it('fails the next call of a verb when told to', async () => {
    const compute = createMemoryCompute({ programs });
    compute.failNext('create', new HcsError('CreateComputeSystem', HRESULT.diskFull));

    const failed = await compute.create('a', document).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).to.have.property('hresult', HRESULT.diskFull);
    await compute.create('a', document);
  });

  it('lets a program answer signals instead of ending', async () => {
    const compute = createMemoryCompute({
      programs: {
        server: ({ onSignal, stdout }) =>
          new Promise((resolve) => {
            onSignal((name) => {
              stdout.write(name);
              resolve(3);
            });
          }),
      },
    });
    const system = await compute.create('a', document);
    await system.start();
    const server = await system.createProcess({ CommandLine: 'server', CreateStdOutPipe: true });
    await system.shutdown();

    expect(await server.waitExit()).to.deep.equal({ exitCode: 3 });
    expect(await text(server.stdout!)).to.equal('CtrlShutdown');
    expect(await system.waitExit()).to.deep.equal({ kind: 'shutdown' });
  });

  it('reports a crash as unexpected', async () => {
    const compute = createMemoryCompute({ programs });
    const system = await compute.create('a', document);
    await system.start();
    compute.crash('a');

    expect(await system.waitExit()).to.deep.equal({ kind: 'unexpected' });
    expect(await compute.list()).to.deep.equal([]);
  });
});
