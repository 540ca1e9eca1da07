import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Linter } from '../../src/lint/linter.ts';
import { defineRule, type RuleDefinition } from '../../src/lint/rule.ts';
import { rules } from '../../src/lint/rules/index.ts';

describe('linter', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-linter-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const broken = defineRule({
    id: 'XX001',
    name: 'broken',
    severity: 'info',
    platform: 'any',
    docs: { summary: '', why: '' },
    cases: { good: [], bad: [] },
    check({ file }) {
      if (file.source.text.includes('BROKEN')) throw new Error('a mistake of a rule');
    },
  });

  function linterOf(chosen: readonly RuleDefinition[]): Linter {
    return new Linter(
      chosen,
      {},
      {
        cwd: folder,
        now: 0,
        personal: { home: folder, config: undefined, variables: {} },
        readStdin: () => Promise.resolve(Buffer.alloc(0)),
      },
    );
  }

  it('tells what it finds in order, whatever becomes of the files between', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `Dockerfile.${index}`);
    for (const [index, name] of names.entries())
      if (index !== 7)
        writeFileSync(
          join(folder, name),
          index === 20
            ? Buffer.from([0, 1, 2, 0])
            : `FROM debian AS Stage${index}\n${index === 3 ? '# BROKEN\n' : ''}`,
        );
    const linter = linterOf([...rules, broken]);
    const refused: string[] = [];
    const linted = await linter.lint(names, { fix: false, dryRun: false }, (name, error) =>
      refused.push(`${name}: ${(error as Error).message.slice(0, 30)}`),
    );
    expect(linted.map(({ report }) => report.file)).to.deep.equal(
      names.filter((_, index) => ![3, 7, 20].includes(index)),
    );
    for (const { report } of linted)
      expect(report.findings.map(({ message }) => message).join()).to.contain(
        `Stage${report.file.split('.')[1]}`,
      );
    expect(refused).to.have.lengthOf(3);
    expect(refused.find((line) => line.startsWith('Dockerfile.3:'))).to.contain('a mistake of a rule');
  });

  for (const fix of [false, true])
    it(`stops between files when it is told to${fix ? ', fixing too' : ''}`, async () => {
      for (let index = 0; index < 100; index++)
        writeFileSync(join(folder, `Dockerfile.${index}`), 'FROM a\n');
      const names = Array.from({ length: 100 }, (_, index) => `Dockerfile.${index}`);
      const controller = new AbortController();
      // As a signal's handler does: when the process gets round to its events.
      setImmediate(() => controller.abort());
      const stopped = await linterOf(rules)
        .lint(names, { fix, dryRun: true }, () => undefined, controller.signal)
        .then(
          () => undefined,
          (error: unknown) => error,
        );
      expect((stopped as Error | undefined)?.name).to.equal('AbortError');
    });
});
