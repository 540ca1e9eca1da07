import { cleanPath } from '../../build/clean-path.ts';
import { IgnoreMatcher, readIgnoreFile } from '../../build/ignore-file.ts';
import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'BK019',
  name: 'copy-ignored-file',
  aliases: ['CopyIgnoredFile'],
  severity: 'warning',
  platform: 'any',
  instructions: ['copy', 'add'],
  description: 'Attempting to Copy file that is excluded by .dockerignore',
  url: 'https://docs.docker.com/go/dockerfile/rule/copy-ignored-file/',
  docs: {
    summary: 'COPY and ADD should not name files that .dockerignore leaves out',
    why: 'The file is not in the build context, so the build fails at this line.',
  },
  cases: {
    good: [
      { text: 'FROM scratch\nCOPY a .\n', options: { dockerignore: 'b\n' } },
      { text: 'FROM scratch\nCOPY . .\n', options: { dockerignore: '*\n!a\n' } },
      { text: 'FROM scratch AS b\nFROM scratch\nCOPY --from=b a .\n', options: { dockerignore: 'a\n' } },
    ],
    bad: [
      { text: 'FROM scratch\nCOPY a .\nADD a /b\n', lines: [2, 3], options: { dockerignore: 'a\n' } },
      { text: 'FROM scratch\nCOPY . .\n', lines: [2], options: { dockerignore: '*\n' } },
    ],
  },
  stage(stage, { options, report }) {
    const matcher = matcherOf(options.dockerignore);
    if (matcher === undefined) return;
    for (const { instruction } of instructionsOf(stage, 'copy', 'add')) {
      if (instruction.kind === 'copy' && instruction.from !== undefined) continue;
      for (const source of instruction.sources) {
        const path = cleanPath(source.text, 'slash').replace(/^\/+/, '');
        if (/^(https?|git|ssh):|^git@/.test(source.text) || !isExcluded(path, matcher)) continue;
        const verb = instruction.kind === 'copy' ? 'Copy' : 'Add';
        report({
          message: `Attempting to ${verb} file "${source.text}" that is excluded by .dockerignore`,
          range: source.range(),
          line: instruction.node.lines[0],
        });
      }
    }
  },
});

/** None for files that take something back in: what is left out cannot be told without the context. */
function matcherOf(text: string | undefined): IgnoreMatcher | undefined {
  if (text === undefined) return undefined;
  try {
    const matcher = new IgnoreMatcher(readIgnoreFile(text, 'slash'), 'slash');
    return matcher.hasInverted ? undefined : matcher;
  } catch {
    return undefined;
  }
}

const everything = new Set(['*', '**', '**/*']);

/** The context's root is excluded only by a pattern for everything. */
function isExcluded(path: string, matcher: IgnoreMatcher): boolean {
  if (path === '.' || path === '') return matcher.patterns.some(({ text }) => everything.has(text));
  return matcher.excludes(path);
}
