import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBuildContext, type ContextSource } from '../src/cli/build-context.ts';
import { bufferedOutput } from '../src/cli/buffered-output.ts';
import { callFunction, type CallFunction } from '../src/cli/call-function.ts';
import { CliError, systemErrorText } from '../src/cli/cli-error.ts';
import { clientOf } from '../src/cli/client-of.ts';
import { Command } from '../src/cli/command.ts';
import { proxyVariables, readClientConfig } from '../src/cli/config-file.ts';
import { registryCredentials } from '../src/cli/credentials.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { orUsage } from '../src/cli/lint-errors.ts';
import { checkPlatform, wantedPlatform } from '../src/cli/references.ts';
import { buildOutput } from '../src/cli/render/build.ts';
import { progressFlag } from '../src/cli/render/progress.ts';
import type { ProgressMode } from '../src/cli/render/progress.ts';
import { buildFlags, toBuildRequest } from '../src/cli/requests/build.ts';
import { absolutePath } from '../src/cli/requests/client.ts';
import { withProgress } from '../src/cli/transfer.ts';
import type { BuildRequest } from '../src/engine/roles/index.ts';
import { parsePlatform } from '../src/image/platform.ts';
import { asError } from '../src/errors/porthole-error.ts';

const flags = {
  ...buildFlags,
  call: {
    type: 'string',
    own: true,
    description:
      'Set method for evaluating build ("check", "outline", "targets"), with format= and ignorestatus=',
    helpDefault: '"build"',
    complete: ['build', 'check', 'check,format=json', 'outline', 'targets'],
  },
  check: {
    type: 'bool',
    own: true,
    description: 'Shorthand for "--call=check": report mistakes, build nothing',
  },
  print: { type: 'string', own: true, hidden: true, description: 'The older name of "--call"' },
  progress: progressFlag,
} as const satisfies FlagSpecs;

/** A build argument that is about the context, and no business of the Dockerfile. */
const keepGitDir = 'BUILDKIT_CONTEXT_KEEP_GIT_DIR';

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

  async run(parsed: ParsedFlags<typeof Build.flags>): Promise<number | undefined> {
    const { flags, args } = parsed;
    const { environment, stdin, signal } = this.context;
    const client = clientOf(this.context);
    const call = callFunction(parsed.changed.has('print') ? flags.print : flags.call, flags.check);
    const imageFile = flags.iidfile === '' ? undefined : absolutePath(environment, flags.iidfile);
    if (imageFile !== undefined && call === undefined) await forget(imageFile);
    const source = await openBuildContext(args[0]!, flags.file, client, stdin, {
      signal,
      ...(flags.quiet || call !== undefined
        ? {}
        : { announce: (text: string) => void this.context.stdout.write(text) }),
      keepGitDir: flags['build-arg'].some((text) => new RegExp(`^${keepGitDir}=(?:1|true)$`, 'i').test(text)),
    });
    try {
      return await this.#withContext(source, parsed, imageFile, call);
    } finally {
      await source.dispose?.();
    }
  }

  async #withContext(
    source: ContextSource,
    parsed: ParsedFlags<typeof Build.flags>,
    imageFile: string | undefined,
    call: CallFunction | undefined,
  ): Promise<number | undefined> {
    const { flags } = parsed;
    const { signal } = this.context;
    const client = clientOf(this.context);
    const proxies = proxyVariables(readClientConfig(this.context));
    const asked = toBuildRequest(parsed, source.dockerfile, client, proxies);
    const { [keepGitDir]: _, ...buildArgs } = asked.buildArgs;
    const request = {
      ...asked,
      buildArgs,
      platform: wantedPlatform(flags.platform, this.context),
    };
    if (call !== undefined) return this.#call(source, parsed, request, call);
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
    return undefined;
  }

  /** BuildKit's `--call`: needs no engine. */
  async #call(
    source: ContextSource,
    { flags, args }: ParsedFlags<typeof Build.flags>,
    request: Pick<BuildRequest, 'buildArgs' | 'platform'>,
    { name: call, format, ignoreStatus }: CallFunction,
  ): Promise<number> {
    const [{ readContextDockerfile }, { readSource }, { answerBuildCall, callJson }, { rules }] =
      await Promise.all([
        import('../src/cli/context-dockerfile.ts'),
        import('../src/lint/read-source.ts'),
        import('../src/lint/build-call.ts'),
        import('../src/lint/rules/index.ts'),
      ]);
    const { bytes, dockerignore } = await readContextDockerfile(source);
    const { environment, stdout, stderr } = this.context;
    const name = shownDockerfile(args[0]!, flags.file, source);
    const read = readOrRefuse(() => readSource(bytes), name);
    const os = request.platform.split(/[/(]/)[0]?.toLowerCase();
    // What the engine builds when nothing is said.
    const host = { os: 'windows', architecture: 'amd64' };
    checkPlatform(request.platform, this.context);
    const target = request.platform === '' ? host : parsePlatform(request.platform, host);
    const answer = orUsage(
      () =>
        answerBuildCall(
          {
            ...read,
            call,
            name,
            dockerignore,
            buildArgs: givenOnly(request.buildArgs),
            platform: request.platform,
            platforms: { build: host, target },
            targetOs: os === 'windows' || os === 'linux' ? os : undefined,
            target: flags.target,
            now: environment.now(),
          },
          rules,
        ),
      1,
    );
    const { document, text, errors, status } = answer;
    this.result(document);
    if (document !== undefined) stdout.write(format === 'json' ? callJson(document) : text);
    stderr.write(errors);
    return status === 'failed' || (status === 'warned' && !ignoreStatus) ? 1 : 0;
  }

  #heldBack(stdout: NodeJS.WritableStream) {
    const { environment, stderr, errTerminal } = this.context;
    const outTerminal = { isTTY: false, columns: 80, rows: 24, color: false };
    return { environment, stdout, stderr, outTerminal, errTerminal };
  }
}

function readOrRefuse<T>(read: () => T, name: string): T {
  try {
    return read();
  } catch (error) {
    throw new CliError(`failed to read dockerfile: ${name} ${asError(error).message}`, { cause: error });
  }
}

/** As excerpts call the Dockerfile: the path that leads to it from here. */
function shownDockerfile(context: string, file: string, source: ContextSource): string {
  if (file !== '' && file !== '-') return file;
  return file === '-' || isElsewhere(source) ? 'Dockerfile' : join(context, 'Dockerfile');
}

/** An archive, or what was brought here for the build alone: no place of the user's. */
function isElsewhere({ context, dispose }: ContextSource): boolean {
  return context.kind !== 'directory' || dispose !== undefined;
}

/** `--build-arg X` without a value anywhere leaves X to the Dockerfile. */
function givenOnly(args: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(args).filter((pair): pair is [string, string] => pair[1] !== null),
  );
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
