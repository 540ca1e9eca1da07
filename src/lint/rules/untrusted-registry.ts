import type { MappedText } from '../../dockerfile/mapped-text.ts';
import { baseImage } from '../base-image.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'DL3026',
  name: 'untrusted-registry',
  severity: 'error',
  platform: 'any',
  docs: {
    summary: 'Images come only from registries that are trusted',
    why: 'Whoever can write to a registry decides what runs in the build. Silent unless registries are listed: --trusted-registry, or trustedRegistries in the configuration. A pattern may begin or end with *.',
  },
  cases: {
    good: [
      'FROM example.com/a:1\n',
      {
        text: 'FROM debian:12 AS a\nFROM a\nFROM scratch\nFROM mcr.microsoft.com/a:1\nCOPY --from=a /x /x\nCOPY --from=0 /x /x\n',
        options: { trustedRegistries: ['docker.io', '*.microsoft.com'] },
      },
    ],
    bad: [
      {
        text: 'FROM example.com/a:1\nCOPY --from=example.net/b:1 /x /x\nRUN --mount=type=bind,from=c:1,target=/y a\n',
        lines: [2, 3],
        options: { trustedRegistries: ['example.com'] },
      },
    ],
  },
  check({ file, options, report }) {
    const { trustedRegistries } = options;
    if (trustedRegistries.length === 0) return;
    const earlier = new Set(['', 'scratch']);
    const check = (text: string, at: MappedText): void => {
      if (/^\d+$/.test(text) || earlier.has(text.toLowerCase())) return;
      const { registry } = baseImage(text, false, undefined);
      if (registry.includes('$') || trustedRegistries.some((pattern) => matches(registry, pattern))) return;
      report({ message: `registry "${registry}" is not trusted`, range: at.range() });
    };
    for (const { base, from, name, instructions } of file.stages) {
      if (base.stage === undefined) check(base.text, from.image);
      for (const { instruction } of instructions) {
        if (instruction.kind === 'copy' && instruction.from !== undefined) {
          check(instruction.from.text, instruction.from);
        }
        if (instruction.kind !== 'run') continue;
        for (const { text, mount } of instruction.mounts) check(mount?.from ?? '', text);
      }
      earlier.add(name);
    }
  },
});

function matches(registry: string, pattern: string): boolean {
  const wanted = pattern.toLowerCase();
  if (wanted === '*') return true;
  if (wanted.startsWith('*')) return registry.endsWith(wanted.slice(1));
  if (wanted.endsWith('*')) return registry.startsWith(wanted.slice(0, -1));
  return registry === wanted;
}
