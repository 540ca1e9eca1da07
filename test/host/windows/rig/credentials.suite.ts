/** Group managed service accounts under process isolation: an instance of the credential guard for each container. */
import { expect } from 'chai';
import { HcsError } from '../../../../src/hcs/hcs-error.ts';
import { HRESULT } from '../../../../src/hcs/hresult.ts';
import type { ContainerV2Document, CredentialGuard } from '../../../../src/hcs/documents.ts';
import { compute, guardedDocument, v2Document } from './hosts.ts';
import { calls, clearFaults, expectNothingOpen, failNext, setMode, world } from './standins.ts';

const id = 'guarded';

interface ServiceSettings {
  readonly PropertyType: string;
  readonly Settings: { readonly Operation: string; readonly OperationDetails: Record<string, string> };
}

const settings = (): ServiceSettings[] =>
  calls('HcsModifyServiceSettings').map((call) => JSON.parse(call['settings']!) as ServiceSettings);

function sentGuard(): CredentialGuard | undefined {
  const sent = calls('HcsCreateComputeSystem').at(-1)!['configuration']!;
  return (JSON.parse(sent) as ContainerV2Document).Container.ContainerCredentialGuard;
}

async function failureOf(promise: Promise<unknown>): Promise<HcsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(HcsError);
  return error as HcsError;
}

describe('credential specs under process isolation', () => {
  const port = compute();
  before(() => setMode(''));
  afterEach(async () => {
    clearFaults();
    await port.cleanup(id);
    await expectNothingOpen();
    expect(world()).to.include({ systems: 0, credentials: 0 });
  });

  it('adds an instance, gives its answer to HCS and removes it with the container', async () => {
    const asked = guardedDocument().Container.ContainerCredentialGuard!;
    const system = await port.create(id, guardedDocument());
    await system.start();

    expect(settings().at(-1)).to.deep.equal({
      PropertyType: 'ContainerCredentialGuard',
      Settings: { Operation: 'AddInstance', OperationDetails: { Id: id, ...asked } },
    });
    expect(sentGuard()).to.include(asked);
    expect(sentGuard()!.Cookie).to.match(/^[0-9A-F-]{36}$/);
    expect(world()).to.include({ systems: 1, credentials: 1 });

    system.close();
    await port.cleanup(id);
    expect(settings().at(-1)).to.deep.equal({
      PropertyType: 'ContainerCredentialGuard',
      Settings: { Operation: 'RemoveInstance', OperationDetails: { Id: id } },
    });
  });

  it('removes the instance when the system has ended by itself', async () => {
    for (let round = 0; round < 2; round += 1) {
      const system = await port.create(id, guardedDocument());
      await system.start();
      await system.shutdown();
      await system.waitExit();
      expect(world()).to.include({ systems: 0, credentials: 0 });
      system.close();
    }
  });

  it('keeps the instance while the system runs, whoever lets go of it', async () => {
    const system = await port.create(id, guardedDocument());
    await system.start();
    const exit = system.waitExit();
    system.close();
    await exit;
    expect(world()).to.include({ systems: 1, credentials: 1 });
  });

  it('removes what another process left, and asks for nothing without one', async () => {
    const system = await port.create(id, guardedDocument());
    system.close();
    const before = settings().length;
    await compute().cleanup('another');
    expect(settings()).to.have.length(before);

    await compute().cleanup(id);
    expect(world()).to.include({ systems: 0, credentials: 0 });
  });

  it('asks for no instance for a container without a credential spec', async () => {
    const before = settings().length;
    const system = await port.create(id, v2Document());
    system.close();
    await port.cleanup(id);

    expect(settings()).to.have.length(before);
    expect(sentGuard()).to.equal(undefined);
  });

  it('can be created again after each end', async () => {
    const cookies = new Set<string | undefined>();
    for (let round = 0; round < 3; round += 1) {
      const system = await port.create(id, guardedDocument());
      system.close();
      cookies.add(sentGuard()!.Cookie);
      await port.cleanup(id);
    }
    expect(cookies).to.have.property('size', 3);
  });

  for (const [what, name, hresult, op] of [
    ['cannot be added', 'HcsModifyServiceSettings', HRESULT.accessDeniedHcs, 'AddCredentialGuard'],
    ['cannot be listed', 'HcsGetServiceProperties', HRESULT.rpcCallFailed, 'CredentialGuards'],
    ['is of no use', 'HcsCreateComputeSystem', HRESULT.invalidJson, 'CreateComputeSystem'],
  ] as const)
    it(`leaves nothing when the instance ${what}`, async () => {
      failNext(name, hresult);
      expect(await failureOf(port.create(id, guardedDocument()))).to.include({ op, hresult, systemId: id });
      expect(world()).to.include({ systems: 0, credentials: 0 });
    });

  it('leaves nothing when the creation is told as failed', async () => {
    failNext('HcsCreateComputeSystem', HRESULT.connectionTimeout, { late: 'done' });
    await failureOf(port.create(id, guardedDocument()));
    expect(world()).to.include({ systems: 0, credentials: 0 });
  });

  it('says what to do where the build takes no credential specs', async () => {
    failNext('HcsModifyServiceSettings', HRESULT.notSupported, {
      document: JSON.stringify({ ErrorEvents: [{ Message: 'no such setting' }] }),
    });
    const error = await failureOf(port.create(id, guardedDocument()));
    expect(error.events).to.deep.equal(['no such setting']);
    expect(error.hint).to.include('--isolation=hyperv');
  });

  it('knows no spec of a name that the registry lacks', async () => {
    expect(await port.credentialSpec!('absent')).to.deep.equal({ credentialSpec: undefined });
  });

  it('refuses what is no credential spec, as HCS does', async () => {
    const document = guardedDocument();
    document.Container.ContainerCredentialGuard!.CredentialSpec = 'no JSON';
    const error = await failureOf(port.create(id, document));
    expect(error).to.include({ op: 'AddCredentialGuard', hresult: HRESULT.invalidJson });
    expect(error.events).to.deep.equal(['the credential spec is not JSON']);
  });

  it('cleans up on a build that knows no credential guards', async () => {
    const system = await port.create(id, v2Document());
    system.close();
    failNext('HcsGetServiceProperties', HRESULT.invalidParameter);
    await port.cleanup(id);
    expect(world()).to.include({ systems: 0 });
  });

  it('tells of an instance that could not be removed, and removes it at the next try', async () => {
    const system = await port.create(id, guardedDocument());
    system.close();
    failNext('HcsModifyServiceSettings', HRESULT.accessDeniedHcs);
    expect((await failureOf(port.cleanup(id))).op).to.equal('RemoveCredentialGuard');
    expect(world()).to.include({ systems: 0, credentials: 1 });
  });
});
