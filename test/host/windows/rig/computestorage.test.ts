import { join } from 'node:path';
import { rigTests } from '../../../support/windows-rig-tests.ts';

const inherited = ['PORTHOLE_RIG_LIVES', 'PORTHOLE_RIG_SEED'] as const;

await rigTests({
  title: 'Windows layers by computestorage under Wine',
  suites: [join(import.meta.dirname, 'computestorage.suite.ts')],
  env: Object.fromEntries(inherited.map((name) => [name, process.env[name]])),
  timeoutMs: 400_000,
});
