import { expect } from 'chai';
import type {
  ComputeSystemDocument,
  ContainerV1Document,
  ContainerV2Document,
} from '../../../src/hcs/documents.ts';
import { HcsError } from '../../../src/hcs/hcs-error.ts';
import { limitsOf, visibleProcessors } from '../../../src/host/linux/system-limits.ts';
import { systemRequest } from '../../../src/host/linux/system-request.ts';

type Container = ContainerV2Document['Container'];

function v2(container: Partial<Container> = {}): ContainerV2Document {
  return {
    Owner: 'porthole',
    SchemaVersion: { Major: 2, Minor: 1 },
    Container: {
      Storage: {
        Layers: [
          { Id: 'b', Path: '/l/b' },
          { Id: 'a', Path: '/l/a' },
        ],
        Path: '/s',
      },
      ...container,
    },
  };
}

function v1(fields: Partial<ContainerV1Document> = {}): ContainerV1Document {
  return {
    SystemType: 'Container',
    Name: 'x',
    Owner: 'porthole',
    LayerFolderPath: '/s',
    Layers: [{ ID: 'b', Path: '/l/b' }],
    HvPartition: false,
    ...fields,
  };
}

function refusal(document: unknown): HcsError {
  try {
    systemRequest('id', document as ComputeSystemDocument);
  } catch (error) {
    expect(error).to.be.instanceOf(HcsError);
    return error as HcsError;
  }
  throw new Error('was not refused');
}

describe('what a document asks of Linux', () => {
  it('is read from schema 2', () => {
    const request = systemRequest(
      'id',
      v2({
        GuestOs: { HostName: 'web1' },
        MappedDirectories: [{ HostPath: '/src', ContainerPath: 'C:\\work', ReadOnly: true }],
        Memory: { SizeInMB: 512 },
        Processor: { Maximum: 5000 },
        Networking: { Namespace: 'NS', DnsSearchList: 'a.test,b.test' },
      }),
    );
    expect(request).to.deep.equal({
      owner: 'porthole',
      hostname: 'web1',
      scratch: '/s',
      layers: ['/l/b', '/l/a'],
      folders: [{ hostPath: '/src', containerPath: 'C:\\work', readOnly: true }],
      memoryMB: 512,
      processors: { maximum: 5000 },
      namespaceId: 'NS',
      dnsSearch: ['a.test', 'b.test'],
      registry: [],
    });
  });

  it('is read from schema 1', () => {
    const request = systemRequest(
      'id',
      v1({
        HostName: 'web1',
        DNSSearchList: 'a.test',
        MemoryMaximumInMB: 256,
        ProcessorCount: 2,
        MappedDirectories: [
          {
            HostPath: '/a',
            ContainerPath: 'C:\\a',
            ReadOnly: false,
            BandwidthMaximum: 0,
            IOPSMaximum: 0,
            CreateInUtilityVM: false,
          },
        ],
      }),
    );
    expect(request).to.deep.include({
      hostname: 'web1',
      dnsSearch: ['a.test'],
      scratch: '/s',
      layers: ['/l/b'],
      folders: [{ hostPath: '/a', containerPath: 'C:\\a', readOnly: false }],
      memoryMB: 256,
      processors: { count: 2 },
    });
  });

  for (const [what, document, hresult, text] of [
    [
      'Hyper-V isolation',
      v1({ HvPartition: true }),
      0x80370102,
      'Hyper-V isolation is not supported on Linux',
    ],
    [
      'devices',
      v2({ AssignedDevices: [{ InterfaceClassGuid: 'x' }] }),
      0x80070032,
      'device assignment is not supported on Linux',
    ],
    [
      'devices of schema 1',
      v1({ AssignedDevices: [{ InterfaceClassGuid: 'x' }] }),
      0x80070032,
      'device assignment',
    ],
    [
      'named pipes',
      v2({ MappedPipes: [{ HostPath: '\\\\.\\pipe\\a', ContainerPipeName: 'a' }] }),
      0x80070032,
      'named pipe \\\\.\\pipe\\a cannot be mapped',
    ],
    [
      'gMSA',
      v2({ ContainerCredentialGuard: { CredentialSpec: '{}', Transport: 'LRPC' } }),
      0x80070032,
      'credentialspec',
    ],
    ['gMSA of schema 1', v1({ Credentials: '{}' }), 0x80070032, 'credentialspec'],
    [
      'storage limits',
      v2({ Storage: { Layers: [], Path: '/s', QoS: { IopsMaximum: 5 } } }),
      0x80070032,
      'storage limits',
    ],
    ['two processor limits', v2({ Processor: { Count: 1, Weight: 5 } }), 0x8037010d, 'mutually exclusive'],
    ['a document without storage', v2({ Storage: undefined as never }), 0x8037010d, 'Storage'],
    ['something else', { Owner: 'porthole' }, 0x8037010d, 'neither'],
  ] as const)
    it(`refuses ${what}, and says why`, () => {
      const error = refusal(document);
      expect(error.hresult).to.equal(hresult);
      expect(error.message).to.include(text);
      if (hresult !== 0x8037010d) expect(error.hint).to.be.a('string');
    });

  it('takes empty lists and zeros as nothing', () => {
    const request = systemRequest(
      'id',
      v2({ AssignedDevices: [], MappedPipes: [], Memory: { SizeInMB: 0 }, Processor: { Count: 0 } }),
    );
    expect([request.memoryMB, request.processors]).to.deep.equal([undefined, {}]);
  });
});

describe('limits of a document on a host with 8 processors', () => {
  for (const [processors, limits, visible] of [
    [{}, {}, undefined],
    [{ count: 2 }, { processorTime: 2 }, 2],
    [{ count: 8 }, {}, undefined],
    [{ count: 99 }, {}, undefined],
    [{ maximum: 10_000 }, {}, undefined],
    [{ maximum: 5000 }, { processorTime: 4 }, 4],
    [{ maximum: 625 }, { processorTime: 0.5 }, 1],
    [{ maximum: 1 }, { processorTime: 0.0008 }, 1],
    [{ weight: 500 }, { weight: 500 }, undefined],
  ] as const)
    it(`${JSON.stringify(processors)} are ${JSON.stringify(limits)}, shown as ${visible ?? 'all'}`, () => {
      const request = { ...systemRequest('id', v2()), processors };
      expect(limitsOf(request, 8)).to.deep.equal(limits);
      expect(visibleProcessors(processors, 8)).to.equal(visible);
    });

  it('memory is in bytes', () => {
    expect(limitsOf({ ...systemRequest('id', v2()), memoryMB: 2 }, 8)).to.deep.equal({
      memoryBytes: 2_097_152,
    });
  });
});
