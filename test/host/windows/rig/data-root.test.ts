import { join } from 'node:path';
import { rigTests } from '../../../support/windows-rig-tests.ts';

await rigTests({
  title: 'Windows data root under Wine',
  suites: [join(import.meta.dirname, 'data-root.suite.ts')],
  service: false,
});
