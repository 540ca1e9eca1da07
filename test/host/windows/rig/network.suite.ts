import { createWindowsNetwork } from '../../../../src/host/windows/network.ts';
import { networkContract } from '../../../contract/network.ts';
import { hnsLock } from './hosts.ts';
import { expectNothingOpen, setMode } from './standins.ts';

/** Builds differ in where they tell a failure: by the HRESULT and the answer, by one of them alone. */
const builds = [
  { name: 'HNS, failures told twice', mode: '' },
  { name: 'HNS, failures told by the answer alone', mode: 'envelope' },
  { name: 'HNS, failures told by the code alone', mode: 'silent' },
];

for (const { name, mode } of builds) {
  describe(name, () => {
    before(() => setMode(mode));
    after(async () => {
      setMode('');
      await expectNothingOpen();
    });
    networkContract(name, async () => ({
      network: createWindowsNetwork({ exclusively: hnsLock() }),
      freeSubnet: '10.77.0.0/24',
      dispose: async () => undefined,
    }));
  });
}
