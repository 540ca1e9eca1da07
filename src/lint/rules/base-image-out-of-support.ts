import { isEnded, releaseOfTag } from '../data/windows-releases.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW023',
  name: 'base-image-out-of-support',
  severity: 'warning',
  platform: 'windows',
  docs: {
    summary: 'The base image should still be supported',
    why: 'An image past its end gets no security updates.',
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/servercore:ltsc2022\n'],
    bad: [{ text: 'FROM mcr.microsoft.com/windows/servercore:1909\n', lines: [1] }],
  },
  stage({ base, from }, { options, report }) {
    if (base.stage !== undefined) return;
    const release = releaseOfTag(base.tag);
    if (release === undefined || !isEnded(release, options.asOf)) return;
    const when = release.end === 'ended' ? '' : ` since ${release.end}`;
    report({ message: `images of ${release.name} are out of support${when}`, range: from.image.range() });
  },
});
