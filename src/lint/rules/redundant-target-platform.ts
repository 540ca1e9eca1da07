import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK015',
  name: 'redundant-target-platform',
  aliases: ['RedundantTargetPlatform', 'DL3065'],
  severity: 'warning',
  platform: 'any',
  description:
    'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
  url: 'https://docs.docker.com/go/dockerfile/rule/redundant-target-platform/',
  docs: {
    summary: '--platform=$TARGETPLATFORM is the default',
    why: 'The flag says what happens without it.',
  },
  cases: {
    good: ['FROM --platform=$BUILDPLATFORM scratch\n'],
    bad: [{ text: 'FROM --platform=$TARGETPLATFORM scratch\n', lines: [1] }],
  },
  stage({ from }, { report }) {
    const platform = from.platform;
    if (platform === undefined || !/^\$(TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform.text)) return;
    report({
      message: `Setting platform to predefined ${platform.text} in FROM is redundant as this is the default behavior`,
      range: from.node.range,
      line: from.node.lines[0],
    });
  },
});
