/**
 * Synthetic Windows images for benchmarks (performance.md, "Test images"): `Files/Windows/...` with WinSxS-like long names
 * and hard links, `Hives`, `UtilityVM`, Windows' PAX records, few distinct security descriptors, content that compresses
 * about as well as Windows' own. The same bytes on every run (a seeded generator); made once and kept in `folder`.
 *
 * `node bench/images.ts [nano|core|nanozst|corezst ...]` makes them and prints what they hold.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { directorySecurityDescriptor, fileSecurityDescriptor } from '../src/layer/metadata.ts';
import { formatHeader, paddingOf, tarEnd } from '../src/layer/tar-writer.ts';
import { windowsHeader } from '../src/layer/windows-records.ts';
import { OciLayout, mediaTypes } from '../test/support/oci-layout.ts';
import type { TarHeader } from '../src/layer/tar-writer.ts';
import type { LayoutImage, LayoutLayer } from '../test/support/oci-layout.ts';

export type BenchImageName = 'nano' | 'core' | 'nanozst' | 'corezst';

export interface BenchImage extends LayoutImage {
  /** Uncompressed layer tars, base first. */
  readonly tars: readonly string[];
}

interface LayerShape {
  readonly seed: number;
  readonly files: number;
  readonly directories: number;
  readonly hardLinks: number;
  readonly tarBytes: number;
  readonly base: boolean;
}

const shapes: Record<'nano' | 'core', readonly LayerShape[]> = {
  nano: [{ seed: 1, files: 10_005, directories: 1_414, hardLinks: 1_024, tarBytes: 338.7e6, base: true }],
  core: [
    { seed: 2, files: 41_000, directories: 5_900, hardLinks: 6_000, tarBytes: 1_144.9e6, base: true },
    { seed: 3, files: 4_060, directories: 562, hardLinks: 574, tarBytes: 140e6, base: false },
  ],
};

/** Changes whenever the bytes do, so that stale images are made anew. */
const generation = 1;
const time = 1_646_092_800;
const osVersion = '10.0.20348.2227';

/** Where benchmarks keep what is dear to make: `.cache/bench` of the checkout. */
export const benchCache = join(import.meta.dirname, '..', '.cache', 'bench');

/** The image as an OCI layout under `folder`, tagged `latest`; made when it is not there yet (nano: half a minute). */
export async function benchImage(name: BenchImageName, folder = benchCache): Promise<BenchImage> {
  const kept = join(folder, `${name}-${generation}`);
  const record = join(kept, 'image.json');
  if (!existsSync(record)) {
    const making = `${kept}.${process.pid}.making`;
    rmSync(making, { recursive: true, force: true });
    await makeImage(name, making, folder);
    if (existsSync(kept)) rmSync(making, { recursive: true, force: true });
    else renameSync(making, kept);
  }
  const image = JSON.parse(readFileSync(record, 'utf8')) as Omit<BenchImage, 'blobPath' | 'folder' | 'tars'>;
  return {
    ...image,
    folder: kept,
    tars: image.layers.map((_, index) => tarPath(folder, shapeOf(name), index)),
    blobPath: (digest) => join(kept, 'blobs', ...digest.split(':')),
  };
}

const shapeOf = (name: BenchImageName): 'nano' | 'core' => (name.startsWith('nano') ? 'nano' : 'core');
const tarPath = (folder: string, shape: string, index: number): string =>
  join(folder, `${shape}-${generation}-${index}.tar`);

async function makeImage(name: BenchImageName, making: string, folder: string): Promise<void> {
  mkdirSync(making, { recursive: true });
  const layout = new OciLayout(making);
  const layers: LayoutLayer[] = [];
  const zstd = name.endsWith('zst');
  for (const [index, shape] of shapes[shapeOf(name)].entries()) {
    const tar = tarPath(folder, shapeOf(name), index);
    if (!existsSync(tar)) {
      const temporary = `${tar}.${process.pid}.making`;
      writeLayerTar(temporary, shape);
      renameSync(temporary, tar);
    }
    const diffId = await digestOfFile(tar);
    const blob = join(making, 'blob');
    const compressed = await compress(tar, blob, zstd);
    const mediaType = zstd ? mediaTypes.zstdLayer : mediaTypes.gzipLayer;
    layers.push({ ...layout.adopt(mediaType, blob, compressed.digest, compressed.size), diffId });
  }
  const platform = { architecture: 'amd64', os: 'windows', 'os.version': osVersion };
  const created = new Date(time * 1000).toISOString();
  const history = layers.map(() => ({ created, created_by: 'synthetic' }));
  const config = { created, config: { Cmd: ['c:\\windows\\system32\\cmd.exe'] }, history };
  const image = layout.image('latest', platform, config, layers);
  writeFileSync(
    join(making, 'image.json'),
    JSON.stringify({ tag: image.tag, manifest: image.manifest, config: image.config, layers }),
  );
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

async function compress(from: string, to: string, zstd: boolean): Promise<{ digest: string; size: number }> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const compressor = zstd
    ? createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 }, chunkSize: 1 << 20 })
    : createGzip({ level: 6, chunkSize: 1 << 20 });
  await pipeline(
    createReadStream(from, { highWaterMark: 1 << 20 }),
    compressor,
    hashing,
    createWriteStream(to),
  );
  return { digest: `sha256:${hash.digest('hex')}`, size: statSync(to).size };
}

