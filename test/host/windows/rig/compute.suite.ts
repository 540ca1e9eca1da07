import { computeContract } from '../../../contract/compute.ts';
import { compute, hypervDocument, olderCompute, v2Document } from './hosts.ts';
import { expectNothingOpen, setMode } from './standins.ts';

const hosts = [
  {
    name: 'computecore, failures with the operation',
    mode: '',
    open: compute,
    document: async () => v2Document(),
  },
  {
    name: 'computecore, failures with the call',
    mode: 'early',
    open: compute,
    document: async () => v2Document(),
  },
  {
    name: 'vmcompute, completions as notifications',
    mode: '',
    open: olderCompute,
    document: async (id: string) => hypervDocument(id),
  },
  {
    name: 'vmcompute, completions with the call',
    mode: 'prompt',
    open: compute,
    document: async (id: string) => hypervDocument(id),
  },
];

for (const { name, mode, open, document } of hosts) {
  describe(name, () => {
    before(() => setMode(mode));
    after(async () => expectNothingOpen());
    computeContract(
      name,
      async () => ({
        compute: open(),
        document,
        fileInContainer: 'C:\\windows\\system32\\cmd.exe',
        console: true,
        dispose: async () => undefined,
      }),
      15_000,
    );
  });
}
