import { defineRule } from '../rule.ts';
import { yum } from '../shell/package-managers.ts';
import { reportUnpinned } from '../shell/rpm.ts';

export default defineRule({
  id: 'DL3033',
  name: 'yum-unpinned',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'yum install should name versions',
    why: 'Without one, the same Dockerfile installs something else next month, and the build cache hides when.',
  },
  cases: {
    good: [
      'FROM centos:7\nRUN yum install -y httpd-2.4.24 openssl-1:1.1.1k https://example.com/a.rpm $MORE\n',
      'FROM centos:7\nRUN yum module install -y tomcat:9\n',
    ],
    bad: [
      { text: 'FROM centos:7\nRUN yum install -y httpd rpm-sign-4.16.1.3\n', lines: [2] },
      { text: 'FROM centos:7\nRUN yum module install -y tomcat\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    reportUnpinned(stage, file, report, yum);
  },
});
