import { join } from 'node:path';
import { isArchive, openContent } from '../../../build/archive-probe.ts';
import { sidOfAccount } from '../../../build/chown.ts';
import { joinedCommentCommand } from '../../../build/run-config.ts';
import type { Expander } from '../../../build/run-config.ts';
import type { SourceTree } from '../../../build/source-tree.ts';
import { readTarContext } from '../../../build/tar-context.ts';
import { normalizeDestination } from '../../../build/windows-paths.ts';
import { expandWord } from '../../../dockerfile/expand.ts';
import type { AddInstruction, CopyInstruction } from '../../../dockerfile/instructions.ts';
import { lookUpIn } from '../../../dockerfile/variables.ts';
import { asError, PortholeError } from '../../../errors/porthole-error.ts';
import { isWebAddress } from '../../../remote/git-address.ts';
import { commitStep } from './commit-step.ts';
import { CopyPlan, joinWindows } from './copy-entries.ts';
import { findSources, inlineSource, sourcesDigest } from './copy-sources.ts';
import type { CopySource } from './copy-sources.ts';
import { fetchSources } from './fetched-sources.ts';
import { getImage, layersOf } from './get-image.ts';
import { ImageTree } from './image-tree.ts';
import { needsBuildKit } from './refusals.ts';
import type { BuildRun, StageState } from './state.ts';

/** COPY and ADD (dockerfile.md 2.3). No container is made: the files become a layer tar. */
export async function copyStep(
  run: BuildRun,
  state: StageState,
  instruction: CopyInstruction | AddInstruction,
  expand: Expander,
): Promise<void> {
  refuseFlags(instruction);
  const name = instruction.kind.toUpperCase();
  const chown = instruction.chown ? expand.word(instruction.chown) : '';
  const destination = expand.word(instruction.destination).replaceAll('/', '\\');
  const sources = await failing(`${name} failed: `, () =>
    collect(run, state, instruction, expand, destination),
  );
  if (sources.length > 1 && !destination.endsWith('\\')) {
    throw new PortholeError(
      'invalid',
      'COPY_DESTINATION',
      `When using ${name} with more than one source file, the destination must be a directory and end with a /`,
    );
  }
  const owner = chown === '' ? '' : `--chown=${chown} `;
  const comment = `${name} ${owner}${sourcesDigest(sources)} in ${destination} `;
  await commitStep(run, state, {
    command: joinedCommentCommand(state.config, comment),
    running: false,
    layer: async () => {
      const plan = await makePlan(run, state, instruction, sources, destination, chown);
      const layers = await layersOf(run, state.image);
      const options = { now: run.deps.environment.now(), ...(run.signal ? { signal: run.signal } : {}) };
      return layers.compose(state.image.layerIds, plan.entries, options);
    },
  });
}

function refuseFlags(instruction: CopyInstruction | AddInstruction): void {
  const known = ['from', 'chown', 'keep-git-dir', 'checksum'];
  const flag = instruction.flagsUsed.find((used) => !known.includes(used));
  if (flag !== undefined) throw needsBuildKit(flag);
}

async function failing<T>(prefix: string, action: () => Promise<T> | T): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { message } = asError(error);
    if (error instanceof PortholeError) {
      if (error.kind === 'cancelled') throw error;
      const details = { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) };
      throw new PortholeError(error.kind, error.code, prefix + message, details);
    }
    throw new PortholeError('invalid', 'COPY_FAILED', prefix + message, { cause: error });
  }
}

async function collect(
  run: BuildRun,
  state: StageState,
  instruction: CopyInstruction | AddInstruction,
  expand: Expander,
  destination: string,
): Promise<CopySource[]> {
  const from = instruction.kind === 'copy' && instruction.from ? instruction.from.text : '';
  const tree = from === '' ? run.context : await imageTree(run, state, from);
  const found: CopySource[] = [];
  for (const source of instruction.sources) {
    run.signal?.throwIfAborted();
    const path = expand.word(source);
    const elsewhere =
      instruction.kind === 'add'
        ? await fetchSources(run, instruction, path, { destination, expand })
        : undefined;
    if (instruction.kind === 'copy' && isWebAddress(path)) throw new Error("source can't be a URL for COPY");
    found.push(...(elsewhere ?? (await findSources(tree, path, { fromImage: from !== '' }))));
  }
  for (const { name, data, expand: expands } of instruction.inline) {
    const text = expands ? expandBody(data, state) : data;
    const bytes = Buffer.from(text);
    const modified = String(Math.floor(run.deps.environment.now() / 1000));
    found.push(await inlineSource(name, { bytes }, bytes.length, { modified }));
  }
  if (found.length === 0) throw new Error('no source files were specified');
  return found;
}

