import { expect } from 'chai';
import { HcsError, isAlreadyStopped, isInvalidState, isNotExist } from '../../src/hcs/hcs-error.ts';
import {
  formatHresult,
  HRESULT,
  hresultFromWin32,
  hresultName,
  hresultText,
  knownHresults,
  sameCondition,
  unsigned,
} from '../../src/hcs/hresult.ts';
import { parseSignal, windowsSignal } from '../../src/hcs/signals.ts';

describe('HRESULT table', () => {
  it('has a name and a text for every code', () => {
    for (const code of knownHresults()) {
      expect(hresultName(code), code.toString(16)).to.match(/^[A-Z0-9_]+$/);
      expect(hresultText(code), code.toString(16)).to.not.equal('Unknown error');
    }
  });

  it('takes both DLL families for the same condition', () => {
    expect(sameCondition(0xc037010e, HRESULT.systemNotFound)).to.equal(true);
    expect(sameCondition(0xc037010f, HRESULT.systemNotFound)).to.equal(false);
    expect(sameCondition(0x80370117, 0xc0370103)).to.equal(false);
  });

  it('folds Win32 codes and prints them unfolded', () => {
    expect(hresultFromWin32(2)).to.equal(0x80070002);
    expect(hresultFromWin32(-2147024894)).to.equal(0x80070002);
    expect(unsigned(-2143878898)).to.equal(HRESULT.systemNotFound);
    expect(formatHresult(0x80070002)).to.equal('0x2');
    expect(formatHresult(0xc0370101)).to.equal('0xc0370101');
  });
});

describe('HcsError', () => {
  it("reads as hcsshim's and keeps the code", () => {
    const error = new HcsError('CreateProcess', HRESULT.fileNotFound, { systemId: 'abc', events: ['x'] });

    expect(error.message).to.equal(
      'hcs::CreateProcess abc: The system cannot find the file specified. (0x2) (x)',
    );
    expect(error).to.include({ op: 'CreateProcess', hresult: 0x80070002, systemId: 'abc', kind: 'internal' });
    expect(error.hint).to.be.a('string');
  });

  it('sorts codes as hcsshim does', () => {
    const of = (code: number): HcsError => new HcsError('x', code);
    expect(isNotExist(of(0xc037010e))).to.equal(true);
    expect(isNotExist(of(HRESULT.elementNotFound))).to.equal(true);
    expect(isAlreadyStopped(of(0xc0370110))).to.equal(true);
    expect(isAlreadyStopped(of(HRESULT.processAlreadyStopped))).to.equal(true);
    expect(isInvalidState(of(HRESULT.invalidState))).to.equal(true);
    expect(isInvalidState(new Error('x'))).to.equal(false);
    expect(of(0xc037010e).kind).to.equal('notFound');
    expect(of(HRESULT.systemAlreadyExists).kind).to.equal('conflict');
  });
});

describe('signals', () => {
  it('reads names and numbers', () => {
    expect(parseSignal('SIGTERM')).to.deep.equal({ name: 'TERM', number: 15, supported: true });
    expect(parseSignal('int')?.name).to.equal('INT');
    expect(parseSignal('9')?.name).to.equal('KILL');
    expect(parseSignal('WINCH')?.supported).to.equal(false);
    expect(['FOO', '', '99', 'SIG'].map(parseSignal)).to.deep.equal(Array<undefined>(4).fill(undefined));
  });

  it('maps them to what Windows has', () => {
    expect(['KILL', 'INT', 'QUIT', 'HUP', 'TERM', 'ABRT'].map(windowsSignal)).to.deep.equal([
      'terminate',
      'CtrlC',
      'CtrlBreak',
      'CtrlClose',
      'CtrlShutdown',
      'CtrlShutdown',
    ]);
  });
});
