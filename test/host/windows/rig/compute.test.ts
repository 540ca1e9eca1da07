import { join } from 'node:path';
import { rigTests } from '../../../support/windows-rig-tests.ts';

await rigTests({
  title: 'Windows compute under Wine',
  suites: ['compute.suite.ts'].map((name) => join(import.meta.dirname, name)),
});
