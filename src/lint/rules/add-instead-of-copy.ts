import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

const archive = /\.(tar|gz|tgz|bz2|tbz|tbz2|tb2|xz|txz|lz|lzma|tlz|Z|tZ|zst|tzst)$/i;

export default defineRule({
  id: 'DL3020',
  name: 'add-instead-of-copy',
  severity: 'error',
  platform: 'any',
  instructions: ['add'],
  docs: {
    summary: 'COPY takes files and folders; ADD is for archives and URLs',
    why: 'ADD unpacks what looks like an archive and fetches what looks like a URL: a reader cannot tell which was meant.',
    windows: 'A .zip is never unpacked, so ADD of one is a plain copy.',
  },
  cases: {
    good: [
      'FROM scratch\nADD app.tar.gz https://example.com/a git@example.com:a/b.git /app/\n',
      'FROM scratch\nADD $FILE /app/\n',
    ],
    bad: [
      {
        text: 'FROM scratch\nADD . /app/\nadd --chown=1:1 a.json b.zip /app/\n',
        lines: [2, 3],
        fixed: 'FROM scratch\nCOPY . /app/\ncopy --chown=1:1 a.json b.zip /app/\n',
      },
      { text: 'FROM scratch\nADD app /app\n', lines: [2] },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'add')) {
      if (instruction.sources.length === 0) continue;
      const sources = instruction.sources.map(({ text }) => text.replace(/["']/g, ''));
      if (sources.some(needsAdd)) continue;
      const { keyword } = instruction.node;
      // Only ADD has these, and only a name that cannot be an archive's is safe to change.
      const safe =
        sources.every((source) => /^\.?$|[\\/]$|^\.[\\/]?$|\.\w+$/.test(source)) &&
        !instruction.flagsUsed.some((flag) => /^(checksum|keep-git-dir|unpack)$/.test(flag));
      report({
        message: 'use COPY: no source is an archive or a URL',
        range: keyword.range(),
        ...(safe
          ? {
              fix: {
                title: 'Use COPY',
                edits: [{ range: keyword.range(), text: /^[a-z]/.test(keyword.text) ? 'copy' : 'COPY' }],
              },
            }
          : {}),
      });
    }
  },
});

function needsAdd(source: string): boolean {
  return (
    source.includes('$') ||
    /^(https?|ftp|git|ssh):\/\/|^git@/i.test(source) ||
    archive.test(source.replace(/[*?]+$/, ''))
  );
}
