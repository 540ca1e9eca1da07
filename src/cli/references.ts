import { asError } from '../errors/porthole-error.ts';
import { parseReference } from '../image/reference.ts';
import type { Reference } from '../image/reference.ts';
import { architectureOfNode, parsePlatform } from '../image/platform.ts';
import { CliError } from './cli-error.ts';
import type { CommandContext } from './command.ts';

/** A reference checked by the client: its errors are not the engine's. */
export function clientReference(text: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    throw new CliError(asError(error).message, { code: 'REFERENCE_INVALID', cause: error });
  }
}

/** Checks `--platform` in the client; `prefix` as Docker's command words it. Gives the text back, '' when not given. */
export function checkPlatform(
  text: string,
  { environment }: Pick<CommandContext, 'environment'>,
  prefix = '',
): string {
  if (text === '') return text;
  try {
    parsePlatform(text, { os: 'windows', architecture: architectureOfNode(environment.arch) });
  } catch (error) {
    throw new CliError(prefix + asError(error).message, { code: 'PLATFORM_INVALID', cause: error });
  }
  return text;
}

/**
 * The platform of a command without `--platform`: `DOCKER_DEFAULT_PLATFORM`, when it names Windows. People set it to a Linux
 * platform for Docker; that cannot be meant here.
 */
export function wantedPlatform(flag: string, { environment }: Pick<CommandContext, 'environment'>): string {
  if (flag !== '') return flag;
  const preset = environment.env['DOCKER_DEFAULT_PLATFORM'] ?? '';
  return /^windows\b/i.test(preset) ? preset : '';
}
