import { expect } from 'chai';
import { existsSync } from 'node:fs';
import type { ContainerV2Document } from '../../../src/hcs/documents.ts';
import { findCgroups } from '../../../src/host/linux/cgroups.ts';
import type { ComputeSystem } from '../../../src/host/ports/compute.ts';
import { openTestHost, whyNoWine, type TestHost } from '../../support/linux-host.ts';
import { runProgram } from '../../support/run-program.ts';
import { programsMapping, whyNoPrograms, windowsPrograms } from '../../support/windows-programs.ts';

const why =
  whyNoWine() ?? whyNoPrograms() ?? (existsSync('/proc/self/cgroup') ? findCgroups().why : undefined);
const { node } = windowsPrograms;
const grow = `${node} -e "const a = []; for (let i = 0; i < 40; i++) a.push(Buffer.alloc(10e6, 1)); console.log('grown')"`;

describe(`limits of a sandbox${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(60_000);
  let host: TestHost;
  let system: ComputeSystem | undefined;

  before(function () {
    if (why !== undefined) return this.skip();
    host = openTestHost();
  });
  afterEach(async () => {
    await system?.terminate().catch(() => undefined);
    await system?.waitExit();
    system = undefined;
  });
  after(() => host?.dispose());

  async function start(container: Partial<ContainerV2Document['Container']>): Promise<ComputeSystem> {
    const id = host.environment.newId();
    system = await host.compute.create(
      id,
      host.document(id, { container: { MappedDirectories: [programsMapping], ...container } }),
    );
    await system.start();
    return system;
  }

  it('end a program that takes more memory, and say so', async () => {
    const limited = await start({ Memory: { SizeInMB: 200 } });
    const run = await runProgram(limited, grow);
    expect([run.out, run.exitCode]).to.deep.equal(['', 0xc0000017]);
    expect((await runProgram(limited, 'cmd /c echo alive')).out).to.equal('alive\r\n');
    await limited.terminate();
    expect(await limited.waitExit()).to.deep.equal({ kind: 'terminated', oomKilled: true });
  });

  it('let a program take what it may', async () => {
    const limited = await start({ Memory: { SizeInMB: 1024 } });
    expect((await runProgram(limited, grow)).out).to.equal('grown\n');
    const { memoryCommitPeakBytes, totalRuntime100ns } = await limited.statistics();
    expect(memoryCommitPeakBytes).to.be.within(400e6, 1100e6);
    expect(totalRuntime100ns > 0n).to.equal(true);
  });

  it('show programs as many processors as they may use', async () => {
    const limited = await start({ Processor: { Count: 1 } });
    const run = await runProgram(
      limited,
      `${node} -p "os.cpus().length + ' ' + process.env.NUMBER_OF_PROCESSORS"`,
    );
    expect(run.out).to.equal('1 1\n');
  });
});
