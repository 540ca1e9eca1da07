/** What whole commands on the embedded backend need in a test. */
import { join } from 'node:path';
import { mainJobPackages, missingPackages } from '../../scripts/debian-packages.ts';
import { startLoopbackRegistry } from '../../scripts/loopback-registry.ts';
import { pushBaseImage } from './base-image-registry.ts';
import type { Cli } from './cli.ts';

/** Why nothing can run under Wine here; undefined when it can. */
export function whyNoBackend(): string | undefined {
  if (process.platform !== 'linux') return 'the embedded backend is Linux only';
  const missing = missingPackages(mainJobPackages).map((item) => item.debian);
  return missing.length > 0 ? `missing: ${missing.join(', ')}` : undefined;
}

/** Pulls the base image from a registry that is gone afterwards; it is called `base` then. `work`: a folder to keep it in. */
export async function pullBaseImage(cli: Cli, work: string): Promise<void> {
  const registry = await startLoopbackRegistry(join(work, 'registry'));
  const image = `${registry.address}/windows/nanoserver:ltsc2022`;
  await pushBaseImage(registry.address, 'windows/nanoserver', 'ltsc2022', join(work, 'base'));
  await cli.ok(['pull', image]);
  await cli.ok(['tag', image, 'base']);
  await registry.stop();
}
