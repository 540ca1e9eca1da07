/**
 * SIGKILL at random moments, hundreds of times, on a host of real processes: nothing confirmed is lost, and after the next
 * command there is no process, mount or scratch without its container. The same on the embedded backend is in
 * crash-linux.test.ts.
 */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { build } from 'esbuild';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainersRole } from '../../src/engine/roles/index.ts';
import { listNames } from '../../src/state/atomic-file.ts';
import { monitorLockPath, readStateRecord } from '../../src/state/container-files.ts';
import { lockHolder } from '../../src/state/lock.ts';
import { dataPaths } from '../../src/state/paths.ts';
import { crashContainers } from '../support/crash-engine.ts';
import { aCreateRequest } from '../support/create-request.ts';
import { holdFile, namesIn, systemProcesses } from '../support/process-host.ts';

const rounds = Number(process.env['PORTHOLE_CRASH_ROUNDS'] ?? 200);
const seed = Number(process.env['PORTHOLE_CRASH_SEED'] ?? 1);

describe(`SIGKILL at random moments (${rounds} times, PORTHOLE_CRASH_SEED=${seed})`, function () {
  this.timeout(600_000);
  let root: string;
  let bundles: string;
  let containers: ContainersRole;
  const random = sequence(seed);
  const confirmed = new Map<string, number>();

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'porthole-crash-'));
    bundles = join(root, 'bundles');
    await build({
      entryPoints: ['crash-cli', 'crash-monitor'].map((name) =>
        join(import.meta.dirname, '../support', `${name}.ts`),
      ),
      outdir: bundles,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node22.15',
      logLevel: 'error',
      external: ['koffi'],
      define: {
        'import.meta.dirname': '__dirname',
        'import.meta.filename': '__filename',
        'import.meta.url': '__filename',
      },
    });
    containers = crashContainers(root, join(bundles, 'crash-monitor.cjs'));
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  const cli = (...args: string[]): { child: ChildProcess; output: () => string; ended: Promise<void> } => {
    const child = spawn(
      process.execPath,
      [join(bundles, 'crash-cli.cjs'), root, join(bundles, 'crash-monitor.cjs'), ...args],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    return {
      child,
      output: () => text,
      ended: new Promise((resolve) => child.once('close', () => resolve())),
    };
  };
  const monitors = (): number[] =>
    listNames(join(root, 'locks'))
      .map((name) => /^container-([0-9a-f]{64})\.monitor$/.exec(name)?.[1])
      .filter((id) => id !== undefined)
      .map((id) => lockHolder(monitorLockPath(dataPaths(root), id))?.pid)
      .filter((pid) => pid !== undefined && pid !== process.pid) as number[];
  const kill = (pid: number | undefined): void => {
    try {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  };

  /** `ps -a` and what must be true after it. */
  const look = async (): Promise<void> => {
    const listed = await containers.list({ all: true });
    const live = new Map(listed.map((item) => [item.Id, item.State]));
    for (const [id, code] of [...confirmed]) {
      // Looked at once more in every later round unless it fails: one loss is one failed test.
      confirmed.delete(id);
      const state = (await containers.inspect(id)).State;
      expect(state.Status, `container ${id} was confirmed to have ended`).to.equal('exited');
      expect(state.ExitCode).to.equal(code);
      confirmed.set(id, code);
    }
    for (const id of namesIn(root, 'run')) {
      if (systemProcesses(root, id).length > 0)
        expect(live.get(id), `processes of ${id}`).to.not.be.oneOf(['exited', undefined]);
    }
    for (const id of namesIn(root, 'mounts')) expect([...live.keys()], `mount of ${id}`).to.include(id);
    for (const item of listed) expect(item.State).to.be.oneOf(['created', 'running', 'exited', 'removing']);
  };

  const settled = async (): Promise<void> => {
    while (monitors().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  const create = async (name: string, command: string): Promise<string> =>
    (
      await containers.create(
        aCreateRequest({ Cmd: ['sh', '-c', command], HostConfig: { NetworkMode: 'none' } }),
        { name },
      )
    ).Id;
  const untilPhase = async (id: string, phase: string): Promise<void> => {
    while (readStateRecord(dataPaths(root), id)?.phase !== phase)
      await new Promise((resolve) => setTimeout(resolve, 2));
  };

  it('waits at the next monitor when one is killed before the start', async () => {
    const id = await create('early', 'exit 7');
    const { exit } = await containers.wait(id, 'next-exit');
    for (const pid of monitors()) kill(pid);
    await settled();
    await containers.start(id);
    expect(await exit).to.deep.equal({ StatusCode: 7 });
    await containers.remove(id);
  });

  it('says that a start was cut off, and does not repeat it', async () => {
    const id = await create('cut', 'exit 7');
    writeFileSync(holdFile(root), '');
    const { exit } = await containers.wait(id, 'next-exit');
    const start = containers.start(id).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    await untilPhase(id, 'starting');
    for (const pid of monitors()) kill(pid);
    rmSync(holdFile(root));
    expect((await start)?.message).to.equal(
      'failed to start container cut: the start was interrupted: the monitor process was killed',
    );
    expect(await exit).to.deep.equal({ StatusCode: 128 });
    expect((await containers.inspect(id)).State).to.include({ Status: 'created', ExitCode: 128 });

    await containers.start(id);
    expect(await (await containers.wait(id, 'not-running')).exit).to.deep.equal({ StatusCode: 7 });
    await containers.remove(id);
  });

  for (let round = 0; round < rounds; round += 1) {
    const verb = random() < 0.25 ? 'run-rm' : 'run';
    const code = Math.floor(random() * 200);
    const lasts = random() < 0.5 ? 0 : random() * 0.2;
    const victim = random() < 0.4 ? 'command' : random() < 0.7 ? 'monitor' : 'both';
    const after = random() * 260;
    it(`round ${round}: ${verb}, ${victim} after ${after.toFixed(0)} ms`, async () => {
      const name = `c${round}`;
      const { child, output, ended } = cli(verb, name, `sleep ${lasts.toFixed(3)}; exit ${code}`);
      await new Promise((resolve) => setTimeout(resolve, after));
      if (victim !== 'monitor') kill(child.pid);
      if (victim !== 'command') for (const pid of monitors()) kill(pid);
      if (victim === 'command') await settled();
      await ended;

      const exited = /^exited ([0-9a-f]{64}) (\d+)$/m.exec(output());
      if (exited !== null && verb === 'run') confirmed.set(exited[1]!, Number(exited[2]));
      await look();

      if (round % 20 !== 19) return;
      await settled();
      for (const item of await containers.list({ all: true })) {
        await containers.remove(item.Id, { force: true, volumes: true });
        confirmed.delete(item.Id);
      }
      await settled();
      expect(await containers.list({ all: true })).to.deep.equal([]);
      for (const folder of ['run', 'mounts', 'scratches'] as const) {
        expect(namesIn(root, folder), folder).to.deep.equal([]);
      }
      expect(listNames(join(root, 'containers'))).to.deep.equal([]);
      expect(listNames(join(root, 'names'))).to.deep.equal([]);
    });
  }

  it('removals: whatever is killed, the next one finishes', async () => {
    for (let round = 0; round < Math.ceil(rounds / 10); round += 1) {
      const name = `r${round}`;
      await cli('run', name, 'exit 0').ended;
      const removal = cli('rm', name);
      await new Promise((resolve) => setTimeout(resolve, 40 + random() * 60));
      kill(removal.child.pid);
      await removal.ended;

      await look();
      await containers.remove(name, { force: true }).catch((error: unknown) => {
        expect((error as Error).message).to.equal(`No such container: ${name}`);
      });
      expect(await containers.list({ all: true })).to.deep.equal([]);
      expect(namesIn(root, 'scratches')).to.deep.equal([]);
    }
  });
});

/** A reproducible sequence of numbers from 0 to 1. */
function sequence(start: number): () => number {
  let state = start;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
