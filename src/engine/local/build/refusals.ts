import { PortholeError } from '../../../errors/porthole-error.ts';

/** The classic builder's refusal of what only BuildKit does. */
export function needsBuildKit(flag: string): PortholeError {
  return new PortholeError(
    'invalid',
    'BUILDKIT_REQUIRED',
    `the --${flag} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled`,
    { hint: 'porthole builds as the classic builder does; only its options work' },
  );
}
