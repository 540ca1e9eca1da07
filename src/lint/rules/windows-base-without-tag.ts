import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW021',
  name: 'windows-base-without-tag',
  severity: 'error',
  platform: 'windows',
  docs: {
    summary: 'Windows base images have no latest tag',
    why: 'These repositories publish no tag "latest": the pull ends with "manifest unknown".',
    see: ['docker-archive-public/docker.kitematic#5276'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/servercore:ltsc2025\n'],
    bad: [{ text: 'FROM mcr.microsoft.com/windows/servercore\n', lines: [1] }],
  },
  stage({ base, from }, { report }) {
    if (base.stage !== undefined || base.unresolved || base.digest !== undefined) return;
    if (!/^mcr\.microsoft\.com\/windows(\/(servercore|nanoserver|server))?$/.test(base.repository)) return;
    if (base.tag !== undefined && base.tag !== 'latest') return;
    report({
      message: `${base.repository} has no tag "latest": name a release such as ltsc2022 or ltsc2025`,
      range: from.image.range(),
    });
  },
});
