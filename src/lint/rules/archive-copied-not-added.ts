import type { MappedText } from '../../dockerfile/mapped-text.ts';
import { defineRule } from '../rule.ts';
import { callsOf, stepsAt, type Call } from '../shell/steps.ts';

const archive = /\.(tar(\.(gz|bz2|xz|zst|lzma|Z))?|tgz|tbz2?|tb2|txz|tlz|tzst)$/i;

export default defineRule({
  id: 'DL3010',
  name: 'archive-copied-not-added',
  severity: 'info',
  platform: 'any',
  instructions: ['copy'],
  docs: {
    summary: 'ADD unpacks an archive, COPY and tar need two layers',
    why: 'The copied archive stays in its layer although only its contents are wanted.',
    windows: 'ADD unpacks tar archives on Windows too, but never a .zip.',
  },
  cases: {
    good: [
      'FROM debian:12\nADD app.tar.gz /app/\n',
      'FROM debian:12\nCOPY app.tar.gz /app/\n',
      'FROM debian:12\nCOPY app.zip /app/\nRUN unzip /app/app.zip\n',
      'FROM debian:12\nCOPY --from=b /a.tar /a.tar\nRUN tar xf /a.tar\n',
    ],
    bad: [
      { text: 'FROM debian:12\nCOPY app.tar.gz /app/\nRUN tar -xzf /app/app.tar.gz\n', lines: [2] },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY app.tar C:/app/x.tar\nRUN tar -xf C:\\app\\x.tar\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { file, report }) {
    const copied = new Map<string, MappedText>();
    for (const context of stage.instructions) {
      const { instruction } = context;
      if (instruction.kind === 'copy' && instruction.from === undefined) {
        for (const source of instruction.sources.filter(({ text }) => archive.test(bare(text)))) {
          copied.set(fileName(source.text), source);
          if (archive.test(bare(instruction.destination.text))) {
            copied.set(fileName(instruction.destination.text), source);
          }
        }
      }
      if (instruction.kind !== 'run' || copied.size === 0) continue;
      const steps = stepsAt(context, file);
      for (const { args } of steps.flatMap(callsOf).filter(extracts)) {
        const names = args.map(({ value }) => fileName(value.replace(/^--file=/, '')));
        const source = names.map((name) => copied.get(name)).find((found) => found !== undefined);
        if (source === undefined) continue;
        for (const [name, one] of copied) if (one === source) copied.delete(name);
        report({
          message: `"${source.text}" is copied and unpacked in two layers: ADD unpacks it in one`,
          range: source.range(),
        });
      }
    }
  },
});

function extracts({ program, args }: Call): boolean {
  if (program !== 'tar' && program !== 'bsdtar') return false;
  return args.some(
    ({ value }, index) =>
      /^(--extract|--get)$|^-[a-zA-Z]*x/.test(value) || (index === 0 && /^[a-zA-Z]*x[a-zA-Z]*$/.test(value)),
  );
}

function bare(path: string): string {
  return path.replace(/["']/g, '');
}

function fileName(path: string): string {
  return bare(path).split(/[\\/]/).at(-1) ?? '';
}
