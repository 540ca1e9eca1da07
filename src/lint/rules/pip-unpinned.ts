import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { isComputed, nameSome, pip, toolCalls } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3013',
  name: 'pip-unpinned',
  severity: 'warning',
  platform: 'any',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'pip install should name versions',
    why: 'Without one, the same Dockerfile installs something else next month, and the build cache hides when.',
    windows: 'Read in cmd and PowerShell lines as well.',
  },
  cases: {
    good: [
      'FROM python:3.12\nRUN pip install flask==3.0.0 "numpy>=1.26" . ./pkg https://example.com/a.zip $MORE\n',
      'FROM python:3.12\nRUN pip install --no-cache-dir -r requirements.txt\n',
      'FROM python:3.12\nRUN python -m pip install git+https://example.com/a.git@v1#egg=a\n',
      'FROM python:3.12-windowsservercore-ltsc2022\nRUN pip install flask==3.0.0 && pip install C:\\src\\app\n',
      'FROM python:3.12\nRUN pip install poetry=="$POETRY_VERSION"\n',
    ],
    bad: [
      { text: 'FROM python:3.12\nRUN pip3 install --upgrade flask numpy==1.26\n', lines: [2] },
      { text: 'FROM python:3.12\nRUN python3 -m pip install flask\n', lines: [2] },
      {
        text: 'FROM python:3.12-windowsservercore-ltsc2022\nSHELL ["powershell", "-Command"]\nRUN pip install flask\n',
        lines: [3],
      },
      { text: 'FROM python:3.12\nRUN pip install git+ssh://git@example.com/a.git#egg=a\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    for (const read of toolCalls(stage, file, pip)) {
      const { call, verb, rest } = read;
      if (verb !== 'install' || hasOption(read, '-r', '--requirement', '-c', '--constraint', '--group'))
        continue;
      const loose = rest.filter((word) => !isComputed(word) && !isPinned(word.value));
      if (loose[0] === undefined) continue;
      report({
        message: `no version for ${nameSome(loose)}: write ${loose[0].value}==<version> or --requirement <file>`,
        range: rangeIn(call.step, loose[0]),
      });
    }
  },
});

function isPinned(requirement: string): boolean {
  if (/^(git|hg|svn|bzr)\+/.test(requirement)) {
    const path = requirement.replace(/#.*$/, '');
    return (path.split('/').at(-1) ?? '').includes('@');
  }
  return (
    /[<>=!~]=|[<>@]|:\/\//.test(requirement) ||
    /^[.~]|[\\/]/.test(requirement) ||
    /\.(whl|zip|egg|tgz|tar(\.\w+)?)$/i.test(requirement)
  );
}
