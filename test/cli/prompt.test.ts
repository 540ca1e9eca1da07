import { PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import type { CommandContext } from '../../src/cli/command.ts';
import { bufferedOutput } from '../../src/cli/buffered-output.ts';
import { ask, confirm, readLine, readSecretFromStdin } from '../../src/cli/prompt.ts';

function scene(stdin: NodeJS.ReadableStream, isTTY = false) {
  const out = bufferedOutput();
  const abort = new AbortController();
  const context = {
    stdin,
    stdout: out.stream,
    signal: abort.signal,
    inTerminal: { isTTY, columns: 80, rows: 24, color: false },
  } as unknown as CommandContext;
  return { context, out, abort };
}

const typed = (...chunks: string[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

describe('cli/prompt', () => {
  it('reads one line at a time and leaves the rest', async () => {
    const { context } = scene(typed('one\r\ntw', 'o\nthree'));

    expect(await readLine(context)).to.equal('one');
    expect(await readLine(context)).to.equal('two');
    expect(await readLine(context)).to.equal('three');
  });

  it('gives nothing at the end of input, or when the run is aborted', async () => {
    expect(await readLine(scene(typed()).context)).to.equal(undefined);
    const { context, abort } = scene(new PassThrough());
    const line = readLine(context);
    abort.abort();
    expect(await line).to.equal(undefined);
  });

  it('takes only y for yes', async () => {
    for (const answer of ['y\n', 'Y\r\n', ' y ']) await confirm(scene(typed(answer)).context, 'Sure?');
    for (const answer of ['yes\n', 'n\n', '\n', '']) {
      const refused = await confirm(scene(typed(answer)).context, 'Sure?').catch((error: unknown) => error);
      expect(refused).to.include({ kind: 'cancelled' });
    }
  });

  it('shows nothing of a secret, and lets it be corrected', async () => {
    const modes: boolean[] = [];
    const terminal = Object.assign(new PassThrough(), { setRawMode: (raw: boolean) => modes.push(raw) });
    const { context, out } = scene(terminal, true);

    const secret = ask(context, 'Password: ', true);
    terminal.write('pax\x7fss\r');

    expect(await secret).to.equal('pass');
    expect(modes).to.deep.equal([true, false]);
    expect(out.text()).to.equal('Password: \n');
  });

  it('gives a secret up with Ctrl-C', async () => {
    const terminal = Object.assign(new PassThrough(), { setRawMode: () => undefined });

    const secret = ask(scene(terminal, true).context, 'Password: ', true).catch((error: unknown) => error);
    terminal.write('pa\x03');

    expect(await secret).to.include({ kind: 'cancelled', exitCode: 130 });
  });

  for (const [text, secret] of [
    ['pw', 'pw'],
    ['pw\n', 'pw'],
    ['pw\r\n', 'pw'],
    ['pw\r', 'pw'],
    ['pw \n\n', 'pw \n'],
  ] as const) {
    it(`drops one line end of ${JSON.stringify(text)}`, async () =>
      expect(await readSecretFromStdin(scene(typed(text)).context)).to.equal(secret));
  }
});
