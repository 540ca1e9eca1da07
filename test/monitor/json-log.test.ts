import { expect } from 'chai';
import { JsonLogEncoder } from '../../src/monitor/json-log.ts';

const time = '2026-01-02T03:04:05.678Z';
const record = (log: string, stream = 'stdout'): string =>
  `{"log":${JSON.stringify(log)},"stream":"${stream}","time":"${time}"}\n`;

/** Records of chunks given one after the other, then the end. */
function encode(chunks: readonly (string | Buffer)[]): string {
  const encoder = new JsonLogEncoder('stdout');
  const parts = chunks.map((chunk) => Buffer.from(encoder.push(Buffer.from(chunk as string), time)));
  return Buffer.concat([...parts, encoder.end(time)]).toString();
}

describe('json-file records', () => {
  const cases: [title: string, chunks: readonly (string | Buffer)[], logs: readonly string[]][] = [
    ['one line', ['hello\n'], ['hello\n']],
    ['lines of one chunk', ['a\nb\n\nc\n'], ['a\n', 'b\n', '\n', 'c\n']],
    ['CRLF', ['a\r\nb\r\n'], ['a\r\n', 'b\r\n']],
    ['a lone carriage return', ['10%\r20%\rdone\n'], ['10%\r20%\rdone\n']],
    ['a line in parts', ['he', 'llo\nwor', 'ld\n'], ['hello\n', 'world\n']],
    ['an end without newline', ['a\nb'], ['a\n', 'b']],
    ['nothing', [], []],
    ['quotes, tabs and escapes', ['say "x"\t\u001b[0m\n', 'y\n'], ['say "x"\t\u001b[0m\n', 'y\n']],
    ['backslashes before n', ['C:\\new\\n\n', '\\\n'], ['C:\\new\\n\n', '\\\n']],
    ['characters beyond ASCII', ['é€😀 \u2028\n'], ['é€😀 \u2028\n']],
    ['a character cut by a chunk', [Buffer.from([0xf0, 0x9f]), Buffer.from([0x98, 0x80, 0x0a])], ['😀\n']],
    ['bytes that are no UTF-8', [Buffer.from([0x41, 0xff, 0x0a])], ['A\ufffd\n']],
    ['NUL', [Buffer.from([0x41, 0x00, 0x0a])], ['A\u0000\n']],
  ];
  for (const [title, chunks, logs] of cases) {
    it(title, () => expect(encode(chunks)).to.equal(logs.map((log) => record(log)).join('')));
  }

  it('cut long lines at 16 KiB, the last piece alone ending in a newline', () => {
    const k16 = 16 * 1024;
    for (const chunks of [
      [`${'x'.repeat(40_000)}\nshort\n`],
      ['x'.repeat(10_000), 'x'.repeat(10_000), 'x'.repeat(20_000), '\nshort\n'],
    ]) {
      const logs = encode(chunks)
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { log: string }).log);

      expect(logs.join('')).to.equal(`${'x'.repeat(40_000)}\nshort\n`);
      expect(logs.slice(0, 2).map((log) => log.length)).to.deep.equal([k16, k16]);
      expect(logs.filter((log) => log.endsWith('\n'))).to.have.length(2);
    }
  });

  it('cut long lines between characters', () => {
    const text = `a${'€'.repeat(10_000)}\n`;
    const logs = encode([text])
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { log: string }).log);

    expect(logs.join('')).to.equal(text);
    expect(Buffer.byteLength(logs[0]!)).to.be.within(16_381, 16_384);
  });

  it('carry attributes and the stream', () => {
    const encoder = new JsonLogEncoder('stderr', { tag: 'x' });

    expect(encoder.push(Buffer.from('a\n'), time).toString()).to.equal(
      `{"log":"a\\n","stream":"stderr","attrs":{"tag":"x"},"time":"${time}"}\n`,
    );
  });

  it('carry attributes with dollar signs', () => {
    for (const text of ['a\nb\n', 'a"\nb\n', 'a\\\nb\n']) {
      const encoder = new JsonLogEncoder('stdout', { price: '$1 $& $$' });
      const records = encoder.push(Buffer.from(text), time).toString().trimEnd().split('\n');

      expect(records.map((line) => (JSON.parse(line) as { attrs: object }).attrs)).to.deep.equal([
        { price: '$1 $& $$' },
        { price: '$1 $& $$' },
      ]);
    }
  });

  it('escape every character below a blank, wherever in memory it lies', () => {
    const memory = Buffer.alloc(64);
    for (let code = 0; code < 0x30; code += 1) {
      if (code === 0x0a) continue;
      for (let place = 0; place < 12; place += 1) {
        const line = `${'é'.repeat(place % 3)}${'x'.repeat(place)}${String.fromCharCode(code)}yy\n`;
        // Pieces of pooled memory begin anywhere.
        const chunk = memory.subarray(place, place + memory.write(line, place));
        expect(encode([chunk]), `${code} at ${place}`).to.equal(record(line));
      }
    }
  });

  it('are the same whatever the chunks', () => {
    const text = Array.from(
      { length: 12 },
      (_, n) => `${n} ${'é"\\\t\r'.repeat(n % 7)}${'y'.repeat(n * 3001)}\n`,
    ).join('');
    const bytes = Buffer.from(text);
    const whole = encode([bytes]);
    for (const size of [1, 7, 4096, 65_536]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      const logs = (from: string): string =>
        from
          .trimEnd()
          .split('\n')
          .map((line) => (JSON.parse(line) as { log: string }).log)
          .join('');

      expect(logs(encode(chunks))).to.equal(text);
    }
    expect(whole.split('\n').every((line) => line === '' || line.startsWith('{"log":"'))).to.equal(true);
  });
});
