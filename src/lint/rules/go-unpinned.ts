import { defineRule } from '../rule.ts';
import type { ShellWord } from '../shell/script.ts';
import { go, isComputed, nameSome, toolCalls } from '../shell/package-managers.ts';
import { rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3062',
  name: 'go-unpinned',
  severity: 'warning',
  platform: 'any',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'go install, get and run should name versions',
    why: 'Without one, or with latest, the same Dockerfile gets another commit next month, and the build cache hides when.',
  },
  cases: {
    good: [
      'FROM golang:1.23\nRUN go install example.com/a@v1 ./... . && go run main.go && go get -u\n',
      'FROM golang:1.23\nRUN go install -ldflags "-s -w" ./cmd/app && go run example.com/a@v1 b c\n',
      'FROM golang:1.23\nRUN go install $TOOLS\n',
    ],
    bad: [
      { text: 'FROM golang:1.23\nRUN go install -tags a example.com/a@latest\n', lines: [2] },
      { text: 'FROM golang:1.23\nRUN go get example.com/a && go run example.com/b x\n', lines: [2, 2] },
    ],
  },
  stage(stage, { file, report }) {
    for (const { call, verb, rest } of toolCalls(stage, file, go)) {
      if (!/^(install|get|run)$/.test(verb)) continue;
      const packages = verb === 'run' ? rest.slice(0, 1) : rest;
      const loose = packages.filter((word) => !isComputed(word) && !isPinned(word));
      if (loose[0] === undefined) continue;
      report({
        message: `no version for ${nameSome(loose)}: write ${loose[0].value.replace(/@.*$/, '')}@<version>`,
        range: rangeIn(call.step, loose[0]),
      });
    }
  },
});

/** Folders and files are the module's own. */
function isPinned({ value }: ShellWord): boolean {
  return /^[./\\]|^[A-Za-z]:[\\/]|\.go$/.test(value) || (value.includes('@') && !value.endsWith('@latest'));
}
