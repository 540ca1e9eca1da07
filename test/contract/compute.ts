import { expect } from 'chai';
import { text } from 'node:stream/consumers';
import { HcsError } from '../../src/hcs/hcs-error.ts';
import type { ComputeSystemDocument, ProcessParameters } from '../../src/hcs/documents.ts';
import { HRESULT, sameCondition } from '../../src/hcs/hresult.ts';
import type { ComputePort, ComputeProcess, ComputeSystem } from '../../src/host/ports/compute.ts';

/** One host under test. `dispose` removes everything that the suite made. */
export interface ComputeContractHost {
  readonly compute: ComputePort;
  /** A document for a new system with that ID, scratch and layers included. */
  document(id: string): Promise<ComputeSystemDocument>;
  /** A name that is a file, to be used as a working directory. */
  readonly fileInContainer: string;
  /** True where EmulateConsole gives a console. */
  readonly console: boolean;
  dispose(): Promise<void>;
}

/**
 * Command lines that the suite uses, with nothing but cmd's own commands, so that they run on Windows, on Wine and, scripted,
 * on the fake.
 */
export const contractCommands = {
  hello: 'cmd /c echo hello',
  error: 'cmd /c echo oops 1>&2',
  exit7: 'cmd /c exit 7',
  exitMinus1: 'cmd /c exit -1',
  showVariable: 'cmd /c echo %PORTHOLE_CONTRACT%',
  showFolder: 'cmd /c cd',
  manyLines: 'cmd /c for /l %i in (1,1,2000) do @echo line %i',
  /** Waits for a line on stdin, answers it in brackets. */
  answer: 'cmd /v:on /c "set /p LINE=& echo [!LINE!]"',
  missing: 'porthole-contract-no-such-program.exe /x',
} as const;

let counter = 0;

/**
 * The contract of the compute port (the comment of src/host/ports/compute.ts): states, codes, stdio, exits. Every adapter
 * passes it whole.
 */
