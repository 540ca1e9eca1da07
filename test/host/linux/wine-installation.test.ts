import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findWine, rootEntries, wineVersion } from '../../../src/host/linux/wine-installation.ts';

const program = Buffer.from('\x7fELF\x02 rest', 'latin1');

describe('finding Wine', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'porthole-wine-root-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function put(path: string, content: string | Buffer = ''): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }

  function library(folder: string, share: string, version = 'wine-8.0 (Debian 8.0~repack-4)'): void {
    put(`${folder}/wine/x86_64-windows/ntdll.dll`);
    put(`${folder}/wine/x86_64-unix/ntdll.so`, `\x7fELF junk\0${version}\0more`);
    put(`${share}/wine.inf`);
  }

  it('takes Debian as it is, with the server itself instead of its wrapper', () => {
    put('usr/bin/wine', '#!/bin/sh\n');
    put('usr/lib/wine/wine64', program);
    put('usr/lib/wine/wineserver', '#!/bin/sh\n');
    put('usr/lib/wine/wineserver64', program);
    library('usr/lib/x86_64-linux-gnu', 'usr/share/wine');
    const wine = findWine(root);
    expect(wine).to.deep.include({
      root,
      loader: '/usr/lib/wine/wine64',
      server: '/usr/lib/wine/wineserver64',
      programs: '/usr/lib/x86_64-linux-gnu/wine/x86_64-windows',
      nls: '/usr/share/wine/nls',
      trees: ['/usr'],
    });
    expect(wineVersion(wine!)).to.equal('wine-8.0 (Debian 8.0~repack-4)');
  });

  it("takes upstream's packages in /opt, with their tree", () => {
    put('opt/wine-stable/bin/wine', program);
    put('opt/wine-stable/bin/wineserver', program);
    library('opt/wine-stable/lib', 'opt/wine-stable/share/wine', 'wine-10.0');
    const wine = findWine(root);
    expect(wine).to.deep.include({
      loader: '/opt/wine-stable/bin/wine',
      server: '/opt/wine-stable/bin/wineserver',
      programs: '/opt/wine-stable/lib/wine/x86_64-windows',
      trees: ['/usr', '/opt/wine-stable'],
    });
    expect(wineVersion(wine!)).to.equal('wine-10.0');
  });

  it('takes one loader in /usr/bin', () => {
    put('usr/bin/wine', program);
    put('usr/bin/wineserver', program);
    library('usr/lib64', 'usr/share/wine');
    expect(findWine(root)).to.deep.include({
      loader: '/usr/bin/wine',
      programs: '/usr/lib64/wine/x86_64-windows',
    });
  });

  it('finds none in scripts, 32-bit programs and halves', () => {
    expect(findWine(root)).to.equal(undefined);
    put('usr/bin/wine', '#!/bin/sh\n');
    put('usr/bin/wine64', Buffer.from('\x7fELF\x01', 'latin1'));
    expect(findWine(root)).to.equal(undefined);
    put('usr/lib/wine/wine64', program);
    expect(findWine(root)).to.equal(undefined);
  });

  it('has another stamp when a file changes', () => {
    put('usr/bin/wine', program);
    put('usr/bin/wineserver', program);
    library('usr/lib', 'usr/share/wine');
    const before = findWine(root)?.stamp;
    put('usr/share/wine/wine.inf', 'changed');
    expect(findWine(root)?.stamp).to.not.equal(before);
  });

  it('knows merged and unmerged roots', () => {
    mkdirSync(join(root, 'usr', 'lib'), { recursive: true });
    symlinkSync('usr/lib', join(root, 'lib'));
    symlinkSync('/usr/lib64', join(root, 'lib64'));
    mkdirSync(join(root, 'bin'));
    mkdirSync(join(root, 'home'));
    expect(rootEntries(root)).to.have.deep.members([
      { path: '/lib', link: 'usr/lib' },
      { path: '/lib64', link: 'usr/lib64' },
      { path: '/bin' },
    ]);
  });
});