/** Uniform numbers in [0, 1): mulberry32. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const words = (
  'microsoft windows security kernel service network client server driver storage resource provider manager host ' +
  'event policy runtime management installer update shell crypto registry identity console language base common core'
).split(' ');

/** Content that gzip brings to about 48 % and zstd to about 37 %: noise, text, and pieces repeated out of gzip's reach. */
class Content {
  readonly #random: () => number;
  readonly #noise = Buffer.alloc(4 << 20);
  readonly #text: Buffer;
  readonly #recent = Buffer.alloc(1 << 20);
  #recentAt = 0;

  constructor(random: () => number) {
    this.#random = random;
    for (let at = 0; at < this.#noise.length; at += 4)
      this.#noise.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
    let text = '';
    while (text.length < 1 << 20) text += `${words[this.#below(words.length)]!}${this.#below(1000)}. `;
    this.#text = Buffer.from(text);
    this.#noise.copy(this.#recent);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  fill(target: Buffer, size: number): void {
    for (let at = 0; at < size;) {
      const length = Math.min(size - at, 512 + this.#below(7 * 512));
      const kind = this.#random();
      if (kind < 0.08) {
        this.#recent.copy(target, at, ...window(this.#below(this.#recent.length - length), length));
      } else if (kind < 0.787) {
        this.#text.copy(target, at, ...window(this.#below(this.#text.length - length), length));
      } else {
        // A shifted window of the noise, made new by one changing key per piece.
        this.#noise.copy(target, at, ...window(this.#below(this.#noise.length - length), length));
        const key = this.#below(256);
        for (let i = at; i < at + length; i += 1) target[i] = target[i]! ^ key;
        this.#remember(target, at, length);
      }
      at += length;
    }
  }

  #remember(from: Buffer, at: number, length: number): void {
    if (this.#recentAt + length > this.#recent.length) this.#recentAt = 0;
    from.copy(this.#recent, this.#recentAt, at, at + length);
    this.#recentAt += length;
  }
}

const window = (start: number, length: number): [number, number] => [start, start + length];

class TarFile {
  readonly #descriptor: number;
  readonly #buffer = Buffer.alloc(4 << 20);
  #used = 0;
  written = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w');
  }

  entry(header: TarHeader, body?: { readonly bytes: Buffer; readonly size: number }): void {
    this.#add(formatHeader(header));
    if (body === undefined) return;
    this.#add(body.bytes.subarray(0, body.size));
    this.#add(tarEnd.subarray(0, paddingOf(body.size)));
  }

  close(): void {
    this.#add(tarEnd);
    this.#flush();
    closeSync(this.#descriptor);
  }

  #add(bytes: Buffer): void {
    this.written += bytes.length;
    if (this.#used + bytes.length > this.#buffer.length) this.#flush();
    if (bytes.length > this.#buffer.length) writeSync(this.#descriptor, bytes);
    else this.#used += bytes.copy(this.#buffer, this.#used);
  }

  #flush(): void {
    if (this.#used > 0) writeSync(this.#descriptor, this.#buffer, 0, this.#used);
    this.#used = 0;
  }
}

function writeLayerTar(path: string, shape: LayerShape): void {
  const random = generator(shape.seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const content = new Content(generator(shape.seed + 100));
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => below(16).toString(16)).join('');
  const descriptors = distinctDescriptors();
  const tar = new TarFile(path);
  const seconds = (): string => `${time + below(86_400)}.${String(1 + below(9_999_999)).padStart(7, '0')}`;
  const directory = (name: string): void =>
    tar.entry(
      windowsHeader(name, 'directory', {
        attributes: 0x10,
        securityDescriptor: directorySecurityDescriptor,
        modified: seconds(),
      }),
    );
  const bytes = Buffer.alloc(48 << 20);
  const file = (name: string, size: number): void => {
    content.fill(bytes, size);
    const securityDescriptor = descriptors[below(descriptors.length)]!;
    const metadata = { attributes: 0x20, securityDescriptor, modified: seconds(), created: seconds() };
    tar.entry(windowsHeader(name, 'file', metadata, { size }), { bytes, size });
  };

  const fixed = ['Files', 'Files/Windows', 'Files/Windows/System32', 'Files/Windows/System32/config'];
  const special = shape.base
    ? ['UtilityVM', 'UtilityVM/Files', 'UtilityVM/Files/Windows', 'UtilityVM/Files/Windows/System32']
    : [];
  const folders = [...fixed, 'Files/Windows/WinSxS', 'Files/Windows/servicing'];
  const components = shape.directories - folders.length - special.length - 1;
  const overhead = (shape.files + shape.directories + shape.hardLinks) * 1536 + shape.files * 256;
  const sizes = fileSizes(random, shape.files, shape.tarBytes - overhead);
  let next = 0;
  for (const name of folders) directory(name);
  for (const hive of ['DEFAULT', 'SAM', 'SECURITY', 'SOFTWARE', 'SYSTEM'])
    if (shape.base) file(`Files/Windows/System32/config/${hive}`, sizes[next++]!);
  const perComponent = (shape.files * 0.9) / components;
  const linkable: string[] = [];
  for (let index = 0; index < components; index += 1) {
    const name = `amd64_${words[below(words.length)]}-${words[below(words.length)]}-${words[below(words.length)]}`;
    const folder = `Files/Windows/WinSxS/${name}_31bf3856ad364e35_10.0.20348.${below(3000)}_none_${hex(16)}`;
    directory(folder);
    const until = Math.min(shape.files, Math.round(next + perComponent * (0.5 + random())));
    for (; next < until; next += 1) {
      const path = `${folder}/${words[below(words.length)]}${index}-${next}.dll`;
      file(path, sizes[next]!);
      if (linkable.length < shape.hardLinks && random() < 0.3) linkable.push(path);
    }
  }
  for (const [index, target] of linkable.entries()) {
    const name = `Files/Windows/System32/${target.slice(target.lastIndexOf('/') + 1, -4)}.${index}.dll`;
    const metadata = { attributes: 0x20, modified: String(time) };
    tar.entry({ ...windowsHeader(name, 'file', metadata), type: '1', mode: 0o644, linkName: target });
  }
  const utilityVmFiles = shape.base ? Math.floor((shape.files - next) / 3) : 0;
  const last = shape.base ? 0 : 5;
  for (; next < shape.files - utilityVmFiles - last; next += 1)
    file(`Files/Windows/servicing/${words[below(words.length)]}-${next}.mum`, sizes[next]!);
  directory('Hives');
  for (; next < shape.files - utilityVmFiles; next += 1)
    file(`Hives/${['DefaultUser', 'Sam', 'Security', 'Software', 'System'][next % 5]}_Delta`, sizes[next]!);
  for (const name of special) directory(name);
  for (; next < shape.files; next += 1)
    file(`UtilityVM/Files/Windows/System32/${words[below(words.length)]}-${next}.sys`, sizes[next]!);
  tar.close();
}

/** Many small files, few large ones, as in Windows; together `total` bytes. */
function fileSizes(random: () => number, count: number, total: number): number[] {
  const relative = Array.from({ length: count }, () => 2 ** (14 * random() * random() + 2 * random()));
  const scale = total / relative.reduce((sum, size) => sum + size, 0);
  return relative.map((size) => Math.max(1, Math.floor(size * scale)));
}

/** Sixty descriptors that differ in the last sub-authority. */
function distinctDescriptors(): string[] {
  return Array.from({ length: 60 }, (_, index) => {
    const bytes = Buffer.from(fileSecurityDescriptor, 'base64');
    bytes.writeUInt32LE(545 + index, bytes.length - 4);
    return bytes.toString('base64');
  });
}

if (import.meta.main) {
  const names = process.argv.slice(2) as BenchImageName[];
  mkdirSync(benchCache, { recursive: true });
  for (const name of names.length === 0 ? (['nano'] as const) : names) {
    const image = await benchImage(name);
    for (const [index, layer] of image.layers.entries()) {
      const tar = statSync(image.tars[index]!).size;
      process.stdout.write(
        `${name} layer ${index}: tar ${(tar / 1e6).toFixed(1)} MB, blob ${(layer.size / 1e6).toFixed(1)} MB ${layer.digest}\n`,
      );
    }
  }
}
