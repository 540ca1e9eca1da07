import { expect } from 'chai';
import { lookUpDirective } from '../../src/dockerfile/directives.ts';
import { heredocsOfLine, parseHeredocWord } from '../../src/dockerfile/heredoc.ts';
import { NotStringArrayError, parseJsonArray } from '../../src/dockerfile/json-array.ts';
import { MappedText } from '../../src/dockerfile/mapped-text.ts';
import { parseSyntax } from '../../src/dockerfile/parse.ts';
import { decodeSource, SourceText } from '../../src/dockerfile/source.ts';
import { describeConformance } from '../support/dockerfile-conformance.ts';
import { dumpTree, instructionObject } from '../support/dockerfile-dump.ts';
import type { InstructionObject } from '../support/dockerfile-dump.ts';

interface Table<T> {
  cases: (T & { id: number })[];
}

interface TreeCase {
  dockerfile: string;
  escape: string;
  directives: [string, string][];
  instructions: InstructionObject[];
  warnings: { line: number; message: string }[];
  dump: string;
}

describeConformance('Dockerfile syntax, conformance', (data) => {
  describe('test files', () => {
    for (const name of data.folders('parser/testfiles')) {
      it(name, () => {
        const tree = parseSyntax(decodeSource(data.bytes(`parser/testfiles/${name}/Dockerfile`)));

        expect(tree.problems).to.deep.equal([]);
        expect(dumpTree(tree)).to.equal(data.text(`parser/testfiles/${name}/result`));
      });
    }
  });

  describe('files that are refused', () => {
    for (const name of data.folders('parser/negative')) {
      it(name, () => {
        const tree = parseSyntax(decodeSource(data.bytes(`parser/negative/${name}/Dockerfile`)));

        const { message, line } = tree.problems[0]!;
        expect({ message, line }).to.deep.equal(data.json(`parser/negative/${name}/error.json`));
      });
    }
  });

  it('line numbers', () => {
    const expected = data.json<{ instructions: number[][] }>('parser/line-numbers/expected.json');

    const tree = parseSyntax(decodeSource(data.bytes('parser/line-numbers/Dockerfile')));

    expect(tree.instructions.map((node) => node.lines)).to.deep.equal(expected.instructions);
  });

  describe('directives', () => {
    interface DirectiveCase {
      text: string;
      directives?: [string, string][];
      escape?: string;
      syntax?: string | null;
      check?: string | null;
      cmdline?: string;
      line?: number;
      error?: string;
      error_line?: number;
    }
    for (const row of data.json<Table<DirectiveCase>>('parser/directives.json').cases) {
      it(JSON.stringify(row.text), () => {
        const source = new SourceText(row.text);
        const tree = parseSyntax(source);
        if (row.error !== undefined) {
          expect(tree.problems[0]).to.include({ message: row.error, line: row.error_line });
          return;
        }
        if (row.escape !== undefined) expect(tree.escape).to.equal(row.escape);
        if (row.directives) {
          expect(tree.directives.map(({ name, value }) => [name, value])).to.deep.equal(row.directives);
        }
        for (const name of ['syntax', 'check'] as const) {
          const wanted = row[name];
          if (wanted === undefined) continue;
          const found = lookUpDirective(source, name);
          expect(found?.value ?? null).to.equal(wanted);
          if (row.cmdline !== undefined) expect(found?.commandLine).to.equal(row.cmdline);
          if (row.line !== undefined) expect(source.lineAt(found!.range!.start)).to.equal(row.line);
        }
      });
    }
  });

  describe('here-documents', () => {
    interface HeredocCase {
      dockerfile: string;
      heredocs: unknown[];
    }
    for (const row of data.json<Table<HeredocCase>>('parser/heredocs.json').cases) {
      it(JSON.stringify(row.dockerfile), () => {
        const tree = parseSyntax(row.dockerfile);

        expect(tree.problems).to.deep.equal([]);
        expect(instructionObject(tree.instructions[1]!).heredocs).to.deep.equal(row.heredocs);
      });
    }
    interface WordCase {
      word?: string;
      kind?: string;
      name?: string;
      line?: string;
      names?: string[];
    }
    for (const row of data.json<Table<WordCase>>('parser/heredoc-words.json').cases) {
      it(JSON.stringify(row.word ?? row.line), () => {
        if (row.line !== undefined) {
          expect(heredocsOfLine(row.line).map(({ name }) => name)).to.deep.equal(row.names);
        } else if (row.kind === 'error') {
          expect(() => parseHeredocWord(row.word!)).to.throw('unexpected end of statement');
        } else {
          expect(parseHeredocWord(row.word!)?.name).to.equal(row.name);
        }
      });
    }
  });

  describe('JSON arrays', () => {
    for (const row of data.json<Table<{ text: string; values?: string[] | null; error?: string }>>(
      'parser/json-arrays.json',
    ).cases) {
      it(JSON.stringify(row.text), () => {
        const parse = () => parseJsonArray(MappedText.at(0, row.text));
        if (row.error !== undefined) expect(parse).to.throw(NotStringArrayError, row.error);
        else expect(parse()?.map(String) ?? null).to.deep.equal(row.values);
      });
    }
  });

  describe('Windows cases', () => {
    for (const row of data.json<Table<TreeCase>>('parser/windows-cases.json').cases) {
      it(JSON.stringify(row.dockerfile), () => checkTree(row.dockerfile, row));
    }
  });

  describe('real-world files', () => {
    for (const name of data.folders('realworld')) {
      it(name, () => {
        const expected = data.json<TreeCase>(`realworld/${name}/ast.json`);
        const file = data.files(`realworld/${name}`).find((entry) => entry !== 'ast.json')!;
        const source = decodeSource(data.bytes(`realworld/${name}/${file}`));

        checkTree(source, expected);
      });
    }
  });
});

function checkTree(source: SourceText | string, expected: TreeCase): void {
  const tree = parseSyntax(source);
  expect(tree.problems).to.deep.equal([]);
  expect(tree.escape).to.equal(expected.escape);
  expect(tree.directives.map(({ name, value }) => [name, value])).to.deep.equal(expected.directives);
  expect(tree.instructions.map(instructionObject)).to.deep.equal(expected.instructions);
  expect(tree.warnings.map(({ line, message }) => ({ line, message }))).to.deep.equal(expected.warnings);
  if (expected.dump !== undefined) expect(dumpTree(tree)).to.equal(expected.dump + '\n');
}
