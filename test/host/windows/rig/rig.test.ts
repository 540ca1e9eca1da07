/** The Windows host's code in Windows Node under Wine, on stand-ins of the operating system's DLLs. */
import { join } from 'node:path';
import { rigTests } from '../../../support/windows-rig-tests.ts';

const here = (...names: string[]): string[] => names.map((name) => join(import.meta.dirname, name));
const inherited = ['PORTHOLE_RIG_LIVES', 'PORTHOLE_RIG_SEED'] as const;

await rigTests({
  title: 'Windows host under Wine',
  suites: here(
    ...[
      'compute.suite.ts',
      'network.suite.ts',
      'networks.suite.ts',
      'faults.suite.ts',
      'network-faults.suite.ts',
    ],
    ...['documents.suite.ts', 'credentials.suite.ts', 'lifecycle.suite.ts'],
  ),
  programs: here('owner.ts', 'lock-owner.ts', 'hanging.ts'),
  timeoutMs: 60_000 * (8 + Number(process.env['PORTHOLE_RIG_LIVES'] ?? 0) / 50),
  env: Object.fromEntries(
    inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  ),
});

await rigTests({
  title: 'Windows host under Wine, services stopped',
  suites: here('no-service.suite.ts'),
  service: false,
});
