import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW040',
  name: 'file-not-utf8',
  severity: 'error',
  platform: 'any',
  docs: {
    summary: 'A Dockerfile is UTF-8',
    why: '`>` of Windows PowerShell writes UTF-16, which the builders take for an unknown instruction; a UTF-8 mark is harmless.',
    see: ['moby/buildkit: frontend/dockerfile/parser/parser.go (only the UTF-8 BOM is stripped)'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n'],
    bad: [{ text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n', lines: [1], utf16: true }],
  },
  check({ file, report }) {
    if (!file.wasUtf16) return;
    report({ message: 'the file is UTF-16: save it as UTF-8', range: { start: 0, end: 0 } });
  },
});
