import { defineRule } from '../rule.ts';
import { isComputed, nameSome, toolCalls, zypper } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3037',
  name: 'zypper-unpinned',
  severity: 'warning',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'zypper install should name versions',
    why: 'Without one, the same Dockerfile installs something else next month, and the build cache hides when.',
  },
  cases: {
    good: ['FROM opensuse/leap:15.6\nRUN zypper -n in tomcat=9.0.39 httpd\\>=2.4 -vim ./a.rpm $MORE\n'],
    bad: [{ text: 'FROM opensuse/leap:15.6\nRUN zypper -n install tomcat=9.0.39 httpd\n', lines: [2] }],
  },
  stage(stage, { file, report }) {
    for (const read of toolCalls(stage, file, zypper)) {
      const { call, verb, rest, options } = read;
      if (!/^(install|in)$/.test(verb)) continue;
      // Patterns and products have no versions to name.
      if (options.some(({ name, value = '' }) => /^(-t|--type)$/.test(name) && value !== 'package')) continue;
      const loose = rest.filter((word) => !isComputed(word) && !/[=<>]|\.rpm$|:\/\//.test(word.value));
      if (loose[0] === undefined) continue;
      report({
        message: `no version for ${nameSome(loose)}: write ${loose[0].value}=<version>`,
        range: rangeIn(call.step, loose[0]),
      });
    }
  },
});
