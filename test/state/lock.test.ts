import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFileExists } from '../../src/state/lock-file.ts';
import { acquireLock, lockHolder, tryLock, withLock, withLockSync } from '../../src/state/lock.ts';
import { identityOf, isAlive, ownIdentity } from '../../src/state/process-identity.ts';

describe('locks', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-lock-'));
    path = join(folder, 'locks', 'x');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are held by one, and free again after release', () => {
    const first = tryLock(path);

    expect(first).to.not.equal(undefined);
    expect(tryLock(path)).to.equal(undefined);
    expect(lockHolder(path)).to.deep.equal(ownIdentity());
    first!.release();
    first!.release();
    expect(lockFileExists(path)).to.equal(false);
    tryLock(path)!.release();
    expect(readdirSync(join(folder, 'locks'))).to.deep.equal([]);
  });

  it('are broken when their process is gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const identity = identityOf(child.pid!)!;
    writeLock(path, identity);
    expect(tryLock(path)).to.equal(undefined);

    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));

    expect(isAlive(identity)).to.equal(false);
    tryLock(path)!.release();
    expect(readdirSync(join(folder, 'locks'))).to.deep.equal([]);
  });

  it('are broken when another process has the ID now', () => {
    writeLock(path, { ...ownIdentity(), startTime: '1@other-boot' });

    tryLock(path)!.release();
  });

  it('are broken when they hold something that is no owner', () => {
    writeLock(path, ownIdentity());
    writeFileSync(path, 'rubbish');
    expect(lockHolder(path)).to.equal(undefined);

    tryLock(path)!.release();
  });

  it('are not stuck when a breaker was killed', () => {
    writeLock(path, { pid: 2 ** 22 + 1, startTime: '1@x' });
    writeLock(`${path}.break`, { pid: 2 ** 22 + 1, startTime: '1@x' });

    expect(withLockSync(path, () => 'done', { timeoutMs: 1000 })).to.equal('done');
    expect(readdirSync(join(folder, 'locks'))).to.deep.equal([]);
  });

  it('are not given back by somebody who lost them', () => {
    const mine = tryLock(path)!;
    rmSync(path);
    writeFileSync(path, `1 x another-nonce\n`);

    mine.release();

    expect(lockFileExists(path)).to.equal(true);
  });

  it('name their holder when waiting takes too long', async () => {
    const held = tryLock(path)!;

    const error = await acquireLock(path, { timeoutMs: 0 }).catch((thrown: unknown) => thrown);

    expect(error).to.include({ kind: 'unavailable', code: 'LOCK_TIMEOUT', retriable: true });
    expect((error as Error).message).to.equal(
      `timed out waiting for the lock ${path} held by process ${process.pid}`,
    );
    held.release();
  });

  it('stop waiting when aborted', async () => {
    const held = tryLock(path)!;
    const abort = new AbortController();

    const waiting = acquireLock(path, { signal: abort.signal }).catch((thrown: unknown) => thrown);
    abort.abort(new Error('enough'));

    expect(await waiting).to.be.instanceOf(Error);
    held.release();
  });

  it('let one at a time do its work', async () => {
    let inside = 0;
    let most = 0;
    const work = (): Promise<void> =>
      withLock(path, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      });

    await Promise.all(Array.from({ length: 8 }, work));

    expect(most).to.equal(1);
  });

  function writeLock(at: string, owner: { pid: number; startTime: string }): void {
    tryLock(at)?.release();
    writeFileSync(at, `${owner.pid} ${owner.startTime} nonce-of-${owner.pid}\n`);
  }
});
