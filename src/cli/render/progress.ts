/**
 * Docker's display of JSON progress messages (`jsonmessage.go`; images-and-registries.md 7.3): a redrawn table on terminals,
 * one line a state elsewhere. Porthole adds `--progress`: `plain`, `tty`, `none` and `json` (users.md 4.1).
 */
import type { ProgressListener, ProgressMessage } from '../../api/types/index.ts';
import type { FlagSpec } from '../flag.ts';
import type { Terminal } from '../command.ts';
import { progressText } from './progress-bar.ts';

export type ProgressMode = 'auto' | 'plain' | 'tty' | 'none' | 'json';

const modes: readonly string[] = ['auto', 'plain', 'tty', 'none', 'json'];

export const progressFlag = {
  type: 'string',
  description: 'Set type of progress output ("auto", "plain", "tty", "none", "json")',
  default: 'auto',
  own: true,
  complete: modes,
  check: (value: string) => {
    if (modes.includes(value)) return value;
    throw new Error(`must be one of ${modes.map((mode) => `"${mode}"`).join(', ')}`);
  },
} as const satisfies FlagSpec;

export interface ProgressOutput {
  readonly out: { write(text: string): unknown };
  readonly terminal: Terminal;
  readonly mode: ProgressMode;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** With `--progress=plain` each line shows its numbers at most this often (milliseconds). */
const plainInterval = 5000;

const hasNumbers = ({ progressDetail: detail }: ProgressMessage) =>
  (detail?.current ?? 0) > 0 || (detail?.total ?? 0) > 0;

const lineOf = ({ id, status = '' }: ProgressMessage) =>
  id === undefined || id === '' ? status : `${id}: ${status}`;

function terminalRenderer({ out, terminal, now }: ProgressOutput): ProgressListener {
  // Line number by id, counted from the top of the table that is being drawn.
  let lines = new Map<string, number>();
  return (message) => {
    const { id = '', status = '', stream, progressDetail: detail } = message;
    if (message.aux !== undefined) return;
    let up = 0;
    let text = '';
    if (id !== '' && detail) {
      if (!lines.has(id)) {
        lines.set(id, lines.size);
        text += '\n';
      }
      up = lines.size - lines.get(id)!;
      text += `\x1b[${up}A`;
    } else lines = new Map();
    if (detail && stream === undefined) {
      const bar = progressText(detail, terminal.columns > 0 ? terminal.columns : 200, now());
      text += `\x1b[2K\r${id === '' ? '' : `${id}: `}${status} ${bar}\r`;
    } else if (stream !== undefined) text += stream;
    else text += `${lineOf(message)}\n`;
    if (up > 0) text += `\x1b[${up}B`;
    out.write(text);
  };
}

function lineRenderer({ out, terminal, mode, now }: ProgressOutput): ProgressListener {
  const shown = new Map<string, number>();
  return (message) => {
    if (message.aux !== undefined) return;
    if (message.stream !== undefined) {
      out.write(message.stream);
      return;
    }
    if (!hasNumbers(message)) {
      out.write(`${lineOf(message)}\n`);
      return;
    }
    if (mode !== 'plain') return;
    const key = `${message.id ?? ''} ${message.status ?? ''}`;
    const time = now();
    if (time - (shown.get(key) ?? -Infinity) < plainInterval) return;
    shown.set(key, time);
    const numbers = progressText(
      { ...message.progressDetail, hidecounts: false },
      Math.min(80, terminal.columns),
      time,
    );
    out.write(`${lineOf(message)} ${numbers.trimStart()}\n`);
  };
}

/** A listener that shows messages on `out`. Errors don't come this way: the role rejects. */
export function progressRenderer(output: ProgressOutput): ProgressListener {
  const { mode, terminal, out } = output;
  if (mode === 'none') return () => undefined;
  if (mode === 'json') return (message) => void out.write(`${JSON.stringify(message)}\n`);
  if (mode === 'tty' || (mode === 'auto' && terminal.isTTY)) return terminalRenderer(output);
  return lineRenderer(output);
}
