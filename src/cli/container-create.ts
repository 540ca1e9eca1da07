/** Creating a container as `run` and `create` do: cidfile, pull policy, warnings (`container/create.go`; docker-cli.md 4.1). */
import { rm, writeFile, open } from 'node:fs/promises';
import type { ContainerCreateRequest } from '../api/types/index.ts';
import type { Engine } from '../engine/roles/index.ts';
import { asError, isKind } from '../errors/porthole-error.ts';
import { familiarString, parseIdentifier, withDefaultTag } from '../image/reference.ts';
import type { Reference } from '../image/reference.ts';
import { CliError, systemErrorText } from './cli-error.ts';
import type { CommandContext } from './command.ts';
import { checkPlatform, clientReference, wantedPlatform } from './references.ts';
import type { ProgressMode } from './render/progress.ts';
import { absolutePath } from './requests/client.ts';
import { transferImage } from './transfer.ts';

export interface CreateOptions {
  readonly name: string;
  readonly platform: string;
  readonly pull: string;
  readonly quiet: boolean;
  readonly progress: ProgressMode;
}

/** Throws for a `--pull` that is no policy. */
export function checkPullPolicy(policy: string): void {
  if (policy === 'always' || policy === 'missing' || policy === 'never' || policy === '') return;
  throw new CliError(`invalid pull option: '${policy}': must be one of "always", "missing" or "never"`);
}

export interface CreatedContainer {
  readonly id: string;
  readonly warnings: readonly string[];
}

export async function createContainer(
  context: CommandContext,
  engine: Engine,
  request: ContainerCreateRequest,
  options: CreateOptions,
): Promise<CreatedContainer> {
  const { signal, stderr } = context;
  const idFile = await openIdFile(context, request.HostConfig.ContainerIDFile);
  try {
    const reference =
      parseIdentifier(request.Image)?.complete === true
        ? undefined
        : withDefaultTag(clientReference(request.Image));
    const platform = checkPlatform(
      wantedPlatform(options.platform, context),
      context,
      'error parsing specified platform: ',
    );
    const create = () =>
      engine.containers.create(request, {
        signal,
        ...(options.name !== '' && { name: options.name }),
        ...(platform !== '' && { platform }),
      });
    const pull = (named: Reference) =>
      transferImage(context, engine.images, 'pull', {
        reference: familiarString(named),
        platform,
        mode: options.progress,
        on: 'stderr',
        quiet: options.quiet,
      });
    if (options.pull === 'always' && reference) await pull(reference);
    const created = await create().catch(async (error: unknown) => {
      if (!isKind(error, 'notFound', 'IMAGE_NOT_FOUND') || !reference || options.pull !== 'missing')
        throw error;
      if (!options.quiet) stderr.write(`Unable to find image '${familiarString(reference)}' locally\n`);
      await pull(reference);
      return create();
    });
    const warnings = [...(created.Warnings ?? []), ...localDnsWarning(request.HostConfig.Dns)];
    for (const warning of warnings) stderr.write(`WARNING: ${warning}\n`);
    await idFile.write(created.Id);
    return { id: created.Id, warnings };
  } finally {
    await idFile.close();
  }
}

function localDnsWarning(servers: readonly string[]): string[] {
  const local = servers.find((server) => /^127\./.test(server) || server === '::1');
  return local === undefined ? [] : [`Localhost DNS (${local}) may fail in containers.`];
}

interface IdFile {
  write(id: string): Promise<void>;
  /** Removes the file unless an ID was written. */
  close(): Promise<void>;
}

/** `--cidfile`: made before the container, so that two runs cannot share one. */
async function openIdFile({ environment }: CommandContext, shown: string): Promise<IdFile> {
  if (shown === '') return { write: async () => undefined, close: async () => undefined };
  const path = absolutePath(environment, shown);
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CliError(
        `container ID file found, make sure the other container isn't running or delete ${shown}`,
        { kind: 'conflict', code: 'CIDFILE_EXISTS' },
      );
    }
    const text = systemErrorText(Object.assign(asError(error), { path: shown }));
    throw new CliError(`failed to create the container ID file: ${text}`, { cause: error });
  }
  let written = false;
  return {
    async write(id) {
      try {
        await writeFile(path, id);
        written = true;
      } catch (error) {
        throw new CliError(
          `failed to write the container ID to the file (${shown}): ${asError(error).message}`,
          {
            cause: error,
          },
        );
      }
    },
    async close() {
      if (!written) await rm(path, { force: true });
    },
  };
}
