import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { HNS, HnsError } from '../../../../src/hns/hns-error.ts';
import { createWindowsNetwork } from '../../../../src/host/windows/network.ts';
import { hnsLock, testLock } from './hosts.ts';
import { clearFaults, expectNothingOpen, failNext, setMode, world } from './standins.ts';

async function failureOf(promise: Promise<unknown>): Promise<HnsError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, 'should have failed').to.be.instanceOf(HnsError);
  return error as HnsError;
}

describe('failures of HNS', () => {
  const network = createWindowsNetwork({ exclusively: hnsLock() });
  const nat = { Name: 'faulty', Type: 'nat', Subnets: [{ AddressPrefix: '10.78.0.0/24' }] };

  before(() => setMode(''));
  afterEach(async () => {
    clearFaults();
    for (const { ID } of await network.listNetworks()) await network.deleteNetwork(ID!);
    for (const id of await network.listNamespaces()) await network.deleteNamespace(id);
    await expectNothingOpen();
    expect(world()).to.include({ networks: 0, endpoints: 0, namespaces: 0 });
  });

  it('names the host port that is taken, and what to do', async () => {
    const on = await network.createNetwork(nat);
    const policy = { Type: 'NAT', Protocol: 'tcp', InternalPort: 80, ExternalPort: 8080 };
    await network.createEndpoint({ VirtualNetwork: on.ID!, Policies: [policy] });
    const error = await failureOf(network.createEndpoint({ VirtualNetwork: on.ID!, Policies: [policy] }));

    expect(error).to.include({ hresult: HNS.portInUse, subject: '0.0.0.0:8080/tcp' });
    expect(error.message).to.equal(
      'hnsCall failed in Win32: The process cannot access the file because it is being used by another process. (0x20)',
    );
    expect(error.hint).to.match(/host port/);
  });

  it('refuses port mappings where the network has none', async () => {
    const on = await network.createNetwork({ ...nat, Type: 'l2bridge', NetworkAdapterName: 'Ethernet' });
    const policy = { Type: 'NAT', Protocol: 'tcp', InternalPort: 80, ExternalPort: 8080 };

    expect(
      await failureOf(network.createEndpoint({ VirtualNetwork: on.ID!, Policies: [policy] })),
    ).to.include({ hresult: HNS.mappingNotSupported });
  });

  it('asks again while the service restarts', async () => {
    failNext('HNSCall', HNS.rpcServerUnavailable);
    failNext('HNSCall', HNS.rpcCallFailed);
    expect(await network.listNetworks()).to.deep.equal([]);
    failNext('HcnCreateNamespace', HNS.endpointMapperEmpty);
    await network.createNamespace();
  });

  it('gives up on a service that does not come back, and says which', async () => {
    failNext('HNSCall', HNS.rpcServerUnavailable, { countdown: 0 });
    const error = await failureOf(network.listNetworks());

    expect(error).to.include({ hresult: HNS.rpcServerUnavailable, op: 'GET /networks/' });
    expect(error.hint).to.match(/hns/);
  });

  for (const answer of ['not JSON', '', '[]', 'null'])
    it(`takes "${answer}" for an answer without an object`, async () => {
      failNext('HNSCall', 1, { document: answer });
      const error = await failureOf(network.getNetwork('00000000-0000-0000-0000-000000000001'));

      expect(error.hresult).to.be.oneOf([HNS.invalidJson, HNS.networkNotFound]);
    });

  it('keeps a huge text short', async () => {
    const Error = 'x'.repeat(5_000_000);
    failNext('HNSCall', 0x80041234, {
      document: JSON.stringify({ Success: false, Error, ErrorCode: 0x80041234 }),
    });
    const error = await failureOf(network.deleteNetwork('00000000-0000-0000-0000-000000000001'));

    expect(error.message.length).to.be.lessThan(700);
  });

  it('shows the service’s own text for a code that we do not know, and ours for one that we do', async () => {
    const answer = (ErrorCode: number): string =>
      JSON.stringify({ Success: false, Error: 'Ein Fehler. ', ErrorCode });
    failNext('HNSCall', 1, { document: answer(0x80041234) });
    expect((await failureOf(network.createNetwork(nat))).message).to.equal(
      'hnsCall failed in Win32: Ein Fehler. (0x80041234)',
    );
    failNext('HNSCall', 0x80004005, { document: answer(HNS.networkAlreadyExists) });
    expect((await failureOf(network.createNetwork(nat))).message).to.equal(
      'hnsCall failed in Win32: A network with this name already exists. (0x803b0010)',
    );
  });

  it('reads other spellings of names and IDs', async () => {
    const output = {
      id: '{5c242c1e-8e0f-4f65-b9e0-a0b7a6ea41e2}',
      NAME: 'nat',
      type: 'NAT',
      subnets: [{ addressPrefix: '172.25.144.0/20', gatewayaddress: '172.25.144.1' }],
    };
    failNext('HNSCall', 1, { document: JSON.stringify({ success: true, OUTPUT: output }) });

    expect(await network.getNetwork('x')).to.deep.equal({
      ID: '5C242C1E-8E0F-4F65-B9E0-A0B7A6EA41E2',
      Name: 'nat',
      Type: 'NAT',
      Subnets: [{ AddressPrefix: '172.25.144.0/20', GatewayAddress: '172.25.144.1' }],
    });
  });

  for (const call of ['HcnCreateNamespace', 'HcnQueryNamespaceProperties'])
    it(`tells a failing ${call}`, async () => {
      failNext(call, HNS.degradedOperation);
      const error = await failureOf(network.createNamespace());

      expect(error).to.include({ hresult: HNS.degradedOperation, op: 'HcnCreateNamespace' });
      expect(error.hint).to.equal('restart the service hns');
    });
});

describe('lock of the host', () => {
  it('lets one work at a time, across locks and in order', async () => {
    const seen: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
    };
    const [first, second] = [testLock(), testLock()];
    await Promise.all([first(work('a')), first(work('b')), second(work('c'))]);

    expect(seen).to.have.length(6);
    for (let index = 0; index < 6; index += 2)
      expect(seen[index + 1]).to.equal(seen[index]!.replace('begins', 'ends'));
    expect(seen.indexOf('a begins')).to.be.lessThan(seen.indexOf('b begins'));
    expect(seen.filter((line) => line.endsWith('begins'))).to.have.members([
      'a begins',
      'b begins',
      'c begins',
    ]);
  });

  it('is given back by a failure', async () => {
    const lock = testLock();
    const failed = await lock(() => Promise.reject(new Error('no'))).catch((error: unknown) => error);
    expect(failed).to.have.property('message', 'no');
    expect(await lock(async () => 'next')).to.equal('next');
  });

  it('is given back by a process that is killed, and not before', async () => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, 'lock-owner.cjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(owner.stdout, 'data');
    const late = await testLock({ timeoutMs: 50 })(async () => 'got it').catch((error: unknown) => error);
    expect(late).to.include({ code: 'LOCK_TIMEOUT', retriable: true });

    const next = testLock()(async () => 'got it');
    owner.kill('SIGKILL');
    expect(await next).to.equal('got it');
  });
});
