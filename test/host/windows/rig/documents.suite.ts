/** The documents of the case folders, byte for byte as they reach the DLLs, and taken by the stand-ins' checks. */
import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  ComputeSystemDocument,
  ContainerV2Document,
  ProcessParameters,
} from '../../../../src/hcs/documents.ts';
import type { HnsEndpoint, HnsNetwork } from '../../../../src/hns/documents.ts';
import type { HcsError } from '../../../../src/hcs/hcs-error.ts';
import { HRESULT } from '../../../../src/hcs/hresult.ts';
import { HNS } from '../../../../src/hns/hns-error.ts';
import { createWindowsNetwork } from '../../../../src/host/windows/network.ts';
import { compute, hnsLock } from './hosts.ts';
import { calls, expectNothingOpen, setMode } from './standins.ts';

const fixtures = process.env['PORTHOLE_RIG_FIXTURES'] ?? '';

function cases<T>(kind: string): { name: string; content: T }[] {
  return readdirSync(join(fixtures, kind))
    .map((name) => ({ name, file: join(fixtures, kind, name, 'document.json') }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => ({ name, content: JSON.parse(readFileSync(file, 'utf8')) as T }));
}

describe('documents of compute systems', () => {
  before(() => setMode(''));
  after(async () => expectNothingOpen());
  const port = compute();
  const all = cases<{ document?: ComputeSystemDocument; process?: ProcessParameters }>('hcs').filter(
    ({ content }) => content.document !== undefined,
  );

  it('are there', () => {
    expect(all.length).to.be.greaterThan(30);
  });

  for (const { name, content } of all)
    it(name, async () => {
      const document = content.document!;
      const id = 'Name' in document ? document.Name : `case-${name}`;
      const system = await port.create(id, document);
      const network = networkRefusal(document);
      if (network === undefined) await system.start();
      else expect(await system.start().catch((error: HcsError) => error.hresult)).to.equal(network);
      const sent = calls('HcsCreateComputeSystem').findLast((call) => call['id'] === id);
      expect(sent?.['configuration']).to.equal(JSON.stringify(withAnswer(document, sent?.['configuration'])));

      if (content.process !== undefined && network === undefined) {
        // The image's program is not here: what matters is that the parameters arrive and are understood.
        const failed = await system.createProcess(content.process).then(
          (process) => {
            process.stdout?.resume();
            process.stderr?.resume();
            return process.kill().then(() => process.close());
          },
          (error: unknown) => error,
        );
        if (failed !== undefined) expect((failed as HcsError).hresult & 0xffff).to.be.oneOf([2, 3, 193]);
        expect(calls('HcsCreateProcess').at(-1)?.['parameters']).to.equal(JSON.stringify(content.process));
      }
      await port.cleanup(id);
      system.close();
    });
});

/** What a start says to a namespace or an endpoint that HNS does not have: those of the cases are nobody's. */
function networkRefusal(document: ComputeSystemDocument): number | undefined {
  if (!('SystemType' in document))
    return document.Container.Networking?.Namespace === undefined ? undefined : HRESULT.elementNotFound;
  const shared = document.NetworkSharedContainerName !== undefined;
  return document.EndpointList === undefined || shared ? undefined : HNS.endpointNotFound;
}

/** A credential spec is asked for; what reaches HCS is its own answer in the same place. */
function withAnswer(document: ComputeSystemDocument, sent = '{}'): ComputeSystemDocument {
  if ('SystemType' in document || document.Container.ContainerCredentialGuard === undefined) return document;
  const { Container } = JSON.parse(sent) as ContainerV2Document;
  const ContainerCredentialGuard = Container.ContainerCredentialGuard!;
  expect(ContainerCredentialGuard).to.include(document.Container.ContainerCredentialGuard);
  expect(ContainerCredentialGuard).to.have.all.keys('Cookie', 'RpcEndpoint', 'Transport', 'CredentialSpec');
  return { ...document, Container: { ...document.Container, ContainerCredentialGuard } };
}

describe('documents of networks and endpoints', () => {
  before(() => setMode(''));
  after(async () => expectNothingOpen());
  const network = createWindowsNetwork({ exclusively: hnsLock() });
  const all = cases<{ document?: HnsNetwork | HnsEndpoint }>('hns').filter(
    // Networks that are only a configuration, or none, are never given to HNS.
    ({ name, content }) =>
      content.document !== undefined && !['network-config-only', 'network-null'].includes(name),
  );

  it('are there', () => {
    expect(all.length).to.be.greaterThan(15);
  });

  for (const { name, content } of all)
    it(name, async () => {
      if (name.startsWith('network-')) {
        const document = content.document as HnsNetwork;
        const created = await network.createNetwork(document);
        expect(calls('HNSCall').findLast((call) => call['method'] === 'POST')?.['request']).to.equal(
          JSON.stringify(document),
        );
        await network.deleteNetwork(created.ID!);
        return;
      }
      const document = content.document as HnsEndpoint;
      const on = await network.createNetwork({
        Name: `for-${name}`,
        Type: 'nat',
        ID: document.VirtualNetwork!,
        Subnets: [{ AddressPrefix: '172.20.0.0/16' }],
      });
      const address = document.IPAddress === undefined ? {} : { IPAddress: '172.20.1.9' };
      await network.createEndpoint({ ...document, ...address });
      const sent = calls('HNSCall').findLast((call) => call['method'] === 'POST')?.['request'];
      expect(sent).to.equal(JSON.stringify({ ...document, ...address }));
      await network.deleteNetwork(on.ID!);
    });
});
