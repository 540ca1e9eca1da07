/** `node scripts/fuzz-dockerfile.ts [COUNT] [FIRST-SEED]`: a million random Dockerfiles through the language. */
import { fuzzDockerfiles } from '../test/support/dockerfile-fuzz.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const first = Number(process.argv[3] ?? 1_000_000);
const started = Date.now();
const step = 50_000;
for (let done = 0; done < count; done += step) {
  fuzzDockerfiles(first + done, Math.min(step, count - done));
  process.stdout.write(
    `${Math.min(done + step, count)} of ${count} in ${((Date.now() - started) / 1000).toFixed(0)} s\n`,
  );
}