/** Variables in a here-document: quotes mean nothing there, and the escape character is always a backslash. */
function expandBody(data: string, state: StageState): string {
  const environment = state.config.Env ?? [];
  const get = lookUpIn([...state.args.environment(environment), ...environment], 'windows');
  return expandWord(data, { escape: '\\', get, plainQuotes: true }).result;
}

async function imageTree(run: BuildRun, state: StageState, from: string): Promise<SourceTree> {
  const image = stageOf(state, from) ?? (await getImage(run, from));
  const layers = await layersOf(run, image);
  return new ImageTree(layers, image.layerIds[0], run.signal);
}

/** An earlier stage by name or number; undefined when it is neither. */
function stageOf(state: StageState, from: string): StageState['image'] | undefined {
  const named = state.built.find(({ name }) => name !== '' && name === from.toLowerCase());
  if (named) return named.image;
  if (!/^[+-]?\d+$/.test(from)) return undefined;
  const index = Number(from);
  if (index === state.index)
    throw new Error(`invalid from flag value ${from}: refers to current build stage`);
  const stage = state.built[index];
  if (!stage) throw new Error(`invalid from flag value ${from}: index out of bounds`);
  return stage.image;
}

async function makePlan(
  run: BuildRun,
  state: StageState,
  instruction: CopyInstruction | AddInstruction,
  sources: readonly CopySource[],
  destination: string,
  chown: string,
): Promise<CopyPlan> {
  const path = await failing(`invalid ${instruction.kind.toUpperCase()}: `, () => {
    const normalized = normalizeDestination(state.config.WorkingDir ?? '', destination);
    return normalized.startsWith('\\') ? normalized : joinWindows('\\', normalized.replace(/^\.\\?/, ''));
  });
  const plan = new CopyPlan(ownerOf(chown));
  for (const source of sources) {
    run.signal?.throwIfAborted();
    await failing('failed to copy files: ', () => place(run, state, instruction, plan, source, path));
  }
  return plan;
}

function ownerOf(chown: string): string | undefined {
  if (chown === '') return undefined;
  const account = chown.split(':', 1)[0]!;
  const sid = sidOfAccount(account);
  if (sid !== undefined) return sid;
  throw new PortholeError(
    'invalid',
    'CHOWN_UNKNOWN_ACCOUNT',
    `unable to map container user account name to SID: ${account}`,
    {
      hint: 'known without running the image are ContainerAdministrator, ContainerUser, built-in accounts, and SIDs',
    },
  );
}

/** `path`: normalized destination, a trailing `\` meaning a folder. */
async function place(
  run: BuildRun,
  state: StageState,
  instruction: CopyInstruction | AddInstruction,
  plan: CopyPlan,
  source: CopySource,
  path: string,
): Promise<void> {
  const { entry, tree } = source;
  const existing = await existingType(run, state, path);
  const folder = path === '\\' ? path : path.replace(/\\+$/, '');
  if (entry.type === 'directory') {
    if (existing === 'file') throw new Error(`cannot copy to non-directory: ${path}`);
    return plan.addFolder(tree, entry, folder);
  }
  if (instruction.kind === 'add' && source.mayUnpack && (await unpack(run, plan, source, folder))) return;
  const target = path.endsWith('\\') || existing === 'directory' ? joinWindows(folder, source.name) : folder;
  return plan.add(tree, entry, target);
}

async function existingType(run: BuildRun, state: StageState, path: string): Promise<string | undefined> {
  const key = state.image.layerIds[0];
  if (path === '\\') return 'directory';
  if (key === undefined) return undefined;
  const layers = await layersOf(run, state.image);
  return (await layers.stat(key, `C:${path.replace(/\\+$/, '')}`))?.type;
}

/** True when the file is an archive, whose content then is part of the plan. */
async function unpack(run: BuildRun, plan: CopyPlan, source: CopySource, folder: string): Promise<boolean> {
  if (!(await isArchive(source.entry))) return false;
  const place = join(run.workFolder, `archive-${run.deps.environment.newId()}`);
  const { tree } = await readTarContext(openContent(source.entry), place, run.signal);
  for (const entry of tree.entries()) await plan.add(tree, entry, joinWindows(folder, entry.path));
  return true;
}
