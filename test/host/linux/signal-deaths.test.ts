import { expect } from 'chai';
import { isNamed, SignalDeaths } from '../../../src/host/linux/signal-deaths.ts';

describe('deaths by signal', () => {
  for (const [name, commandLine, expected] of [
    ['cmd', 'cmd /c echo', true],
    ['cmd', 'CMD.EXE /c echo', true],
    ['node.exe', 'C:\\programs\\node.exe -e 1', true],
    ['node.exe', '"C:\\Program Files\\node.exe" -e 1', true],
    ['node', 'C:/x/node.exe', true],
    ['cmd.exe', 'C:\\run.bat x', true],
    ['averyveryverylo', 'averyveryverylongname.exe', true],
    ['node.exe', 'cmd /c node.exe', false],
    ['timeout', 'cmd /c timeout', false],
  ] as const)
    it(`${name} ${expected ? 'is' : 'is not'} ${commandLine}`, () => {
      expect(isNamed(name, commandLine)).to.equal(expected);
    });

  it('make an exit that Wine calls a success a failure', async () => {
    const deaths = new SignalDeaths(() => 0);
    deaths.record(9, 'node.exe');
    expect(await deaths.exitCode('node.exe -e 1', 0)).to.equal(137);
    expect(await deaths.exitCode('node.exe -e 1', 0)).to.equal(0);
  });

  it('by lack of memory are what Windows programs end with', async () => {
    let kills = 0;
    const deaths = new SignalDeaths(() => kills);
    deaths.record(9, 'a.exe');
    kills = 1;
    expect(await deaths.exitCode('a.exe', 0)).to.equal(0xc0000017);
    deaths.record(9, 'a.exe');
    expect(await deaths.exitCode('a.exe', 0)).to.equal(137);
  });

  it('by lack of memory may be told after Wine has told the exit', async () => {
    const deaths = new SignalDeaths(() => 1);
    const code = deaths.exitCode('a.exe', 0);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    deaths.record(9, 'a.exe');
    expect(await code).to.equal(0xc0000017);
  });

  it('by lack of memory are waited for until they are told, whoever died', async () => {
    const deaths = new SignalDeaths(() => 1);
    const code = deaths.exitCode('parent.exe', 0);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    deaths.record(9, 'child.exe');
    expect(await code).to.equal(0);
    expect(await deaths.exitCode('parent.exe', 0)).to.equal(0);
  });

  it('by lack of memory that nobody tells of are waited for once', async () => {
    const deaths = new SignalDeaths(() => 1);
    expect(await deaths.exitCode('a.exe', 0)).to.equal(0);
    const later = deaths.exitCode('a.exe', 0);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    deaths.record(9, 'a.exe');
    expect(await later).to.equal(0);
  });

  it('change nothing for other programs and other codes', async () => {
    const deaths = new SignalDeaths(() => 1);
    deaths.record(9, 'child.exe');
    expect(await deaths.exitCode('parent.exe', 0)).to.equal(0);
    expect(await deaths.exitCode('child.exe', 5)).to.equal(5);
  });
});
