import { variableKey } from '../../dockerfile/variables.ts';
import { defineRule } from '../rule.ts';
import { hasOption } from '../shell/options.ts';
import { pip, readTool, toolCalls } from '../shell/package-managers.ts';
import type { ShellWord } from '../shell/script.ts';
import { callsOf, rangeIn, stepsOf, type Call } from '../shell/steps.ts';

const variable = 'PIP_NO_CACHE_DIR';

export default defineRule({
  id: 'DL3042',
  name: 'pip-cache-left',
  severity: 'warning',
  platform: 'any',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'pip install needs --no-cache-dir',
    why: 'Downloads and built wheels stay in the layer, and nothing reads them again.',
    windows: 'The cache is in AppData of the user that the step runs as.',
  },
  cases: {
    good: [
      'FROM python:3.12\nENV PIP_NO_CACHE_DIR=1\nRUN pip install flask==3.0.0\n',
      'FROM python:3.12\nRUN --mount=type=cache,target=/root/.cache/pip pip install flask==3.0.0\n',
      'FROM python:3.12\nRUN export PIP_NO_CACHE_DIR=on && pip install flask==3.0.0\n',
      'FROM python:3.12\nRUN pip install flask==3.0.0 && pip cache purge\n',
      'FROM python:3.12\nRUN pip install flask==3.0.0 && rm -rf ~/.cache/pip\n',
      'FROM python:3.12-windowsservercore-ltsc2022\nRUN set PIP_NO_CACHE_DIR=1&& pip install flask==3.0.0\n',
    ],
    bad: [
      {
        text: 'FROM python:3.12\nRUN pip install flask==3.0.0\n',
        lines: [2],
        fixed: 'FROM python:3.12\nRUN pip install --no-cache-dir flask==3.0.0\n',
      },
      { text: 'FROM python:3.12\nRUN PIP_NO_CACHE_DIR=off pip install flask==3.0.0\n', lines: [2] },
    ],
  },
  stage(stage, { file, report }) {
    if (toolCalls(stage, file, pip).length === 0) return;
    for (const step of stepsOf(stage, file)) {
      if (
        step.run.mounts.some(
          ({ text }) => /type=(cache|tmpfs)/.test(text.text) && /pip|\.cache/i.test(text.text),
        )
      )
        continue;
      const calls = callsOf(step);
      const cleaned = calls.findLastIndex(cleans);
      let off = isOn(step.context.variables.get(variableKey(variable, stage.platform)));
      calls.forEach((call, at) => {
        if (/^(export|set|declare)$/.test(call.program)) off ||= sets(call.args);
        const read = readTool(call, pip);
        if (off || at < cleaned || read?.verb !== 'install' || read.verbWord === undefined) return;
        if (hasOption(read, '--no-cache-dir')) return;
        if (sets([...call.command.assignments, ...call.command.words])) return;
        const range = rangeIn(step, read.verbWord);
        report({
          message: 'the cache of pip stays in this layer: add --no-cache-dir',
          range,
          fix: {
            title: 'Add --no-cache-dir',
            edits: [{ range: { start: range.end, end: range.end }, text: ' --no-cache-dir' }],
          },
        });
      });
    }
  },
});

function isOn(value: string | undefined): boolean {
  return value !== undefined && !/^["']?(0|n|no|f|false|off|)["']?$/i.test(value);
}

function sets(words: readonly ShellWord[]): boolean {
  return words.some(
    ({ value }) => value.startsWith(`${variable}=`) && isOn(value.slice(variable.length + 1)),
  );
}

function cleans({ program, args }: Call): boolean {
  const text = args.map(({ value }) => value).join(' ');
  if (/^(rm|rmdir|rd|remove-item)$/.test(program)) return /\.cache\b|pip[\\/]cache/i.test(text);
  return /^(pip[\d.]*|python[\d.]*|py)$/.test(program) && /\bcache purge\b/.test(text);
}
