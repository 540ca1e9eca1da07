import { expect } from 'chai';
import { analyzeDockerfile, parseDockerfile } from '../../src/dockerfile/dockerfile.ts';
import { InstructionProblem } from '../../src/dockerfile/dockerfile-error.ts';
import { parseFlags } from '../../src/dockerfile/flags.ts';
import type { FlagKind } from '../../src/dockerfile/flags.ts';
import { MappedText } from '../../src/dockerfile/mapped-text.ts';
import { parseSyntax } from '../../src/dockerfile/parse.ts';
import { readInstruction } from '../../src/dockerfile/read-instruction.ts';
import { describeConformance } from '../support/dockerfile-conformance.ts';

interface Table<T> {
  cases: (T & { id: number })[];
}

describeConformance('Dockerfile instructions, conformance', (data) => {
  describe('errors', () => {
    interface Row {
      dockerfile: string;
      error: string;
      line: number;
    }
    for (const row of data.json<Table<Row>>('parser/instruction-errors.json').cases) {
      it(JSON.stringify(row.dockerfile), () => {
        const first = analyzeDockerfile(row.dockerfile).problems[0]!;

        expect(first.message).to.contain(row.error);
        expect(first.line).to.equal(row.line);
        expect(() => parseDockerfile(row.dockerfile)).to.throw(row.error);
      });
    }
  });

  describe('flags', () => {
    interface Row {
      args: string[];
      flags: Record<string, 'string' | 'bool'>;
      values?: Record<string, string | boolean>;
      error?: string;
    }
    for (const row of data.json<Table<Row>>('parser/flags.json').cases) {
      it(JSON.stringify(row.args), () => {
        const known = Object.fromEntries(
          Object.entries(row.flags).map(([name, kind]): [string, FlagKind] => [
            name,
            kind === 'bool' ? 'boolean' : 'text',
          ]),
        );
        // A bare `--` never reaches this level: it ends the flags when the line is cut.
        const words = row.args.filter((word) => word !== '--').map((word) => MappedText.at(0, word));
        const parse = () => parseFlags(words, known);

        if (row.error !== undefined) {
          expect(parse).to.throw(InstructionProblem, row.error);
          return;
        }
        const flags = parse();
        for (const [name, value] of Object.entries(row.values ?? {})) {
          expect(typeof value === 'boolean' ? flags.boolean(name) : flags.text(name)?.text).to.equal(value);
        }
      });
    }
  });

  describe('here-documents', () => {
    interface Row {
      dockerfile: string;
      dest?: string;
      sources?: string[];
      inline?: { path: string; data: string; expand: boolean }[];
      shell_form?: boolean;
      command?: string[];
      files?: { name: string; data: string; chomp: boolean }[];
      error?: string;
    }
    for (const row of data.json<Table<Row>>('parser/heredoc-instructions.json').cases) {
      it(JSON.stringify(row.dockerfile), () => {
        const read = () => readInstruction(parseSyntax(row.dockerfile).instructions[0]!);

        if (row.error !== undefined) {
          expect(read).to.throw(row.error);
          return;
        }
        const instruction = read();
        if (instruction.kind === 'copy') {
          expect(instruction.destination.text).to.equal(row.dest);
          expect(instruction.sources.map(String)).to.deep.equal(row.sources);
          const inline = instruction.inline.map(({ name, data: text, expand }) => ({
            path: name,
            data: text,
            expand,
          }));
          expect(inline).to.deep.equal(row.inline);
        } else if (instruction.kind === 'run') {
          const { command } = instruction;
          expect(!command.exec).to.equal(row.shell_form);
          expect(command.args.map(String)).to.deep.equal(row.command);
          expect(
            command.heredocs.map(({ name, content, chomp }) => ({ name, data: content, chomp })),
          ).to.deep.equal(row.files);
        } else {
          expect.fail(`unexpected ${instruction.kind}`);
        }
      });
    }
  });
});
