import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LayerError } from '../../src/layer/layer-error.ts';
import { directorySecurityDescriptor, fileSecurityDescriptor } from '../../src/layer/metadata.ts';
import { Sidecar, SidecarWriter } from '../../src/layer/sidecar.ts';
import { TarParser } from '../../src/layer/tar-reader.ts';
import { formatHeader } from '../../src/layer/tar-writer.ts';
import { metadataOfEntry, windowsHeader } from '../../src/layer/windows-records.ts';
import type { WindowsMetadata } from '../../src/layer/metadata.ts';
import type { SidecarEntry } from '../../src/layer/sidecar.ts';
import type { TarEntry } from '../../src/layer/tar-reader.ts';

/** The only entry of a tar. */
function parsed(header: Buffer): TarEntry {
  const entries: TarEntry[] = [];
  const parser = new TarParser({
    entry: (entry) => entries.push(entry),
    data: () => undefined,
    end: () => undefined,
  });
  parser.push(header);
  parser.finish();
  return entries[0]!;
}

const withRecords = (type: '0' | '2' | '5', records: Record<string, string>): TarEntry =>
  parsed(
    formatHeader({
      name: 'Files/x',
      type,
      mode: 0,
      mtime: '1700000000',
      records: new Map(Object.entries(records)),
    }),
  );

describe('Windows metadata in records', () => {
  const kept: [string, 'file' | 'directory' | 'symlink', WindowsMetadata][] = [
    ['a plain file', 'file', { attributes: 0x20, modified: '1700000000.1234567' }],
    [
      'a file with everything',
      'file',
      {
        attributes: 0x27,
        securityDescriptor: fileSecurityDescriptor,
        modified: '1700000000',
        created: '1500000000.5',
        accessed: '1700000001',
        changed: '1700000002.25',
        extendedAttributes: { 'KERNEL.TEST': 'AQI=', empty: '' },
      },
    ],
    [
      'a directory',
      'directory',
      { attributes: 0x10, securityDescriptor: directorySecurityDescriptor, modified: '-11644473600' },
    ],
    ['a junction', 'symlink', { attributes: 0x410, mountPoint: true, modified: '0' }],
    [
      'a file of an old image',
      'file',
      { attributes: 0x20, securityText: 'O:BAG:SYD:(A;;FA;;;BA)', modified: '0' },
    ],
  ];
  for (const [what, type, metadata] of kept) {
    it(`of ${what} comes back as it went`, () => {
      const { modified } = metadata;

      expect(metadataOfEntry(parsed(formatHeader(windowsHeader('Files/x', type, metadata))))).to.deep.equal({
        created: modified,
        accessed: modified,
        changed: modified,
        ...metadata,
      });
    });
  }

  it('has defaults where Linux tools leave it out', () => {
    expect(metadataOfEntry(withRecords('0', {}))).to.deep.equal({ attributes: 0, modified: '1700000000' });
    expect(metadataOfEntry(withRecords('5', {}))).to.deep.equal({ attributes: 0x10, modified: '1700000000' });
  });

  it('takes the binary descriptor before the text', () => {
    const metadata = metadataOfEntry(
      withRecords('0', { 'MSWINDOWS.rawsd': fileSecurityDescriptor, 'MSWINDOWS.sd': 'O:BA' }),
    );

    expect(metadata.securityDescriptor).to.equal(fileSecurityDescriptor);
    expect(metadata.securityText).to.equal(undefined);
  });

  const pointingOutside = Buffer.from(fileSecurityDescriptor, 'base64');
  pointingOutside.writeUInt32LE(120, 16);
  const refused: [string, Record<string, string>, RegExp][] = [
    ['attributes that are no number', { 'MSWINDOWS.fileattr': '0x20' }, /fileattr is not a number/],
    ['attributes of more than 32 bits', { 'MSWINDOWS.fileattr': '4294967296' }, /fileattr is not a number/],
    ['a negative attribute', { 'MSWINDOWS.fileattr': '-1' }, /fileattr is not a number/],
    ['a descriptor that is no base64', { 'MSWINDOWS.rawsd': 'not base64!!' }, /rawsd is not base64/],
    ['a descriptor that is too short', { 'MSWINDOWS.rawsd': 'AQAE' }, /rawsd is not a security descriptor/],
    [
      'a descriptor that is too long',
      { 'MSWINDOWS.rawsd': Buffer.alloc(66_000, 1).toString('base64') },
      /rawsd is not a security descriptor/,
    ],
    [
      'a descriptor that points outside itself',
      { 'MSWINDOWS.rawsd': pointingOutside.toString('base64') },
      /points outside itself/,
    ],
    [
      'a name that is too long for an extended attribute',
      { [`MSWINDOWS.xattr.${'N'.repeat(256)}`]: 'AQI=' },
      /is longer than an extended attribute can be/,
    ],
    [
      'an extended attribute of 64 KiB',
      { 'MSWINDOWS.xattr.X': Buffer.alloc(65_536).toString('base64') },
      /MSWINDOWS.xattr.X is longer than an extended attribute can be/,
    ],
    [
      'an extended attribute that is no base64',
      { 'MSWINDOWS.xattr.X': '=' },
      /MSWINDOWS.xattr.X is not base64/,
    ],
    [
      'a creation time that is no time',
      { 'LIBARCHIVE.creationtime': 'yesterday' },
      /creationtime is not a time/,
    ],
  ];
  for (const [what, records, message] of refused) {
    it(`refuses ${what}`, () => {
      const entry = withRecords('0', records);

      expect(() => metadataOfEntry(entry))
        .to.throw(LayerError, message)
        .with.property('code', 'LAYER_METADATA_INVALID');
    });
  }

  it('cannot reach into the prototype of its own tables', () => {
    const { extendedAttributes } = metadataOfEntry(withRecords('0', { 'MSWINDOWS.xattr.__proto__': 'AQI=' }));

    expect(Object.keys(extendedAttributes ?? {})).to.deep.equal(['__proto__']);
    expect(({} as Record<string, unknown>)['AQI=']).to.equal(undefined);
  });
});

