import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { CommandContext } from '../../src/cli/command.ts';
import { consoleSize, followTerminalSize } from '../../src/cli/terminal-size.ts';

class FakeOutput extends EventEmitter {
  size: [number, number] = [100, 30];
  written = '';
  getWindowSize(): [number, number] {
    return this.size;
  }
  write(text: string): void {
    this.written += text;
  }
}

function contextOf(output: FakeOutput, stderr = new FakeOutput()): CommandContext {
  return {
    stdout: output,
    stderr,
    outTerminal: { isTTY: true, columns: 80, rows: 24, color: false },
    environment: { platform: 'linux' },
  } as unknown as CommandContext;
}

describe('cli/terminal-size', () => {
  it('gives height before width, and nothing when the output is no terminal', () => {
    const context = contextOf(new FakeOutput());

    expect(consoleSize(context)).to.deep.equal([30, 100]);
    expect(consoleSize({ ...context, outTerminal: { ...context.outTerminal, isTTY: false } })).to.deep.equal([
      0, 0,
    ]);
  });

  it('sends the size at once and after each change until it is stopped', () => {
    const output = new FakeOutput();
    const sent: unknown[] = [];

    const stop = followTerminalSize(contextOf(output), async (size) => void sent.push(size));
    output.emit('resize');
    output.size = [120, 40];
    output.emit('resize');
    stop();
    output.size = [1, 1];
    output.emit('resize');

    expect(sent).to.deep.equal([
      { height: 30, width: 100 },
      { height: 40, width: 120 },
    ]);
  });

  it('says so when the process never takes a size', async function () {
    this.timeout(5000);
    const stderr = new FakeOutput();
    let tries = 0;
    const told = new Promise<void>((resolve) => {
      stderr.write = (text: string) => {
        stderr.written += text;
        resolve();
      };
    });

    const stop = followTerminalSize(contextOf(new FakeOutput(), stderr), () => {
      tries++;
      return Promise.reject(new Error('not yet'));
    });
    await told;
    stop();

    expect([tries, stderr.written]).to.deep.equal([10, 'failed to resize tty, using default size\n']);
  });
});
