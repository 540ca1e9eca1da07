import { defineRule } from '../rule.ts';
import { yum } from '../shell/package-managers.ts';
import { reportCacheLeft } from '../shell/rpm.ts';

export default defineRule({
  id: 'DL3032',
  name: 'yum-cache-left',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'yum clean all belongs into the step that installs',
    why: 'What yum fetched stays in the layer; cleaned by a later step it is still in the image.',
  },
  cases: {
    good: [
      'FROM centos:7\nRUN yum install -y httpd-2.4.24 && yum clean all\n',
      'FROM centos:7\nRUN yum install -y httpd-2.4.24 && rm -rf /var/cache/yum/*\n',
      'FROM centos:7\nRUN --mount=type=cache,target=/var/cache/yum yum install -y httpd-2.4.24\n',
    ],
    bad: [
      { text: 'FROM centos:7\nRUN yum module install -y tomcat:9\n', lines: [2] },
      { text: 'FROM centos:7\nRUN yum clean all && yum install -y httpd-2.4.24\n', lines: [2] },
      { text: 'FROM centos:7\nONBUILD RUN yum install -y httpd-2.4.24\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    reportCacheLeft(stage, file, report, yum, /^(group|local|re)?install$/);
  },
});
