import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW020',
  name: 'last-user-administrator',
  aliases: ['DL3002'],
  severity: 'warning',
  platform: 'windows',
  docs: {
    summary: 'The last USER should not be ContainerAdministrator',
    why: 'Nano Server images run as a plain user on purpose: the container would get all rights.',
    see: ['dotnet/dotnet-docker#600'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nUSER ContainerAdministrator\nRUN mkdir C:\\data\nUSER ContainerUser\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nUSER ContainerAdministrator\nRUN mkdir C:\\data\n',
        lines: [2],
        fixed:
          'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nUSER ContainerAdministrator\nRUN mkdir C:\\data\nUSER ContainerUser\n',
      },
    ],
  },
  check({ file, report }) {
    const stage = file.stages.at(-1);
    if (stage?.platform !== 'windows' || stage.flavour !== 'nanoserver') return;
    const last = stage.instructions.findLast(({ instruction }) => instruction.kind === 'user')?.instruction;
    if (last?.kind !== 'user' || !/^(.*\\)?containeradministrator$/i.test(last.user.text)) return;
    const { text } = file.source;
    const line = `${text.endsWith('\n') ? '' : '\n'}USER ContainerUser\n`;
    report({
      message: 'the container runs as ContainerAdministrator: end with USER ContainerUser',
      range: last.user.range(),
      fix: {
        title: 'Add USER ContainerUser',
        edits: [{ range: { start: text.length, end: text.length }, text: line }],
      },
    });
  },
});
