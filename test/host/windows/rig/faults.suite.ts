import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { HcsError } from '../../../../src/hcs/hcs-error.ts';
import { HRESULT, sameCondition } from '../../../../src/hcs/hresult.ts';
import { defineLibrary } from '../../../../src/host/windows/ffi/library.ts';
import { pointerCell } from '../../../../src/host/windows/ffi/memory.ts';
import type { ComputePort, ComputeSystem } from '../../../../src/host/ports/compute.ts';
import type { ComputeSystemDocument, ProcessParameters } from '../../../../src/hcs/documents.ts';
import { compute, hypervDocument, v2Document } from './hosts.ts';
import { clearFaults, expectNothingOpen, failNext, setMode, world } from './standins.ts';

const piped = (CommandLine: string): ProcessParameters => ({
  CommandLine,
  WorkingDirectory: 'C:\\',
  CreateStdInPipe: true,
  CreateStdOutPipe: true,
  CreateStdErrPipe: true,
});
const waits = piped('cmd /v:on /c "set /p LINE=& echo [!LINE!]"');
const unused = 0x8037ffff;

async function failureOf(promise: Promise<unknown>): Promise<HcsError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, 'should have failed').to.be.instanceOf(HcsError);
  return error as HcsError;
}

/** On computecore (v2 documents) and on vmcompute (v1). */
const schemas: { name: string; document: (id: string) => ComputeSystemDocument }[] = [
  { name: 'computecore', document: () => v2Document() },
  { name: 'vmcompute', document: hypervDocument },
];

