import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK002',
  name: 'from-as-casing',
  aliases: ['FromAsCasing'],
  severity: 'warning',
  platform: 'any',
  description: "The 'as' keyword should match the case of the 'from' keyword",
  url: 'https://docs.docker.com/go/dockerfile/rule/from-as-casing/',
  docs: {
    summary: 'AS should be written in the case of FROM',
    why: 'Two spellings in one line make keywords hard to tell from names.',
  },
  cases: {
    good: ['FROM scratch AS build\n', 'from scratch as build\n', 'From scratch as build\n'],
    bad: [{ text: 'FROM scratch as build\n', lines: [1], fixed: 'FROM scratch AS build\n' }],
  },
  stage({ from }, { report }) {
    const keyword = from.node.keyword.text;
    const as = from.node.args[1];
    if (from.stageName === undefined || as === undefined) return;
    const upper = keyword === keyword.toUpperCase();
    // A FROM of mixed case is another rule's affair.
    if (!upper && keyword !== keyword.toLowerCase()) return;
    const wanted = upper ? 'AS' : 'as';
    if (as.text === wanted) return;
    report({
      message: `'${as.text}' and '${keyword}' keywords' casing do not match`,
      range: as.range(),
      line: from.node.lines[0],
      fix: { title: `Write ${wanted}`, edits: [{ range: as.range(), text: wanted }] },
    });
  },
});
