/**
 * From an archive's members to the images in it. The OCI layout is read where there is one, because it keeps manifests as
 * they were; images that it does not hold whole are taken from the docker-archive (images-and-registries.md 6.1, 6.2).
 */
import { isKind, PortholeError } from '../../../errors/porthole-error.ts';
import { originalManifest } from '../../../image/archive/documents.ts';
import { invalidArchive } from '../../../image/archive/archive-error.ts';
import { blobName } from '../../../image/archive/member-table.ts';
import type { RequestedPlatform } from './selection-host.ts';
import type { MemberTable } from '../../../image/archive/member-table.ts';
import {
  checkLayoutVersion,
  joinReferences,
  nameOfEntry,
  parseDockerManifest,
} from '../../../image/archive/read-documents.ts';
import type { DockerItem } from '../../../image/archive/read-documents.ts';
import { parseImageConfig } from '../../../image/config.ts';
import type { ImageConfig } from '../../../image/config.ts';
import type { Descriptor } from '../../../image/descriptor.ts';
import { isDigest, sha256 } from '../../../image/digest.ts';
import type { Digest } from '../../../image/digest.ts';
import { parseManifest, parseStoredManifest } from '../../../image/manifest.ts';
import type { ImageIndex, ImageManifest } from '../../../image/manifest.ts';
import { isIndexType, isManifestType, mediaTypes } from '../../../image/media-types.ts';
import { buildManifest } from '../../../image/mutate.ts';
import { formatPlatform, platformOfFields } from '../../../image/platform.ts';
import type { Platform } from '../../../image/platform.ts';
import { checkImageOs, selectManifest } from '../../../image/platform-select.ts';
import type { SelectionHost } from '../../../image/platform-select.ts';
import { canonicalString } from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import { checkIsImage, checkLayerCount } from '../../../image/validate.ts';
import { compressionHeadBytes, detectCompression } from '../../../layer/compression.ts';
import { readDocument, readHead } from './archive-spool.ts';
import type { SpooledFile } from './archive-spool.ts';

export interface PlannedLayer {
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
  /** Absent: it lives outside (a foreign layer with addresses), and the archive has only its descriptor. */
  readonly file: SpooledFile | undefined;
}

export interface PlannedImage {
  readonly id: Digest;
  readonly config: ImageConfig;
  readonly configBytes: Buffer;
  readonly manifest: ImageManifest;
  /** Bottom first. */
  readonly layers: readonly PlannedLayer[];
  readonly references: readonly Reference[];
  readonly parent: Digest | undefined;
}

type Names = Pick<PlannedImage, 'references' | 'parent'>;
type Members = MemberTable<SpooledFile>;

interface PlanContext {
  readonly members: Members;
  readonly requested: RequestedPlatform | undefined;
  /** Asked only where an image is offered for several platforms. */
  readonly host: () => Promise<SelectionHost>;
}

const maxNesting = 4;

/**
 * Every image to load, each once. Errors: kind `invalid`, code `ARCHIVE_INVALID`; `IMAGE_OS_UNSUPPORTED` for images of
 * other systems; kind `notFound`, code `IMAGE_PLATFORM_MISMATCH` when nothing is for the platform that was asked for.
 */
export async function planLoad(context: PlanContext): Promise<PlannedImage[]> {
  const { members } = context;
  const layout = members.find('oci-layout');
  const index = members.find('index.json');
  const docker = members.find('manifest.json');
  if (docker === undefined && layout === undefined) throw noManifest(members);
  const items = docker === undefined ? [] : parseDockerManifest(readDocument(docker, 'manifest.json'));
  if (layout !== undefined) checkLayoutVersion(readDocument(layout, 'oci-layout'));
  if (layout !== undefined && index === undefined && docker === undefined)
    throw invalidArchive('missing index.json in OCI layout 1.0.0');

  const found = new Map<Digest, PlannedImage>();
  const incomplete: PortholeError[] = [];
  if (layout !== undefined && index !== undefined) {
    for (const image of await imagesOfLayout(context, readDocument(index, 'index.json'), incomplete))
      add(found, image);
  }
  for (const item of items) addItem(members, item, found);
  if (incomplete[0] !== undefined && (found.size === 0 || items.length === 0)) throw incomplete[0];
  return choose([...found.values()], context.requested);
}

function add(found: Map<Digest, PlannedImage>, image: PlannedImage): void {
  const earlier = found.get(image.id);
  found.set(image.id, earlier === undefined ? image : named(earlier, image));
}

