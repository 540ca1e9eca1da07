import { computeContract } from '../../contract/compute.ts';
import { openTestHost, whyNoWine } from '../../support/linux-host.ts';

const why = whyNoWine();
if (why !== undefined) describe(`compute on Linux (skipped: ${why})`, () => it('needs Wine'));
else
  computeContract(
    'linux',
    async () => {
      const host = openTestHost();
      return {
        compute: host.compute,
        document: async (id) => host.document(id),
        fileInContainer: 'C:\\windows\\system32\\cmd.exe',
        console: true,
        dispose: async () => host.dispose(),
      };
    },
    30_000,
  );
