import type { ContainerCreateRequest, ContainerCreateResponse } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { ImageConfig } from '../../../image/config.ts';
import { createContainer } from './create.ts';
import type { ContainerDeps } from './deps.ts';
import { requireRights } from './require-rights.ts';

/** The role's `create`: looks the image up (`IMAGE_NOT_FOUND` lets the caller pull it), checks the platform, creates. */
export async function createFromImage(
  deps: ContainerDeps,
  request: ContainerCreateRequest,
  options: { readonly name?: string; readonly platform?: string; readonly signal?: AbortSignal },
): Promise<ContainerCreateResponse> {
  if (request.Image === undefined || request.Image === '') {
    throw new PortholeError('invalid', 'NO_IMAGE', 'no image specified');
  }
  await requireRights(deps);
  const image = await deps.resolveImage(request.Image);
  const { os, 'os.version': osVersion } = image.config;
  if (options.platform !== undefined && options.platform !== '') {
    checkPlatform(request.Image, options.platform, image.config);
  }
  await deps.requireUnpacked(image, options.signal);
  const { platform: _platform, ...rest } = options;
  return createContainer(
    deps,
    request,
    {
      id: image.id,
      layerIds: image.layerIds,
      os,
      ...(osVersion === undefined ? {} : { osVersion }),
      config: image.config.config,
    },
    rest,
  );
}

function checkPlatform(reference: string, wanted: string, config: ImageConfig): void {
  const [os = '', architecture] = wanted.toLowerCase().split('/');
  const bareOs = os.replace(/\(.*\)$/, '');
  if (bareOs === config.os && (architecture === undefined || architecture === config.architecture)) return;
  throw new PortholeError(
    'notFound',
    'IMAGE_NOT_FOUND',
    `image with reference ${reference} was found but its platform (${config.os}/${config.architecture}) ` +
      `does not match the specified platform (${wanted})`,
  );
}
