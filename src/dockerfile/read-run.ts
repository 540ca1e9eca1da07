import { quoteGo } from '../text/go-quote.ts';
import { InstructionProblem } from './dockerfile-error.ts';
import { parseFlags } from './flags.ts';
import type { CommandLine, RunInstruction } from './instructions.ts';
import type { MappedText } from './mapped-text.ts';
import { parseMount } from './mount.ts';
import type { InstructionNode } from './tree.ts';

export function readRun(node: InstructionNode, command: CommandLine): RunInstruction {
  const flags = parseFlags(node.flags, { mount: 'list', network: 'text', security: 'text', device: 'list' });
  const texts = flags.list('mount');
  const mounts = texts.length === 0 ? noMounts : texts.map((text) => ({ text, mount: mountOf(text) }));
  return {
    kind: 'run',
    node,
    command,
    flagsUsed: flags.used,
    mounts,
    network: networkOf(flags.text('network')),
    security: securityOf(flags.text('security')),
    devices: flags.list('device'),
  };
}

const noMounts: RunInstruction['mounts'] = [];

function mountOf(text: MappedText): ReturnType<typeof parseMount> {
  try {
    return parseMount(text.text);
  } catch (error) {
    throw new InstructionProblem(error instanceof Error ? error.message : String(error), text);
  }
}

function networkOf(value: MappedText | undefined): RunInstruction['network'] {
  switch (value?.text) {
    case undefined:
    case '':
    case 'default':
      return 'default';
    case 'none':
    case 'host':
      return value.text;
    default:
      throw new InstructionProblem(`invalid network mode ${quoteGo(value!.text)}`, value!);
  }
}

function securityOf(value: MappedText | undefined): RunInstruction['security'] {
  switch (value?.text) {
    case undefined:
    case '':
    case 'sandbox':
      return 'sandbox';
    case 'insecure':
      return 'insecure';
    default:
      throw new InstructionProblem(`security ${quoteGo(value!.text)} is not valid`, value!);
  }
}
