import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetMklink, standInNames } from '../../../src/host/linux/template-standins.ts';
import type { ComputeSystem } from '../../../src/host/ports/compute.ts';
import { openTestHost, whyNoWine, type TestHost } from '../../support/linux-host.ts';
import { runProgram, type ProgramRun } from '../../support/run-program.ts';
import { programsMapping, whyNoPrograms, windowsPrograms } from '../../support/windows-programs.ts';

const why = whyNoWine();

/** A file's lines as a case writes them. */
const lines = (...text: string[]): string => text.map((line) => `${line}\r\n`).join('');

describe(`stand-ins for what Wine lacks${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(60_000);
  let host: TestHost;
  let system: ComputeSystem;
  let folder: string;

  before(async function () {
    if (why !== undefined) return this.skip();
    host = openTestHost();
    folder = mkdtempSync(join(tmpdir(), 'porthole-standins-'));
    chmodSync(folder, 0o755);
    const id = host.environment.newId();
    const directories = [{ HostPath: folder, ContainerPath: 'C:\\w' }];
    if (whyNoPrograms() === undefined) directories.push(programsMapping);
    system = await host.compute.create(
      id,
      host.document(id, { container: { MappedDirectories: directories } }),
    );
    await system.start();
    put('a.txt', lines('hello world', 'foo.bar', 'World', '[x]', 'a  b'));
    put('b.txt', 'zeta\nAlpha\nbeta\nalpha\n');
    put('sub dir/c.txt', lines('hello deep'));
    put('data.bin', randomBytes(200_000));
    put('text.bin', 'all work and no play '.repeat(20_000));
  });
  after(async () => {
    if (system !== undefined) {
      await system.terminate();
      await system.waitExit();
    }
    host?.dispose();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  function put(name: string, content: string | Buffer): void {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }

  function run(commandLine: string, input?: string): Promise<ProgramRun> {
    return runProgram(system, commandLine, {
      WorkingDirectory: 'C:\\w',
      ...(input === undefined ? {} : { input }),
    });
  }

  /** Command line, what it prints, its exit code (0). */
  function cases(
    ...rows: readonly (readonly [command: string, out: string, exitCode?: number, input?: string])[]
  ): void {
    for (const [command, out, exitCode = 0, input] of rows)
      it(`${command}${input === undefined ? '' : ` < ${JSON.stringify(input)}`}`, async () => {
        const result = await run(command, input);
        expect([result.out, result.exitCode]).to.deep.equal([out, exitCode]);
      });
  }

  /** Command line, exit code, what stderr names. */
  function refusals(...rows: readonly (readonly [command: string, exitCode: number, names: RegExp])[]): void {
    for (const [command, exitCode, names] of rows)
      it(`${command} fails loudly`, async () => {
        const result = await run(command);
        expect(result.err).to.match(names);
        expect(result.exitCode).to.equal(exitCode);
      });
  }

  describe('findstr', () => {
    cases(
      ['findstr world a.txt', 'hello world\r\n'],
      ['findstr /i WORLD a.txt', 'hello world\r\nWorld\r\n'],
      ['findstr /n /i world a.txt', '1:hello world\r\n3:World\r\n'],
      ['findstr "hello [x" a.txt', 'hello world\r\n[x]\r\n'],
      ['findstr /c:"hello world" a.txt', 'hello world\r\n'],
      ['findstr /c:"a  b" /c:World a.txt', 'World\r\na  b\r\n'],
      ['findstr /l . a.txt', 'foo.bar\r\n'],
      ['findstr /r "^f.*r$" a.txt', 'foo.bar\r\n'],
      ['findstr /r "\\<wor" a.txt', 'hello world\r\n'],
      ['findstr /r "[A-Z]" a.txt', 'World\r\n'],
      ['findstr /r "[^a-z.]" b.txt', 'Alpha\r\n'],
      ['findstr /b /i w a.txt', 'World\r\n'],
      ['findstr /e ld a.txt', 'hello world\r\nWorld\r\n'],
      ['findstr /x World a.txt', 'World\r\n'],
      ['findstr /v /i o a.txt', '[x]\r\na  b\r\n'],
      ['findstr /m hello *.txt', 'a.txt\r\n'],
      ['findstr hello a.txt b.txt', 'a.txt:hello world\r\n'],
      ['findstr /s /m hello *.txt', 'a.txt\r\n.\\sub dir\\c.txt\r\n'],
      ['findstr nothing a.txt', '', 1],
      ['findstr b', 'abc\r\n', 0, 'abc\r\nxyz\r\n'],
    );
    refusals(
      ['findstr', 2, /Bad command line/],
      ['findstr x nofile.txt', 1, /Cannot open nofile\.txt/],
      ['findstr /f:list x', 2, /not available/],
    );
  });

  describe('where', () => {
    cases(
      ['where cmd', 'C:\\Windows\\system32\\cmd.exe\r\n'],
      ['where cmd.exe', 'C:\\Windows\\system32\\cmd.exe\r\n'],
      ['where a.txt', 'C:\\w\\a.txt\r\n'],
      ['where C:\\w:*.bin', 'C:\\w\\data.bin\r\nC:\\w\\text.bin\r\n'],
      ['where /r C:\\w c.txt', 'C:\\w\\sub dir\\c.txt\r\n'],
      ['where /q cmd', ''],
      ['where /q nothing', '', 1],
    );
    refusals(
      ['where nothing', 1, /INFO: Could not find files/],
      ['where', 2, /syntax/],
      ['where /x y', 2, /Invalid argument/],
    );
  });

  describe('sort', () => {
    cases(
      ['sort b.txt', 'Alpha\r\nalpha\r\nbeta\r\nzeta\r\n'],
      ['sort /r b.txt', 'zeta\r\nbeta\r\nAlpha\r\nalpha\r\n'],
      ['sort /unique b.txt', 'Alpha\r\nbeta\r\nzeta\r\n'],
      ['sort', 'a\r\nb\r\n', 0, 'b\r\na'],
      ['sort /+2', 'za\r\nab\r\n', 0, 'ab\r\nza\r\n'],
    );
    refusals(['sort nofile', 1, /nofile/]);
  });

  describe('setx', () => {
    it('writes the registry, by value text or to be expanded', async () => {
      expect((await run('setx PLAIN value')).out).to.include('SUCCESS: Specified value was saved.');
      await run('setx EXPANDED %PATH%;C:\\x /m');
      expect((await run('reg query HKCU\\Environment /v PLAIN')).out).to.match(/PLAIN\s+REG_SZ\s+value/);
      const system = 'HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment';
      expect((await run(`reg query "${system}" /v EXPANDED`)).out).to.match(/REG_EXPAND_SZ\s+%PATH%;C:\\x/);
    });
    refusals(
      ['setx', 1, /Invalid syntax/],
      ['setx ONE', 1, /Invalid syntax/],
      ['setx A B C', 1, /Invalid syntax/],
      ['setx A /k x', 1, /not available/],
    );
  });

  describe('timeout', () => {
    cases(['timeout /t 1', ''], ['timeout 0', ''], ['timeout /t 1 /nobreak', '']);
    refusals(['timeout', 1, /Invalid value/], ['timeout /t abc', 1, /Invalid value/]);
  });

  describe('fc', () => {
    cases(
      ['fc a.txt a.txt', lines('Comparing files a.txt and a.txt', 'FC: no differences encountered', '')],
      [
        'fc /b data.bin data.bin',
        lines('Comparing files data.bin and data.bin', 'FC: no differences encountered', ''),
      ],
    );
    it('tells the lines that differ', async () => {
      put('a2.txt', lines('hello world', 'changed', 'World', '[x]', 'a  b'));
      const result = await run('fc a.txt a2.txt');
      expect(result.exitCode).to.equal(1);
      expect(result.out).to.equal(
        lines(
          'Comparing files a.txt and a2.txt',
          '***** a.txt',
          'hello world',
          'foo.bar',
          'World',
          '***** a2.txt',
          'hello world',
          'changed',
          'World',
          '*****',
          '',
        ),
      );
    });
    it('tells the bytes that differ', async () => {
      put('x.bin', Buffer.from([1, 2, 3]));
      put('y.bin', Buffer.from([1, 9, 3, 4]));
      const result = await run('fc /b x.bin y.bin');
      expect(result.exitCode).to.equal(1);
      expect(result.out).to.equal(
        lines('Comparing files x.bin and y.bin', '00000001: 02 09', 'FC: y.bin longer than x.bin', ''),
      );
    });
    refusals(['fc a.txt', 0xffffffff, /Insufficient/], ['fc a.txt nofile', 2, /cannot open nofile/]);
  });

  describe('mklink', () => {
    it('makes links to folders and files, junctions and hard links', async () => {
      await run('cmd /c mkdir C:\\links\\real & echo in real> C:\\links\\real\\f.txt');
      const made = await run(
        'cmd /c cd C:\\links & mklink /d d real & mklink /d abs C:\\links\\real & mklink f real\\f.txt & mklink /j j C:\\links\\real & mklink /h h real\\f.txt',
      );
      expect(made.err).to.equal('');
      expect(made.out).to.equal(
        lines(
          'symbolic link created for d <<===>> real',
          'symbolic link created for abs <<===>> C:\\links\\real',
          'symbolic link created for f <<===>> real\\f.txt',
          'Junction created for j <<===>> C:\\links\\real',
          'Hardlink created for h <<===>> real\\f.txt',
        ),
      );
      for (const path of ['d\\f.txt', 'abs\\f.txt', 'f', 'j\\f.txt', 'h'])
        expect((await run(`cmd /c type C:\\links\\${path}`)).out, path).to.match(/^in real/);
    });
    refusals(
      ['cmd /c mklink', 1, /MKLINK \[\[\/D\]/],
      ['cmd /c mklink a.txt b.txt', 1, /already exists/],
      ['cmd /c mklink /h hard nofile', 1, /not found|cannot find/i],
      ['cmd /c mklink /j jj a.txt', 1, /directory name is invalid/],
    );
  });

  describe('tar', () => {
    it('packs what GNU tar unpacks, compressed or not', async () => {
      for (const [flags, name] of [
        ['-cf', 'made.tar'],
        ['-czf', 'made.tgz'],
      ] as const) {
        const result = await run(`tar ${flags} ${name} a.txt "sub dir" data.bin text.bin`);
        expect([result.err, result.exitCode]).to.deep.equal(['', 0]);
        const out = mkdtempSync(join(tmpdir(), 'porthole-tar-'));
        execFileSync('tar', ['-xf', join(folder, name), '-C', out]);
        for (const file of ['a.txt', 'sub dir/c.txt', 'data.bin', 'text.bin'])
          expect(readFileSync(join(out, file)).equals(readFileSync(join(folder, file))), file).to.equal(true);
        rmSync(out, { recursive: true });
      }
      expect(readFileSync(join(folder, 'made.tgz')).length).to.be.lessThan(
        readFileSync(join(folder, 'made.tar')).length - 300_000,
      );
    });

    it('unpacks what GNU tar packs', async () => {
      const long = `${'long-'.repeat(30)}name.txt`;
      put(`deep/${'d'.repeat(90)}/${long}`, 'long');
      for (const [flags, name] of [
        ['-cf', 'gnu.tar'],
        ['-czf', 'gnu.tgz'],
        ['--format=pax -cf', 'pax.tar'],
        ['--format=ustar -cf', 'ustar.tar'],
      ] as const) {
        const given = flags.includes('ustar')
          ? ['a.txt', 'sub dir', 'data.bin']
          : ['a.txt', 'sub dir', 'data.bin', 'deep'];
        execFileSync('tar', [...flags.split(' '), name, ...given], { cwd: folder });
        const out = `out-${name}`;
        mkdirSync(join(folder, out));
        const result = await run(`tar -xf ${name} -C ${out}`);
        expect([result.err, result.exitCode]).to.deep.equal(['', 0]);
        expect(
          readFileSync(join(folder, out, 'data.bin')).equals(readFileSync(join(folder, 'data.bin'))),
        ).to.equal(true);
        expect(readFileSync(join(folder, out, 'sub dir', 'c.txt'), 'utf8')).to.equal('hello deep\r\n');
        if (given.includes('deep'))
          expect(readFileSync(join(folder, out, 'deep', 'd'.repeat(90), long), 'utf8')).to.equal('long');
      }
      const listed = await run('tar tf gnu.tgz');
      expect(listed.out.split('\r\n').slice(0, 3)).to.deep.equal(['a.txt', 'sub dir/', 'sub dir/c.txt']);
    });

    it('strips folders and takes what is named', async () => {
      mkdirSync(join(folder, 'stripped'));
      execFileSync('tar', ['-cf', 'all.tar', 'sub dir', 'a.txt', 'b.txt'], { cwd: folder });
      await run('tar -xf all.tar -C stripped --strip-components=1 "sub dir"');
      expect(readFileSync(join(folder, 'stripped', 'c.txt'), 'utf8')).to.equal('hello deep\r\n');
    });

    it('unpacks zip files', async function () {
      if (spawnSync('python3', ['-c', '']).status !== 0) return this.skip();
      const script =
        "import zipfile,sys\nz=zipfile.ZipFile('z.zip','w',zipfile.ZIP_DEFLATED)\nz.write('text.bin')\nz.write('sub dir/c.txt')\nz.writestr(zipfile.ZipInfo('stored.txt'),'stored')\nz.close()";
      execFileSync('python3', ['-c', script], { cwd: folder });
      mkdirSync(join(folder, 'unzipped'));
      const result = await run('tar -xf z.zip -C unzipped');
      expect([result.err, result.exitCode]).to.deep.equal(['', 0]);
      expect(
        readFileSync(join(folder, 'unzipped', 'text.bin')).equals(readFileSync(join(folder, 'text.bin'))),
      ).to.equal(true);
      expect(readFileSync(join(folder, 'unzipped', 'stored.txt'), 'utf8')).to.equal('stored');
    });

    it('leaves no folder by the names in an archive', async () => {
      execFileSync('tar', ['-cPf', 'evil.tar', '--transform=s,^,../,', 'a.txt'], { cwd: folder });
      mkdirSync(join(folder, 'jail'));
      await run('tar -xf evil.tar -C jail');
      expect(() => readFileSync(join(folder, 'jail', '..', 'evil-a.txt'))).to.throw();
      expect((await run('cmd /c dir /b jail')).out).to.equal('');
    });

    it('refuses damaged and unknown archives', async () => {
      const archive = readFileSync(join(folder, 'gnu.tgz'));
      archive.writeUInt8(archive.readUInt8(5000) ^ 0xff, 5000);
      put('damaged.tgz', archive);
      expect((await run('tar -tf damaged.tgz')).exitCode).to.equal(1);
      put('some.xz', Buffer.from('fd377a585a00', 'hex'));
      expect((await run('tar -tf some.xz')).err).to.include('xz archives are not supported');
      expect((await run('tar -tf a.txt')).err).to.include('Unrecognized');
    });
    refusals(
      ['tar', 1, /-c, -t, -x/],
      ['tar -xf nofile', 1, /Failed to open 'nofile'/],
      ['tar -xjf x', 1, /bzip2 and xz/],
      ['tar --frob -x', 1, /--frob is not supported/],
      ['tar -xf all.tar -C nowhere', 1, /could not chdir/],
    );
  });

  describe('certutil', () => {
    for (const [name, algorithm] of [
      ['MD5', 'md5'],
      ['SHA1', 'sha1'],
      ['SHA256', 'sha256'],
      ['SHA384', 'sha384'],
      ['SHA512', 'sha512'],
    ] as const)
      it(`hashes with ${name}`, async () => {
        const digest = createHash(algorithm)
          .update(readFileSync(join(folder, 'data.bin')))
          .digest('hex');
        const result = await run(`certutil -hashfile data.bin ${name}`);
        expect(result.out).to.equal(
          lines(`${name} hash of data.bin:`, digest, 'CertUtil: -hashfile command completed successfully.'),
        );
      });
    it('encodes and decodes', async () => {
      expect((await run('certutil -encode data.bin data.b64')).exitCode).to.equal(0);
      expect((await run('certutil -decode data.b64 data.dec')).exitCode).to.equal(0);
      expect(readFileSync(join(folder, 'data.dec')).equals(readFileSync(join(folder, 'data.bin')))).to.equal(
        true,
      );
    });
    it('fails for a file that is not there', async () => {
      expect((await run('certutil -hashfile nofile')).exitCode).to.equal(0x80070002);
    });
    refusals(['certutil -addstore root x.cer', 1, /not available/], ['certutil', 1, /not available/]);
  });

  describe('robocopy', () => {
    it('copies trees, then only what changed, and mirrors', async () => {
      put('tree/one/f.txt', '1');
      put('tree/two/g.log', '2');
      put('tree/three/keep.txt', '3');
      mkdirSync(join(folder, 'tree', 'empty'));
      expect((await run('robocopy tree copy /e /njh /njs /nfl /ndl')).exitCode).to.equal(1);
      expect(readFileSync(join(folder, 'copy', 'one', 'f.txt'), 'utf8')).to.equal('1');
      expect((await run('robocopy tree copy /e /njh /njs /nfl /ndl')).exitCode).to.equal(0);
      put('copy/extra.txt', 'x');
      expect((await run('robocopy tree copy /mir /njh /njs /nfl /ndl')).exitCode).to.equal(2);
      expect((await run('cmd /c dir /b copy')).out.trim().split('\r\n').sort()).to.deep.equal([
        'empty',
        'one',
        'three',
        'two',
      ]);
      expect((await run('robocopy tree some *.txt /s /xd three /njh /njs /nfl /ndl')).exitCode).to.equal(1);
      expect((await run('cmd /c dir /b /s /a-d some')).out).to.equal('C:\\w\\some\\one\\f.txt\r\n');
    });
    refusals(
      ['robocopy nowhere copy', 16, /Accessing Source Directory/],
      ['robocopy', 16, /Invalid Parameter/],
      ['robocopy a b /frob', 16, /Invalid Parameter : "\/frob"/],
    );
  });

  describe('choice', () => {
    cases(
      ['choice /n', 'Y\r\n', 1, 'y'],
      ['choice /c abc /m Which', 'Which [A,B,C]?C\r\n', 3, 'xc'],
      ['choice /cs /c aA /n', 'A\r\n', 2, 'A'],
    );
    refusals(['choice', 255, /empty/], ['choice /t 1', 255, /Invalid syntax/]);
  });

  describe('notices', () => {
    for (const command of ['icacls a.txt /grant Users:F', 'cacls a.txt /e /g Users:F', 'takeown /f a.txt'])
      it(`${command} says that nothing was changed`, async () => {
        const result = await run(command);
        expect(result.exitCode).to.equal(0);
        expect(result.out).to.include(
          'NOTICE: containers on Linux (Wine) have no access control lists and owners; nothing was changed.',
        );
      });
    refusals(['icacls nofile /grant Users:F', 2, /nofile/], ['takeown', 1, /Invalid syntax/]);
  });

  describe('what cannot be', () => {
    refusals(
      ['powershell -Command Get-Item', 1, /powershell: not available.*needs the \.NET Framework/],
      ['cmd /c powershell -Command 1', 1, /needs the \.NET Framework/],
      ['schtasks /query', 1, /no task scheduler/],
      ['netsh http show', 1, /network is configured by porthole/],
      ['dism /online', 50, /Windows features/],
      ['net user somebody /add', 2, /'net user' needs accounts/],
      ['net localgroup', 2, /not available/],
      ['tasklist /v', 1, /not available/],
      ['systeminfo /s x', 1, /not available/],
      ['cmd /c pwsh', 9009, /pwsh/],
    );
  });

  it('tasklist lists', async () => {
    expect((await run('tasklist /fo csv /nh /fi "imagename eq tasklist.exe"')).out).to.match(
      /^"tasklist\.exe","\d+","Services","0","[\d,]+ K"\r\n$/,
    );
    expect((await run('tasklist /fi "pid eq 4294967"')).out).to.include('No tasks are running');
  });

  it('systeminfo tells the version', async () => {
    expect((await run('systeminfo')).out).to.match(/OS Version: +10\.0\.26100 N\/A Build 26100/);
  });

  it('net starts and stops services', async () => {
    expect((await run('net start')).out).to.include('These Windows services are started:');
    expect((await run('net stop nothing')).err).to.include('The service name is invalid.');
  });

  it('curl speaks HTTP', async function () {
    if (whyNoPrograms() !== undefined) return this.skip();
    const script =
      "const s = http.createServer((q, r) => { let b = ''; q.on('data', (d) => (b += d)).on('end', () => { if (q.url === '/r') return r.writeHead(302, { location: '/ok' }).end(); r.statusCode = q.url === '/404' ? 404 : 200; r.end([q.method, q.url, b, q.headers['x-h'], q.headers.authorization].join()); }); }).listen(8099, () => console.log('up'))";
    const server = await system.createProcess({
      CommandLine: `${windowsPrograms.node} -e "${script}"`,
      CreateStdOutPipe: true,
    });
    await new Promise((resolve) => server.stdout!.once('data', resolve));
    const url = 'http://127.0.0.1:8099';

    for (const [command, out, exitCode] of [
      [`curl -s ${url}/ok?x=1`, 'GET,/ok?x=1,,,', 0],
      [`curl ${url}/r -L`, 'GET,/ok,,,', 0],
      [`curl -fsS ${url}/404`, '', 22],
      [`curl -X PUT -d a=b -H "X-H: 1" -u u:p ${url}/x`, 'PUT,/x,a=b,1,Basic dTpw', 0],
      [`curl -s -o NUL -w "%{http_code}" ${url}/404`, '404', 0],
      [
        `curl --data-binary @a.txt ${url}/up`,
        `POST,/up,${lines('hello world', 'foo.bar', 'World', '[x]', 'a  b')},,`,
        0,
      ],
      ['curl -s http://127.0.0.1:1/', '', 7],
      ['curl -s http://nothing.invalid/', '', 6],
      ['curl --frob', '', 2],
      ['curl ftp://x/', '', 1],
    ] as const) {
      const result = await run(command);
      expect([command, result.out, result.exitCode]).to.deep.equal([command, out, exitCode]);
    }
    await run(`curl -o new\\deep\\f.txt --create-dirs ${url}/file`);
    expect(readFileSync(join(folder, 'new', 'deep', 'f.txt'), 'utf8')).to.equal('GET,/file,,,');
    await run(`curl -O ${url}/named.txt?v=1`);
    expect(readFileSync(join(folder, 'named.txt'), 'utf8')).to.equal('GET,/named.txt?v=1,,,');
    await server.kill();
  });
});

describe('the list of stand-ins', () => {
  it('is the one that the program answers to', () => {
    const source = readFileSync(join(import.meta.dirname, '../../../native/standins/main.c'), 'utf8');
    const names = [...source.matchAll(/\{L"([a-z]+)", /g)].map((match) => match[1]);
    expect([...standInNames].sort()).to.deep.equal(names.sort());
  });
});

describe('cmd without mklink', () => {
  const name = Buffer.from('MKLINK\0\0\0\0', 'utf16le');
  const program = (...parts: Buffer[]): Buffer =>
    Buffer.concat([Buffer.alloc(0x40), Buffer.from('Wine builtin DLL\0'), Buffer.alloc(100), ...parts]);

  it('does not know the name any more, and is no builtin', () => {
    const changed = program(name);
    expect(forgetMklink(changed)).to.equal(true);
    expect(changed.includes(name)).to.equal(false);
    expect(changed.includes('Wine builtin DLL')).to.equal(false);
  });

  it('is left alone when it is built otherwise', () => {
    expect(forgetMklink(program())).to.equal(false);
    expect(forgetMklink(program(name, name))).to.equal(false);
    expect(forgetMklink(Buffer.concat([Buffer.alloc(200), name]))).to.equal(false);
  });
});