describe('sidecar', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-sidecar-'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const times = { modified: '1', created: '1', accessed: '1', changed: '1' };
  const entries: SidecarEntry[] = [
    { path: 'Files', type: '5', metadata: { attributes: 0x10, ...times } },
    {
      path: 'Files/a "quoted" \\ ü\u0001',
      type: '0',
      size: 5,
      metadata: { attributes: 0x20, securityDescriptor: fileSecurityDescriptor, ...times, created: '0.5' },
    },
    {
      path: 'Files/b',
      type: '0',
      size: 0,
      tarName: 'files/B',
      metadata: {
        attributes: 0,
        securityDescriptor: fileSecurityDescriptor,
        ...times,
        extendedAttributes: { X: 'AQI=' },
      },
    },
    { path: 'Files/","t":"', type: '1', target: 'Files/b', metadata: { attributes: 0x20, ...times } },
    {
      path: 'Files/link',
      type: '2',
      target: 'C:\\ü',
      metadata: {
        attributes: 0x410,
        mountPoint: true,
        securityDescriptor: directorySecurityDescriptor,
        ...times,
      },
    },
    { path: 'Files/b:s', type: 's', size: 3, streamFile: '0', metadata: { attributes: 0, ...times } },
    {
      path: 'Files/raw',
      type: '0',
      size: 0,
      rawName: Buffer.from('46ff', 'hex'),
      metadata: { attributes: 0, securityText: 'O:"BA"', ...times },
    },
    { path: `Files/${'long'.repeat(100_000)}`, type: '0', size: 1, metadata: { attributes: 0, ...times } },
  ];

  it('gives every entry back, by its path', () => {
    const path = join(folder, 'meta.jsonl');
    const writer = new SidecarWriter(path);
    for (const entry of entries) writer.add(entry);
    writer.close();
    const sidecar = new Sidecar(path);

    for (const entry of entries)
      expect(sidecar.get(entry.path), entry.path.slice(0, 20)).to.deep.equal(entry);
    expect([...sidecar.paths()]).to.deep.equal(entries.map((entry) => entry.path));
    expect(sidecar.get('Files/B')).to.equal(undefined);
    for (const line of readFileSync(path, 'utf8').trimEnd().split('\n'))
      expect(() => void JSON.parse(line)).to.not.throw();
  });

  it('writes a descriptor once, and takes the last entry of a path', () => {
    const path = join(folder, 'twice.jsonl');
    const writer = new SidecarWriter(path);
    for (let attributes = 0; attributes < 3; attributes += 1)
      writer.add({
        path: 'Files/x',
        type: '0',
        metadata: { attributes, securityDescriptor: fileSecurityDescriptor, ...times },
      });
    writer.close();

    expect(readFileSync(path, 'utf8').split(fileSecurityDescriptor)).to.have.length(2);
    expect(new Sidecar(path).get('Files/x')?.metadata.attributes).to.equal(2);
  });
});
