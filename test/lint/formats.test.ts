import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { formatHuman } from '../../src/lint/formats/human.ts';
import { formatHadolintJson } from '../../src/lint/formats/json.ts';
import { lintSource } from '../../src/lint/lint-file.ts';
import { rules } from '../../src/lint/rules/index.ts';

describe('formatHadolintJson', () => {
  it("has hadolint's codes where hadolint has the rule", () => {
    const text = 'FROM a:1 AS Build\nMAINTAINER b\nCMD ["a"]\nCMD b\nRUN cd /x && y\n';
    const source = new SourceText(text);
    const { findings } = lintSource(source, rules, { name: 'Dockerfile' });
    const codes = (
      JSON.parse(
        formatHadolintJson([{ file: 'Dockerfile', source, findings }], { color: false, columns: 80 }),
      ) as { line: number; code: string }[]
    ).map(({ line, code }) => `${line} ${code}`);

    expect(codes).to.deep.equal(['1 BK001', '2 DL4000', '3 DL4003', '4 DL3025', '5 DL3003']);
  });
});

describe('formatHuman', () => {
  it('names the page of a check where it has an address, else the command that explains it', () => {
    const source = new SourceText('FROM debian\nCMD b\n');
    const { findings } = lintSource(source, rules, { name: 'Dockerfile' });
    const text = formatHuman([{ file: 'Dockerfile', source, findings }], { color: false, columns: 80 });

    expect(text.match(/help: .*/g)).to.deep.equal([
      'help: porthole lint --explain DL3006',
      'help: https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
    ]);
  });
});
