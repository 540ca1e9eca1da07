import { expect } from 'chai';
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStateRecord, writeExitRecord, writeStateRecord } from '../../../../src/state/container-files.ts';
import type { ContainerStateRecord } from '../../../../src/state/container-record.ts';
import { reserveName } from '../../../../src/state/names.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';
import type { MemoryEngine } from '../../../support/memory-engine.ts';
import { rejection } from '../../../support/rejection.ts';

/** A process that does not exist. */
const gone = { pid: 2 ** 22 + 1, startTime: '1@gone' };

describe('what killed processes leave', () => {
  let engine: MemoryEngine;

  beforeEach(() => (engine = memoryEngine({ programs: { 'app.exe': () => new Promise(() => undefined) } })));
  afterEach(() => engine[Symbol.asyncDispose]());

  const create = async (name: string, autoRemove = false): Promise<string> =>
    (await engine.containers.create(aCreateRequest({ HostConfig: { AutoRemove: autoRemove } }), { name })).Id;
  /** The record as a monitor that is no more has left it, with a compute system, a mount and endpoints. */
  const abandon = async (id: string, change: Partial<ContainerStateRecord>): Promise<void> => {
    writeStateRecord(engine.paths, id, readStateRecord(engine.paths, id)!, {
      phase: 'running',
      owner: gone,
      run: 1,
      pid: 1000,
      ...change,
    });
    await engine.layers.mount(id);
    await (await engine.deps.networks()).allocate(id);
  };
  const expectClean = async (id: string): Promise<void> => {
    expect(engine.compute.cleaned).to.include(id);
    expect(engine.layers.mounted.size).to.equal(0);
    expect(await engine.network.listEndpoints()).to.deep.equal([]);
    expect(await engine.network.listNamespaces()).to.deep.equal([]);
  };

  it('is an exit with 137 when nobody saw the end', async () => {
    const id = await create('web');
    await abandon(id, {});

    const [item] = await engine.containers.list({ all: true });

    expect(item).to.include({ State: 'exited' });
    expect(item!.Status).to.match(/^Exited \(137\)/);
    await expectClean(id);
    expect(readStateRecord(engine.paths, id)).to.include({ phase: 'exited', exitCode: 137 });
    await engine.containers.start(id);
  });

  it('is the end that was recorded', async () => {
    const id = await create('web');
    await abandon(id, {});
    writeExitRecord(engine.paths, id, {
      run: 1,
      exitCode: 42,
      finishedAt: '2026-01-02T03:04:05Z',
      oomKilled: false,
      error: '',
    });

    const { State: state } = await engine.containers.inspect('web');

    expect(state).to.include({ Status: 'exited', ExitCode: 42, FinishedAt: '2026-01-02T03:04:05Z' });
    await expectClean(id);
  });

  it('is a start that did not happen', async () => {
    const id = await create('web');
    await abandon(id, { phase: 'starting' });

    const { State: state } = await engine.containers.inspect('web');

    expect(state).to.include({
      Status: 'created',
      ExitCode: 128,
      Error: 'the start was interrupted: the monitor process was killed',
    });
    await expectClean(id);
  });

  it('is removed with --rm', async () => {
    const id = await create('web', true);
    await abandon(id, {});

    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
    await expectClean(id);
    expect(engine.layers.scratches.size).to.equal(0);
  });

  it('is a removal that goes on', async () => {
    const id = await create('web');
    await abandon(id, { phase: 'removing' });

    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
    expect(existsSync(engine.paths.container(id))).to.equal(false);
    expect(readdirSync(engine.paths.names)).to.deep.equal([]);
  });

  it('is told to who waits', async () => {
    const id = await create('web');
    await abandon(id, {});

    expect(await (await engine.containers.wait(id, 'not-running')).exit).to.deep.equal({ StatusCode: 137 });
  });

  it('does not keep others from their verbs', async () => {
    const id = await create('web');
    await abandon(id, {});

    expect(await rejection(engine.containers.stop(id))).to.include({ kind: 'notModified' });
    expect(await rejection(engine.containers.kill(id, 'KILL'))).to.include({ kind: 'conflict' });
    await engine.containers.remove(id);
    await create('web');
  });

  it('is not repaired by a list when the repair fails, and shown all the same', async () => {
    const id = await create('web');
    await abandon(id, {});
    engine.layers.failNext('unmount', new Error('busy'));

    const [item] = await engine.containers.list({ all: true });

    expect(item).to.include({ State: 'exited' });
    expect(engine.layers.mounted.has(id)).to.equal(true);
    await engine.containers.list({ all: true });
    expect(engine.layers.mounted.has(id)).to.equal(false);
  });

  it('is a name without a container', async () => {
    reserveName(engine.paths.names, 'web', '9'.repeat(64), () => false);

    await create('web');
  });

  it('is a folder without a state', async () => {
    const id = await create('web');
    rmSync(join(engine.paths.container(id), 'state.json'));
    // Half taken, when the creator is killed in the middle of it.
    renameSync(join(engine.paths.names, 'web'), join(engine.paths.names, `.web.${gone.pid}.2.tmp`));

    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
    expect(engine.layers.scratches.size).to.equal(0);
    expect(readdirSync(engine.paths.names)).to.deep.equal([]);
    await create('web');
  });

  it('is half a rename, which a prune takes', async () => {
    await create('web');
    writeFileSync(join(engine.paths.names, `.other.${gone.pid}.2.tmp`), '');

    await engine.containers.prune();

    expect(readdirSync(engine.paths.names)).to.deep.equal([]);
  });
});
