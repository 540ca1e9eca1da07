import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';
import { hasOption, readArguments } from '../shell/options.ts';
import { namedPosixCalls, rangeIn } from '../shell/steps.ts';

const valued = namesIn(
  '-a --append-output -B --base -D --domains -e --execute -i --input-file -I --include-directories -l --level -o --output-file -O --output-document -P --directory-prefix -Q --quota -R --reject -A --accept -t --tries -T --timeout -U --user-agent -w --wait -X --exclude-directories --header --post-data --post-file --user --password --ca-certificate --certificate --private-key --progress --referer --load-cookies --save-cookies',
);

export default defineRule({
  id: 'DL3047',
  name: 'wget-progress',
  severity: 'info',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'wget fills the build log with its progress bar',
    why: 'A log is no terminal: every step of the bar becomes lines. -nv says what was fetched; --progress=dot:giga keeps the log short.',
  },
  cases: {
    good: [
      'FROM debian:12\nRUN wget --progress=dot:giga https://example.com/a\n',
      'FROM debian:12\nRUN wget -nv -O- https://example.com/a | wget -qO- https://example.com/b\n',
      'FROM debian:12\nRUN wget --version\n',
    ],
    bad: [
      { text: 'FROM debian:12\nRUN wget -O /q https://example.com/a\n', lines: [2] },
      { text: 'FROM debian:12\nRUN ["wget", "https://example.com/a"]\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    for (const call of namedPosixCalls(stage, file, 'wget')) {
      // `-nv` is one option, not two.
      if (call.args.some(({ value }) => /^-nv/.test(value))) continue;
      const read = readArguments(call.args, valued);
      const silent = [
        '-q',
        '--quiet',
        '--no-verbose',
        '--progress',
        '-o',
        '--output-file',
        '-a',
        '--append-output',
      ];
      if (hasOption(read, ...silent, '--help', '-h', '--version', '-V', '-b', '--background')) continue;
      if (call.command.redirects.some(({ value }) => value === '/dev/null')) continue;
      report({
        message: 'wget writes a progress bar into the build log: add -nv, -q or --progress=dot:giga',
        range: rangeIn(call.step, call.name),
      });
    }
  },
});
