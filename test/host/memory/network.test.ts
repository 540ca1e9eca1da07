import { expect } from 'chai';
import { HNS } from '../../../src/hns/hns-error.ts';
import { createMemoryNetwork } from '../../../src/host/memory/network.ts';
import { networkContract } from '../../contract/network.ts';

for (const forwarder of [true, false]) {
  networkContract(`memory, ports by ${forwarder ? 'a forwarder' : 'NAT policies'}`, async () => ({
    network: createMemoryNetwork({ forwarder }),
    freeSubnet: '10.77.0.0/24',
    dispose: async () => undefined,
  }));
}

describe('memory network', () => {
  it('claims host ports through NAT policies, and picks those that are left open', async () => {
    const network = createMemoryNetwork();
    const nat = await network.createNetwork({ Name: 'nat', Type: 'nat' });
    const policy = (ExternalPort?: number) => ({
      Type: 'NAT',
      Protocol: 'tcp',
      InternalPort: 80,
      ...(ExternalPort === undefined ? {} : { ExternalPort }),
    });
    const first = await network.createEndpoint({
      VirtualNetwork: nat.ID!,
      Policies: [policy(8080), policy()],
    });
    expect(first.Policies?.map((each) => each['ExternalPort'])).to.deep.equal([8080, 49_152]);

    const refused = await network.createEndpoint({ VirtualNetwork: nat.ID!, Policies: [policy(8080)] }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).to.have.property('hresult', HNS.portInUse);

    await network.deleteEndpoint(first.ID!);
    await network.createEndpoint({ VirtualNetwork: nat.ID!, Policies: [policy(8080)] });
  });

  it('forgets everything at a reboot', async () => {
    const network = createMemoryNetwork();
    await network.createNetwork({ Name: 'nat', Type: 'nat' });
    await network.createNamespace();
    network.reboot();

    expect([await network.listNetworks(), await network.listNamespaces()]).to.deep.equal([[], []]);
  });

  it('lacks types that it is told to lack', async () => {
    const network = createMemoryNetwork({ types: ['nat'] });
    const refused = await network.createNetwork({ Name: 'x', Type: 'overlay' }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).to.have.property('hresult', HNS.invalidNetworkType);
  });
});
