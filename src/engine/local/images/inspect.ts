import { join } from 'node:path';
import type { ImageConfigSection, ImageInspect } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { layerIdsOf } from '../../../image/chain-id.ts';
import type { ImageConfig } from '../../../image/config.ts';
import { formatPlatformShort, parsePlatform } from '../../../image/platform.ts';
import { familiarString } from '../../../image/reference.ts';
import type { ImageReadDeps } from './deps.ts';
import { zeroTime } from './image-time.ts';
import { openImageIndex } from './index-view.ts';

/**
 * `GET /images/{name}/json` of API 1.50, keys in Docker's order (images-and-registries.md 5.4). Another platform than the
 * image's is kind `notFound`, code `IMAGE_PLATFORM_MISMATCH`.
 */
export function inspectImage(deps: ImageReadDeps, name: string, platform?: string): ImageInspect {
  const view = openImageIndex(deps);
  const { id, record } = view.require(name);
  const config = view.config(id);
  if (platform !== undefined && platform !== '') requirePlatform(name, config, platform);
  const references = view.references(id);
  const layers = layerIdsOf(config.rootfs.diff_ids);
  const lastComment = config.history?.at(-1)?.comment ?? '';
  return {
    Id: id,
    RepoTags: references.filter((reference) => reference.tag !== undefined).map(familiarString),
    RepoDigests: references.filter((reference) => reference.digest !== undefined).map(familiarString),
    Parent: record.parent ?? '',
    Comment: config.comment === undefined || config.comment === '' ? lastComment : config.comment,
    ...(config.created === undefined ? {} : { Created: config.created }),
    DockerVersion: config.docker_version ?? '',
    Author: config.author ?? '',
    Config: configSection(config.config),
    Architecture: config.architecture,
    ...(config.variant === undefined || config.variant === '' ? {} : { Variant: config.variant }),
    Os: config.os === '' ? 'windows' : config.os,
    ...(config['os.version'] === undefined ? {} : { OsVersion: config['os.version'] }),
    Size: record.layerSizes.reduce((sum, size) => sum + size, 0),
    GraphDriver: {
      Data: layers[0] === undefined ? null : { dir: join(deps.paths.windowsfilter, layers[0]) },
      Name: 'windowsfilter',
    },
    RootFS: { Type: 'layers', ...(layers.length === 0 ? {} : { Layers: [...config.rootfs.diff_ids] }) },
    Metadata: { LastTagTime: record.lastTagTime ?? zeroTime },
  };
}

/** Keys in the order of the image specification; those that clients of API 1.50 rely on are always there. */
function configSection(config: ImageConfigSection | null | undefined): ImageConfigSection | null {
  if (config === null || config === undefined) return null;
  return {
    User: config.User ?? '',
    ...(config.ExposedPorts == null ? {} : { ExposedPorts: config.ExposedPorts }),
    Env: config.Env ?? null,
    Entrypoint: config.Entrypoint ?? null,
    Cmd: config.Cmd ?? null,
    Volumes: config.Volumes ?? null,
    WorkingDir: config.WorkingDir ?? '',
    Labels: config.Labels ?? null,
    ...(config.StopSignal === undefined || config.StopSignal === '' ? {} : { StopSignal: config.StopSignal }),
    ...(config.ArgsEscaped === true ? { ArgsEscaped: true } : {}),
    ...(config.Healthcheck == null ? {} : { Healthcheck: config.Healthcheck }),
    OnBuild: config.OnBuild ?? null,
    ...(config.Shell == null ? {} : { Shell: config.Shell }),
  };
}

/** Another platform than the image's is kind `notFound`, code `IMAGE_PLATFORM_MISMATCH`. */
export function requirePlatform(name: string, config: ImageConfig, wanted: string): void {
  const have = { os: config.os, architecture: config.architecture };
  const want = parsePlatform(wanted, have);
  if (want.os === have.os && want.architecture === have.architecture) return;
  throw new PortholeError(
    'notFound',
    'IMAGE_PLATFORM_MISMATCH',
    `image with reference ${name} was found but its platform (${formatPlatformShort(have)}) does not match the specified platform (${formatPlatformShort(want)})`,
  );
}
