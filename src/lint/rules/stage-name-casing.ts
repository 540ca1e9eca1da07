import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK001',
  name: 'stage-name-casing',
  aliases: ['StageNameCasing'],
  severity: 'warning',
  platform: 'any',
  description: 'Stage names should be lowercase',
  url: 'https://docs.docker.com/go/dockerfile/rule/stage-name-casing/',
  docs: {
    summary: 'Stage names should be lower case',
    why: 'Stage names are compared in lower case, so capitals only mislead.',
  },
  cases: {
    good: ['FROM scratch AS build\n'],
    bad: [{ text: 'FROM scratch AS Build\n', lines: [1], fixed: 'FROM scratch AS build\n' }],
  },
  stage({ from }, { report }) {
    const name = from.stageName;
    if (name === undefined || name.text === name.text.toLowerCase()) return;
    report({
      message: `Stage name '${name.text}' should be lowercase`,
      range: name.range(),
      line: from.node.lines[0],
      fix: {
        title: 'Write the stage name in lower case',
        edits: [{ range: name.range(), text: name.text.toLowerCase() }],
      },
    });
  },
});
