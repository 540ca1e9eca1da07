/** A process that takes the lock `lock-owner NAME` and keeps it until it is killed. */
import { hostLock } from '../../../../src/host/windows/host-lock.ts';

void hostLock(process.argv[2] ?? '')(
  () =>
    new Promise((resolve) => {
      process.stdout.write('mine\n');
      setTimeout(resolve, 600_000);
    }),
);
