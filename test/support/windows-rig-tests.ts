/**
 * Suites that ran in the rig, as tests of the mocha outside. Called with `await` at the top of a test file: the titles are
 * known only when the inner mocha has ended.
 */
import { join } from 'node:path';
import { openRig, whyNoRig, type InnerTest, type WindowsRig } from './windows-rig.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');

export interface RigTests {
  /** What the titles begin with. */
  readonly title: string;
  /** Absolute paths of `*.suite.ts`. */
  readonly suites: readonly string[];
  /** Programs that the suites start: bundled beside them as `<name>.cjs`. */
  readonly programs?: readonly string[];
  /** False = the services are stopped. */
  readonly service?: boolean;
  /** Tests of the outside that need the same rig; they run before it is removed. */
  readonly outside?: (rig: WindowsRig, tests: readonly InnerTest[]) => void;
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
}

export async function rigTests({
  title,
  suites,
  programs = [],
  service = true,
  outside,
  timeoutMs,
  env = {},
}: RigTests): Promise<void> {
  const why = whyNoRig();
  if (why !== undefined) {
    describe(`${title} (skipped: ${why})`, () => it('needs Wine, mingw-w64 and the Windows programs'));
    return;
  }
  const rig = await openRig();
  let tests: InnerTest[];
  try {
    if (service) await rig.startService();
    for (const program of programs) await rig.bundle(program);
    tests = await rig.mocha(suites, {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      env: { PORTHOLE_RIG_FIXTURES: rig.windowsPath(fixtures), ...env },
    });
  } catch (error) {
    rig.dispose();
    throw error;
  }
  describe(title, () => {
    after(() => rig.dispose());
    for (const test of tests)
      it(test.titles.join(': '), function () {
        if (test.state === 'pending') this.skip();
        if (test.state === 'failed') throw new Error(test.message ?? 'failed inside');
      });
    outside?.(rig, tests);
  });
}
