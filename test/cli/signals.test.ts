import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { Signals } from '../../src/cli/signals.ts';

class FakeProcess extends EventEmitter {
  readonly platform: string = 'linux';
  readonly lines: string[] = [];
  forceExit(line: string): void {
    this.lines.push(line);
  }
  send(name: NodeJS.Signals): void {
    this.emit(name, name);
  }
}

describe('cli/signals', () => {
  it('installs nothing until it is asked', () => {
    const source = new FakeProcess();
    const signals = new Signals(source);
    expect(source.eventNames()).to.deep.equal([]);
    void signals.abort;
    expect(source.eventNames()).to.deep.equal(['SIGINT', 'SIGTERM', 'SIGHUP']);
  });

  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`aborts on ${name} with exit code ${code}`, () => {
      const source = new FakeProcess();
      const signals = new Signals(source);
      const { abort } = signals;
      expect([abort.aborted, signals.ended]).to.deep.equal([false, undefined]);
      source.send(name);
      expect([abort.aborted, signals.ended]).to.deep.equal([true, code]);
    });
  }

  it('keeps the code of the first and gives up at the third', () => {
    const source = new FakeProcess();
    const signals = new Signals(source);
    void signals.abort;
    source.send('SIGINT');
    source.send('SIGTERM');
    expect(source.lines).to.deep.equal([]);
    source.send('SIGINT');
    expect(source.lines).to.deep.equal(['got 3 SIGTERM/SIGINTs, forcefully exiting']);
    expect(signals.ended).to.equal(130);
  });

  it('gives signals to a subscriber instead', () => {
    const source = new FakeProcess();
    const signals = new Signals(source);
    const seen: string[] = [];
    const unsubscribe = signals.subscribe((name) => seen.push(name));
    for (const name of ['SIGINT', 'SIGINT', 'SIGINT', 'SIGUSR1', 'SIGWINCH'] as const) source.send(name);
    expect(seen).to.deep.equal(['SIGINT', 'SIGINT', 'SIGINT', 'SIGUSR1', 'SIGWINCH']);
    expect([signals.abort.aborted, source.lines]).to.deep.equal([false, []]);
    unsubscribe();
    unsubscribe();
    source.send('SIGTERM');
    expect(seen).to.have.lengthOf(5);
    expect(signals.ended).to.equal(143);
  });

  it('knows the four that Windows has', () => {
    const source = Object.assign(new FakeProcess(), { platform: 'win32' });
    new Signals(source).subscribe(() => undefined)();
    expect(source.eventNames()).to.deep.equal(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK']);
  });
});
