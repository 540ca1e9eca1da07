import { finalStages } from '../final-stages.ts';
import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { readTool, toolCalls, yarn } from '../shell/package-managers.ts';
import { callsOf, rangeIn, stepsOf, type Call } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3060',
  name: 'yarn-cache-left',
  severity: 'info',
  platform: 'any',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'yarn cache clean belongs into the step that installs',
    why: 'The cache is a second copy of every package; cleaned by a later step it is still in the image.',
  },
  cases: {
    good: [
      'FROM node:22\nRUN yarn install && yarn cache clean\n',
      'FROM node:22\nRUN --mount=type=cache,target=/usr/local/share/.cache/yarn yarn install\n',
      'FROM node:22 AS build\nRUN yarn install\nFROM scratch\nCOPY --from=build /a /a\n',
    ],
    bad: [
      { text: 'FROM node:22\nRUN yarn cache clean && yarn install\n', lines: [2] },
      { text: 'FROM node:22 AS build\nRUN yarn install\nFROM build\nRUN a\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    if (toolCalls(stage, file, yarn).length === 0) return;
    const inImage = finalStages(file).has(stage.index);
    for (const step of stepsOf(stage, file)) {
      if (!inImage && !step.onbuild) continue;
      const mounted = step.run.mounts.some(
        ({ text }) => /type=(cache|tmpfs)/.test(text.text) && /yarn|\.cache/i.test(text.text),
      );
      if (mounted) continue;
      const calls = callsOf(step);
      const last = calls.findLastIndex((call) => installs(call));
      if (last < 0 || calls.slice(last + 1).some(cleans)) continue;
      report({
        message: 'the cache of yarn stays in this layer: end the step with yarn cache clean',
        range: rangeIn(step, calls[last]!.command),
      });
    }
  },
});

function installs(call: Call): boolean {
  const read = readTool(call, yarn);
  if (read === undefined || hasOption(read, '--version', '-v', '--help', '-h')) return false;
  return read.verb === 'install' || read.verb === '';
}

function cleans(call: Call): boolean {
  const read = readTool(call, yarn);
  if (read === undefined)
    return call.program === 'rm' && call.args.some(({ value }) => /yarn|\.cache/i.test(value));
  return read.verb === 'cache' && read.rest[0]?.value === 'clean';
}
