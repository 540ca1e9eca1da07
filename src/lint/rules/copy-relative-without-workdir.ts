import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3045',
  name: 'copy-relative-without-workdir',
  severity: 'warning',
  platform: 'any',
  docs: {
    summary: 'COPY to a relative destination needs a WORKDIR',
    why: "Without one the file goes to wherever the base image's own WORKDIR is, which the next release may change.",
    windows: 'A drive letter, or a leading slash of either kind, makes a path absolute.',
  },
  cases: {
    good: [
      'FROM debian:12 AS a\nWORKDIR /app\nCOPY a b\nFROM a\nCOPY a b\n',
      'FROM debian:12\nCOPY a /b\nCOPY a $DIR/b\nCOPY a "/b"\n',
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY a C:/b\nCOPY a \\b\n',
    ],
    bad: [
      { text: 'FROM debian:12\nCOPY a b\n', lines: [2] },
      { text: 'FROM debian:12 AS a\nWORKDIR /app\nFROM debian:12\nCOPY a b\n', lines: [4] },
    ],
  },
  check({ file, report }) {
    // By stage: a WORKDIR is set at its end.
    const ends: boolean[] = [];
    for (const { base, instructions, platform } of file.stages) {
      let isSet = base.stage !== undefined && ends[base.stage] === true;
      for (const { instruction } of instructions) {
        if (instruction.kind === 'workdir') isSet = true;
        if (instruction.kind !== 'copy' || isSet) continue;
        const path = instruction.destination.text.replace(/^["']/, '');
        if (/^([/$]|[A-Za-z]:)/.test(path) || (platform === 'windows' && path.startsWith('\\'))) continue;
        report({
          message: `"${path.replace(/["']$/, '')}" is relative, and no WORKDIR is set`,
          range: instruction.destination.range(),
        });
      }
      ends.push(isSet);
    }
  },
});
