import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBlock, parseHive } from '../../../src/host/linux/registry-text.ts';
import { findWine } from '../../../src/host/linux/wine-installation.ts';
import {
  ensureTemplate,
  existingTemplate,
  type TemplateSource,
} from '../../../src/host/linux/wine-template.ts';
import { whyNoWine } from '../../support/linux-host.ts';

const why = whyNoWine();
const native = join(import.meta.dirname, '../../../native/prebuilt');

describe(`Wine template${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(120_000);
  let folder: string;
  let builds = 0;
  let source: TemplateSource;
  let installed: string;

  before(async function () {
    if (why !== undefined) return this.skip();
    folder = mkdtempSync(join(tmpdir(), 'porthole-template-'));
    const wine = findWine('/')!;
    source = {
      wine,
      folder,
      native,
      identity: { rootless: process.geteuid!() !== 0, uid: process.geteuid!(), gid: process.getegid!() },
      onBuild: () => (builds += 1),
    };
    installed = listing(wine.programs);
    expect(existingTemplate(source)).to.equal(undefined);
    await Promise.all([ensureTemplate(source), ensureTemplate(source), ensureTemplate(source)]);
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it('is built once, whoever asks, and found again', async () => {
    expect(builds).to.equal(1);
    const again = await ensureTemplate(source);
    expect(builds).to.equal(1);
    expect(existingTemplate(source)).to.deep.equal(again);
    expect(readdirSync(folder)).to.deep.equal([again.folder.slice(folder.length + 1)]);
    expect(again.version).to.match(/^wine-\d+\.\d+/);
  });

  it('changed no file of the installed Wine', () => {
    expect(listing(source.wine.programs)).to.equal(installed);
  });

  it('is small: program files are links into the installed Wine', () => {
    const { files } = existingTemplate(source)!;
    const kernel = join(files, 'Windows', 'System32', 'kernel32.dll');
    expect(readlinkSync(kernel)).to.equal(`${source.wine.programs}/kernel32.dll`);
    const size = Number(execFileSync('du', ['-sk', files]).toString().split('\t')[0]);
    expect(size).to.be.lessThan(16_000);
  });

  it("has Windows' spelling and folders, and nobody's home", () => {
    const { files } = existingTemplate(source)!;
    expect(readdirSync(files)).to.include.members(['Program Files', 'ProgramData', 'Users', 'Windows']);
    expect(readdirSync(join(files, 'Users')).sort()).to.deep.equal([
      'ContainerAdministrator',
      'ContainerUser',
      'Public',
    ]);
    expect(existsSync(join(files, 'Windows', 'System32', 'drivers', 'etc', 'hosts'))).to.equal(true);
    const links = execFileSync('find', [files, '-type', 'l', '-printf', '%l\n'])
      .toString()
      .trim()
      .split('\n');
    expect(
      links.every((link) => link.startsWith(source.wine.programs) || link.startsWith(source.wine.nls)),
    ).to.equal(true);
  });

  it('has our stand-ins, as one file', () => {
    const { files } = existingTemplate(source)!;
    const system = join(files, 'Windows', 'System32');
    expect(lstatSync(join(system, 'where.exe')).ino).to.equal(lstatSync(join(system, 'curl.exe')).ino);
    expect(statSync(join(system, 'bcryptprimitives.dll')).isFile()).to.equal(true);
    expect(lstatSync(join(system, 'cmd.exe')).isFile()).to.equal(true);
  });

  it('has a registry that is fit for containers', () => {
    const { hives } = existingTemplate(source)!;
    const system = parseHive(readFileSync(join(hives, 'system.reg'), 'latin1'));
    const value = (key: string, name: string): string | undefined =>
      parseBlock(system.blocks.get(key.toLowerCase())?.text ?? '').values.get(name.toLowerCase())?.value;
    expect(value('Software\\\\Microsoft\\\\Windows NT\\\\CurrentVersion\\\\AeDebug', '"Debugger"')).to.equal(
      '"false"',
    );
    expect(value('System\\\\CurrentControlSet\\\\Services\\\\PlugPlay', '"Start"')).to.equal(
      'dword:00000004',
    );
    expect(value('System\\\\CurrentControlSet\\\\Services\\\\MountMgr', '"Start"')).to.equal(
      'dword:00000002',
    );
    const user = parseHive(readFileSync(join(hives, 'user.reg'), 'latin1'));
    const overrides = parseBlock(user.blocks.get('software\\\\wine\\\\dlloverrides')!.text).values;
    expect(overrides.get('"where.exe"')?.value).to.equal('"native"');
    expect(overrides.get('"mscoree"')?.value).to.equal('""');
  });

  it('is another one for another Wine', () => {
    expect(existingTemplate({ ...source, wine: { ...source.wine, stamp: 'other' } })).to.equal(undefined);
  });
});

function listing(folder: string): string {
  return execFileSync('ls', ['-lL', '--time-style=full-iso', folder]).toString();
}
