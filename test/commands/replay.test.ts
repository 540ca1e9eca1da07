import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { conformance, goldenCases, goldenText, recordedCases } from '../support/conformance.ts';
import type { GoldenCase, RecordedCase } from '../support/conformance.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandRun } from '../support/command-host.ts';
import {
  comparedFrom,
  laterCommands,
  notReplayed,
  otherRequests,
  reasonForLater,
} from '../support/not-replayed.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import type { SentRequest } from '../support/scripted-engine.ts';

/** Golden cases have no time of their own; "now" in their data is this. */
const goldenNow = 1795306712;

const groups = conformance
  ? readdirSync(join(conformance, 'recorded')).map((file) => file.replace('.json', ''))
  : [];

function reasonAgainst(name: string, args: readonly string[]): string | undefined {
  const words = args.join(' ');
  if (laterCommands.some((command) => words === command || words.startsWith(`${command} `)))
    return reasonForLater;
  return notReplayed[name];
}

interface Replay extends CommandRun {
  readonly requests: readonly SentRequest[];
  readonly files: Record<string, string>;
}

async function replay(scene: RecordedCase | GoldenCase, now: number): Promise<Replay> {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-replay-'));
  try {
    const work = join(folder, 'work');
    const config = join(folder, 'config');
    mkdirSync(work);
    mkdirSync(config);
    for (const [path, text] of Object.entries(scene.files ?? {})) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    if (scene.config) writeFileSync(join(config, 'config.json'), JSON.stringify(scene.config));
    const engine = new ScriptedEngine(scene.server.routes, now);
    const { env = {}, stdin = '' } = scene;
    const run = await runCommand(scene.args, {
      engine,
      bin: 'docker',
      stdin,
      env,
      cwd: work,
      config,
      now: now * 1000,
    });
    const clean = (text: string) => text.replaceAll(work, '/WD').replaceAll(config, '/CFG');
    const files = readdirSync(work, { withFileTypes: true }).filter((entry) => entry.isFile());
    return {
      requests: JSON.parse(clean(JSON.stringify(engine.requests))) as SentRequest[],
      exitCode: run.exitCode,
      stdout: clean(run.stdout),
      // Hints are ours, after Docker's words.
      stderr: clean(run.stderr).replace(/^Hint: .*\n/gm, ''),
      files: Object.fromEntries(files.map(({ name }) => [name, readFileSync(join(work, name), 'utf8')])),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const from = (text: string, start: string | undefined) =>
  start === undefined ? text : text.slice(text.indexOf(start));

function compareRecorded(scene: RecordedCase, run: Replay): void {
  const start = comparedFrom[scene.name];
  expect(from(run.stdout, start)).to.equal(from(scene.expect.stdout, start));
  expect(run.stderr).to.equal(scene.expect.stderr);
  expect(run.exitCode).to.equal(scene.expect.exit);
  for (const [name, text] of Object.entries(scene.expect.files ?? {})) expect(run.files[name]).to.equal(text);
}

/** Parallel requests have no order; the version prefix and the ping are the connection's. */
function compareRequests(scene: RecordedCase, { requests }: Replay): void {
  const line = (method: string, target: string, body: unknown, auth: string | undefined) =>
    [method, target, body === undefined || body === null ? '' : JSON.stringify(body), auth ?? '']
      .join(' ')
      .trim();
  const ours = requests.map(({ method, target, body, auth }) => line(method, target, body, auth));
  const theirs = scene.expect.requests
    .filter(({ target }) => target !== '/_ping')
    .map(({ method, target, body, headers }) => {
      const auth = headers.find((header) => header.startsWith('X-Registry-Auth: '))?.slice(17);
      return line(method, target.replace(/^\/v[\d.]+/, ''), body, auth);
    });
  const parallel = ['rm', 'stop', 'kill'].includes(scene.args[0]!);
  expect(parallel ? ours.sort() : ours).to.deep.equal(parallel ? theirs.sort() : theirs);
}

describe('commands replay the released client (skipped without ../shared/conformance)', () => {
  before(function () {
    if (!conformance) this.skip();
  });

  for (const group of groups) {
    describe(group, () => {
      for (const scene of recordedCases(group)) {
        const reason = reasonAgainst(scene.name, scene.args);
        if (reason === reasonForLater) continue;
        it(reason === undefined ? scene.name : `${scene.name}: not so, ${reason}`, async () => {
          const run = await replay(scene, scene.now);

          if (reason !== undefined) expect(() => compareRecorded(scene, run)).to.throw();
          else {
            compareRecorded(scene, run);
            if (scene.name in otherRequests) expect(() => compareRequests(scene, run)).to.throw();
            else compareRequests(scene, run);
          }
        });
      }
    });
  }

  describe('golden', () => {
    for (const scene of goldenCases()) {
      if (reasonAgainst(scene.golden, scene.args) !== undefined) continue;
      it(`${scene.args.join(' ')} = ${scene.golden.split('/').at(-1)}`, async () => {
        const run = await replay(scene, goldenNow);

        expect(run[scene.stream]).to.equal(goldenText(scene.golden));
      });
    }
  });
});
