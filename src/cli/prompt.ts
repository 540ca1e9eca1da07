/** Questions on the terminal (`cli/command/utils.go`). Answers come from stdin, also when it is a pipe. */
import { PortholeError } from '../errors/porthole-error.ts';
import type { CommandContext } from './command.ts';

type Asking = Pick<CommandContext, 'stdin' | 'stdout' | 'signal' | 'inTerminal'>;

interface RawInput extends NodeJS.ReadableStream {
  setRawMode?: (raw: boolean) => unknown;
}

/** One line of stdin without its end; undefined at end of input. What comes after the line stays unread. */
export async function readLine({
  stdin,
  signal,
}: Pick<Asking, 'stdin' | 'signal'>): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (line: string | undefined) => {
      stdin.off('data', onData).off('end', onEnd).off('error', reject);
      signal.removeEventListener('abort', onAbort);
      stdin.pause();
      resolve(line);
    };
    const onData = (chunk: Buffer | string) => {
      text += chunk.toString();
      const newline = text.search(/[\r\n]/);
      if (newline < 0) return;
      const rest = text.slice(newline).replace(/^(\r\n|\r|\n)/, '');
      const line = text.slice(0, newline);
      end(line);
      if (rest !== '') (stdin as unknown as { unshift(chunk: Buffer): void }).unshift(Buffer.from(rest));
    };
    const onEnd = () => end(text === '' ? undefined : text);
    const onAbort = () => end(undefined);
    stdin.on('data', onData).on('end', onEnd).on('error', reject);
    signal.addEventListener('abort', onAbort);
    stdin.resume();
  });
}

/** Asks and goes on only after `y` or `Y`. Anything else is kind `cancelled`: silent, exit code 0, as in Docker. */
export async function confirm(context: Asking, message: string): Promise<void> {
  context.stdout.write(`${message} [y/N] `);
  const answer = (await readLine(context))?.trim();
  if (answer !== undefined && /^y$/i.test(answer)) return;
  throw new PortholeError('cancelled', 'CANCELLED', 'operation has been cancelled');
}

/** What prune commands ask, but for `--force`, `--yes` and `--dry-run`. */
export async function confirmPrune(
  context: Asking,
  flags: { readonly force: boolean; readonly yes: boolean; readonly 'dry-run': boolean },
  what: string,
): Promise<void> {
  if (flags.force || flags.yes || flags['dry-run']) return;
  await confirm(context, `WARNING! This will remove ${what}.\nAre you sure you want to continue?`);
}

/** Asks for a text; `secret` shows nothing of what is typed. */
export async function ask(context: Asking, question: string, secret: boolean): Promise<string> {
  context.stdout.write(question);
  const raw = context.stdin as RawInput;
  if (!secret || !context.inTerminal.isTTY || !raw.setRawMode) return (await readLine(context))?.trim() ?? '';
  raw.setRawMode(true);
  try {
    return await readSecret(context);
  } finally {
    raw.setRawMode(false);
    context.stdout.write('\n');
  }
}

/** Keys of a raw terminal up to Enter: Backspace erases, Ctrl-C and Ctrl-D give up. */
async function readSecret({ stdin }: Asking): Promise<string> {
  return new Promise((resolve, reject) => {
    let secret = '';
    const end = (act: () => void) => {
      stdin.off('data', onData);
      stdin.pause();
      act();
    };
    const onData = (chunk: Buffer | string) => {
      for (const key of chunk.toString()) {
        if (key === '\r' || key === '\n') return end(() => resolve(secret));
        if (key === '\x03' || key === '\x04') {
          return end(() =>
            reject(new PortholeError('cancelled', 'CANCELLED', 'interrupted', { exitCode: 130 })),
          );
        }
        secret = key === '\x7f' || key === '\b' ? secret.slice(0, -1) : secret + key;
      }
    };
    stdin.on('data', onData);
    stdin.resume();
  });
}

/** All of stdin as a secret: exactly one line end at the end is dropped (images-and-registries.md 3.3). */
export async function readSecretFromStdin({ stdin }: Pick<Asking, 'stdin'>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r\n$|\n$|\r$/, '');
}
