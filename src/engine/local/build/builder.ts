import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expander } from '../../../build/expander.ts';
import { planBuild, stepText } from '../../../build/plan.ts';
import type { BuildPlan } from '../../../build/plan.ts';
import { BuildArgs, platformArgs } from '../../../dockerfile/build-args.ts';
import type { Dockerfile } from '../../../dockerfile/dockerfile.ts';
import { parseDockerfile } from '../../../dockerfile/dockerfile.ts';
import type { ArgInstruction } from '../../../dockerfile/instructions.ts';
import { asError, PortholeError } from '../../../errors/porthole-error.ts';
import { familiarString, parseReference, withDefaultTag } from '../../../image/reference.ts';
import type { BuildRequest, BuildRole } from '../../roles/index.ts';
import { BuildCache, openBuildSteps } from './cache.ts';
import { CacheSources } from './cache-sources.ts';
import { openContext } from './context.ts';
import type { OpenedContext } from './context.ts';
import type { BuildDeps } from './deps.ts';
import { BuildOutput, shortId } from './output.ts';
import { beginStage, checkPlatform, dispatch, labelStep } from './stage.ts';
import { emptyTrash } from '../../../state/trash.ts';
import type { BuildRun, BuiltStage, StageState } from './state.ts';

/** The build role of the local engine: Docker's classic builder for Windows images (dockerfile.md 2). */
export function createBuildRole(deps: BuildDeps): BuildRole {
  return {
    async build(request, context, options = {}) {
      const output = new BuildOutput(options.onProgress);
      const { signal } = options;
      const workFolder = join(deps.paths.ingest, `build-${deps.environment.newId()}`);
      try {
        await sweepWorkFolders(deps.paths.ingest, deps.environment.now());
        const tags = checkRequest(request);
        const opened = await openContext(context, request, {
          folder: join(workFolder, 'context'),
          style: deps.environment.platform === 'win32' ? 'windows' : 'slash',
          signal,
        });
        output.contextSize(opened.size);
        const dockerfile = parseDockerfile(opened.dockerfile, { os: 'windows', name: opened.name });
        const cache = new BuildCache(openBuildSteps(deps.paths), deps.resolveImage, {
          enabled: !request.noCache,
          sources: await openSources(deps, request, output),
        });
        const imageId = await buildStages(
          {
            deps,
            request,
            output,
            signal,
            cache,
            context: opened.tree,
            workFolder,
            escape: dockerfile.tree.escape,
            auth: options.auth,
            unpacked: new Set(),
          },
          opened,
          dockerfile,
        );
        output.out(`Successfully built ${shortId(imageId)}\n`);
        for (const tag of tags) {
          await deps.tag(imageId, tag);
          output.out(`Successfully tagged ${tag}\n`);
        }
        return { imageId };
      } catch (error) {
        if (signal?.aborted) {
          output.out('Build cancelled\n');
          throw new PortholeError('cancelled', 'BUILD_CANCELLED', 'Build cancelled', { cause: error });
        }
        throw asBuildError(error);
      } finally {
        await rm(workFolder, { recursive: true, force: true });
        // Of the steps' containers. Between the steps deleting would slow them down.
        emptyTrash(deps.paths.trash, clearingMs);
      }
    },
  };
}

async function openSources(
  deps: BuildDeps,
  { cacheFrom, noCache }: BuildRequest,
  output: BuildOutput,
): Promise<CacheSources | undefined> {
  if (cacheFrom.length === 0 || noCache) return undefined;
  return CacheSources.open(deps, cacheFrom, (name, reason) =>
    output.error(`[Warning] --cache-from ${name} is left out: ${reason}\n`),
  );
}

/** How long a build may go on deleting when it is over. */
const clearingMs = 1000;

const abandonedAfterMs = 24 * 60 * 60 * 1000;

/** Removes what killed builds left. A build that still runs is younger, or writes to its folder. */
async function sweepWorkFolders(ingest: string, now: number): Promise<void> {
  const names = await readdir(ingest).catch(() => []);
  for (const name of names.filter((candidate) => candidate.startsWith('build-'))) {
    const folder = join(ingest, name);
    const age = now - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? now);
    if (age > abandonedAfterMs) await rm(folder, { recursive: true, force: true });
  }
}