/** The image with the names that another source has for it too. */
function named(image: PlannedImage, { references, parent }: Names): PlannedImage {
  return {
    ...image,
    references: joinReferences(image.references, references),
    parent: image.parent ?? parent,
  };
}

/**
 * An image of `manifest.json`. One that the layout holds gives its names only, unless the layout lacks a layer that is here:
 * Docker's own archives of old Windows bases are so.
 */
function addItem(members: Members, item: DockerItem, found: Map<Digest, PlannedImage>): void {
  const file = members.find(item.config);
  if (file === undefined) throw invalidArchive(`image config ${JSON.stringify(item.config)} not found`);
  const configBytes = readDocument(file, item.config);
  const id = sha256(configBytes);
  const known = found.get(id);
  const names = { references: joinReferences(known?.references ?? [], item.tags), parent: item.parent };
  const isBetter =
    known?.layers.some((layer) => layer.file === undefined) === true &&
    item.layers.every((name) => members.find(name) !== undefined);
  if (known !== undefined && !isBetter) found.set(id, named(known, names));
  else found.set(id, named(imageOfItem(members, item, id, configBytes), names));
}

/**
 * Images of other systems are refused, unless they only go along without a name. So is an archive in which none is for the
 * platform asked for.
 */
function choose(images: readonly PlannedImage[], requested: RequestedPlatform | undefined): PlannedImage[] {
  const fitting = images.filter(({ config }) => requested === undefined || fits(config, requested.platform));
  if (fitting.length === 0 && images.length > 0 && requested !== undefined) throw noneFor(requested);
  const ours = fitting.filter(({ config }) => config.os.toLowerCase() === 'windows');
  for (const { config, references } of fitting)
    if (ours.length === 0 || references.length > 0) checkImageOs(config);
  return ours;
}

function fits(config: ImageConfig, wanted: Platform): boolean {
  const have = platformOfFields({ architecture: config.architecture, os: config.os });
  const version = config['os.version'] ?? '';
  return (
    have.os === wanted.os &&
    have.architecture === wanted.architecture &&
    (wanted.osVersion === undefined ||
      version === wanted.osVersion ||
      version.startsWith(`${wanted.osVersion}.`))
  );
}

async function imagesOfLayout(
  context: PlanContext,
  bytes: Buffer,
  incomplete: PortholeError[],
): Promise<PlannedImage[]> {
  const images: PlannedImage[] = [];
  for (const { name, entries } of byName(indexOf(bytes, undefined).manifests)) {
    try {
      const entry =
        entries.length === 1
          ? entries[0]!
          : selectManifest(entries, await context.host(), context.requested).descriptor;
      const manifest = await manifestOf(context, entry, 0);
      if (manifest !== undefined) images.push(imageOfManifest(context.members, manifest, name));
    } catch (error) {
      if (!isKind(error, 'notFound', 'ARCHIVE_INCOMPLETE')) throw error;
      incomplete.push(error);
    }
  }
  return images;
}

/** Several manifests of one name are one image for several platforms; what has no name stands alone. */
function byName(entries: readonly Descriptor[]): { name: Reference | undefined; entries: Descriptor[] }[] {
  const groups: { name: Reference | undefined; entries: Descriptor[] }[] = [];
  for (const entry of entries) {
    const name = nameOfEntry(entry);
    const group = groups.find(
      (one) =>
        name !== undefined && one.name !== undefined && canonicalString(one.name) === canonicalString(name),
    );
    if (group === undefined) groups.push({ name, entries: [entry] });
    else if (group.entries.every(({ digest }) => digest !== entry.digest)) group.entries.push(entry);
  }
  return groups;
}

/** The manifest behind an entry: chosen as pulls choose where it is a list. Undefined for what is no image. */
async function manifestOf(
  context: PlanContext,
  entry: Descriptor,
  depth: number,
): Promise<ImageManifest | undefined> {
  const { members, requested } = context;
  const type = entry.mediaType ?? '';
  if (isManifestType(type)) {
    // Attestations and signatures travel beside images.
    if (entry.platform?.os === 'unknown' || entry.artifactType !== undefined) return undefined;
    const manifest = parseStoredManifest(readBlob(members, entry), type);
    return originalOf(members, entry, manifest) ?? manifest;
  }
  if (!isIndexType(type)) return undefined;
  if (depth >= maxNesting) throw invalidArchive('indexes are nested too deeply');
  const list = indexOf(readBlob(members, entry), type);
  const here = list.manifests.filter((one) => members.find(blobName(one.digest)) !== undefined);
  if (here.length === 0) throw incompleteArchive(blobName(entry.digest));
  const { descriptor } = selectManifest(here, await context.host(), requested);
  return manifestOf(context, descriptor, depth + 1);
}

