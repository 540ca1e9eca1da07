import { defineRule } from '../rule.ts';
import { zypper } from '../shell/package-managers.ts';
import { reportCacheLeft } from '../shell/rpm.ts';

export default defineRule({
  id: 'DL3036',
  name: 'zypper-cache-left',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'zypper clean belongs into the step that installs',
    why: 'What zypper fetched stays in the layer; cleaned by a later step it is still in the image.',
  },
  cases: {
    good: [
      'FROM opensuse/leap:15.6\nRUN zypper -n in httpd=2.4.24 && zypper cc -a\n',
      'FROM opensuse/leap:15.6\nRUN --mount=type=cache,target=/var/cache/zypp zypper -n in httpd=2.4.24\n',
    ],
    bad: [{ text: 'FROM opensuse/leap:15.6\nRUN zypper -n in httpd=2.4.24\n', lines: [2] }],
  },
  stage(stage, { file, report }) {
    reportCacheLeft(stage, file, report, zypper, /^(install|in)$/);
  },
});
