import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3007',
  name: 'base-image-latest',
  severity: 'warning',
  platform: 'any',
  coveredBy: ['PW021', 'PW022'],
  docs: {
    summary: 'Do not build on latest',
    why: 'It is another image tomorrow than today, and nothing in the file says which one was meant.',
  },
  cases: {
    good: [
      'FROM debian:12\n',
      'FROM debian:latest@sha256:7959ed6f7e35f8b1aaa06d1d8259d4ee25aa85a086d5c125480c333183f9deeb\n',
    ],
    bad: [{ text: 'FROM debian:latest AS a\n', lines: [1] }],
  },
  stage({ base, from }, { report }) {
    if (base.stage !== undefined || base.unresolved || base.tag !== 'latest' || base.digest !== undefined)
      return;
    report({ message: `"${base.text}" changes without notice: name a release`, range: from.image.range() });
  },
});
