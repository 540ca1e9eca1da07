import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestHost, whyNoWine } from '../../support/linux-host.ts';
import { runProgram } from '../../support/run-program.ts';

const native = join(import.meta.dirname, '../../../native');
const prebuilt = join(native, 'prebuilt');

function whyNoCompilers(): string | undefined {
  for (const compiler of ['gcc', 'x86_64-w64-mingw32-gcc'])
    if (spawnSync(compiler, ['--version']).status !== 0) return `no ${compiler}`;
  return undefined;
}

function sum(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

describe('prebuilt native programs', () => {
  it('are the ones whose sums are recorded, all of them', () => {
    const recorded = readFileSync(join(prebuilt, 'SHA256SUMS'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ [ *]/) as [string, string]);
    expect(recorded.map(([, name]) => name).sort()).to.deep.equal(
      files(prebuilt).filter((name) => name !== 'SHA256SUMS' && name !== 'COMPILERS'),
    );
    for (const [digest, name] of recorded) expect(sum(join(prebuilt, name)), name).to.equal(digest);
  });

  it('carry no time and no path of the machine that built them', () => {
    for (const name of files(prebuilt).filter((file) => /\.(?:exe|dll)$/.test(file))) {
      const bytes = readFileSync(join(prebuilt, name));
      const header = bytes.readUInt32LE(0x3c);
      expect(bytes.toString('latin1', header, header + 4)).to.equal('PE\0\0');
      expect(bytes.readUInt32LE(header + 8), name).to.equal(0);
    }
    for (const name of files(prebuilt))
      expect(
        readFileSync(join(prebuilt, name)).includes(native.split('/').slice(0, 3).join('/')),
        name,
      ).to.equal(false);
  });

  const why = whyNoCompilers();
  describe(`built again${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
    this.timeout(120_000);
    let built: string;

    before(function () {
      if (why !== undefined) return this.skip();
      built = mkdtempSync(join(tmpdir(), 'porthole-native-'));
      execFileSync(join(native, 'build.sh'), [built], { stdio: 'pipe' });
    });
    after(() => {
      if (built !== undefined) rmSync(built, { recursive: true, force: true });
    });

    it('are the same by the same compilers, and work by others', async function () {
      if (
        readFileSync(join(built, 'COMPILERS'), 'utf8') === readFileSync(join(prebuilt, 'COMPILERS'), 'utf8')
      ) {
        for (const name of files(prebuilt))
          expect(sum(join(built, name)), name).to.equal(sum(join(prebuilt, name)));
        return;
      }
      if (whyNoWine() !== undefined) return this.skip();
      const host = openTestHost({ native: built });
      const id = host.environment.newId();
      const system = await host.compute.create(id, host.document(id));
      await system.start();
      try {
        const run = await runProgram(system, 'cmd /c echo built& where cmd& exit 300000');
        expect([run.out, run.exitCode]).to.deep.equal([
          'built\r\nC:\\Windows\\system32\\cmd.exe\r\n',
          300_000,
        ]);
      } finally {
        await system.terminate();
        await system.waitExit();
        host.dispose();
      }
    });
  });

  it('are executable where they have to be', () => {
    expect(statSync(join(prebuilt, 'porthole-sandbox')).mode & 0o111).to.not.equal(0);
    expect(existsSync(join(prebuilt, 'launcher.exe'))).to.equal(true);
  });
});
