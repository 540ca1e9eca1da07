import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3006',
  name: 'base-image-without-tag',
  severity: 'warning',
  platform: 'any',
  coveredBy: ['PW021', 'PW022'],
  docs: {
    summary: "Name the base image's version",
    why: 'Without a tag it is latest: another image tomorrow than today.',
  },
  cases: {
    good: [
      'FROM scratch\n',
      'FROM debian:12 AS a\nFROM a\n',
      'FROM debian@sha256:7959ed6f7e35f8b1aaa06d1d8259d4ee25aa85a086d5c125480c333183f9deeb\n',
      'FROM $BASE\n',
      'ARG TAG=12\nFROM debian:$TAG\n',
    ],
    bad: [
      { text: 'FROM debian AS a\n', lines: [1] },
      { text: 'FROM localhost:5000/a\n', lines: [1] },
    ],
  },
  stage({ base, from }, { report }) {
    if (base.stage !== undefined || base.unresolved || base.repository === 'scratch') return;
    if (base.tag !== undefined || base.digest !== undefined) return;
    report({ message: `no version: write ${base.text}:<tag>`, range: from.image.range() });
  },
});