/** The manifest that registries know, when the archive brings it along and it is of the same image. */
function originalOf(members: Members, entry: Descriptor, manifest: ImageManifest): ImageManifest | undefined {
  const digest: unknown = entry.annotations?.[originalManifest];
  const file = isDigest(digest) ? members.find(blobName(digest)) : undefined;
  if (file === undefined) return undefined;
  const original = parseManifest(readDocument(file, blobName(file.digest)), undefined, file.digest);
  if (original.kind !== 'manifest' || original.config.digest !== manifest.config.digest) return undefined;
  const isSame =
    original.layers.length === manifest.layers.length &&
    original.layers.every(({ digest: layer }, at) => layer === manifest.layers[at]!.digest);
  return isSame ? original : undefined;
}

function indexOf(bytes: Buffer, type: string | undefined): ImageIndex {
  const document = parseManifest(bytes, type ?? mediaTypes.ociIndex, 'index.json');
  if (document.kind !== 'index') throw invalidArchive('index.json is no index');
  return document;
}

function imageOfManifest(
  members: Members,
  manifest: ImageManifest,
  name: Reference | undefined,
): PlannedImage {
  checkIsImage(manifest);
  const configBytes = readBlob(members, manifest.config);
  const config = parseImageConfig(configBytes);
  checkLayerCount(manifest, config);
  const layers = manifest.layers.map((descriptor, at) => {
    const file = members.find(blobName(descriptor.digest));
    if (file === undefined && (descriptor.urls ?? []).length === 0)
      throw incompleteArchive(blobName(descriptor.digest));
    if (file !== undefined) checkSize(file, descriptor);
    return { diffId: config.rootfs.diff_ids[at]!, descriptor, file };
  });
  return {
    id: manifest.config.digest,
    config,
    configBytes,
    manifest,
    layers,
    references: name === undefined ? [] : [name],
    parent: undefined,
  };
}

function imageOfItem(members: Members, item: DockerItem, id: Digest, configBytes: Buffer): PlannedImage {
  const config = parseImageConfig(configBytes);
  const diffIds = config.rootfs.diff_ids;
  if (item.layers.length !== diffIds.length)
    throw invalidArchive(
      `invalid manifest, layers length mismatch: expected ${diffIds.length}, got ${item.layers.length}`,
    );
  const layers = item.layers.map((name, at) => {
    const layer = members.find(name);
    if (layer === undefined) throw invalidArchive(`layer ${JSON.stringify(name)} not found`);
    const { digest, size } = layer;
    return { diffId: diffIds[at]!, descriptor: { mediaType: layerType(layer), digest, size }, file: layer };
  });
  const { bytes, mediaType } = buildManifest(
    { digest: id, size: configBytes.length },
    layers.map(({ descriptor }) => descriptor),
    { mediaType: mediaTypes.ociManifest },
  );
  const manifest = parseStoredManifest(bytes, mediaType);
  checkIsImage(manifest);
  return { id, config, configBytes, manifest, layers, references: [], parent: undefined };
}

/** Layers of a docker-archive are plain tars, mostly. */
function layerType(file: SpooledFile): string {
  const compression = detectCompression(readHead(file, compressionHeadBytes));
  return compression === 'none' ? mediaTypes.ociLayer : `${mediaTypes.ociLayer}+${compression}`;
}

function readBlob(members: Members, descriptor: Descriptor): Buffer {
  const name = blobName(descriptor.digest);
  const file = members.find(name);
  if (file === undefined) throw incompleteArchive(name);
  checkSize(file, descriptor);
  return readDocument(file, name);
}

function checkSize(file: SpooledFile, { digest, size }: Descriptor): void {
  if (file.size !== size)
    throw invalidArchive(`${blobName(digest)} has ${file.size} bytes, its descriptor says ${size}`);
}

function noManifest(members: Members): Error {
  return invalidArchive('does not contain a manifest.json', {
    hint: members.isEmpty ? 'the input is empty' : 'it is neither what save writes nor an OCI image layout',
  });
}

function incompleteArchive(name: string): PortholeError {
  return new PortholeError('notFound', 'ARCHIVE_INCOMPLETE', `invalid archive: ${name} not found`, {
    hint: 'the archive names content that it does not hold',
  });
}

function noneFor({ platform }: RequestedPlatform): PortholeError {
  return new PortholeError(
    'notFound',
    'IMAGE_PLATFORM_MISMATCH',
    `no matching manifest for ${formatPlatform(platform)} in the archive`,
  );
}
