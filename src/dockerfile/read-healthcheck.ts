import { parseDuration } from '../text/duration.ts';
import { quoteGo } from '../text/go-quote.ts';
import { parseInt64 } from '../text/strconv.ts';
import { InstructionProblem } from './dockerfile-error.ts';
import { parseFlags } from './flags.ts';
import type { ParsedFlags } from './flags.ts';
import type { HealthcheckInstruction } from './instructions.ts';
import type { MappedText } from './mapped-text.ts';
import type { InstructionNode } from './tree.ts';

const shortest = 1_000_000;

/** HEALTHCHECK (dockerfile.md 1.6). */
export function readHealthcheck(node: InstructionNode): HealthcheckInstruction {
  const [type, ...command] = node.args;
  if (!type) throw new InstructionProblem('HEALTHCHECK requires at least one argument', node.text);
  const kind = type.text.toUpperCase();
  const none = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 };
  if (kind === 'NONE') {
    if (command.length > 0) throw new InstructionProblem('HEALTHCHECK NONE takes no arguments', command[0]!);
    return { kind: 'healthcheck', node, test: ['NONE'], ...none };
  }
  const flags = parseFlags(node.flags, {
    interval: 'text',
    timeout: 'text',
    'start-period': 'text',
    'start-interval': 'text',
    retries: 'text',
  });
  if (kind !== 'CMD') {
    throw new InstructionProblem(`Unknown type ${quoteGo(kind)} in HEALTHCHECK (try CMD)`, type);
  }
  if (command.length === 0) throw new InstructionProblem('Missing command after HEALTHCHECK CMD', node.text);
  return {
    kind: 'healthcheck',
    node,
    test: [node.json ? 'CMD' : 'CMD-SHELL', ...command.map((word) => word.text)],
    interval: duration(flags, 'interval'),
    timeout: duration(flags, 'timeout'),
    startPeriod: duration(flags, 'start-period'),
    startInterval: duration(flags, 'start-interval'),
    retries: retries(flags.text('retries')),
  };
}

/** Nanoseconds; 0 for a flag that is absent or empty. */
function duration(flags: ParsedFlags, name: string): number {
  const value = flags.text(name);
  if (!value || value.text === '') return 0;
  const nanoseconds = inReferenceWords(() => parseDuration(value.text), value);
  if (nanoseconds !== 0 && nanoseconds < shortest) {
    throw new InstructionProblem(`Interval ${quoteGo(name)} cannot be less than 1ms`, value);
  }
  return nanoseconds;
}

function retries(value: MappedText | undefined): number {
  if (!value || value.text === '') return 0;
  const count = inReferenceWords(() => parseInt64(value.text, 32, 10), value);
  if (count < 0) throw new InstructionProblem(`--retries cannot be negative (${count})`, value);
  return count;
}

function inReferenceWords<T>(parse: () => T, at: MappedText): T {
  try {
    return parse();
  } catch (error) {
    throw new InstructionProblem(error instanceof Error ? error.message : String(error), at);
  }
}
