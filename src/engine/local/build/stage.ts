import { expander } from '../../../build/expander.ts';
import type { Expander } from '../../../build/run-config.ts';
import { commentCommand } from '../../../build/run-config.ts';
import { stepText } from '../../../build/plan.ts';
import { stopSignalNotSupported } from '../../../build/stop-signal.ts';
import type { BuildArgs } from '../../../dockerfile/build-args.ts';
import { DockerfileError, InstructionProblem } from '../../../dockerfile/dockerfile-error.ts';
import type { Stage } from '../../../dockerfile/dockerfile.ts';
import type { FromInstruction, StageInstruction } from '../../../dockerfile/instructions.ts';
import { parseSyntax } from '../../../dockerfile/parse.ts';
import { readInstruction } from '../../../dockerfile/read-instruction.ts';
import type { SourceText } from '../../../dockerfile/source.ts';
import type { InstructionNode } from '../../../dockerfile/tree.ts';
import { lookUpIn } from '../../../dockerfile/variables.ts';
import { asError, PortholeError } from '../../../errors/porthole-error.ts';
import { parsePlatform } from '../../../image/platform.ts';
import { commitStep } from './commit-step.ts';
import { copyStep } from './copy-step.ts';
import { resolveOrPull } from './get-image.ts';
import { metadataStep, workdirStep } from './metadata-step.ts';
import { runInstruction } from './run-step.ts';
import { stageImage } from './state.ts';
import type { BuildRun, BuiltStage, StageState } from './state.ts';

/** FROM: the state that the stage's first step starts from, its base's ONBUILD triggers done. */
export async function beginStage(
  run: BuildRun,
  source: SourceText,
  stage: Stage,
  args: BuildArgs,
  built: readonly BuiltStage[],
): Promise<StageState> {
  if (stage.name !== '' && built.some(({ name }) => name === stage.name)) {
    throw new PortholeError('invalid', 'STAGE_NAME_USED', `${stage.name} stage name already used`);
  }
  run.cache.reset();
  const state: StageState = {
    ...(await baseOf(run, source, stage.from, args, built)),
    author: '',
    cmdSet: false,
    args: args.forStage(),
    index: stage.index,
    built,
  };
  const triggers = state.config.OnBuild ?? [];
  if (triggers.length > 0) {
    state.config = { ...state.config, OnBuild: null };
    run.output.out(`# Executing ${triggers.length} build trigger${triggers.length > 1 ? 's' : ''}\n`);
    for (const trigger of triggers) await runTrigger(run, state, trigger);
  }
  return state;
}

async function baseOf(
  run: BuildRun,
  source: SourceText,
  from: FromInstruction,
  args: BuildArgs,
  built: readonly BuiltStage[],
): Promise<Pick<StageState, 'image' | 'config'>> {
  const values = args.globalValues();
  const [line, endLine] = from.node.lines;
  const expand = expander(run.escape, (name) => values.get(name), { source, line, endLine });
  const name = expand.word(from.image);
  const platform = from.platform ? readPlatform(expand, from) : run.request.platform;
  if (name === '') {
    throw new DockerfileError(`base name (${from.image.text}) should not be blank`, {
      source,
      line,
      endLine,
      range: from.image.range(),
    });
  }
  const earlier = built.find((candidate) => candidate.name !== '' && candidate.name === name.toLowerCase());
  if (earlier?.image.id === '') return { image: earlier.image, config: {} };
  if (!earlier && name === 'scratch') return scratch(run);
  const image = earlier
    ? await run.deps.resolveImage(earlier.image.id)
    : await resolveOrPull(run, name, platform);
  const { Image: _, ...config } = image.config.config ?? {};
  return { image: stageImage(image), config: { ...config, OpenStdin: false, StdinOnce: false } };
}

function readPlatform(expand: Expander, from: FromInstruction): string {
  const given = from.platform!.text;
  const platform = expand.word(from.platform!);
  if (platform === '') throw new Error(`empty platform value from expression ${given}`);
  checkPlatform(platform, (reason) => new Error(`failed to parse platform ${platform}: ${reason}`));
  return platform;
}

/** Throws for what is no platform, or not Windows. */
export function checkPlatform(text: string, invalid: (reason: string) => Error): void {
  let os: string;
  try {
    ({ os } = parsePlatform(text, { os: 'windows', architecture: 'amd64' }));
  } catch (error) {
    throw invalid(asError(error).message);
  }
  if (os === 'windows') return;
  throw new PortholeError('invalid', 'OS_NOT_SUPPORTED', 'operating system is not supported', {
    hint: `porthole builds Windows images, not ${os} ones`,
  });
}

/** An image of nothing: files and settings can be added, but nothing can run. HCS has no use for one. */
async function scratch(run: BuildRun): Promise<Pick<StageState, 'image' | 'config'>> {
  const { compute } = await run.deps.host();
  const host = await compute.host();
  if (host.backend === 'hcs') {
    throw new PortholeError('invalid', 'SCRATCH_NOT_SUPPORTED', 'Windows does not support FROM scratch', {
      hint: 'start from mcr.microsoft.com/windows/nanoserver',
    });
  }
  const image = { id: '', layerIds: [], os: 'windows', architecture: 'amd64', osVersion: host.osVersion };
  return { image, config: {} };
}

async function runTrigger(run: BuildRun, state: StageState, text: string): Promise<void> {
  const tree = parseSyntax(text);
  const problem = tree.problems[0];
  if (problem) throw new PortholeError('invalid', 'ONBUILD_INVALID', problem.message);
  const [node, ...more] = tree.instructions;
  if (!node || more.length > 0) {
    throw new PortholeError('invalid', 'ONBUILD_INVALID', 'onbuild trigger should be a single expression');
  }
  await dispatch(run, state, readTrigger(node), tree.source);
}

function readTrigger(node: InstructionNode): StageInstruction {
  try {
    const instruction = readInstruction(node);
    if (instruction.kind !== 'from') return instruction;
    throw new InstructionProblem("FROM isn't allowed as an ONBUILD trigger", node.keyword);
  } catch (error) {
    if (!(error instanceof InstructionProblem)) throw error;
    throw new PortholeError('invalid', 'ONBUILD_INVALID', error.message, {
      hint: `trigger of the base image: ${stepText(node)}`,
    });
  }
}

/** One instruction of a stage. `source`: the text that it stands in. */
export async function dispatch(
  run: BuildRun,
  state: StageState,
  instruction: StageInstruction,
  source: SourceText,
): Promise<void> {
  const environment = state.config.Env ?? [];
  const get = lookUpIn([...state.args.environment(environment), ...environment], 'windows');
  const [line, endLine] = instruction.node.lines;
  const expand = expander(run.escape, get, { source, line, endLine });
  switch (instruction.kind) {
    case 'run':
      return runInstruction(run, state, instruction);
    case 'copy':
    case 'add':
      return copyStep(run, state, instruction, expand);
    case 'workdir':
      return workdirStep(run, state, instruction, expand);
    case 'stopsignal':
      throw stopSignalNotSupported();
    default:
      return metadataStep(run, state, instruction, expand);
  }
}

/** `--label` as a step of its own. */
export async function labelStep(
  run: BuildRun,
  state: StageState,
  name: string,
  value: string,
): Promise<void> {
  state.config = { ...state.config, Labels: { ...state.config.Labels, [name]: value } };
  const command = commentCommand(state.config, `LABEL ${name}=${value}`);
  await commitStep(run, state, { command, running: true });
}
