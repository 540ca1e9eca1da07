import type { ImageConfigSection } from '../api/types/index.ts';
import { heredocText } from '../dockerfile/heredoc.ts';
import type { RunInstruction } from '../dockerfile/instructions.ts';
import { resolveCommand, shellOf } from './run-config.ts';

export interface RunCommand {
  /** One element for the shell form, the words for the exec form. */
  readonly command: string[];
  /** The command line goes to Windows as it is. */
  readonly escaped: boolean;
  readonly warnings: readonly string[];
}

/**
 * What RUN runs. A here-document that is the whole command is its text (dockerfile.md 1.5); cmd reads one line only, so the
 * lines of a longer one become one line, each running if the one before did well. Throws an Error for other here-documents.
 */
export function runCommand(instruction: RunInstruction, config: ImageConfigSection): RunCommand {
  const { command } = instruction;
  const [heredoc, ...more] = command.heredocs;
  if (!heredoc) {
    return { ...resolveCommand(command, instruction.node.text.text, config), warnings: [] };
  }
  const text = command.args[0]?.text ?? '';
  if (more.length > 0 || !/^\d*<<-?\s*\S+$/.test(text)) {
    throw new Error('here-documents of RUN on Windows must be the whole command');
  }
  const body = heredocText(heredoc).replace(/\r\n/g, '\n').replace(/\n+$/, '');
  const shell = shellOf(config);
  const lines = body.includes('\n') && isCmd(shell[0] ?? '') ? joinForCmd(body) : body;
  return {
    command: [[...shell, lines].join(' ')],
    escaped: true,
    warnings:
      lines === body
        ? []
        : [' ---> [Warning] cmd runs one line: the lines of the here-document are joined with &&\n'],
  };
}

function isCmd(program: string): boolean {
  return /^(?:.*[\\/])?cmd(?:\.exe)?$/i.test(program);
}

/** Lines as one: comments and blank lines dropped, `^` continuations joined, parentheses kept as blocks. */
function joinForCmd(body: string): string {
  let joined = '';
  let continued = true;
  for (const raw of body.split('\n')) {
    const line = raw.trim();
    if (line === '' || /^(?:::|@?rem(?:\s|$))/i.test(line) || /^@?echo\s+off$/i.test(line)) continue;
    const isContinued = /(?:^|[^^])\^$/.test(line);
    const text = isContinued ? line.slice(0, -1) : line;
    const opensBlock = joined.endsWith('(') || text.startsWith(')');
    joined += joined === '' || continued ? text : opensBlock ? ` ${text}` : ` && ${text}`;
    continued = isContinued;
  }
  return joined;
}

/**
 * The words that stand for a RUN step in history and cache: build arguments that it can see come in front, counted and
 * sorted, so that they are never mistaken for words of the command.
 */
export function savedCommand(
  command: readonly string[],
  args: readonly string[],
  hidden: (name: string) => boolean,
): string[] {
  if (args.length === 0) return [...command];
  const shown = args.filter((entry) => !hidden(entry.split('=', 1)[0]!)).sort();
  return [`|${shown.length}`, ...shown, ...command];
}
