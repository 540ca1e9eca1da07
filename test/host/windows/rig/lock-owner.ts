/** A process that takes the lock of the tests and keeps it until it is killed. */
import { testLock } from './hosts.ts';

void testLock()(
  () =>
    new Promise((resolve) => {
      process.stdout.write('mine\n');
      setTimeout(resolve, 600_000);
    }),
);
