import { join } from 'node:path';
import { rigTests } from '../../../support/windows-rig-tests.ts';

await rigTests({
  title: 'Windows layers under Wine',
  suites: [join(import.meta.dirname, 'layers.suite.ts')],
  timeoutMs: 400_000,
});
