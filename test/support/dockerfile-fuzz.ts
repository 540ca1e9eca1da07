/** Random Dockerfiles and what must hold for every one of them. Runs are repeatable: a seed names an input. */
import { analyzeDockerfile } from '../../src/dockerfile/dockerfile.ts';
import { expandWord, ExpansionError } from '../../src/dockerfile/expand.ts';
import { lookUpDirective } from '../../src/dockerfile/directives.ts';
import { printTreeBytes } from '../../src/dockerfile/print.ts';
import { decodeSource } from '../../src/dockerfile/source.ts';

/** mulberry32: small, fast, the same everywhere. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const pieces = [
  ...'FROM RUN COPY ADD ENV LABEL ARG CMD ENTRYPOINT SHELL WORKDIR USER EXPOSE VOLUME ONBUILD HEALTHCHECK STOPSIGNAL'.split(
    ' ',
  ),
  ...[
    'MAINTAINER',
    'from',
    'RuN',
    'nonsense',
    '# escape=`',
    '# escape=\\',
    '# syntax=a',
    '# check=skip=all',
    '# note',
    '#',
  ],
  ...[
    '\n',
    '\n',
    '\n',
    '\r\n',
    '\\\n',
    '`\n',
    '\\ \t\n',
    '\n\n',
    ' ',
    ' ',
    ' ',
    '\t',
    '\u00a0',
    '\ufeff',
    '\u0085',
  ],
  ...[
    '--from=',
    '--mount=type=',
    'bind,target=',
    'cache',
    '--',
    '--link',
    '--platform=$P',
    '--interval=',
    '-',
    'AS',
    'as b',
  ],
  ...['["', '"]', '"', "'", ',', '[', ']', '\\"', '\\u00', '\\ud800', '{', '}', '["a","b"]', '[1]'],
  ...['<<', '<<-', '<<EOF', 'EOF', '\nEOF\n', '\tEOF', "<<'E F'", '3<<X', '<<"', 'X\n'],
  ...[
    '$',
    '${',
    '}',
    '${a:-',
    '${a#',
    '${a%%*',
    '${a/b/',
    '//',
    '*',
    '?',
    '${a:?x}',
    '$1',
    '$$',
    '${:',
    '%PATH%',
    '\\',
    '`',
  ],
  ...[
    'C:\\app\\',
    'C:/x',
    'a=b',
    '=',
    'a b',
    'NONE',
    'CMD',
    '1m30s',
    '80/tcp',
    'é',
    '漢',
    '\u{1F600}',
    '\ud800',
    '\0',
    '\x7f',
  ],
];

/** Bytes: words of the language in no order, and now and then noise. */
export function randomDockerfile(random: () => number): Uint8Array {
  const pick = () => pieces[Math.floor(random() * pieces.length)]!;
  let text = random() < 0.3 ? '' : 'FROM a\n';
  const count = Math.floor(random() ** 2 * 60);
  for (let index = 0; index < count; index++) text += pick() + (random() < 0.3 ? ' ' : '');
  const bytes = Buffer.from(text);
  if (random() < 0.15) {
    for (let change = 0; change < 4 && bytes.length > 0; change++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
  }
  return bytes;
}

/** Throws an Error that says what does not hold. */
export function checkDockerfile(bytes: Uint8Array): void {
  const source = decodeSource(bytes);
  const { tree, problems, stages } = analyzeDockerfile(source);
  const length = source.text.length;
  let covered = 0;
  for (const item of tree.items) {
    if (item.range.start !== covered) throw new Error(`items leave a gap at ${covered}`);
    covered = item.range.end;
  }
  if (covered !== length) throw new Error(`items end at ${covered} of ${length}`);
  if (!Buffer.from(printTreeBytes(tree)).equals(bytes)) throw new Error('printing changes the file');
  for (const { range, message } of problems) checkRange(range, length, message);
  for (const node of tree.instructions) {
    for (const word of [node.text, node.keyword, ...node.flags, ...node.args]) {
      checkRange(word.range(), length, word.text);
    }
    for (const argument of node.args) checkExpansion(argument.text, tree.escape);
  }
  for (const stage of stages) checkRange(stage.from.image.range(), length, 'image');
  lookUpDirective(source, 'syntax');
  lookUpDirective(source, 'check');
}

function checkRange({ start, end }: { start: number; end: number }, length: number, what: string): void {
  if (!(start >= 0 && start <= end && end <= length))
    throw new Error(`range ${start}-${end} of ${length}: ${what}`);
}

function checkExpansion(word: string, escape: '\\' | '`'): void {
  try {
    const { uses } = expandWord(word, { escape, get: (name) => (name === 'a' ? 'x\\y/z' : undefined) });
    for (const use of uses) checkRange(use, word.length, use.name);
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    checkRange(error, word.length, error.message);
  }
}

/** Checks inputs `first` to `first + count - 1`; the error names the seed. */
export function fuzzDockerfiles(first: number, count: number, until = Infinity): number {
  let seed = first;
  for (; seed < first + count && (seed % 256 !== 0 || Date.now() < until); seed++) {
    const bytes = randomDockerfile(randomSource(seed));
    try {
      checkDockerfile(bytes);
    } catch (error) {
      const shown = JSON.stringify(Buffer.from(bytes).toString('latin1'));
      throw new Error(`seed ${seed}: ${shown}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  return seed - first;
}
