import { directorySecurityDescriptor, fileSecurityDescriptor } from '../../src/layer/metadata.ts';
import { formatHeader, paddingOf, tarEnd } from '../../src/layer/tar-writer.ts';
import { whiteoutHeader, windowsHeader } from '../../src/layer/windows-records.ts';
import type { WindowsMetadata } from '../../src/layer/metadata.ts';
import type { TarHeader } from '../../src/layer/tar-writer.ts';

/** 2022-03-01T00:00:00Z: every fixture's time unless it says otherwise. */
export const fixtureTime = '1646092800';

/** Puts layer tars together in tests, entry by entry, with Windows' records. Nothing is checked: hostile tars are made here too. */
export class LayerTar {
  readonly #parts: Buffer[] = [];

  directory(path: string, metadata: Partial<WindowsMetadata> = {}): this {
    return this.entry(
      windowsHeader(path, 'directory', {
        attributes: 0x10,
        securityDescriptor: directorySecurityDescriptor,
        modified: fixtureTime,
        ...metadata,
      }),
    );
  }

  /** Every directory on the way down to `path`, `path` included. */
  directories(path: string): this {
    const names = path.split('/');
    for (let depth = 1; depth <= names.length; depth += 1) this.directory(names.slice(0, depth).join('/'));
    return this;
  }

  file(path: string, content: string | Uint8Array = '', metadata: Partial<WindowsMetadata> = {}): this {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const all = {
      attributes: 0x20,
      securityDescriptor: fileSecurityDescriptor,
      modified: fixtureTime,
      ...metadata,
    };
    return this.entry(windowsHeader(path, 'file', all, { size: bytes.length }), bytes);
  }

  symlink(path: string, target: string, metadata: Partial<WindowsMetadata> = {}): this {
    const all = { attributes: 0x400, modified: fixtureTime, ...metadata };
    return this.entry(windowsHeader(path, 'symlink', all, { linkName: target }));
  }

  /** `target` is a full layer path: `Files/...`. */
  hardLink(path: string, target: string): this {
    const header = windowsHeader(path, 'file', { attributes: 0x20, modified: fixtureTime });
    return this.entry({ ...header, type: '1', mode: 0o644, linkName: target });
  }

  /** An alternate data stream; belongs right after its owner. */
  stream(owner: string, name: string, content: string): this {
    const records = new Map([
      ['atime', fixtureTime],
      ['ctime', fixtureTime],
    ]);
    const bytes = Buffer.from(content);
    return this.entry(
      {
        name: `${owner}:${name}`,
        type: '0',
        mode: 0o100000,
        mtime: fixtureTime,
        size: bytes.length,
        records,
      },
      bytes,
    );
  }

  whiteout(path: string): this {
    return this.entry(whiteoutHeader(path));
  }

  entry(header: TarHeader, body: Uint8Array = Buffer.alloc(0)): this {
    this.#parts.push(formatHeader(header), Buffer.from(body), Buffer.alloc(paddingOf(body.length)));
    return this;
  }

  /** Bytes as they are: broken headers, foreign dialects. */
  raw(...parts: Uint8Array[]): this {
    this.#parts.push(...parts.map((part) => Buffer.from(part)));
    return this;
  }

  /** The tar with its end marker. */
  bytes(): Buffer {
    return Buffer.concat([...this.#parts, tarEnd]);
  }

  /** Without an end marker. */
  open(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
