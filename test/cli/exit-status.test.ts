import { expect } from 'chai';
import { describeExitCode, shellExitCode } from '../../src/cli/exit-status.ts';

describe('cli/exit-status', () => {
  const cases: [code: number, shell: number, note: string | undefined][] = [
    [0, 0, undefined],
    [3, 3, undefined],
    [255, 255, undefined],
    [256, 1, 'exit code 256 (0x00000100)'],
    [1067, 43, 'exit code 1067 (0x0000042B)'],
    [3221225786, 58, 'exit code 3221225786 (0xC000013A, Ctrl+C or closed console)'],
    [0xc0000100, 1, 'exit code 3221225728 (0xC0000100)'],
    [4294967295, 255, 'exit code 4294967295 (0xFFFFFFFF)'],
  ];
  for (const [code, shell, note] of cases) {
    it(`${code} is ${shell} on Linux`, () =>
      expect(shellExitCode(code, 'linux')).to.deep.equal(
        note === undefined ? { code: shell } : { code: shell, note },
      ));
  }

  it('keeps all 32 bits on Windows', () =>
    expect(shellExitCode(3221225786, 'win32')).to.deep.equal({ code: 3221225786 }));

  it('names codes that people meet', () =>
    expect(describeExitCode(0xe0434352)).to.equal('3762504530 (0xE0434352, unhandled .NET exception)'));
});
