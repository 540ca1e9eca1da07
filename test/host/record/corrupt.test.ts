/** Recordings that somebody changed, or that a full disk cut: said with file and line, never a TypeError. */
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PortholeError } from '../../../src/errors/porthole-error.ts';
import type { ComputeSystemDocument } from '../../../src/hcs/documents.ts';
import { restoreSnapshot } from '../../../src/host/record/snapshot.ts';
import { parseRecording } from '../../../src/host/replay/recording.ts';
import { replayHost } from '../../../src/host/replay/replay-host.ts';
import { Replayer } from '../../../src/host/replay/replayer.ts';

const document = { Owner: 'porthole' } as ComputeSystemDocument;
const files = { 'images/refs.json': '{}' };
const p = 'cli';
const lines: readonly object[] = [
  {
    recording: 'porthole',
    format: 1,
    version: '1',
    platform: 'win32',
    arch: 'x64',
    started: 1,
    files,
    omitted: {},
  },
  { p, ports: { publish: false, warnings: false, networkTypes: ['nat'] } },
  { p, id: 'a'.repeat(64) },
  { p, n: 1, call: 'compute.create', args: ['x', document] },
  { p, n: 1, result: { id: 'x' } },
  { p, n: 2, call: 'system.start', on: 1, args: [] },
  { p, n: 2 },
  { p, n: 3, call: 'system.createProcess', on: 1, args: [{ CommandLine: 'x' }] },
  { p, of: 3, stream: 'stdout', text: 'hi' },
  { p, of: 3, stream: 'stdout', base64: 'aGk=' },
  { p, of: 3, stream: 'stdout', end: true },
  { p, n: 3, result: { pid: 4, streams: ['stdout'] } },
  { p, n: 4, call: 'system.pause', on: 1, args: [] },
  {
    p,
    n: 4,
    error: {
      name: 'HcsError',
      message: 'm',
      kind: 'internal',
      op: 'System::Pause',
      hresult: 1,
      events: ['e'],
    },
  },
  { p, n: 5, call: 'compute.list', args: [] },
  { p, n: 5, result: [] },
  { p, n: 6, call: 'layers.readTree', args: ['x', 'y'] },
  { p, of: 6, entry: { path: 'a', type: 'file', size: 1, metadata: {} } },
  { p, n: 6 },
];
const junk = [null, 0, -1, 1e9, 'a/../b', true, [], [null], {}, { a: 1 }];

/** Paths of the value itself and of everything in it. */
function paths(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, item]) => paths(item, [...at, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  Reflect.set(copy, key, replaced(Reflect.get(copy, key), rest, by));
  return copy;
}

describe('damaged recordings', () => {
  let root: string;
  before(() => (root = mkdtempSync(join(tmpdir(), 'porthole-corrupt-'))));
  after(() => rmSync(root, { recursive: true, force: true }));

  async function replay(text: string): Promise<PortholeError[]> {
    const failures: PortholeError[] = [];
    const attempt = async <T>(work: () => Promise<T> | T): Promise<T | undefined> => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof PortholeError)) throw error;
        failures.push(error);
        return undefined;
      }
    };
    const places = { dataRoot: root, homeDir: '/nowhere' };
    await attempt(async () => {
      const recording = parseRecording(text, 'file');
      restoreSnapshot(recording.header.files, places);
      for (const process of recording.processes) {
        const { compute, layers } = replayHost(
          new Replayer(process, { file: 'file', places, onMismatch: () => undefined }),
        );
        const system = await attempt(() => compute.create('x', document));
        await attempt(() => system?.start());
        const made = await attempt(() => system?.createProcess({ CommandLine: 'x' }));
        await attempt(async () => made?.stdout?.toArray());
        await attempt(() => system?.pause());
        await attempt(() => compute.list());
        await attempt(async () => {
          for await (const entry of layers.readTree('x', 'y')) expect(entry).to.be.an('object');
        });
      }
    });
    return failures;
  }

  const textOf = (all: readonly unknown[]): string => all.map((line) => `${JSON.stringify(line)}\n`).join('');

  it('replays the undamaged one', async () => {
    const failures = await replay(textOf(lines));
    expect(failures.map(({ message }) => message)).to.deep.equal([
      'hcs::System::Pause: Unknown error (0x1) (e)',
    ]);
  });

  for (const [index, line] of lines.entries())
    it(`says what is wrong with line ${index + 1}, whatever is changed in it`, async () => {
      for (const path of paths(line))
        for (const by of junk) {
          const all = lines.map((each, at) => (at === index ? replaced(each, path, by) : each));
          try {
            await replay(textOf(all));
          } catch (cause) {
            throw new Error(`${path.join('.')} = ${JSON.stringify(by)}`, { cause });
          }
        }
    });

  it('ends where it was cut', async () => {
    const whole = textOf(lines);
    for (let length = 0; length < whole.length; length += 7) await replay(whole.slice(0, length));
    const [failure] = await replay(textOf(lines.slice(0, 4)));
    expect(failure!.message).to.equal('the recording ends before compute.create did (line 4)');
    expect(failure!.code).to.equal('REPLAY_CUT');
  });
});
