import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'BK007',
  name: 'json-args-recommended',
  aliases: ['JSONArgsRecommended', 'DL3025'],
  severity: 'warning',
  platform: 'any',
  instructions: ['cmd', 'entrypoint'],
  description:
    'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
  url: 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
  docs: {
    summary: 'CMD and ENTRYPOINT should be in JSON form',
    why: 'In shell form the shell is the first process and gets the signals.',
    windows:
      'A container stop sends a shutdown event to every process of the container; with cmd in between, the exit code and Ctrl+C go through cmd first.',
  },
  cases: {
    good: [
      'FROM scratch\nCMD ["app"]\n',
      'FROM scratch\nSHELL ["/bin/custom"]\nCMD app\n',
      'FROM scratch\nCMD\n',
    ],
    bad: [
      { text: 'FROM scratch\nCMD app --serve\n', lines: [2] },
      { text: 'FROM scratch\nENTRYPOINT app\n', lines: [2] },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction, shell } of instructionsOf(stage, 'cmd', 'entrypoint')) {
      const { command, node } = instruction;
      if (command.exec || command.args.length === 0 || shell.explicit) continue;
      report({
        message: `JSON arguments recommended for ${node.keyword.text.toUpperCase()} to prevent unintended behavior related to OS signals`,
        range: node.range,
        line: node.lines[0],
      });
    }
  },
});
