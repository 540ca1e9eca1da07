import { expect } from 'chai';
import { commandLineOf, escapeArgument } from '../../src/hcs/command-line.ts';
import { healthcheckCommandLine, workingDirectory } from '../../src/hcs/process.ts';

describe('escapeArgument', () => {
  const cases: [argument: string, escaped: string][] = [
    ['', '""'],
    ['a', 'a'],
    ['a b', '"a b"'],
    ['a\tb', '"a\tb"'],
    ['a"b', 'a\\"b'],
    ['a\\b', 'a\\b'],
    ['a\\', 'a\\'],
    ['a b\\', '"a b\\\\"'],
    ['a\\"b', 'a\\\\\\"b'],
    ['a\\\\" b', '"a\\\\\\\\\\" b"'],
    ['%PATH%&|<>^', '%PATH%&|<>^'],
  ];
  for (const [argument, escaped] of cases) {
    it(`${JSON.stringify(argument)} becomes ${escaped}`, () => {
      expect(escapeArgument(argument)).to.equal(escaped);
    });
  }

  it('leaves a finished command line alone', () => {
    expect(commandLineOf('cmd /S /C echo "x"', [], true)).to.equal('cmd /S /C echo "x"');
    expect(commandLineOf('cmd /S /C x', ['a b'], true)).to.equal('cmd /S /C x "a b"');
  });
});

describe('workingDirectory', () => {
  const cases: [path: string, windows: string][] = [
    ['', 'C:\\'],
    ['/app/x', 'C:\\app\\x'],
    ['\\app', 'C:\\app'],
    ['D:/x', 'D:\\x'],
    ['\\\\server\\share', '\\\\server\\share'],
  ];
  for (const [path, windows] of cases) {
    it(`${JSON.stringify(path)} is ${windows}`, () => {
      expect(workingDirectory(path)).to.equal(windows);
    });
  }
});

describe('healthcheckCommandLine', () => {
  it('quotes CMD, and gives CMD-SHELL to the shell of the image', () => {
    expect(healthcheckCommandLine(['CMD', 'curl', 'a b'], undefined)).to.equal('curl "a b"');
    expect(healthcheckCommandLine(['CMD-SHELL', 'exit 0'], undefined)).to.equal('cmd /S /C exit 0');
    expect(healthcheckCommandLine(['CMD-SHELL', 'exit 0'], ['powershell', '-Command'])).to.equal(
      'powershell -Command exit 0',
    );
    expect(healthcheckCommandLine(['NONE'], undefined)).to.equal(undefined);
    expect(healthcheckCommandLine([], undefined)).to.equal(undefined);
  });
});
