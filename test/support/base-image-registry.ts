/** Uploads the base image fixture to a registry over its HTTP protocol, so that the image is pulled like any other. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeBaseImage, type BaseImageVariant } from './base-image.ts';

interface Descriptor {
  mediaType: string;
  digest: string;
}

/** `folder` is made: the image as an OCI layout. Returns the manifest's digest. */
export async function pushBaseImage(
  registry: string,
  repository: string,
  tag: string,
  folder: string,
  variant: BaseImageVariant = 'nanoserver',
): Promise<string> {
  writeBaseImage(folder, variant);
  const blob = (digest: string): Buffer =>
    readFileSync(join(folder, 'blobs/sha256', digest.replace('sha256:', '')));
  const url = `http://${registry}/v2/${repository}`;

  async function putManifest(descriptor: Descriptor, reference: string): Promise<void> {
    const bytes = blob(descriptor.digest);
    const document = JSON.parse(bytes.toString()) as {
      manifests?: Descriptor[];
      config?: Descriptor;
      layers?: Descriptor[];
    };
    for (const child of document.manifests ?? []) await putManifest(child, child.digest);
    for (const part of [
      ...(document.layers ?? []),
      ...(document.config === undefined ? [] : [document.config]),
    ]) {
      await putBlob(part.digest);
    }
    await expectOk(
      await fetch(`${url}/manifests/${reference}`, {
        method: 'PUT',
        headers: { 'Content-Type': descriptor.mediaType },
        body: new Uint8Array(bytes),
      }),
    );
  }

  async function putBlob(digest: string): Promise<void> {
    const begun = await expectOk(await fetch(`${url}/blobs/uploads/`, { method: 'POST' }));
    const location = new URL(begun.headers.get('location') ?? '', url);
    location.searchParams.set('digest', digest);
    await expectOk(
      await fetch(location, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: new Uint8Array(blob(digest)),
      }),
    );
  }

  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
  const [image] = index.manifests;
  if (image === undefined) throw new Error('the base image layout has no manifest');
  await putManifest(image, tag);
  return `sha256:${createHash('sha256').update(blob(image.digest)).digest('hex')}`;
}

async function expectOk(response: Response): Promise<Response> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return response;
}
