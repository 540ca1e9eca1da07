/** Runs without the service behind the stand-ins, as on a host whose services are stopped, and without some DLLs. */
import { expect } from 'chai';
import { HcsError } from '../../../../src/hcs/hcs-error.ts';
import { HnsError } from '../../../../src/hns/hns-error.ts';
import { PortholeError } from '../../../../src/errors/porthole-error.ts';
import { defineLibrary } from '../../../../src/host/windows/ffi/library.ts';
import { createWindowsNetwork } from '../../../../src/host/windows/network.ts';
import { compute, hypervDocument, v2Document, hnsLock } from './hosts.ts';
import { expectNothingOpen } from './standins.ts';

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a host whose services are stopped', () => {
  afterEach(async () => expectNothingOpen());

  for (const [name, document] of [
    ['computecore', v2Document()],
    ['vmcompute', hypervDocument('x')],
  ] as const)
    it(`says so through ${name}`, async () => {
      const error = await errorOf(compute().create('x', document));
      expect(error).to.be.instanceOf(HcsError);
      expect(error).to.include({ op: 'CreateComputeSystem', kind: 'unavailable' });
      expect((error as HcsError).message).to.equal(
        'hcs::CreateComputeSystem x: The RPC server is unavailable. (0x6ba)',
      );
      expect((error as HcsError).hint).to.match(/vmcompute/);
    });

  it('says so through HNS', async () => {
    const error = await errorOf(
      createWindowsNetwork({ exclusively: hnsLock() }).createNetwork({ Name: 'x', Type: 'nat' }),
    );
    expect(error).to.be.instanceOf(HnsError);
    expect((error as HnsError).message).to.match(/The RPC server is unavailable\. \(0x6ba\)$/);
    expect((error as HnsError).hint).to.match(/hns/);
  });
});

describe('a host without a DLL or an export', () => {
  it('names the DLL, and the feature that brings it', async () => {
    const library = defineLibrary(
      'computecore.dll',
      {
        HcsCreateOperation: {
          proto: 'void *__stdcall HcsCreateOperation(void *context, void *callback)',
          mode: 'sync',
        },
      },
      { SystemRoot: 'C:\\Windows' },
    );
    expect(library.has('HcsCreateOperation')).to.equal(false);
    const error = await errorOf(library.call('HcsCreateOperation', null, null));
    expect(error).to.be.instanceOf(PortholeError);
    expect(error).to.include({ code: 'HOST_LIBRARY_MISSING', kind: 'unavailable' });
    expect((error as PortholeError).message).to.match(/^failed to load computecore\.dll/);
    expect((error as PortholeError).hint).to.match(/Containers/);
  });

  it('counts as missing that lacks one export', () => {
    const proto = 'void *__stdcall HcsCreateOperation(void *context, void *callback)';
    const lost = 'int32_t __stdcall HcsFromTheFuture()';
    const known = { HcsCreateOperation: { proto, mode: 'sync' } } as const;
    expect(defineLibrary('computecore.dll', known).isComplete()).to.equal(true);
    expect(
      defineLibrary('computecore.dll', {
        ...known,
        HcsFromTheFuture: { proto: lost, mode: 'async' },
      }).isComplete(),
    ).to.equal(false);
    expect(
      defineLibrary('computecore.dll', {
        ...known,
        HcsFromTheFuture: { proto: lost, mode: 'async', optional: true },
      }).isComplete(),
    ).to.equal(true);
  });

  it('names the export, and the build that has it', async () => {
    const library = defineLibrary('computecore.dll', {
      HcsFromTheFuture: {
        proto: 'int32_t __stdcall HcsFromTheFuture()',
        mode: 'async',
        since: 99_999,
      },
    });
    expect(library.has('HcsFromTheFuture')).to.equal(false);
    const error = await errorOf(library.call('HcsFromTheFuture'));
    expect(error).to.include({ code: 'HOST_EXPORT_MISSING', kind: 'notImplemented' });
    expect((error as PortholeError).message).to.equal(
      'computecore.dll of this Windows has no HcsFromTheFuture',
    );
    expect((error as PortholeError).hint).to.match(/99999/);
  });
});