export function computeContract(
  name: string,
  open: () => Promise<ComputeContractHost>,
  timeoutMs = 8000,
): void {
  describe(`compute contract: ${name}`, function () {
    this.timeout(timeoutMs);
    let host: ComputeContractHost;
    const left = new Set<ComputeSystem>();

    const newId = (): string => {
      counter += 1;
      return `${Date.now().toString(16)}${counter.toString(16)}`.padStart(64, 'c0de');
    };
    const create = async (id = newId()): Promise<ComputeSystem> => {
      const system = await host.compute.create(id, await host.document(id));
      left.add(system);
      return system;
    };
    const running = async (): Promise<ComputeSystem> => {
      const system = await create();
      await system.start();
      return system;
    };
    const end = async (system: ComputeSystem): Promise<void> => {
      await system.terminate().catch(ignoreStopped);
      await system.waitExit();
      system.close();
      left.delete(system);
    };

    before(async function () {
      this.timeout(timeoutMs * 10);
      host = await open();
    });
    afterEach(async () => {
      for (const system of left) await end(system);
    });
    after(async () => {
      await host?.dispose();
    });

    describe('life of a system', () => {
      it('goes from Created over Running to gone', async () => {
        const id = newId();
        const system = await create(id);
        expect(await stateOf(host.compute, id)).to.equal('Created');

        await system.start();
        expect(await stateOf(host.compute, id)).to.equal('Running');

        await system.terminate();
        expect(await system.waitExit()).to.include({ kind: 'terminated' });
        expect(await stateOf(host.compute, id)).to.equal(undefined);
        await expectCode(host.compute.open(id), HRESULT.systemNotFound);
      });

      it('has one system an ID, and gives the ID free again', async () => {
        const id = newId();
        const first = await create(id);
        await expectCode(host.compute.create(id, await host.document(id)), HRESULT.systemAlreadyExists);

        await end(first);
        const second = await create(id);
        await second.start();
        await end(second);
      });

      it('starts once, and runs nothing before', async () => {
        const system = await create();
        await expectCode(system.createProcess(piped(contractCommands.hello)), HRESULT.invalidState);

        await system.start();
        await expectCode(system.start(), HRESULT.invalidState);
      });

      it('can be ended without having been started', async () => {
        const system = await create();
        await system.terminate();

        expect(await system.waitExit()).to.include({ kind: 'terminated' });
      });

      it('is stopped for every verb after its end', async () => {
        const system = await running();
        await system.terminate();
        await system.waitExit();

        await expectCode(system.start(), HRESULT.systemAlreadyStopped);
        await expectCode(system.shutdown(), HRESULT.systemAlreadyStopped);
        await expectCode(system.terminate(), HRESULT.systemAlreadyStopped);
        await expectCode(system.createProcess(piped(contractCommands.hello)), HRESULT.systemAlreadyStopped);
        await expectCode(system.statistics(), HRESULT.systemAlreadyStopped);
        await expectCode(system.processes(), HRESULT.systemAlreadyStopped);
      });

      it('shuts down in order when nothing runs in it', async () => {
        const system = await running();
        await system.shutdown();

        expect(await system.waitExit()).to.include({ kind: 'shutdown' });
      });

      it('lives on when its handle is closed, and is found again by its ID', async () => {
        const id = newId();
        const system = await create(id);
        await system.start();
        system.close();

        const again = await host.compute.open(id);
        expect(again.id).to.equal(id);
        const exit = again.waitExit();
        await again.terminate();
        expect((await exit).kind).to.equal('terminated');
        again.close();
        left.delete(system);
      });

      it('answers every waiter, early and late', async () => {
        const system = await running();
        const early = [system.waitExit(), system.waitExit()];
        await system.terminate();

        const exits = [...(await Promise.all(early)), await system.waitExit()];
        expect(exits.map((exit) => exit.kind)).to.deep.equal(['terminated', 'terminated', 'terminated']);
      });

      it('stops waiting when asked to, and the system stays', async () => {
        const id = newId();
        const system = await create(id);
        await system.start();
        const controller = new AbortController();
        const wait = system.waitExit({ signal: controller.signal });
        controller.abort(new Error('enough'));

        expect(await messageOf(wait)).to.equal('enough');
        expect(await stateOf(host.compute, id)).to.equal('Running');
      });
    });

    describe('unknown systems and bad documents', () => {
      it('opens nothing that was not created', async () => {
        await expectCode(host.compute.open(newId()), HRESULT.systemNotFound);
      });

      it('refuses a document that is none', async () => {
        const id = newId();
        await expectCode(
          host.compute.create(id, { Owner: 'porthole' } as unknown as ComputeSystemDocument),
          HRESULT.invalidJson,
        );
        expect(await stateOf(host.compute, id)).to.equal(undefined);
      });

      it('cleans up what is not there without a word, twice', async () => {
        const id = newId();
        await host.compute.cleanup(id);
        await host.compute.cleanup(id);
      });

      it('cleans up a system that its owner left', async () => {
        const id = newId();
        const system = await create(id);
        await system.start();
        await host.compute.cleanup(id);

        expect(await stateOf(host.compute, id)).to.equal(undefined);
        await expectCode(host.compute.open(id), HRESULT.systemNotFound);
        left.delete(system);
        system.close();
        const next = await create(id);
        await end(next);
      });
    });

    describe('processes', () => {
      let system: ComputeSystem;

      before(async function () {
        this.timeout(timeoutMs * 4);
        system = await running();
        left.delete(system);
      });
      after(async () => {
        if (system !== undefined) await end(system);
      });

      it('gives output, its end, and the exit code', async () => {
        const hello = await system.createProcess(piped(contractCommands.hello));
        hello.stdin?.end();
        const [out, err] = await Promise.all([text(hello.stdout!), text(hello.stderr!)]);

        expect(out).to.equal('hello\r\n');
        expect(err).to.equal('');
        expect(await hello.waitExit()).to.deep.equal({ exitCode: 0 });
        expect(hello.pid).to.be.greaterThan(0);
        hello.close();
      });

      it('keeps stderr apart', async () => {
        const oops = await system.createProcess(piped(contractCommands.error));
        oops.stdin?.end();
        const [out, err] = await Promise.all([text(oops.stdout!), text(oops.stderr!)]);

        expect([out, err.trimEnd()]).to.deep.equal(['', 'oops']);
        await oops.waitExit();
        oops.close();
      });

      for (const [command, exitCode] of [
        [contractCommands.exit7, 7],
        [contractCommands.exitMinus1, 0xffffffff],
      ] as const) {
        it(`reports ${exitCode} as an unsigned number`, async () => {
          expect(await exitOf(system, piped(command))).to.equal(exitCode);
        });
      }

      it('goes on when a process ends, and runs the next', async () => {
        await exitOf(system, piped(contractCommands.exit7));

        expect(await stateOf(host.compute, system.id)).to.equal('Running');
        expect(await exitOf(system, piped(contractCommands.hello))).to.equal(0);
      });

      it('passes variables', async () => {
        const shown = await outputOf(system, {
          ...piped(contractCommands.showVariable),
          Environment: { PORTHOLE_CONTRACT: 'a b=c' },
        });
        expect(shown).to.equal('a b=c\r\n');
      });

      it('starts in the working directory', async () => {
        const shown = await outputOf(system, {
          ...piped(contractCommands.showFolder),
          WorkingDirectory: 'C:\\windows',
        });
        expect(shown.trimEnd().toLowerCase()).to.equal('c:\\windows');
      });

      it('passes input, line by line, and answers while the pipe stays open', async () => {
        const answer = await system.createProcess(piped(contractCommands.answer));
        const out = text(answer.stdout!);
        answer.stdin!.write('to be echoed\r\n');

        expect(await answer.waitExit()).to.deep.equal({ exitCode: 0 });
        expect(await out).to.equal('[to be echoed]\r\n');
        answer.close();
      });

      it('passes the end of input', async () => {
        const answer = await system.createProcess(piped(contractCommands.answer));
        const out = text(answer.stdout!);
        answer.stdin!.end();

        await answer.waitExit();
        expect(await out).to.match(/^\[.*\]\r\n$/);
        answer.close();
      });

      it('loses no output of a process that ends at once', async () => {
        const out = await outputOf(system, piped(contractCommands.manyLines));
        const lines = out.split('\r\n');

        expect(lines.length).to.equal(2001);
        expect([lines[0]?.trim(), lines[1999]?.trim(), lines[2000]]).to.deep.equal([
          'line 1',
          'line 2000',
          '',
        ]);
      });

      it('runs several at once', async () => {
        const answers = await Promise.all(
          ['a', 'b', 'c'].map(async (word) => {
            const answer = await system.createProcess(piped(contractCommands.answer));
            const out = text(answer.stdout!);
            answer.stdin!.end(`${word}\r\n`);
            await answer.waitExit();
            answer.close();
            return out;
          }),
        );
        expect(answers).to.deep.equal(['[a]\r\n', '[b]\r\n', '[c]\r\n']);
      });

      it('lists those that run', async () => {
        const waiting = await system.createProcess(piped(contractCommands.answer));
        const listed = (await system.processes()).find((each) => each.processId === waiting.pid);
        expect(listed?.imageName.toLowerCase()).to.equal('cmd.exe');

        await killed(waiting);
        expect((await system.processes()).map((each) => each.processId)).to.not.include(waiting.pid);
      });

      it('counts what they use', async () => {
        const statistics = await system.statistics();

        expect(statistics.totalRuntime100ns >= 0n).to.equal(true);
        expect(statistics.memoryCommitBytes).to.be.at.least(0);
        expect(statistics.readBytes).to.be.at.least(0);
      });

      it('kills one, once, and tells every waiter', async () => {
        const waiting = await system.createProcess(piped(contractCommands.answer));
        const waits = [waiting.waitExit(), waiting.waitExit()];

        expect(await waiting.kill()).to.equal(true);
        const [first, second] = await Promise.all(waits);
        expect(first).to.deep.equal(second);
        expect(first?.exitCode).to.not.equal(0);
        expect(await waiting.kill()).to.equal(false);
        expect(await waiting.signal('CtrlC')).to.equal(false);
        waiting.close();
      });

      it('stops waiting for one when asked to', async () => {
        const waiting = await system.createProcess(piped(contractCommands.answer));
        const controller = new AbortController();
        const wait = waiting.waitExit({ signal: controller.signal });
        controller.abort(new Error('enough'));

        expect(await messageOf(wait)).to.equal('enough');
        await killed(waiting);
      });

      it('makes only the pipes that were asked for', async () => {
        const quiet = await system.createProcess({
          CommandLine: contractCommands.hello,
          CreateStdOutPipe: true,
        });

        expect([quiet.stdin, quiet.stderr]).to.deep.equal([undefined, undefined]);
        expect(await text(quiet.stdout!)).to.equal('hello\r\n');
        await quiet.waitExit();
        quiet.close();
      });

      it('says which program is missing', async () => {
        await expectCode(system.createProcess(piped(contractCommands.missing)), HRESULT.fileNotFound);
      });

      it('refuses a working directory that is a file', async () => {
        const parameters = { ...piped(contractCommands.hello), WorkingDirectory: host.fileInContainer };
        await expectCode(system.createProcess(parameters), HRESULT.directoryInvalid);
      });

      it('gives a console without stderr, and resizes it', async function () {
        if (!host.console) this.skip();
        const shell = await system.createProcess({
          ...piped(contractCommands.answer),
          EmulateConsole: true,
          ConsoleSize: [30, 120],
        });
        try {
          expect(shell.stderr).to.equal(undefined);
          await shell.resize(40, 100);
          const out = text(shell.stdout!);
          shell.stdin!.write('typed\r');
          await shell.waitExit();

          expect(await out).to.include('[typed]');
        } finally {
          // Else its handle would be counted against every test that follows.
          shell.close();
        }
      });
    });

    it('ends the processes of a system that is terminated', async () => {
      const system = await running();
      const waiting = await system.createProcess(piped(contractCommands.answer));
      const exit = waiting.waitExit();
      await system.terminate();
      await system.waitExit();

      expect((await exit).exitCode).to.not.equal(0);
      expect(await waiting.kill()).to.equal(false);
      waiting.close();
    });

    it('pauses and resumes, or says that it cannot', async () => {
      const id = newId();
      const system = await create(id);
      await system.start();
      const refused = await system.pause().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refused === undefined) {
        expect(await stateOf(host.compute, id)).to.equal('Paused');
        await system.resume();
        expect(await stateOf(host.compute, id)).to.equal('Running');
      } else {
        expect(refused).to.be.instanceOf(HcsError);
        expect((refused as HcsError).hresult).to.be.oneOf([HRESULT.notSupported, HRESULT.notImplemented]);
      }
    });

    it('tells what decides isolation', async () => {
      const facts = await host.compute.host();

      expect(facts.osVersion).to.match(/^\d+\.\d+\.\d+(\.\d+)?$/);
      expect(facts.sku).to.be.oneOf(['server', 'client']);
      expect(facts.description).to.not.equal('');
    });
  });
}

