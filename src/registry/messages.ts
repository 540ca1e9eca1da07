/** Registry errors as Docker words them for a pull or push (images-and-registries.md 2.9). Anything else passes through. */
import { PortholeError } from '../errors/porthole-error.ts';
import { familiarName, familiarString } from '../image/reference.ts';
import type { Reference } from '../image/reference.ts';
import { bestTagFor } from '../image/os-version.ts';
import { RegistryError, envelopeText, hasCode } from './errors.ts';

/** `pull access denied for …`, `manifest for … not found: …`, `repository … not found: …`, all kind `notFound`. */
export function explainPullError(error: unknown, reference: Reference, hostBuild?: number): unknown {
  if (!(error instanceof RegistryError)) return error;
  const first = error.errors[0];
  const details = { cause: error };
  if (hasCode(error, 'DENIED')) {
    return new PortholeError(
      'notFound',
      'PULL_ACCESS_DENIED',
      `pull access denied for ${familiarName(reference)}, repository does not exist or may require 'docker login': ${error.message}`,
      { ...details, hint: deniedHint(reference) },
    );
  }
  if (hasCode(error, 'MANIFEST_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN')) {
    return new PortholeError(
      'notFound',
      'MANIFEST_UNKNOWN',
      `manifest for ${familiarString(reference)} not found: ${error.message}`,
      {
        ...details,
        ...missingTagHint(reference, hostBuild),
      },
    );
  }
  if (hasCode(error, 'NAME_UNKNOWN')) {
    return new PortholeError(
      'notFound',
      'NAME_UNKNOWN',
      `repository ${familiarName(reference)} not found: ${first === undefined ? error.message : envelopeText(first)}`,
      { ...details, hint: 'check the spelling of the repository' },
    );
  }
  // A registry that answers a missing manifest with 404 and nothing that says why.
  if (error.status === 404) {
    return new PortholeError(
      'notFound',
      'MANIFEST_UNKNOWN',
      `manifest for ${familiarString(reference)} not found: ${error.message}`,
      details,
    );
  }
  return error;
}

function deniedHint(reference: Reference): string {
  if (reference.domain === 'docker.io' && /^(library\/)?windows\//.test(reference.path)) {
    return `Microsoft's images are on its own registry: mcr.microsoft.com/${familiarName(reference)}`;
  }
  return `if the repository is private, log in first: porthole login ${reference.domain}`;
}

/** MCR's Windows bases have no `latest`. */
function missingTagHint(reference: Reference, hostBuild: number | undefined): { hint?: string } {
  if (reference.domain !== 'mcr.microsoft.com' || !reference.path.startsWith('windows')) return {};
  const tag = bestTagFor(hostBuild ?? 20348) ?? 'ltsc2022';
  return { hint: `Windows base images are tagged by release: try ${familiarName(reference)}:${tag}` };
}
