import { expect } from 'chai';
import { runStep } from '../../../../src/engine/local/containers/step.ts';
import type { StepRequest } from '../../../../src/engine/local/containers/step.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';
import type { MemoryEngine } from '../../../support/memory-engine.ts';
import { rejection } from '../../../support/rejection.ts';

describe('build steps', () => {
  let engine: MemoryEngine;

  beforeEach(() => {
    engine = memoryEngine({
      programs: {
        'cmd /S /C ok': ({ stdout, stderr }) => {
          stdout.write('out\r\n');
          stderr.write('err\r\n');
          return 0;
        },
        'cmd /S /C fail': () => 5,
        'cmd /S /C forever': ({ killed }) =>
          new Promise((resolve) => killed.addEventListener('abort', () => resolve(1))),
      },
    });
  });
  afterEach(() => engine[Symbol.asyncDispose]());

  const aStep = (command: string, change: Partial<StepRequest> = {}): StepRequest => {
    const { HostConfig: _host, NetworkingConfig: _network, ...config } = aCreateRequest();
    return {
      base: { imageId: `sha256:${'d'.repeat(64)}`, layerIds: ['b'.repeat(64)], os: 'windows' },
      config: { ...config, Cmd: [`cmd /S /C ${command}`], ArgsEscaped: true },
      onOutput: () => undefined,
      ...change,
    };
  };

  it('stream their output, end and can be committed', async () => {
    const output: string[] = [];
    const created: string[] = [];
    const step = await runStep(
      engine.deps,
      aStep('ok', {
        onOutput: (stream, chunk) => void output.push(`${stream}:${String(chunk)}`),
        onCreated: (id) => void created.push(id),
      }),
    );

    expect(step.exitCode).to.equal(0);
    expect(output.sort()).to.deep.equal(['stderr:err\r\n', 'stdout:out\r\n']);
    expect(created).to.deep.equal([step.containerId]);
    let tar = '';
    for await (const chunk of await step.diff()) tar += String(chunk);
    expect(tar).to.equal(`diff of ${step.containerId}`);
    await step.remove();
    await step.remove();
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
  });

  it('tell the code of a failed command', async () => {
    const step = await runStep(engine.deps, aStep('fail'));

    expect(step.exitCode).to.equal(5);
    await step.remove();
  });

  it('leave nothing when they cannot start', async () => {
    expect(await rejection(runStep(engine.deps, aStep('missing')))).to.include({ code: 'HCS_ERROR' });
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
  });

  it('end when the build is cancelled', async () => {
    const abort = new AbortController();
    const running = runStep(
      engine.deps,
      aStep('forever', {
        signal: abort.signal,
        onCreated: () => void setTimeout(() => abort.abort(new Error('stop')), 50),
      }),
    );

    expect((await rejection(running)).message).to.equal('stop');
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
    expect(await engine.compute.list()).to.deep.equal([]);
  });
});