function piped(commandLine: string): ProcessParameters {
  return {
    CommandLine: commandLine,
    WorkingDirectory: 'C:\\',
    CreateStdInPipe: true,
    CreateStdOutPipe: true,
    CreateStdErrPipe: true,
  };
}

async function outputOf(system: ComputeSystem, parameters: ProcessParameters): Promise<string> {
  const process = await system.createProcess(parameters);
  process.stdin?.end();
  process.stderr?.resume();
  const out = await text(process.stdout!);
  await process.waitExit();
  process.close();
  return out;
}

async function exitOf(system: ComputeSystem, parameters: ProcessParameters): Promise<number> {
  const process = await system.createProcess(parameters);
  process.stdin?.end();
  process.stdout?.resume();
  process.stderr?.resume();
  const { exitCode } = await process.waitExit();
  process.close();
  return exitCode;
}

async function killed(process: ComputeProcess): Promise<void> {
  process.stdout?.resume();
  process.stderr?.resume();
  await process.kill();
  await process.waitExit();
  process.close();
}

async function stateOf(compute: ComputePort, id: string): Promise<string | undefined> {
  return (await compute.list()).find((system) => system.id === id)?.state;
}

async function expectCode(promise: Promise<unknown>, code: number): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, 'should have failed').to.be.instanceOf(HcsError);
  const { hresult } = error as HcsError;
  expect(sameCondition(hresult, code), `0x${hresult.toString(16)} is not 0x${code.toString(16)}`).to.equal(
    true,
  );
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

function ignoreStopped(error: unknown): void {
  if (!(error instanceof HcsError && sameCondition(error.hresult, HRESULT.systemAlreadyStopped))) throw error;
}
