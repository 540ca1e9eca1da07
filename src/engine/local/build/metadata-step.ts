import { applyMetadata, commentCommand, joinedCommentCommand } from '../../../build/run-config.ts';
import type { Expander, MetadataInstruction } from '../../../build/run-config.ts';
import { normalizeWorkdir } from '../../../build/windows-paths.ts';
import type { WorkdirInstruction } from '../../../dockerfile/instructions.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { commitStep } from './commit-step.ts';
import { layersOf } from './get-image.ts';
import type { BuildRun, StageState } from './state.ts';

/** ENV, LABEL, CMD…: an image that differs in its configuration only. */
export async function metadataStep(
  run: BuildRun,
  state: StageState,
  instruction: MetadataInstruction,
  expand: Expander,
): Promise<void> {
  const change = applyMetadata(instruction, state, expand);
  for (const { name, value } of change.declared ?? []) state.args.declare(name, value);
  for (const note of change.notes) run.output.out(note);
  for (const warning of change.warnings) run.output.error(warning);
  state.config = change.config;
  state.author = change.author ?? state.author;
  await commitStep(run, state, { command: commentCommand(change.config, change.comment), running: true });
  state.cmdSet = change.cmdSet;
}

/** WORKDIR also makes the folder where there is none. */
export async function workdirStep(
  run: BuildRun,
  state: StageState,
  instruction: WorkdirInstruction,
  expand: Expander,
): Promise<void> {
  const path = normalizeWorkdir(state.config.WorkingDir ?? '', expand.word(instruction.path));
  state.config = { ...state.config, WorkingDir: path };
  await commitStep(run, state, {
    command: joinedCommentCommand(state.config, `WORKDIR ${path}`),
    running: true,
    layer: async () => {
      // Other drives are volumes: nothing of them is in the image.
      if (!path.startsWith('C:')) return undefined;
      const layers = await layersOf(run, state.image);
      const key = state.image.layerIds[0];
      const existing = key === undefined ? undefined : await layers.stat(key, path);
      if (existing?.type === 'directory' || path === 'C:\\') return undefined;
      if (existing?.type === 'file') {
        throw new PortholeError(
          'invalid',
          'WORKDIR_NOT_A_DIRECTORY',
          `Cannot mkdir: ${path} is not a directory`,
        );
      }
      const options = { now: run.deps.environment.now(), ...(run.signal ? { signal: run.signal } : {}) };
      return layers.compose(state.image.layerIds, [{ type: 'directory', path }], options);
    },
  });
}
