import { finalStages } from '../final-stages.ts';
import { defineRule } from '../rule.ts';
import { apt, readTool, toolCalls } from '../shell/package-managers.ts';
import { callsOf, mountsOver, posixSteps, rangeIn, type Call } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3009',
  name: 'apt-lists-left',
  severity: 'info',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'Delete the lists of apt in the step that fetched them',
    why: 'The lists are megabytes that the image never uses; deleted by a later step they stay in the earlier layer.',
  },
  cases: {
    good: [
      'FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n',
      'FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt apt-get update\n',
      'FROM debian:12 AS build\nRUN apt-get update\nFROM scratch\nCOPY --from=build /a /a\n',
    ],
    bad: [
      { text: 'FROM debian:12\nRUN apt-get update && apt-get install -y curl\n', lines: [2] },
      { text: 'FROM debian:12\nRUN rm -rf /var/lib/apt/lists/* && apt-get update\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    if (toolCalls(stage, file, apt).length === 0) return;
    const inImage = finalStages(file).has(stage.index);
    let hookRemoved = false;
    for (const step of posixSteps(stage, file)) {
      const calls = callsOf(step);
      hookRemoved ||= calls.some(removesHook);
      if (!inImage && !step.onbuild) continue;
      // Without the image's own clean-up hook, the archives stay as well unless they are mounted too.
      const mounted = mountsOver(step.run, '/var/lib/apt/lists');
      if (mounted && (!hookRemoved || mountsOver(step.run, '/var/cache/apt'))) continue;
      const update = calls.findLastIndex((call) => readTool(call, apt)?.verb === 'update');
      if (update < 0 || calls.slice(update + 1).some(cleans)) continue;
      report({
        message: 'the lists stay in this layer: end the step with rm -rf /var/lib/apt/lists/*',
        range: rangeIn(step, calls[update]!.command),
      });
    }
  },
});

function cleans(call: Call): boolean {
  if (call.program === 'rm' || call.program === 'find') {
    return call.args.some(({ value }) => /^\/var\/lib\/apt(\/lists.*|\/\*?)?$/.test(value));
  }
  return /^dist-?clean$/.test(readTool(call, apt)?.verb ?? '');
}

/** Debian's images delete archives after every installation by a hook of this name. */
function removesHook({ program, args }: Call): boolean {
  return program === 'rm' && args.some(({ value }) => value.endsWith('/docker-clean'));
}
