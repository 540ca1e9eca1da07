import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { gem, isComputed, nameSome, toolCalls } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3028',
  name: 'gem-unpinned',
  severity: 'warning',
  platform: 'any',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'gem install should name versions',
    why: 'Without one, the same Dockerfile installs something else next month, and the build cache hides when.',
  },
  cases: {
    good: [
      'FROM ruby:3.3\nRUN gem install bundler:2.5.0 -- --with-opt=a && gem install rake -v 13\n',
      'FROM ruby:3.3\nRUN gem install ./pkg/a-1.gem $MORE\n',
    ],
    bad: [{ text: 'FROM ruby:3.3\nRUN gem i bundler:2.5.0 rake\n', lines: [2] }],
  },
  stage(stage, { file, report }) {
    for (const read of toolCalls(stage, file, gem)) {
      const { call, verb, rest } = read;
      if (!/^(install|i)$/.test(verb) || hasOption(read, '-v', '--version', '-g', '--file')) continue;
      const loose = rest.filter((word) => !isComputed(word) && !/:|\.gem$/.test(word.value));
      if (loose[0] === undefined) continue;
      report({
        message: `no version for ${nameSome(loose)}: write ${loose[0].value}:<version>`,
        range: rangeIn(call.step, loose[0]),
      });
    }
  },
});
