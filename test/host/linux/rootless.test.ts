import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoWine } from '../../support/linux-host.ts';

const script = join(import.meta.dirname, '../../support/rootless-run.ts');
/** An ordinary account that every system has. */
const nobody = 65534;
const become = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--'] as const;

function why(): string | undefined {
  const noWine = whyNoWine();
  if (noWine !== undefined) return noWine;
  if (process.geteuid?.() !== 0) return 'this run is rootless as a whole';
  const allowed = spawnSync(become[0], [...become.slice(1), 'unshare', '-Ur', 'true']);
  if (allowed.status !== 0) return 'ordinary users may not make user namespaces here';
  const readable = spawnSync(become[0], [
    ...become.slice(1),
    process.execPath,
    '-e',
    'require("fs").readFileSync(process.argv[1])',
    script,
  ]);
  return readable.status === 0 ? undefined : 'ordinary users may not read this checkout';
}

const reason = why();

describe(`rootless sandboxes${reason === undefined ? '' : ` (skipped: ${reason})`}`, function () {
  this.timeout(120_000);
  let root: string;

  before(function () {
    if (reason !== undefined) return this.skip();
    root = mkdtempSync(join(tmpdir(), 'porthole-rootless-'));
    chmodSync(root, 0o700);
    chownSync(root, nobody, nobody);
  });
  after(() => {
    if (root !== undefined) rmSync(root, { recursive: true, force: true });
  });

  it('do everything that those of root do', () => {
    const out = execFileSync(
      become[0],
      [...become.slice(1), process.execPath, '--no-warnings', script, join(root, 'data')],
      {
        env: { PATH: process.env['PATH'], HOME: root, TMPDIR: root, PORTHOLE_TEST_WINE: join(root, 'wine') },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const told = JSON.parse(out.toString()) as Record<string, unknown>;
    const { delta, limits, ...rest } = told;
    expect(rest).to.deep.equal({
      uid: nobody,
      typed: 'given',
      exitCode: 300_000,
      terminal: true,
      usesTime: true,
      processes: 0,
      end: 'shutdown',
      upper: ['a.txt', 'b.txt'],
      left: false,
    });
    expect(delta).to.equal('PORTHOLE REGISTRY DELTA 1\n\n[Software\\\\Rootless]\n"v"="1"\n\n');
    expect(limits).to.have.keys(['memory', 'cpu', 'why']);
    expect(readFileSync('/proc/self/mounts', 'utf8')).to.not.include(root);
    expect(existsSync(join(root, 'data'))).to.equal(false);
  });
});
