import { expect } from 'chai';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analyzeDockerfile } from '../../src/dockerfile/dockerfile.ts';
import { MappedText } from '../../src/dockerfile/mapped-text.ts';
import { printTreeBytes } from '../../src/dockerfile/print.ts';
import { decodeSource } from '../../src/dockerfile/source.ts';
import type { SourceRange, SourceText } from '../../src/dockerfile/source.ts';
import { dumpTree, instructionObject } from '../support/dockerfile-dump.ts';

const folder = join(import.meta.dirname, '../../fixtures/dockerfiles');

/** `line:column-line:column text` */
function place(source: SourceText, range: SourceRange): string {
  const start = source.position(range.start);
  const end = source.position(range.end);
  const shown = JSON.stringify(source.slice(range));
  return `${start.line}:${start.column}-${end.line}:${end.column} ${shown.length > 60 ? shown.slice(0, 59) + '…' : shown}`;
}

/** Typed values with every text as its value and place. */
function described(value: unknown, source: SourceText): unknown {
  if (value instanceof MappedText) return `${JSON.stringify(value.text)} @ ${place(source, value.range())}`;
  if (Array.isArray(value)) return value.map((element) => described(element, source));
  if (typeof value !== 'object' || value === null) return value;
  if ('type' in value && value.type === 'instruction') return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, described(element, source)]));
}

function summary(bytes: Uint8Array): unknown {
  const source = decodeSource(bytes);
  const { tree, globalArgs, stages, problems } = analyzeDockerfile(source);
  return {
    encoding: source.encoding,
    escape: tree.escape,
    directives: tree.directives.map(({ name, value, range }) => `${name}=${value} @ ${place(source, range)}`),
    items: tree.items.map((item) => `${item.type} ${place(source, item.range)}`),
    instructions: tree.instructions.map(instructionObject),
    dump: dumpTree(tree).split('\n'),
    warnings: tree.warnings.map(({ line, message }) => `${line}: ${message}`),
    problems: problems.map(
      ({ phase, line, endLine, message, range }) =>
        `${phase} ${line}-${endLine}: ${message} @ ${place(source, range)}`,
    ),
    globalArgs: described(globalArgs, source),
    stages: described(stages, source),
  };
}

describe('Dockerfile fixtures', () => {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name, 'Dockerfile'));

    it(`reads ${name}`, () => {
      const golden = join(folder, name, 'expected.json');
      const actual = JSON.stringify(summary(bytes), undefined, 1) + '\n';
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, actual);

      expect(JSON.parse(actual)).to.deep.equal(JSON.parse(readFileSync(golden, 'utf8')));
    });

    it(`prints ${name} back byte for byte`, () => {
      const { tree } = analyzeDockerfile(decodeSource(bytes));

      expect(Buffer.from(printTreeBytes(tree)).equals(bytes)).to.equal(true);
    });
  }
});
