import { StringDecoder } from 'node:string_decoder';
import type { HostConfig, ImageConfigSection } from '../../../api/types/index.ts';
import { runCommand, savedCommand } from '../../../build/run-command.ts';
import { wineWarnings } from '../../../build/wine-notes.ts';
import type { RunInstruction } from '../../../dockerfile/instructions.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { ComputeHost } from '../../../host/ports/compute.ts';
import type { FinishedStep } from '../containers/step.ts';
import { builtWith, builtWithLabel, withBuiltWith } from '../images/built-with.ts';
import { commit, useCache } from './commit-step.ts';
import { containerConfig } from './container-config.ts';
import { shortId } from './output.ts';
import { needsBuildKit } from './refusals.ts';
import type { BuildRun, StageState } from './state.ts';

/** RUN (dockerfile.md 2.1): a container of the stage's image, run to its end, its changes the new layer. */
export async function runInstruction(
  run: BuildRun,
  state: StageState,
  instruction: RunInstruction,
): Promise<void> {
  const flag = instruction.flagsUsed[0];
  if (flag !== undefined) throw needsBuildKit(flag);
  if (state.image.layerIds.length === 0) {
    throw new PortholeError('invalid', 'SCRATCH_HAS_NO_SYSTEM', 'Windows does not support FROM scratch', {
      hint: 'nothing can run in an image without a Windows base layer; only COPY, ADD and settings work there',
    });
  }
  const { command, escaped, warnings } = runCommand(instruction, state.config);
  if (command.length === 0) throw new PortholeError('invalid', 'NO_COMMAND', 'No command specified');
  const environment = state.config.Env ?? [];
  const args = state.args.environment(environment);
  const hidden = (name: string) => state.args.isUndeclaredPredefined(name);
  const { Entrypoint: _, ...config } = state.config;
  const probe: ImageConfigSection = { ...config, Cmd: savedCommand(command, args, hidden) };
  const cached = await useCache(run, state, probe);
  if (cached) {
    state.config = withBuiltWith(state.config, cached.config.config?.Labels?.[builtWithLabel]);
    return;
  }
  const { compute } = await run.deps.host();
  const host = await compute.host();
  for (const warning of warnings) run.output.error(warning);
  if (host.backend === 'wine')
    for (const warning of wineWarnings(command.join(' '))) run.output.error(warning);
  const finished = await runToEnd(run, state, host, {
    ...config,
    Cmd: command,
    ArgsEscaped: escaped,
    Env: [...environment, ...args],
    Healthcheck: { Test: ['NONE'] },
  });
  await keepOrThrow(run, finished, command);
  state.config = withBuiltWith(state.config, builtWith(host));
  await commit(run, state, { probe, containerId: finished.containerId, layer: await finished.diff() });
  if (run.request.remove || run.request.forceRemove) await removeStep(run, finished);
}

async function runToEnd(
  run: BuildRun,
  state: StageState,
  host: ComputeHost,
  config: ImageConfigSection,
): Promise<FinishedStep> {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  const write = (stream: 'stdout' | 'stderr', text: string) => {
    if (text === '') return;
    if (stream === 'stdout') run.output.out(text);
    else run.output.error(text);
  };
  const { image } = state;
  const finished = await run.deps.runStep({
    base: {
      imageId: image.id,
      layerIds: image.layerIds,
      os: image.os,
      ...(image.osVersion === undefined ? {} : { osVersion: image.osVersion }),
    },
    config: containerConfig({ ...config, AttachStdout: true, AttachStderr: true, Image: image.id }),
    hostConfig: hostConfig(run, host),
    onOutput: (stream, chunk) => write(stream, decoders[stream].write(chunk)),
    onCreated: (id) => run.output.out(` ---> Running in ${shortId(id)}\n`),
    ...(run.signal ? { signal: run.signal } : {}),
  });
  write('stdout', decoders.stdout.end());
  write('stderr', decoders.stderr.end());
  return finished;
}

function hostConfig(run: BuildRun, host: ComputeHost): Partial<HostConfig> {
  const { request } = run;
  return {
    LogConfig: { Type: 'none', Config: {} },
    Isolation: request.isolation,
    Memory: request.memory,
    CpuShares: request.cpuShares,
    CpuPeriod: request.cpuPeriod,
    CpuQuota: request.cpuQuota,
    NetworkMode: request.networkMode,
    ExtraHosts: [...request.extraHosts],
    ShmSize: request.shmSize,
    ...(request.securityOpt ? { SecurityOpt: [...request.securityOpt] } : {}),
    // The usual 20 GB are too little for installers; a disk of another kind has no such limit.
    ...(host.backend === 'hcs' ? { StorageOpt: { size: '127GB' } } : {}),
  };
}

async function keepOrThrow(run: BuildRun, finished: FinishedStep, command: readonly string[]): Promise<void> {
  const { exitCode } = finished;
  if (exitCode === 0) return;
  if (run.request.forceRemove) await removeStep(run, finished);
  throw new PortholeError(
    'invalid',
    'BUILD_COMMAND_FAILED',
    `The command '${command.join(' ')}' returned a non-zero code: ${exitCode}`,
    { exitCode },
  );
}

async function removeStep(run: BuildRun, finished: FinishedStep): Promise<void> {
  await finished.remove();
  run.output.out(` ---> Removed intermediate container ${shortId(finished.containerId)}\n`);
}
