import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW041',
  name: 'mount-not-on-windows',
  severity: 'error',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Some RUN options do not exist on Windows',
    why: 'tmpfs, secret files and ssh need mounts of Linux; insecure mode and the network of the host are refused.',
    see: ['moby/buildkit#5273', 'moby/buildkit#5678', 'moby/buildkit: executor/oci/spec_windows.go'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN --mount=type=secret,id=tok,env=TOK echo has-token\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN --mount=type=secret,id=tok type C:\\run\\secrets\\tok\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'run')) {
      for (const { text, mount } of instruction.mounts) {
        const secretFile = mount?.type === 'secret' && (mount.env === undefined || mount.target !== '');
        if (mount?.type !== 'tmpfs' && mount?.type !== 'ssh' && !secretFile) continue;
        report({
          message:
            mount.type === 'secret'
              ? 'Windows has no secret files: give the secret as a variable with env='
              : `Windows has no mounts of type ${mount.type}`,
          range: text.range(),
        });
      }
      for (const flag of instruction.node.flags) {
        if (flag.text !== '--network=host' && flag.text !== '--security=insecure') continue;
        report({ message: `${flag.text} is not available on Windows`, range: flag.range() });
      }
    }
  },
});
