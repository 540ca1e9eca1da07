import { expect } from 'chai';
import { progressRenderer } from '../../../src/cli/render/progress.ts';
import type { ProgressMode } from '../../../src/cli/render/progress.ts';
import { progressText } from '../../../src/cli/render/progress-bar.ts';
import { buildOutput } from '../../../src/cli/render/build.ts';
import type { ProgressMessage } from '../../../src/api/types/index.ts';

const pull: ProgressMessage[] = [
  { status: 'Pulling from windows/nanoserver', id: 'ltsc2022' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'a' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'b' },
  { status: 'Downloading', progressDetail: { current: 1000, total: 4000 }, id: 'a' },
  { status: 'Pull complete', progressDetail: {}, id: 'a' },
  { status: 'Digest: sha256:x' },
  { aux: { Tag: 'x' } },
];

function render(
  messages: readonly ProgressMessage[],
  mode: ProgressMode,
  isTTY: boolean,
  times: number[] = [],
): string {
  let written = '';
  const show = progressRenderer({
    out: { write: (text) => (written += text) },
    terminal: { isTTY, columns: 120, rows: 24, color: isTTY },
    mode,
    now: () => times.shift() ?? 0,
  });
  messages.forEach(show);
  return written;
}

describe('cli/render/progress', () => {
  it('prints states and drops numbers where there is no terminal', () => {
    expect(render(pull, 'auto', false)).to.equal(
      'ltsc2022: Pulling from windows/nanoserver\na: Pulling fs layer\nb: Pulling fs layer\na: Pull complete\nDigest: sha256:x\n',
    );
  });

  it('redraws one line a layer on terminals, as jsonmessage does', () => {
    const bar = `[============>${' '.repeat(38)}]      1kB/4kB`;
    expect(render(pull, 'auto', true)).to.equal(
      'ltsc2022: Pulling from windows/nanoserver\n' +
        '\n\x1b[1A\x1b[2K\ra: Pulling fs layer \r\x1b[1B' +
        '\n\x1b[1A\x1b[2K\rb: Pulling fs layer \r\x1b[1B' +
        `\x1b[2A\x1b[2K\ra: Downloading ${bar}\r\x1b[2B` +
        '\x1b[2A\x1b[2K\ra: Pull complete \r\x1b[2B' +
        'Digest: sha256:x\n',
    );
  });

  it('starts a new table after a line without numbers', () => {
    const again = [...pull.slice(1, 2), { status: 'Status: done' }, ...pull.slice(2, 3)];
    expect(render(again, 'tty', false)).to.equal(
      '\n\x1b[1A\x1b[2K\ra: Pulling fs layer \r\x1b[1BStatus: done\n\n\x1b[1A\x1b[2K\rb: Pulling fs layer \r\x1b[1B',
    );
  });

  it('shows numbers now and then with --progress=plain', () => {
    const download = (current: number) => ({ ...pull[3]!, progressDetail: { current, total: 4000 } });
    const messages = [download(1000), download(2000), download(3000)];
    expect(render(messages, 'plain', true, [0, 4999, 5000])).to.equal(
      'a: Downloading 1kB/4kB\na: Downloading 3kB/4kB\n',
    );
  });

  it('writes every message as a line of JSON, or nothing', () => {
    expect(render(pull.slice(0, 1), 'json', true)).to.equal(`${JSON.stringify(pull[0])}\n`);
    expect(render(pull, 'none', true)).to.equal('');
  });

  it('passes build streams on untouched and ends the context line like Docker’s client', () => {
    let written = '';
    const out = { write: (text: string) => (written += text) };
    const show = buildOutput(out, 'auto', (message) => void (written += message.stream));

    show({ status: 'Sending build context to Docker daemon', progressDetail: { current: 2048 } });
    show({ stream: 'Step 1/1 : FROM x' });

    expect(written).to.equal('Sending build context to Docker daemon  2.048kB\r\r\nStep 1/1 : FROM x');
  });

  describe('the bar', () => {
    const cases: [string, Parameters<typeof progressText>, string][] = [
      ['nothing', [{}, 200, 0], ''],
      ['only a count', [{ current: 1234 }, 200, 0], ' 1.234kB'],
      ['a count of things', [{ current: 3, units: 'layers' }, 200, 0], '3 layers'],
      ['things of a total', [{ current: 3, total: 6, units: 'layers' }, 100, 0], '3/6 layers'],
      ['more than the total', [{ current: 7000, total: 6000 }, 100, 0], '     7kB'],
      ['numbers on a narrow terminal', [{ current: 1, total: 2 }, 110, 0], '      1B/2B'],
      [
        'no numbers',
        [{ current: 1, total: 2, hidecounts: true }, 111, 0],
        `[${'='.repeat(25)}>${' '.repeat(25)}] `,
      ],
      ['the time left', [{ current: 10, total: 40, start: 100 }, 80, 110_000], '     10B/40B 30s'],
    ];
    for (const [what, args, text] of cases)
      it(`shows ${what}`, () => expect(progressText(...args)).to.equal(text));
  });
});
