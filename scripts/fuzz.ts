/**
 * `npm run fuzz -- [--kind tree|lint|changed] [--from 1] [--count 10000]`: any number of the inputs of which the tests take
 * a few. A seed names an input; those that fail are printed, and the exit code is 1. An input that takes half a minute is a
 * hang: the process ends there and names it.
 *
 * - `tree`: random bytes give a tree or problems with ranges, and print back unchanged;
 * - `lint`: the same texts through all rules, fixes, the formatter and the language server's answers;
 * - `changed`: rule examples, fixtures and real files with something changed, through all of it.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { checkDockerfile, randomDockerfile, randomSource } from '../test/support/dockerfile-fuzz.ts';
import { mutate } from '../test/support/dockerfile-mutations.ts';
import { examples, fixtureFiles, realFiles } from '../test/support/lint-corpus.ts';
import { checkEverything } from '../test/support/lint-properties.ts';

type Kind = 'tree' | 'lint' | 'changed';

interface Job {
  readonly kind: Kind;
  readonly from: number;
  readonly count: number;
  /** The seed that is being checked, for the watchdog. */
  readonly current: Float64Array;
}

const hang = 30_000;

function checks(kind: Kind): (random: () => number) => { bytes: Uint8Array; check: () => void } {
  if (kind === 'tree') {
    return (random) => {
      const bytes = randomDockerfile(random);
      return { bytes, check: () => checkDockerfile(bytes) };
    };
  }
  const corpus = kind === 'changed' ? [...examples(), ...fixtureFiles(), ...realFiles()] : [];
  return (random) => {
    const bytes =
      kind === 'lint'
        ? randomDockerfile(random)
        : mutate(corpus[Math.floor(random() * corpus.length)]!.bytes, random);
    return { bytes, check: () => checkEverything(bytes, random) };
  };
}

function work({ kind, from, count, current }: Job): void {
  const make = checks(kind);
  let failed = 0;
  let longest = 0;
  for (let seed = from; seed < from + count; seed++) {
    current[0] = seed;
    const random = randomSource(seed);
    const { bytes, check } = make(random);
    const started = performance.now();
    try {
      check();
    } catch (error) {
      failed++;
      console.log(
        `${kind} seed ${seed}: ${(error as Error).message}\n  ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`,
      );
    }
    longest = Math.max(longest, performance.now() - started);
  }
  parentPort!.postMessage({ failed, longest });
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kind: { type: 'string', default: 'tree' },
      from: { type: 'string', default: '1' },
      count: { type: 'string', default: '10000' },
    },
  });
  const { kind } = values;
  const [from, count] = [Number(values.from), Number(values.count)];
  if ((kind !== 'tree' && kind !== 'lint' && kind !== 'changed') || !(from >= 0) || !(count > 0)) {
    throw new Error('usage: --kind tree|lint|changed --from SEED --count NUMBER');
  }
  const current = new Float64Array(new SharedArrayBuffer(8));
  const started = performance.now();
  const worker = new Worker(import.meta.filename, {
    workerData: { kind, from, count, current } satisfies Job,
  });
  let seen = -1;
  const watchdog = setInterval(() => {
    if (current[0] === seen) {
      console.log(`${kind} seed ${seen}: takes more than ${hang / 1000} seconds`);
      process.exit(1);
    }
    seen = current[0]!;
  }, hang);
  const { failed, longest } = await new Promise<{ failed: number; longest: number }>((done, broken) => {
    worker.once('message', done);
    worker.once('error', broken);
  });
  clearInterval(watchdog);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `${kind} ${from}-${from + count - 1}: ${failed} failed, longest ${longest.toFixed(0)} ms, ${seconds} s`,
  );
  if (failed > 0) process.exitCode = 1;
}

if (isMainThread) await run();
else work(workerData as Job);