/** Tags in familiar form, each once. Throws for what is no reference and for options that mean nothing here. */
function checkRequest(request: BuildRequest): string[] {
  if (request.squash) {
    throw new PortholeError('invalid', 'SQUASH', 'squash is only supported with experimental mode');
  }
  if (request.platform !== '') {
    checkPlatform(request.platform, (reason) => new PortholeError('invalid', 'PLATFORM_INVALID', reason));
  }
  const tags = new Set<string>();
  for (const tag of request.tags) {
    if (tag === '') continue;
    const reference = parseReference(tag);
    if (reference.digest !== undefined) {
      throw new PortholeError('invalid', 'TAG_INVALID', 'build tag cannot contain a digest');
    }
    tags.add(familiarString(withDefaultTag(reference)));
  }
  return [...tags];
}

async function buildStages(run: BuildRun, opened: OpenedContext, dockerfile: Dockerfile): Promise<string> {
  const { output, request } = run;
  const plan = planBuild(dockerfile, { target: request.target, labels: request.labels });
  warnOfEmptyLines(output, dockerfile);
  const { compute } = await run.deps.host();
  const platform = { os: 'windows', architecture: 'amd64', osVersion: (await compute.host()).osVersion };
  const args = new BuildArgs(request.buildArgs, platformArgs(platform, platform, request.target));
  const steps = new StepCounter(output, plan.steps);
  for (const instruction of dockerfile.globalArgs) {
    steps.begin(stepText(instruction.node));
    declareGlobal(run, opened, instruction, args);
  }
  const built: BuiltStage[] = [];
  for (const stage of plan.stages) {
    const isLast = stage === plan.stages.at(-1);
    const state = await buildStage(run, opened, plan, stage.index, { args, built, steps, isLast });
    if (state.image.id !== '') output.stageDone(state.image.id);
    built.push({ name: stage.name, image: state.image });
  }
  const unused = args.unused();
  if (unused.length > 0)
    output.out(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed\n`);
  const imageId = built.at(-1)?.image.id ?? '';
  if (imageId !== '') return imageId;
  throw new PortholeError('invalid', 'NO_IMAGE', 'No image was generated. Is your Dockerfile empty?');
}

async function buildStage(
  run: BuildRun,
  opened: OpenedContext,
  plan: BuildPlan,
  index: number,
  options: { args: BuildArgs; built: readonly BuiltStage[]; steps: StepCounter; isLast: boolean },
): Promise<StageState> {
  const { steps } = options;
  const stage = plan.stages[index]!;
  const source = opened.dockerfile;
  steps.begin(stepText(stage.from.node));
  const state = await beginStage(run, source, stage, options.args, options.built);
  run.output.imageId(state.image.id);
  for (const instruction of stage.instructions) {
    run.signal?.throwIfAborted();
    steps.begin(stepText(instruction.node));
    await dispatch(run, state, instruction, source);
    run.output.imageId(state.image.id);
  }
  for (const [name, value] of options.isLast ? plan.labels : []) {
    steps.begin(`LABEL ${name}=${value}`);
    await labelStep(run, state, name, value);
    run.output.imageId(state.image.id);
  }
  return state;
}

function declareGlobal(
  run: BuildRun,
  opened: OpenedContext,
  instruction: ArgInstruction,
  args: BuildArgs,
): void {
  const [line, endLine] = instruction.node.lines;
  const values = args.globalValues();
  const place = { source: opened.dockerfile, line, endLine };
  const expand = expander(run.escape, (name) => values.get(name), place);
  for (const { name, value } of instruction.args)
    args.declareGlobal(expand.word(name), value && expand.word(value));
}

class StepCounter {
  readonly #output: BuildOutput;
  readonly #total: number;
  #number = 0;

  constructor(output: BuildOutput, total: number) {
    this.#output = output;
    this.#total = total;
  }

  begin(text: string): void {
    this.#output.step(++this.#number, this.#total, text);
  }
}

function warnOfEmptyLines(output: BuildOutput, dockerfile: Dockerfile): void {
  const { warnings } = dockerfile.tree;
  for (const { message } of warnings) output.error(`[WARNING]: ${message}\n`);
  if (warnings.length > 0) {
    output.error('[WARNING]: Empty continuation lines will become errors in a future release.\n');
  }
}

/** Errors of pure modules carry Docker's words only; a failed system call is no fault of the request. */
function asBuildError(error: unknown): PortholeError {
  if (error instanceof PortholeError) return error;
  const { message } = asError(error);
  const isSystem = typeof (error as NodeJS.ErrnoException).code === 'string';
  return new PortholeError(isSystem ? 'internal' : 'invalid', 'BUILD_FAILED', message, { cause: error });
}
