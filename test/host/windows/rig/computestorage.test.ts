import { join } from 'node:path';
import { rigTests } from '../../../support/windows-rig-tests.ts';

await rigTests({
  title: 'Windows layers by computestorage under Wine',
  suites: [join(import.meta.dirname, 'computestorage.suite.ts')],
  timeoutMs: 400_000,
});
