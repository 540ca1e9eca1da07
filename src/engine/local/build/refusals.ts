import { PortholeError } from '../../../errors/porthole-error.ts';

/** The classic builder's refusal of what only BuildKit does. */
export function needsBuildKit(flag: string | undefined, what = `the --${flag} option`): PortholeError {
  const verb = flag === undefined ? 'require' : 'requires';
  return new PortholeError(
    'invalid',
    'BUILDKIT_REQUIRED',
    `${what} ${verb} BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled`,
    { hint: 'porthole builds as the classic builder does; only its options work' },
  );
}
