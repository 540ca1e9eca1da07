import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK018',
  name: 'from-platform-flag-const-disallowed',
  aliases: ['FromPlatformFlagConstDisallowed', 'DL3029'],
  severity: 'warning',
  platform: 'any',
  description: 'FROM --platform flag should not use a constant value',
  url: 'https://docs.docker.com/go/dockerfile/rule/from-platform-flag-const-disallowed/',
  docs: {
    summary: '--platform should not be a constant',
    why: 'A constant builds the wrong platform for everybody else.',
  },
  cases: {
    good: [
      'FROM --platform=$BUILDPLATFORM scratch\n',
      'FROM --platform=linux/amd64 scratch AS build_amd64\n',
    ],
    bad: [{ text: 'FROM --platform=linux/amd64 scratch\n', lines: [1] }],
  },
  stage({ from, name }, { report }) {
    const platform = from.platform?.text;
    if (platform === undefined || platform === '' || platform.includes('$')) return;
    const [os = '', architecture = ''] = platform.toLowerCase().split('/');
    if (name !== '' && (name.includes(os) || (architecture !== '' && name.includes(architecture)))) return;
    report({
      message: `FROM --platform flag should not use constant value "${platform}"`,
      range: from.node.range,
      line: from.node.lines[0],
    });
  },
});
