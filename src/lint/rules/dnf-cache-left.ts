import { defineRule } from '../rule.ts';
import { dnf } from '../shell/package-managers.ts';
import { reportCacheLeft } from '../shell/rpm.ts';

export default defineRule({
  id: 'DL3040',
  name: 'dnf-cache-left',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'dnf clean all belongs into the step that installs',
    why: 'What dnf fetched stays in the layer; cleaned by a later step it is still in the image.',
  },
  cases: {
    good: [
      'FROM fedora:40\nRUN dnf install -y httpd-2.4.24 && dnf clean all\n',
      'FROM ubi9/ubi-minimal:9.4\nRUN microdnf install -y httpd-2.4.24 && rm -rf /var/cache/yum/*\n',
      'FROM fedora:40\nRUN --mount=type=cache,target=/var/cache/libdnf5 dnf install -y httpd-2.4.24\n',
    ],
    bad: [
      { text: 'FROM fedora:40\nRUN dnf upgrade -y\n', lines: [2] },
      { text: 'FROM fedora:40\nRUN microdnf clean all && dnf install -y httpd-2.4.24\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    const verbs = /^((group|local|re)?install|in|rei|up(grade(-minimal)?|date)?)$/;
    reportCacheLeft(stage, file, report, dnf, verbs);
  },
});
