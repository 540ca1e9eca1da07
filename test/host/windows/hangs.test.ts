/** A service that gives no answer: calls are bounded, and what they hold is given back when they return after all. */
import { expect } from 'chai';
import { mock } from 'node:test';
import { HcsError } from '../../../src/hcs/hcs-error.ts';
import { HRESULT } from '../../../src/hcs/hresult.ts';
import type { ComputeHost, ComputePort } from '../../../src/host/ports/compute.ts';
import { bounded } from '../../../src/host/windows/bounded.ts';
import { createWindowsCompute } from '../../../src/host/windows/compute.ts';
import { hcsTimeouts, type DriverResult, type HcsDriver } from '../../../src/host/windows/hcs-driver.ts';
import type { ContainerV1Document } from '../../../src/hcs/documents.ts';

const done: DriverResult = { hresult: 0, document: undefined };
const document: ContainerV1Document = {
  SystemType: 'Container',
  Name: 'one',
  Owner: 'porthole',
  Layers: [],
  HvPartition: false,
};

/** Calls by name, in order; the ones in `hanging` return when they are told to. */
function aDriver(): {
  driver: HcsDriver;
  calls: string[];
  hang(name: keyof HcsDriver): (value: object) => void;
} {
  const calls: string[] = [];
  const hanging = new Map<string, Promise<object>>();
  const answers: Record<string, object> = {
    createSystem: { ...done, handle: 1n },
    openSystem: { ...done, handle: 1n },
    createProcess: {
      ...done,
      handle: 2n,
      info: { processId: 5, stdInput: 0n, stdOutput: 0n, stdError: 0n },
    },
    enumerate: { ...done, document: '[]' },
  };
  const driver = new Proxy({} as HcsDriver, {
    get: (_, name: string) => (verb: unknown) => {
      calls.push(name === 'systemVerb' ? String(verb) : name);
      return hanging.get(name) ?? Promise.resolve(answers[name] ?? done);
    },
  });
  return {
    driver,
    calls,
    hang(name) {
      const { promise, resolve } = Promise.withResolvers<object>();
      hanging.set(name, promise);
      return (value) => {
        hanging.delete(name);
        resolve(value);
      };
    },
  };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

async function late(promise: Promise<unknown>, milliseconds = hcsTimeouts.call): Promise<HcsError> {
  const failure = promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  await settled();
  mock.timers.tick(milliseconds - 1);
  let early: unknown = 'pending';
  void failure.then((error) => (early = error));
  await settled();
  expect(early).to.equal('pending');
  mock.timers.tick(1);
  const error = await failure;
  expect(error).to.be.instanceOf(HcsError);
  expect((error as HcsError).hresult).to.equal(HRESULT.operationTimeout);
  expect((error as HcsError).hint).to.match(/^the service vmcompute does not answer/);
  return error as HcsError;
}

describe('a service that does not answer', () => {
  let world: ReturnType<typeof aDriver>;
  let port: ComputePort;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    world = aDriver();
    port = createWindowsCompute({
      v2: undefined,
      v1: world.driver,
      host: async () => ({}) as ComputeHost,
      credentialSpec: () => undefined,
    });
  });
  afterEach(() => mock.timers.reset());

  it('ends the wait for a list', async () => {
    world.hang('enumerate');
    expect((await late(port.list())).message).to.equal(
      'hcs::EnumerateComputeSystems: The operation did not complete in time. (0x80370118)',
    );
  });

  it('ends the wait for a creation, and removes what it makes after all', async () => {
    const answer = world.hang('createSystem');
    expect((await late(port.create('one', document))).systemId).to.equal('one');
    expect(world.calls).to.deep.equal(['createSystem']);
    answer({ ...done, handle: 1n });
    await settled();
    expect(world.calls).to.deep.equal(['createSystem', 'terminate', 'closeSystem']);
  });

  it('leaves a system alone that was there before, however late it hears of it', async () => {
    const answer = world.hang('createSystem');
    await late(port.create('one', document));
    answer({ hresult: HRESULT.systemAlreadyExists, document: undefined, handle: 1n });
    await settled();
    expect(world.calls).to.deep.equal(['createSystem', 'closeSystem']);
  });

  it('keeps a handle open until the last call on it has returned', async () => {
    const system = await port.create('one', document);
    const answer = world.hang('systemProperties');
    await late(system.statistics());
    system.close();
    await settled();
    expect(world.calls).not.to.include('closeSystem');
    answer(done);
    await settled();
    expect(world.calls.at(-1)).to.equal('closeSystem');
  });

  it('ends a process that nobody waited for', async () => {
    const system = await port.create('one', document);
    const answer = world.hang('createProcess');
    await late(system.createProcess({ CommandLine: 'cmd' }));
    answer({ ...done, handle: 2n, info: undefined });
    await settled();
    expect(world.calls.slice(-2)).to.deep.equal(['terminateProcess', 'closeProcess']);
  });

  it('takes a signal as sent whose call returns with the target', async () => {
    const system = await port.create('one', document);
    const process = await system.createProcess({ CommandLine: 'cmd' });
    world.hang('signalProcess');
    const sent = process.signal('CtrlC');
    await settled();
    mock.timers.tick(hcsTimeouts.signal + 1000);
    expect(await sent).to.equal(true);
  });

  for (const step of ['openSystem', 'openProcess'] as const)
    it(`kills a process past a signal under way, also when ${step} hangs`, async () => {
      const system = await port.create('one', document);
      const process = await system.createProcess({ CommandLine: 'cmd' });
      world.hang('signalProcess');
      void process.signal('CtrlC');
      const answer = world.hang(step);
      const killed = process.kill();
      await settled();
      expect(world.calls).not.to.include('terminateProcess');
      mock.timers.tick(hcsTimeouts.call);
      expect(await killed).to.equal(true);
      expect(world.calls.filter((call) => call === 'terminateProcess')).to.have.length(1);
      answer({ ...done, handle: undefined });
      await settled();
    });
});

describe('a bound', () => {
  it('gives answers, failures, and what is said of late ones', async () => {
    expect(await bounded(Promise.resolve(1), 1000, () => 2)).to.equal(1);
    expect(await bounded(Promise.reject(new Error('no')), 1000, () => 2).catch(String)).to.equal('Error: no');
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const given: number[] = [];
      const { promise, resolve } = Promise.withResolvers<number>();
      const answer = bounded(
        promise,
        1000,
        () => 2,
        (value) => given.push(value),
      );
      mock.timers.tick(1000);
      expect(await answer).to.equal(2);
      resolve(3);
      await settled();
      expect(given).to.deep.equal([3]);
    } finally {
      mock.timers.reset();
    }
  });
});
