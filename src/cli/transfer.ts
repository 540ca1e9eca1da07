/** Pulling and pushing with progress on the terminal (`image/pull.go`, `image/push.go`). */
import type { Engine } from '../engine/roles/index.ts';
import { asError, PortholeError } from '../errors/porthole-error.ts';
import type { ProgressListener } from '../api/types/index.ts';
import { CliError } from './cli-error.ts';
import type { CommandContext } from './command.ts';
import { registryCredentials } from './credentials.ts';
import { progressRenderer } from './render/progress.ts';
import type { ProgressMode } from './render/progress.ts';

export interface TransferRequest {
  readonly reference: string;
  readonly platform?: string;
  readonly allTags?: boolean;
  readonly mode: ProgressMode;
  /** `run` and `create` show a pull on stderr. */
  readonly on: 'stdout' | 'stderr';
  readonly quiet: boolean;
}

/**
 * Runs `transfer` with a renderer. An error after the first message travelled inside the stream: Docker's client prints it
 * without the daemon's prefix.
 */
export async function withProgress<T>(
  context: Pick<CommandContext, 'stdout' | 'stderr' | 'outTerminal' | 'errTerminal' | 'environment'>,
  {
    mode,
    on,
    quiet,
    begun = false,
  }: Pick<TransferRequest, 'mode' | 'on' | 'quiet'> & {
    /** The engine answers before it works: all its errors travel inside the stream. */
    readonly begun?: boolean;
  },
  transfer: (onProgress: ProgressListener) => Promise<T>,
): Promise<T> {
  const show = progressRenderer({
    out: context[on],
    terminal: on === 'stdout' ? context.outTerminal : context.errTerminal,
    mode: quiet ? 'none' : mode,
    now: context.environment.now,
  });
  let started = begun;
  try {
    return await transfer((message) => {
      started = true;
      show(message);
    });
  } catch (error) {
    throw started ? inStream(error) : error;
  }
}

function inStream(error: unknown): Error {
  if (!(error instanceof PortholeError) || error instanceof CliError || error.kind === 'cancelled')
    return asError(error);
  return new CliError(error.message, {
    kind: error.kind,
    code: error.code,
    retriable: error.retriable,
    exitCode: error.exitCode === undefined || error.exitCode === 0 ? 1 : error.exitCode,
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
}

export async function transferImage(
  context: CommandContext,
  images: Engine['images'],
  verb: 'pull' | 'push',
  request: TransferRequest,
): Promise<void> {
  await withProgress(context, request, (onProgress) =>
    images[verb](request.reference, {
      signal: context.signal,
      auth: registryCredentials(context),
      onProgress,
      ...(request.platform !== undefined && request.platform !== '' && { platform: request.platform }),
      ...(request.allTags === true && { allTags: true }),
    }),
  );
}
