import { defineRule } from '../rule.ts';
import { posixSteps, rangeIn } from '../shell/steps.ts';

export default defineRule({
  id: 'DL3004',
  name: 'sudo-in-build',
  severity: 'error',
  platform: 'linux',
  instructions: ['run', 'onbuild'],
  onbuild: true,
  docs: {
    summary: 'Do not use sudo',
    why: 'A build step runs as root or as the last USER; sudo adds a process that handles signals and terminals its own way. Set USER, or drop rights with gosu in the entry point.',
  },
  cases: {
    good: ['FROM debian:12\nUSER root\nRUN apt-get update\n', 'FROM debian:12\nRUN apt-get install sudo\n'],
    bad: [{ text: 'FROM debian:12\nRUN apt-get update && sudo apt-get install -y curl\n', lines: [2] }],
  },
  stage(stage, { file, report }) {
    for (const step of posixSteps(stage, file)) {
      for (const { program, words } of step.commands) {
        if (program !== 'sudo') continue;
        report({ message: 'do not use sudo: set USER for the step', range: rangeIn(step, words[0]!) });
      }
    }
  },
});
