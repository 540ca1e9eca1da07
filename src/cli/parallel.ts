/** Commands over several objects (docker-cli.md 1.1): everything is tried, successes print, failures are told together. */
import { joinErrors } from './cli-error.ts';
import type { CommandContext } from './command.ts';

export interface Outcome {
  readonly name: string;
  readonly error?: unknown;
}

/** Docker sends at most this many requests at once. */
const atOnce = 50;

async function tried(name: string, act: (name: string) => Promise<void>): Promise<Outcome> {
  try {
    await act(name);
    return { name };
  } catch (error) {
    return { name, error };
  }
}

/** Requests side by side; outcomes in argument order, each as soon as those before it are known. */
export async function* inParallel(
  names: readonly string[],
  act: (name: string) => Promise<void>,
): AsyncGenerator<Outcome> {
  const running: Promise<Outcome>[] = [];
  for (const [index, name] of names.entries()) {
    const turn = index < atOnce ? Promise.resolve() : running[index - atOnce]!.then(() => undefined);
    running.push(turn.then(() => tried(name, act)));
  }
  for (const outcome of running) yield await outcome;
}

/** One after the other. */
export async function* inSequence(
  names: readonly string[],
  act: (name: string) => Promise<void>,
): AsyncGenerator<Outcome> {
  for (const name of names) yield await tried(name, act);
}

/**
 * Prints the name of each success, as the user gave it, and throws the failures joined. `tolerate` tells which failures are
 * only printed. Gives the names that went well.
 */
export async function reportNames(
  context: Pick<CommandContext, 'stdout'>,
  outcomes: AsyncIterable<Outcome>,
  options: { tolerate?: (outcome: Outcome) => boolean; result?: (done: string[]) => void } = {},
): Promise<void> {
  const done: string[] = [];
  const errors: unknown[] = [];
  options.result?.(done);
  for await (const outcome of outcomes) {
    if (!('error' in outcome)) {
      done.push(outcome.name);
      context.stdout.write(`${outcome.name}\n`);
    } else if (options.tolerate?.(outcome) !== true) errors.push(outcome.error);
  }
  if (errors.length > 0) throw joinErrors(errors);
}
