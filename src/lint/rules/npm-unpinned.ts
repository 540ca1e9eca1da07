import { defineRule } from '../rule.ts';
import { isComputed, nameSome, npm, toolCalls } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3016',
  name: 'npm-unpinned',
  severity: 'warning',
  platform: 'any',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'npm install should name versions',
    why: 'Without one, the same Dockerfile installs something else next month, and the build cache hides when.',
    windows: 'Read in cmd and PowerShell lines as well.',
  },
  cases: {
    good: [
      'FROM node:22\nRUN npm install && npm install -g @my/tool@1 express@"4.1.1" ./pkg a.tgz $MORE\n',
      'FROM node:22\nRUN npm install git+https://example.com/a/b.git#v1\n',
      'FROM node:22\nRUN npm ci\n',
    ],
    bad: [
      { text: 'FROM node:22\nRUN npm install --registry https://example.com express sax@1\n', lines: [2] },
      { text: 'FROM node:22\nRUN npm i -g @my/tool\n', lines: [2] },
      { text: 'FROM node:22\nRUN npm install git://example.com/a/b.git\n', lines: [2] },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN npm install --global yarn\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const { call, verb, rest } of toolCalls(stage, file, npm)) {
      if (!/^(install|i|in|ins|add)$/.test(verb)) continue;
      const loose = rest.filter((word) => !isComputed(word) && !isPinned(word.value));
      if (loose[0] === undefined) continue;
      report({
        message: `no version for ${nameSome(loose)}: write ${loose[0].value}${/[:/]/.test(loose[0].value.slice(1)) && !loose[0].value.startsWith('@') ? '#<commit or tag>' : '@<version>'}`,
        range: rangeIn(call.step, loose[0]),
      });
    }
  },
});

function isPinned(spec: string): boolean {
  if (/^(git\+|git:|github:|gitlab:|bitbucket:|gist:|ssh:)/.test(spec)) return spec.includes('#');
  if (/^(https?:|file:)|^[.~/\\]|^[A-Za-z]:[\\/]|\.(tgz|tar|tar\.gz)$/.test(spec)) return true;
  return spec.includes('@', 1) || spec.includes('#');
}