for (const { name, document } of schemas)
  describe(`failures of HCS, ${name}`, () => {
    let port: ComputePort;
    let number = 0;
    const newId = (): string => `${name}-${(number += 1)}`;
    const create = (id = newId()): Promise<ComputeSystem> => port.create(id, document(id));
    const running = async (): Promise<ComputeSystem> => {
      const system = await create();
      await system.start();
      return system;
    };
    const end = async (system: ComputeSystem): Promise<void> => {
      await port.cleanup(system.id);
      system.close();
    };

    before(() => {
      setMode('');
      port = compute();
    });
    afterEach(async () => {
      clearFaults();
      for (const { id } of await port.list()) await port.cleanup(id);
      await expectNothingOpen();
      expect(world()).to.include({ systems: 0, processes: 0 });
    });

    const verbs: [
      verb: string,
      call: string,
      op: string,
      run: (system: ComputeSystem) => Promise<unknown>,
    ][] = [
      [
        'shutdown',
        name === 'computecore' ? 'HcsShutDownComputeSystem' : 'HcsShutdownComputeSystem',
        'System::Shutdown',
        (system) => system.shutdown(),
      ],
      ['terminate', 'HcsTerminateComputeSystem', 'System::Terminate', (system) => system.terminate()],
      ['pause', 'HcsPauseComputeSystem', 'System::Pause', (system) => system.pause()],
      ['statistics', 'HcsGetComputeSystemProperties', 'System::Properties', (system) => system.statistics()],
      ['processes', 'HcsGetComputeSystemProperties', 'System::Properties', (system) => system.processes()],
      ['createProcess', 'HcsCreateProcess', 'System::CreateProcess', (system) => system.createProcess(waits)],
    ];
    for (const [verb, call, op, run] of verbs)
      for (const late of name === 'computecore' ? ([undefined, 'undone'] as const) : ([undefined] as const))
        it(`${verb} that fails ${late === undefined ? 'at once' : 'later'} names operation, system and code`, async () => {
          const system = await running();
          failNext(call, unused, late === undefined ? {} : { late });
          const error = await failureOf(run(system));

          expect(error).to.include({ op, hresult: unused, systemId: system.id });
          expect(error.message).to.match(new RegExp(`^hcs::${op} ${system.id}: .* \\(0x8037ffff\\)$`));
          await end(system);
        });

    it('tells the events of the error document', async () => {
      const system = await running();
      const events = [{ Message: ' the layer is broken ' }, { Message: 'and so is the next' }, {}];
      failNext('HcsCreateProcess', HRESULT.invalidLayer, {
        ...(name === 'computecore' ? { late: 'undone' as const } : {}),
        document: JSON.stringify({ Error: -1, ErrorMessage: 'x', ErrorEvents: events }),
      });
      const error = await failureOf(system.createProcess(waits));

      expect(error.events).to.deep.equal(['the layer is broken', 'and so is the next']);
      expect(error.message).to.include('(the layer is broken; and so is the next)');
      await end(system);
    });

    for (const [what, text, expected] of [
      ['that is not JSON', 'RPC said no', ['RPC said no']],
      ['that is JSON of another kind', '[1,2]', []],
      ['that is null', 'null', []],
      ['whose events are none', '{"ErrorEvents":{"a":1}}', []],
      ['that has only a message', '{"Error":-1,"ErrorMessage":" the disk is gone "}', ['the disk is gone']],
    ] as const)
      it(`takes an error document ${what}`, async () => {
        const system = await running();
        failNext('HcsCreateProcess', HRESULT.invalidLayer, {
          ...(name === 'computecore' ? { late: 'undone' as const } : {}),
          document: text,
        });
        const error = await failureOf(system.createProcess(waits));

        expect(error).to.include({ hresult: HRESULT.invalidLayer });
        expect(error.events).to.deep.equal(expected);
        await end(system);
      });

    it('says what Windows says of a code that nobody expects', async () => {
      const system = await running();
      failNext('HcsPauseComputeSystem', 0x80070013);

      expect((await failureOf(system.pause())).message).to.match(
        /^hcs::System::Pause \S+: (?!Unknown error).+ \(0x13\)$/,
      );
      await end(system);
    });

    it('keeps a huge error document short', async () => {
      const system = await running();
      const events = Array.from({ length: 20_000 }, (_, index) => ({
        Message: `${index} ${'x'.repeat(600)}`,
      }));
      failNext('HcsCreateProcess', HRESULT.invalidLayer, {
        ...(name === 'computecore' ? { late: 'undone' as const } : {}),
        document: JSON.stringify({ ErrorEvents: events }),
      });
      const error = await failureOf(system.createProcess(waits));

      expect(error.events).to.have.length(10);
      expect(error.message.length).to.be.lessThan(6000);
      await end(system);
    });

    it('removes a system that could not start, and gives its ID free', async () => {
      const id = newId();
      const system = await create(id);
      failNext('HcsStartComputeSystem', HRESULT.unexpectedExit, { late: 'undone' });
      expect(await failureOf(system.start())).to.include({ op: 'System::Start' });
      system.close();

      expect(await port.list()).to.deep.equal([]);
      const next = await create(id);
      await end(next);
    });

    it('removes a system whose creation was told as failed', async () => {
      const id = newId();
      failNext('HcsCreateComputeSystem', HRESULT.connectionTimeout, { late: 'done' });
      await failureOf(create(id));

      expect(await port.list()).to.deep.equal([]);
      await end(await create(id));
    });

    it('leaves the system alone that has the ID already', async () => {
      const id = newId();
      const system = await create(id);
      await system.start();
      expect(sameCondition((await failureOf(create(id))).hresult, HRESULT.systemAlreadyExists)).to.equal(
        true,
      );
      expect(sameCondition((await failureOf(system.start())).hresult, HRESULT.invalidState)).to.equal(true);

      expect(await port.list()).to.deep.equal([{ id, owner: 'porthole', state: 'Running' }]);
      await end(system);
    });

    it('finds the end of a process without being told', async () => {
      const system = await running();
      failNext(name === 'computecore' ? 'HcsSetProcessCallback' : 'HcsRegisterProcessCallback', 0x80004001);
      const process = await system.createProcess(piped('cmd /c exit 5'));
      process.stdout!.resume();
      process.stderr!.resume();

      expect(await process.waitExit()).to.deep.equal({ exitCode: 5 });
      process.close();
      await end(system);
    });

    it('finds the end of a system without being told', async () => {
      const system = await running();
      if (name === 'computecore') failNext('HcsSetComputeSystemCallback', 0x80004001);
      await system.terminate();

      expect(await system.waitExit()).to.deep.equal({ kind: 'terminated' });
      system.close();
    });

    it('says that a process was not killed that is dying', async () => {
      const system = await running();
      const process = await system.createProcess(waits);
      failNext('HcsTerminateProcess', HRESULT.accessDenied);

      expect(await process.kill()).to.equal(false);
      await process.kill();
      process.stdout!.resume();
      process.stderr!.resume();
      await process.waitExit();
      process.close();
      await end(system);
    });

    it('hears from a service that was away for a moment', async () => {
      const system = await running();
      const exit = system.waitExit();
      failNext('HcsGetComputeSystemProperties', HRESULT.rpcServerUnavailable);
      failNext('HcsGetComputeSystemProperties', HRESULT.rpcServerUnavailable);
      await system.terminate();

      expect(await exit).to.deep.equal({ kind: 'terminated' });
      system.close();
    });

    it('waits for a process although the service was away for a moment', async () => {
      const system = await running();
      const process = await system.createProcess(waits);
      failNext('HcsGetProcessProperties', HRESULT.rpcServerUnavailable);
      failNext('HcsGetProcessProperties', HRESULT.interfaceUnknown);
      const exit = process.waitExit();
      process.stdout!.resume();
      process.stderr!.resume();
      process.stdin!.end('go\r\n');

      expect(await exit).to.deep.equal({ exitCode: 0 });
      process.close();
      await end(system);
    });

    it('tells statistics of a stopping system as of one that does not run', async () => {
      const system = await running();
      failNext('HcsGetComputeSystemProperties', HRESULT.invalidHandle);

      expect((await failureOf(system.statistics())).hresult).to.equal(HRESULT.systemAlreadyStopped);
      await end(system);
    });

    for (const [hresult, kind, hint] of [
      [HRESULT.accessDeniedHcs, 'forbidden', /Administrator/],
      [HRESULT.rpcServerUnavailable, 'unavailable', /vmcompute/],
      [HRESULT.serviceNotAvailable, 'unavailable', /Containers/],
    ] as const)
      it(`says what to do about 0x${hresult.toString(16)}`, async () => {
        failNext('HcsCreateComputeSystem', hresult);
        const error = await failureOf(create());

        expect(error.kind).to.equal(kind);
        expect(error.hint).to.match(hint);
      });

    it('sees a system that disappears', async () => {
      const system = await running();
      const process = await system.createProcess(waits);
      process.stdout!.resume();
      process.stderr!.resume();
      const ends = [system.waitExit(), process.waitExit()] as const;
      await crash(system.id);

      expect(await ends[0]).to.deep.equal({ kind: 'unexpected' });
      expect((await ends[1]).exitCode).to.equal(0xc0000005);
      expect((await failureOf(system.statistics())).hresult & 0xffff).to.equal(0x110);
      expect(await process.kill()).to.equal(false);
      process.close();
      system.close();
    });

    it('hears an end that somebody else asked for', async () => {
      const system = await running();
      const exit = system.waitExit();
      await port.cleanup(system.id);

      expect((await exit).kind).to.equal(name === 'computecore' ? 'terminated' : 'unexpected');
      system.close();
    });

    it('hears how it ended from an event that comes late', async () => {
      const system = await running();
      const exit = system.waitExit();
      setMode('tardy');
      await port.cleanup(system.id);

      expect((await exit).kind).to.equal(name === 'computecore' ? 'terminated' : 'unexpected');
      setMode('');
      system.close();
    });

    it('passes signals', async () => {
      const system = await running();
      const script =
        "let code = 50; for (const name of ['SIGINT', 'SIGBREAK', 'SIGHUP']) process.on(name, ((code) => () => process.exit(code))(++code));" +
        "process.stdout.write('ready'); setInterval(() => {}, 1000)";
      for (const [signal, exitCode] of [
        ['CtrlC', 51],
        ['CtrlBreak', 52],
        ['CtrlClose', 53],
      ] as const) {
        const server = await system.createProcess(piped(`"${process.execPath}" -e "${script}"`));
        server.stderr!.resume();
        await once(server.stdout!, 'data');
        server.stdout!.resume();
        expect(await server.signal(signal)).to.equal(true);
        expect(await server.waitExit()).to.deep.equal({ exitCode });
        server.close();
      }
      await end(system);
    });

    it('gives codes of 32 bits', async () => {
      const system = await running();
      const process = await system.createProcess(piped('cmd /c exit -1073741819'));
      process.stdout!.resume();
      process.stderr!.resume();

      expect(await process.waitExit()).to.deep.equal({ exitCode: 3_221_225_477 });
      process.close();
      await end(system);
    });

    it('closes while calls run', async () => {
      const system = await running();
      const process = await system.createProcess(waits);
      const calls = [process.signal('Bogus'), process.resize(1, 1), process.waitExit(), system.statistics()];
      process.close();
      system.close();
      await Promise.allSettled(calls);

      await port.cleanup(system.id);
    });

    it('finds what a killed owner left, and removes it', async () => {
      const id = newId();
      const owner = spawn(process.execPath, [join(import.meta.dirname, 'owner.cjs'), name, id], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(owner.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      owner.kill('SIGKILL');
      await once(owner, 'exit');

      expect(await port.list()).to.deep.equal([{ id, owner: 'porthole', state: 'Running' }]);
      const system = await port.open(id);
      expect((await system.processes()).map((each) => each.processId)).to.deep.equal([pid]);
      const next = await system.createProcess(piped('cmd /c echo still here'));
      next.stdin!.end();
      next.stderr!.resume();
      expect(await text(next.stdout!)).to.equal('still here\r\n');
      await next.waitExit();
      next.close();
      await end(system);
    });
  });

describe('a service that does not answer', () => {
  for (const name of ['computecore', 'vmcompute', 'hns'])
    it(`ends the command all the same, ${name}`, async () => {
      const hanging = spawn(process.execPath, [join(import.meta.dirname, 'hanging.cjs'), name], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(hanging, 'exit') as Promise<[number | null]>;
      const [said, [code]] = await Promise.all([text(hanging.stdout), ended]);
      expect(said).to.match(/the service (?:vmcompute|hns) does not answer/);
      expect(code).to.equal(7);
    });
});

describe('failures of vmcompute alone', () => {
  const port = compute();
  before(() => setMode(''));
  afterEach(async () => {
    clearFaults();
    await port.cleanup('alone');
    await expectNothingOpen();
  });

  it('does not wait for completions that it could not ask for', async () => {
    failNext('HcsRegisterComputeSystemCallback', HRESULT.tooManyNotifications);
    const error = await failureOf(port.create('alone', hypervDocument('alone')));
    expect(error.hresult).to.equal(HRESULT.tooManyNotifications);
    expect(await port.list()).to.deep.equal([]);
  });
});

describe('failures of computecore alone', () => {
  const port = compute();
  const running = async (): Promise<ComputeSystem> => {
    const system = await port.create('alone', v2Document());
    await system.start();
    return system;
  };
  before(() => setMode(''));
  afterEach(async () => {
    clearFaults();
    await port.cleanup('alone');
    await expectNothingOpen();
  });

  it('recovers a process whose creation failed without reason', async () => {
    const system = await running();
    failNext('HcsWaitForOperationResultAndProcessInfo', HRESULT.invalidParameter);
    const process = await system.createProcess(piped('cmd /c echo hello'));
    process.stdin!.end();
    process.stderr!.resume();

    expect(await text(process.stdout!)).to.equal('hello\r\n');
    expect(await process.waitExit()).to.deep.equal({ exitCode: 0 });
    process.close();
    system.close();
  });

  it('ends a process that it could not recover, and tells the first failure', async () => {
    const system = await running();
    failNext('HcsCreateProcess', HRESULT.connectionTimeout, { late: 'done' });
    failNext('HcsGetProcessInfo', HRESULT.elementNotFound);

    expect((await failureOf(system.createProcess(waits))).hresult).to.equal(HRESULT.connectionTimeout);
    await system.terminate();
    await system.waitExit();
    expect(world().processes).to.equal(0);
    system.close();
  });

  for (const answer of ['not JSON', '[]', 'null', '"x"'])
    it(`names the operation whose answer is ${answer}`, async () => {
      const system = await running();
      failNext('HcsGetComputeSystemProperties', 1, { late: 'undone', document: answer });
      const error = await failureOf(system.statistics());
      expect(error).to.include({ op: 'System::Properties', hresult: HRESULT.invalidJson });
      expect(error.message).to.include(`HCS answered: ${answer}`);

      failNext('HcsEnumerateComputeSystems', 1, { late: 'undone', document: answer.replace('[]', '{}') });
      expect((await failureOf(port.list())).op).to.equal('EnumerateComputeSystems');
      system.close();
    });

  it('has no memory for an operation', async () => {
    failNext('HcsCreateOperation', HRESULT.outOfMemory);
    expect((await failureOf(port.list())).hresult).to.equal(HRESULT.outOfMemory);
  });

  it('gives its handles back over many processes', async function () {
    this.timeout(30_000);
    const system = await running();
    const cycle = async (): Promise<void> => {
      const process = await system.createProcess(piped('cmd /c exit 0'));
      process.stdin!.end();
      process.stdout!.resume();
      process.stderr!.resume();
      await process.waitExit();
      process.close();
    };
    for (let index = 0; index < 5; index += 1) await cycle();
    await expectOpenHandles(system);
    const before = handleCount();
    for (let index = 0; index < 10; index += 1) await cycle();
    await expectOpenHandles(system);

    expect(handleCount() - before).to.be.lessThan(5);
    system.close();
  });
});

async function expectOpenHandles(system: ComputeSystem): Promise<void> {
  // Streams close their descriptors in a later turn.
  await system.statistics();
  await new Promise((resolve) => setImmediate(resolve));
}

const kernel32 = defineLibrary('kernel32.dll', {
  GetProcessHandleCount: {
    proto: 'int32_t __stdcall GetProcessHandleCount(intptr_t process, _Out_ uint32_t *count)',
    mode: 'sync',
  },
});

function handleCount(): number {
  const count: [number] = [0];
  kernel32.callSync('GetProcessHandleCount', -1, count);
  return count[0];
}

const crashing = defineLibrary('computecore.dll', {
  HcsCreateOperation: {
    proto: 'void *__stdcall HcsCreateOperation(void *context, void *callback)',
    mode: 'sync',
  },
  HcsCloseOperation: { proto: 'void __stdcall HcsCloseOperation(void *operation)', mode: 'async' },
  HcsOpenComputeSystem: {
    proto: 'int32_t __stdcall HcsOpenComputeSystem(str16 id, uint32_t access, _Out_ void **system)',
    mode: 'async',
  },
  HcsCrashComputeSystem: {
    proto: 'int32_t __stdcall HcsCrashComputeSystem(void *system, void *operation, str16 options)',
    mode: 'async',
  },
  HcsCloseComputeSystem: { proto: 'void __stdcall HcsCloseComputeSystem(void *system)', mode: 'async' },
});

async function crash(id: string): Promise<void> {
  const system = pointerCell();
  expect(await crashing.call('HcsOpenComputeSystem', id, 0x10000000, system)).to.equal(0);
  const operation = crashing.callSync('HcsCreateOperation', null, null);
  expect(await crashing.call('HcsCrashComputeSystem', system[0], operation, '')).to.equal(0);
  await crashing.call('HcsCloseOperation', operation);
  await crashing.call('HcsCloseComputeSystem', system[0]);
}
