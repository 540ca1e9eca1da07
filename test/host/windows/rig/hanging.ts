/** A process whose service does not answer: `hanging computecore|vmcompute|hns` prints the hint of the failure and ends with 7. */
import type { PortholeError } from '../../../../src/errors/porthole-error.ts';
import { endWithoutThem } from '../../../../src/host/windows/bounded.ts';
import { hcsTimeouts } from '../../../../src/host/windows/hcs-driver.ts';
import { createWindowsNetwork, hnsTimeouts } from '../../../../src/host/windows/network.ts';
import { compute, hnsLock, olderCompute } from './hosts.ts';
import { hangNext } from './standins.ts';

(hcsTimeouts as { call: number }).call = 300;
(hnsTimeouts as { call: number }).call = 300;
endWithoutThem();
const [name] = process.argv.slice(2);

async function ask(): Promise<unknown> {
  if (name === 'hns') {
    hangNext('HNSCall');
    return createWindowsNetwork({ exclusively: hnsLock() }).listNetworks();
  }
  const port = name === 'vmcompute' ? olderCompute() : compute();
  hangNext('HcsEnumerateComputeSystems');
  return port.list();
}

ask().then(
  () => process.exit(0),
  (error: PortholeError) => process.stdout.write(`${error.hint}\n`, () => process.exit(7)),
);
