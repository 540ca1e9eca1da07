import { rm, writeFile } from 'node:fs/promises';
import { openBuildContext } from '../src/cli/build-context.ts';
import { bufferedOutput } from '../src/cli/buffered-output.ts';
import { CliError, systemErrorText } from '../src/cli/cli-error.ts';
import { clientOf } from '../src/cli/client-of.ts';
import { Command } from '../src/cli/command.ts';
import { proxyVariables, readClientConfig } from '../src/cli/config-file.ts';
import { registryCredentials } from '../src/cli/credentials.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { wantedPlatform } from '../src/cli/references.ts';
import { buildOutput } from '../src/cli/render/build.ts';
import { progressFlag } from '../src/cli/render/progress.ts';
import type { ProgressMode } from '../src/cli/render/progress.ts';
import { buildFlags, toBuildRequest } from '../src/cli/requests/build.ts';
import { absolutePath } from '../src/cli/requests/client.ts';
import { withProgress } from '../src/cli/transfer.ts';
import { asError } from '../src/errors/porthole-error.ts';

const flags = { ...buildFlags, progress: progressFlag } as const satisfies FlagSpecs;

export default class Build extends Command {
  static readonly summary = 'Build an image from a Dockerfile';
  static readonly usage = '[OPTIONS] PATH | URL | -';
  static readonly flags = flags;
  static readonly args = { min: 1, max: 1 };
  static readonly aliases = ['image build', 'builder build'];
  static readonly category = 'common';
  static readonly completes = 'file';
  static readonly examples = [
    'porthole build --tag app .',
    'porthole build --tag app --build-arg VERSION=1 --file docker/Dockerfile .',
  ];

  async run(parsed: ParsedFlags<typeof Build.flags>): Promise<void> {
    const { flags, args } = parsed;
    const { environment, stdin, signal } = this.context;
    const client = clientOf(this.context);
    const imageFile = flags.iidfile === '' ? undefined : absolutePath(environment, flags.iidfile);
    if (imageFile !== undefined) await forget(imageFile);
    const source = await openBuildContext(args[0]!, flags.file, client, stdin);
    const proxies = proxyVariables(readClientConfig(this.context));
    const request = {
      ...toBuildRequest(parsed, source.dockerfile, client, proxies),
      platform: wantedPlatform(flags.platform, this.context),
    };
    const { build } = await this.context.engine();

    // -q keeps everything back and shows it on stderr when the build fails.
    const held = flags.quiet ? bufferedOutput() : undefined;
    const mode = flags.progress as ProgressMode;
    const output = held ? this.#heldBack(held.stream) : this.context;
    let imageId: string;
    try {
      ({ imageId } = await withProgress(output, { mode, on: 'stdout', quiet: false }, (onProgress) =>
        build.build(request, source.context, {
          signal,
          auth: registryCredentials(this.context),
          onProgress: buildOutput(output.stdout, mode, onProgress),
        }),
      ));
    } catch (error) {
      if (held) this.context.stderr.write(held.text());
      throw error;
    }
    this.result({ ID: imageId, Tags: flags.tag });
    if (flags.quiet) this.context.stdout.write(`${imageId}\n`);
    if (imageFile !== undefined) await writeImageId(imageFile, flags.iidfile, imageId);
  }

  #heldBack(stdout: NodeJS.WritableStream) {
    const { environment, stderr, errTerminal } = this.context;
    const outTerminal = { isTTY: false, columns: 80, rows: 24, color: false };
    return { environment, stdout, stderr, outTerminal, errTerminal };
  }
}

/** A file of an earlier build must not outlive a failed one. */
async function forget(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw new CliError(`Removing image ID file: ${systemErrorText(asError(error))}`, { cause: error });
  }
}

async function writeImageId(path: string, shown: string, imageId: string): Promise<void> {
  if (imageId === '') throw new CliError(`Server did not provide an image ID. Cannot write ${shown}`);
  try {
    await writeFile(path, imageId);
  } catch (error) {
    throw new CliError(systemErrorText(Object.assign(asError(error), { path: shown })), { cause: error });
  }
}
