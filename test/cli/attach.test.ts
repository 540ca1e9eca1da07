import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import { checkTerminal, copyStdio, forwardSignals } from '../../src/cli/attach.ts';
import type { AttachOptions } from '../../src/cli/attach.ts';
import type { CommandContext } from '../../src/cli/command.ts';
import type { StdioSession } from '../../src/engine/roles/index.ts';
import { bufferedOutput } from '../../src/cli/buffered-output.ts';

const plain: AttachOptions = { tty: false, stdin: true, stdout: true, stderr: true, detachKeys: '' };

class FakeTerminalInput extends PassThrough {
  readonly modes: boolean[] = [];
  setRawMode(raw: boolean): this {
    this.modes.push(raw);
    return this;
  }
}

function scene(options: { tty?: boolean; platform?: 'win32' | 'linux' } = {}) {
  const stdin = new FakeTerminalInput();
  const out = bufferedOutput();
  const error = bufferedOutput();
  const abort = new AbortController();
  const listeners = new Set<(name: NodeJS.Signals) => void>();
  const session = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const received: string[] = [];
  session.stdin.on('data', (chunk: Buffer) => received.push(chunk.toString('latin1')));
  const context = {
    environment: { platform: options.platform ?? 'linux', now: () => 0, env: { TZ: 'UTC' } },
    stdin,
    stdout: out.stream,
    stderr: error.stream,
    inTerminal: { isTTY: options.tty ?? false, columns: 80, rows: 24, color: false },
    signal: abort.signal,
    onSignal: (listener: (name: NodeJS.Signals) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as CommandContext;
  return {
    context,
    stdin,
    out,
    error,
    abort,
    received,
    session,
    typedSession: { ...session, close: () => undefined } as StdioSession,
    raise: (name: NodeJS.Signals) => listeners.forEach((listener) => listener(name)),
    listeners,
  };
}

describe('cli/attach', () => {
  it('copies both streams to their ends and gives stdin back', async () => {
    const { context, typedSession, session, out, error, stdin } = scene();

    const end = copyStdio(context, typedSession, plain);
    session.stdout.end('out\r\n');
    session.stderr.end('err\r\n');

    expect(await end).to.equal('ended');
    expect([out.text(), error.text()]).to.deep.equal(['out\r\n', 'err\r\n']);
    expect(stdin.isPaused()).to.equal(true);
    expect(stdin.listenerCount('data')).to.equal(0);
  });

  it('half-closes the process’s stdin and keeps reading its output', async () => {
    const { context, typedSession, session, received, stdin, out } = scene();

    const end = copyStdio(context, typedSession, plain);
    const closed = new Promise((resolve) => session.stdin.once('end', resolve));
    stdin.end('x1\nx2\n');
    await closed;
    session.stdout.end('after\n');
    session.stderr.end();

    expect(await end).to.equal('ended');
    expect(received.join('')).to.equal('x1\nx2\n');
    expect(out.text()).to.equal('after\n');
  });

  it('survives a process that closes its stdin early', async () => {
    const { context, typedSession, session, stdin } = scene();

    const end = copyStdio(context, typedSession, plain);
    session.stdin.destroy(Object.assign(new Error('broken'), { code: 'EPIPE' }));
    stdin.write('nobody reads this');
    session.stdout.end();
    session.stderr.end();

    expect(await end).to.equal('ended');
  });

  it('sets the terminal raw while a terminal session lasts, and puts it back after detaching', async () => {
    const { context, typedSession, stdin, received } = scene({ tty: true });

    const end = copyStdio(context, typedSession, { ...plain, tty: true });
    stdin.write('ab\x10c\x10\x11never');

    expect(await end).to.equal('detached');
    expect(stdin.modes).to.deep.equal([true, false]);
    expect(received.join('')).to.equal('ab\x10c');
  });

  it('logs detach keys it does not know and uses the default ones', async () => {
    const { context, typedSession, stdin, error } = scene({ tty: true });

    const end = copyStdio(context, typedSession, { ...plain, tty: true, detachKeys: 'x!' });
    stdin.write('\x10\x11');

    expect(await end).to.equal('detached');
    expect(error.text()).to.equal(
      'time="1970-01-01T00:00:00Z" level=warning msg="invalid detach escape keys, using default: Unknown character: \'x!\'"\n',
    );
  });

  it('passes detach keys through when there is no terminal', async () => {
    const { context, typedSession, session, stdin, received } = scene();

    const end = copyStdio(context, typedSession, plain);
    stdin.end('\x10\x11');
    await new Promise((resolve) => session.stdin.once('end', resolve));
    session.stdout.end();
    session.stderr.end();
    await end;

    expect(received.join('')).to.equal('\x10\x11');
  });

  it('detaches when the run is aborted', async () => {
    const { context, typedSession, abort } = scene();

    const end = copyStdio(context, typedSession, plain);
    abort.abort();

    expect(await end).to.equal('detached');
  });

  it('stops when nobody reads the output any more', async () => {
    const { context, typedSession, session } = scene();
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
    });

    const end = copyStdio({ ...context, stdout: broken }, typedSession, plain);
    session.stdout.write('text');

    expect(await end).to.equal('broken');
  });

  it('ends with stdin when only stdin is attached', async () => {
    const { context, typedSession, stdin } = scene();

    const end = copyStdio(context, typedSession, { ...plain, stdout: false, stderr: false });
    stdin.end('abc');

    expect(await end).to.equal('ended');
  });

  describe('checkTerminal', () => {
    it('refuses an interactive terminal session without a terminal', () => {
      expect(() => checkTerminal(scene().context, true, true)).to.throw('the input device is not a TTY');
      expect(() => checkTerminal(scene({ platform: 'win32' }).context, true, true)).to.throw(
        "the input device is not a TTY.  If you are using mintty, try prefixing the command with 'winpty'",
      );
    });

    it('lets everything else pass', () => {
      checkTerminal(scene().context, false, true);
      checkTerminal(scene().context, true, false);
      checkTerminal(scene({ tty: true }).context, true, true);
    });
  });

  describe('forwardSignals', () => {
    const forward = (platform: 'win32' | 'linux', signals: NodeJS.Signals[]) => {
      const sent: string[] = [];
      let forced = false;
      const world = scene({ platform });
      const stop = forwardSignals(
        world.context,
        async (name) => {
          sent.push(name);
          if (name === 'USR1') throw new Error('no such container');
        },
        () => (forced = true),
      );
      signals.forEach(world.raise);
      stop();
      return { sent, forced, stderr: world.error.text(), left: world.listeners.size };
    };

    it('sends names without SIG and ignores window changes and failures', () => {
      expect(forward('linux', ['SIGHUP', 'SIGWINCH', 'SIGUSR1', 'SIGINT'])).to.deep.equal({
        sent: ['HUP', 'USR1', 'INT'],
        forced: false,
        stderr: '',
        left: 0,
      });
    });

    it('translates what a Windows console raises', () => {
      expect(forward('win32', ['SIGBREAK', 'SIGHUP']).sent).to.deep.equal(['INT', 'TERM']);
    });

    it('gives up at the third SIGINT or SIGTERM', () => {
      expect(forward('linux', ['SIGINT', 'SIGTERM', 'SIGINT'])).to.deep.equal({
        sent: ['INT', 'TERM'],
        forced: true,
        stderr: 'got 3 SIGTERM/SIGINTs, forcefully exiting\n',
        left: 0,
      });
    });
  });
});
