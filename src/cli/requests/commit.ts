import type { ContainerCommitRequest } from '../../engine/roles/index.ts';
import { CliError } from '../cli-error.ts';
import type { FlagSpecs, FlagValues } from '../flag.ts';
import { clientReference } from '../references.ts';

export const commitFlags = {
  author: {
    type: 'string',
    char: 'a',
    description: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")',
  },
  change: { type: 'list', char: 'c', description: 'Apply Dockerfile instruction to the created image' },
  message: { type: 'string', char: 'm', description: 'Commit message' },
  pause: { type: 'bool', char: 'p', description: 'Pause container during commit', default: true },
} as const satisfies FlagSpecs;

/** Docker's client checks the name of the image itself: its errors are not the engine's. */
export function toCommitRequest(
  target: string | undefined,
  flags: FlagValues<typeof commitFlags>,
): ContainerCommitRequest {
  if (target !== undefined && target !== '' && clientReference(target).digest !== undefined)
    throw new CliError('refusing to create a tag with a digest reference');
  return {
    reference: target ?? '',
    author: flags.author,
    comment: flags.message,
    pause: flags.pause,
    changes: flags.change,
  };
}
