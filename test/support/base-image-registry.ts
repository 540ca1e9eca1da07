import { readFileSync } from 'node:fs';
import { writeBaseImage } from './base-image.ts';
import type { BaseImageVariant } from './base-image.ts';
import type { LayoutImage } from './oci-layout.ts';

/**
 * Puts a base image of ours (`base-image.ts`) into a registry that speaks plain HTTP: `http://<address>/<repository>:<tag>`.
 * The layout is made in `folder`. Nothing but the registry is needed.
 */
export async function pushBaseImage(
  address: string,
  repository: string,
  tag: string,
  folder: string,
  variant: BaseImageVariant = 'nanoserver',
): Promise<LayoutImage> {
  const image = writeBaseImage(folder, variant);
  await pushLayoutImage(`http://${address}/v2/${repository}`, tag, image);
  return image;
}

/** Uploads every blob of a layout image and its manifest. `repositoryUrl`: `http://host:port/v2/<name>`. */
export async function pushLayoutImage(repositoryUrl: string, tag: string, image: LayoutImage): Promise<void> {
  for (const blob of [image.config, ...image.layers]) {
    const started = await expectStatus(202, `${repositoryUrl}/blobs/uploads/`, { method: 'POST' });
    const location = new URL(started.headers.get('location') ?? '', repositoryUrl);
    location.searchParams.set('digest', blob.digest);
    await expectStatus(201, location.href, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: readFileSync(image.blobPath(blob.digest)),
    });
  }
  await expectStatus(201, `${repositoryUrl}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'Content-Type': image.manifest.mediaType },
    body: readFileSync(image.blobPath(image.manifest.digest)),
  });
}

async function expectStatus(status: number, url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status !== status)
    throw new Error(`${init.method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}
