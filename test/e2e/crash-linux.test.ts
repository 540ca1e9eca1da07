/**
 * SIGKILL at random moments on the embedded backend, through the built CLI: after the next command there is no Windows process,
 * mount, namespace, port or scratch of a container that does not run, and `ps -a` is right; a killed `commit` leaves nothing.
 * The fast loop is in crash.test.ts.
 */
import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/loopback-registry.ts';
import { Cli, cliMissing } from '../support/cli.ts';
import { pullBaseImage, whyNoBackend } from '../support/embedded-backend.ts';

const rounds = Number(process.env['PORTHOLE_CRASH_LINUX_ROUNDS'] ?? 12);

const reason = whyNoBackend() ?? cliMissing();

describe(`SIGKILL on the embedded backend${reason === undefined ? '' : ` (skipped: ${reason})`}`, function () {
  this.timeout(120_000);
  let work: string;
  let data: string;
  let cli: Cli;
  let port: number;

  before(async function () {
    if (reason !== undefined) return this.skip();
    work = mkdtempSync(join(tmpdir(), 'porthole-crash-linux-'));
    data = join(work, 'data');
    cli = new Cli(data);
    port = await freePort();
    await pullBaseImage(cli, work);
    // The Wine template is built once; a kill during that is another test's matter.
    await cli.ok(['run', '--rm', 'base', 'cmd', '/c', 'exit 0']);
  });

  after(async () => {
    if (reason !== undefined) return;
    for (const id of (await cli.ok(['ps', '-aq'])).split('\n').filter(Boolean))
      await cli.run(['rm', '-f', id]);
    rmSync(work, { recursive: true, force: true });
  });

  const names = (folder: string): string[] =>
    existsSync(join(data, folder)) ? readdirSync(join(data, folder)) : [];

  /** Processes of this test's containers, by what is in their command lines, folders and mounts. */
  const processes = (): string[] =>
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
      .filter((pid) => {
        try {
          const text = ['cmdline', 'environ', 'mountinfo'].map((file) =>
            readFileSync(`/proc/${pid}/${file}`, 'latin1'),
          );
          return text.some((part) => part.includes(data));
        } catch {
          return false;
        }
      })
      .map((pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')}`);

  const monitors = (): number[] =>
    names('locks')
      .filter((name) => name.endsWith('.monitor'))
      .flatMap((name) => {
        const path = join(data, 'locks', name);
        return lstatSync(path, { throwIfNoEntry: false }) === undefined
          ? []
          : [Number(readlinkSync(path).split(' ')[0])];
      });

  const kill = (pid: number | undefined): void => {
    try {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  };

  const isPortOpen = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });

  /** What must be true after the first command that follows a kill. `code`: what the killed `run` ended with. */
  const look = async (name: string, code: number | null): Promise<void> => {
    const state = (await cli.ok(['ps', '-a', '--filter', `name=^${name}$`, '--format', '{{.State}}'])).trim();
    if (code === 7) expect(state).to.equal('exited');
    expect(state).to.be.oneOf(['', 'created', 'running', 'exited']);
    if (code === 7) {
      expect((await cli.ok(['inspect', '-f', '{{.State.ExitCode}}', name])).trim()).to.equal('7');
    }
    if (state === 'running' || monitors().length > 0) return;
    // A monitor that was being born when its command was killed goes by itself: it has nothing of a container yet.
    const ofContainers = processes().filter((line) => !line.includes('monitor.js'));
    expect(ofContainers, 'processes').to.deep.equal([]);
    expect(names('run'), 'run folders').to.deep.equal([]);
    expect(await isPortOpen(), `port ${port}`).to.equal(false);
  };

  for (let round = 0; round < rounds; round += 1) {
    const victim = (['command', 'monitor', 'both'] as const)[round % 3]!;
    const after = Math.round(Math.random() * 1800);
    it(`round ${round}: ${victim} after ${after} ms`, async () => {
      const name = `c${round}`;
      const command = cli.start([
        'run',
        '--name',
        name,
        '-p',
        `127.0.0.1:${port}:80`,
        'base',
        'cmd',
        '/c',
        'ping -n 2 127.0.0.1 >nul & exit 7',
      ]);
      command.stdout?.resume();
      command.stderr?.resume();
      const ended = new Promise<number | null>((resolve) => command.once('close', (code) => resolve(code)));
      await new Promise((resolve) => setTimeout(resolve, after));
      if (victim !== 'monitor') kill(command.pid);
      if (victim !== 'command') for (const pid of monitors()) kill(pid);
      const code = await ended;

      try {
        await look(name, code);
      } finally {
        await cli.run(['rm', '-f', name]);
      }
      expect(await cli.ok(['ps', '-aq'])).to.equal('');
      // The latecomer learns that its container is gone.
      while (processes().some((line) => line.includes('monitor.js')) && monitors().length === 0)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(processes(), 'processes').to.deep.equal([]);
      for (const folder of ['run', 'containers', 'names', 'hns/namespaces', 'hns/endpoints', 'hns/files']) {
        expect(names(folder), folder).to.deep.equal([]);
      }
      expect(readFileSync('/proc/self/mountinfo', 'latin1')).to.not.include(data);
      expect(await isPortOpen(), `port ${port}`).to.equal(false);
    });
  }

  describe('commit', () => {
    let layersBefore: string[];

    before(async () => {
      const folder = join(work, 'in');
      mkdirSync(folder);
      // Enough to be at work for a while; nothing that compresses.
      writeFileSync(join(folder, 'big.bin'), randomBytes(24 << 20));
      const copy = 'copy C:\\in\\big.bin C:\\big.bin >nul& echo kept>C:\\kept.txt';
      await cli.ok(['run', '--name', 'source', '-v', `${folder}:C:\\in`, 'base', 'cmd', '/c', copy]);
      layersBefore = names('windowsfilter').sort();
    });

    after(async () => {
      await cli.ok(['rm', 'source']);
    });

    for (let round = 0; round < Math.ceil(rounds / 2); round += 1) {
      const after = Math.round(Math.random() * 2500);
      it(`round ${round}: after ${after} ms`, async () => {
        const command = cli.start([
          'commit',
          '-c',
          'CMD ["cmd", "/c", "type C:\\\\kept.txt"]',
          'source',
          'killed',
        ]);
        command.stdout?.resume();
        command.stderr?.resume();
        const ended = new Promise<number | null>((resolve) => command.once('close', (code) => resolve(code)));
        await new Promise((resolve) => setTimeout(resolve, after));
        kill(command.pid);
        const code = await ended;

        const isThere = (await cli.ok(['images', '-q', 'killed'])) !== '';
        if (code === 0) expect(isThere).to.equal(true);
        if (isThere) expect(await cli.ok(['run', '--rm', 'killed'])).to.equal('kept\r\n');
        expect(await cli.ok(['diff', 'source'])).to.include('A Files/big.bin\n');
        await cli.ok(['commit', 'source', 'killed']);

        expect(await cli.ok(['run', '--rm', 'killed', 'cmd', '/c', 'type C:\\kept.txt'])).to.equal(
          'kept\r\n',
        );
        const dangling = (await cli.ok(['images', '-q', '-f', 'dangling=true'])).split('\n').filter(Boolean);
        expect(dangling).to.have.length(isThere ? 1 : 0);
        await cli.ok(['rmi', 'killed', ...dangling]);
        expect(names('windowsfilter').sort(), 'windowsfilter').to.deep.equal(layersBefore);
        for (const folder of ['ingest', 'leases']) expect(names(folder), folder).to.deep.equal([]);
      });
    }
  });
});
