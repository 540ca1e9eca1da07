import { defineRule } from '../rule.ts';
import { dnf } from '../shell/package-managers.ts';
import { reportUnpinned } from '../shell/rpm.ts';

export default defineRule({
  id: 'DL3041',
  name: 'dnf-unpinned',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'dnf install should name versions',
    why: 'Without one, the same Dockerfile installs something else next month, and the build cache hides when.',
  },
  cases: {
    good: [
      'FROM fedora:40\nRUN dnf install -y gcc-c++-1.1.1 @development-tools $MORE\n',
      'FROM fedora:40\nRUN dnf group install -y "Development Tools"\n',
    ],
    bad: [
      { text: 'FROM fedora:40\nRUN dnf install -y tomcat\n', lines: [2] },
      { text: 'FROM fedora:40\nRUN dnf module install -y tomcat\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    reportUnpinned(stage, file, report, dnf);
  },
});
