/** Stages that build on stages: what they take over, and that thousands of them cost no more than their number. */
import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { buildModel } from '../../src/lint/build-model.ts';
import type { LintFile } from '../../src/lint/model.ts';

function chain(stages: number): LintFile {
  const lines = ['FROM mcr.microsoft.com/windows/nanoserver:ltsc2022 AS s0', 'ENV N=0 A0=0'];
  for (let at = 1; at < stages; at++) {
    lines.push(`FROM s${at - 1} AS s${at}`, `ENV N=${at} A${at}=${at}`, 'RUN x');
  }
  return buildModel(new SourceText(lines.join('\n')), { name: 'Dockerfile' });
}

/** How often maps were asked while `work` ran. */
function mapQuestions(work: () => void): number {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its map below
  const { get } = Map.prototype;
  let count = 0;
  Map.prototype.get = function (key: unknown): unknown {
    count++;
    return get.call(this, key) as unknown;
  };
  try {
    work();
  } finally {
    Map.prototype.get = get;
  }
  return count;
}

describe('chains of stages', () => {
  it('know the image that they start from', () => {
    const { stages } = chain(5);

    expect(stages.map(({ root }) => root)).to.deep.equal(stages.map(() => stages[0]!.base));
  });

  it('hand on variables, the nearest first, in the order in which they came', () => {
    const { stages } = chain(200);
    const { variables } = stages[199]!.instructions[1]!;

    expect([...variables].slice(0, 3)).to.deep.equal([
      ['N', '199'],
      ['A0', '0'],
      ['A1', '1'],
    ]);
    expect(variables.size).to.equal(201);
    expect(variables.get('A7')).to.equal('7');
    expect([...stages[199]!.instructions[0]!.variables.keys()].at(-1)).to.equal('A198');
  });

  it('ask for each name a few times, however many stages there are', () => {
    expect(mapQuestions(() => chain(2000)) / 2000).to.be.below(100);
  });
});
