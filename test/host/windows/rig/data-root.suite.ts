/** Rights of an administrator's data root, as far as Wine keeps them. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineLibrary, koffi } from '../../../../src/host/windows/ffi/library.ts';
import { pointerCell } from '../../../../src/host/windows/ffi/memory.ts';
import { protectNewFolder } from '../../../../src/host/windows/data-root.ts';

const advapi32 = defineLibrary('advapi32.dll', {
  GetFileSecurityW: {
    proto:
      'int32_t __stdcall GetFileSecurityW(str16 path, uint32_t information, void *descriptor, uint32_t length, _Out_ uint32_t *needed)',
    mode: 'sync',
  },
  ConvertSecurityDescriptorToStringSecurityDescriptorW: {
    proto:
      'int32_t __stdcall ConvertSecurityDescriptorToStringSecurityDescriptorW(void *descriptor, uint32_t revision, uint32_t information, _Out_ void **text, _Out_ uint32_t *length)',
    mode: 'sync',
  },
});
const dacl = 4;

function rightsOf(path: string): string {
  const descriptor = Buffer.alloc(4096);
  expect(advapi32.callSync('GetFileSecurityW', path, dacl, descriptor, descriptor.length, [0])).to.equal(1);
  const text = pointerCell();
  const call = 'ConvertSecurityDescriptorToStringSecurityDescriptorW';
  expect(advapi32.callSync(call, descriptor, 1, dacl, text, [0])).to.equal(1);
  return koffi().decode(text[0], 'char16_t', -1) as string;
}

describe('the data root of an administrator', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-root-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is closed to others from its first moment, and made with its parents', () => {
    const root = join(folder, 'new', 'porthole');
    protectNewFolder(root);

    // Wine shows what its folder of this machine lets others do: of all but the owner, "everyone" is told.
    expect(rightsOf(folder)).to.include(';;;WD)');
    for (const other of ['BU', 'WD', 'AU', 'IU', 'CO']) expect(rightsOf(root)).not.to.include(`;;;${other})`);
    mkdirSync(join(root, 'containers'));
    writeFileSync(join(root, 'containers', 'x'), 'x');
  });

  it('keeps the rights that it has when it is there', () => {
    const before = rightsOf(folder);
    protectNewFolder(folder);
    expect(rightsOf(folder)).to.equal(before);
  });
});
