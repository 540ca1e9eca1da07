import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW037',
  name: 'mixed-command-forms',
  severity: 'warning',
  platform: 'windows',
  instructions: ['cmd', 'entrypoint'],
  docs: {
    summary: 'ENTRYPOINT and CMD should be of one form',
    why: 'Both are joined to one command line: half of it is for a shell and half is not.',
    see: ['moby/moby: daemon/builder/dockerfile/dispatchers.go (warnings in dispatchCmd/dispatchEntrypoint)'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nENTRYPOINT ["app.exe", "--serve"]\nCMD ["--port", "80"]\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nENTRYPOINT app.exe --serve\nCMD ["--port", "80"]\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    const all = stage.instructions.map(({ instruction }) => instruction);
    const entrypoint = all.findLast(({ kind }) => kind === 'entrypoint');
    const cmd = all.findLast(({ kind }) => kind === 'cmd');
    if (entrypoint?.kind !== 'entrypoint' || cmd?.kind !== 'cmd') return;
    if (entrypoint.command.args.length === 0 || cmd.command.args.length === 0) return;
    if (entrypoint.command.exec === cmd.command.exec) return;
    const later = entrypoint.node.range.start > cmd.node.range.start ? entrypoint : cmd;
    report({
      message: 'ENTRYPOINT and CMD are of different forms: write both as JSON arrays',
      range: later.node.rest.range(),
    });
  },
});
