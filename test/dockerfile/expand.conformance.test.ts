import { expect } from 'chai';
import { expandWord } from '../../src/dockerfile/expand.ts';
import type { EscapeCharacter, Expansion } from '../../src/dockerfile/expand.ts';
import { describeConformance } from '../support/dockerfile-conformance.ts';

interface Row {
  id: number;
  input: string;
  env?: Record<string, string>;
  platform?: 'any' | 'windows' | 'unix';
  result?: string;
  words?: string[];
  matched?: string[];
  unmatched?: string[];
  error?: boolean;
  error_text?: string;
}

interface Table {
  env?: Record<string, string>;
  escape?: EscapeCharacter;
  case_insensitive_env?: boolean;
  cases: Row[];
}

function expand(
  row: Row,
  env: Record<string, string>,
  escape: EscapeCharacter,
  ignoreCase: boolean,
): Expansion {
  const key = (name: string) => (ignoreCase ? name.toUpperCase() : name);
  const values = new Map(Object.entries(env).map(([name, value]) => [key(name), value]));
  return expandWord(row.input, { escape, get: (name) => values.get(key(name)) });
}

describeConformance('Word expansion, conformance', (data) => {
  for (const name of ['shell-expansion', 'shell-words', 'shell-modifiers', 'shell-backtick']) {
    describe(name, () => {
      const table = data.json<Table>(`parser/${name}.json`);
      for (const row of table.cases) {
        it(`${row.id} ${JSON.stringify(row.input)}`, () => {
          const ignoreCase = table.case_insensitive_env ?? row.platform === 'windows';
          const run = () => expand(row, row.env ?? table.env ?? {}, table.escape ?? '\\', ignoreCase);

          if (row.error) {
            expect(run).to.throw(row.error_text ?? 'failed to process');
            return;
          }
          const expansion = run();
          if (row.result !== undefined) expect(expansion.result).to.equal(row.result);
          if (row.words) expect(expansion.words).to.deep.equal(row.words);
          const names = (found: boolean) => [
            ...new Set(expansion.uses.filter((use) => use.found === found).map((use) => use.name)),
          ];
          if (row.matched) expect(names(true).sort()).to.deep.equal(row.matched);
          if (row.unmatched) expect(names(false).sort()).to.deep.equal(row.unmatched);
        });
      }
    });
  }
});
