/** A host that answers from a recording. */
import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { PortholeError } from '../../errors/porthole-error.ts';
import type { Host } from '../host.ts';
import type { PortCall } from '../ports/compute.ts';
import type { LayerApply, TreeEntry } from '../ports/layers.ts';
import { describeEntries } from '../record/compose-arguments.ts';
import { errorFromJson, fromJson } from '../record/encode.ts';
import {
  computeMethods,
  layerMethods,
  networkMethods,
  processMethods,
  publicationMethods,
  systemMethods,
} from '../record/methods.ts';
import type { Kind } from '../record/methods.ts';
import type { DataLine } from '../record/lines.ts';
import type { RecordedCall } from './recording.ts';
import type { Replayer } from './replayer.ts';

export function replayHost(replayer: Replayer): Host {
  const { networkTypes, publish = false, warnings = false } = replayer.process.ports ?? {};
  const without = [...(publish ? [] : ['publish']), ...(warnings ? [] : ['warnings'])];
  return {
    compute: replayObject({}, 'compute', computeMethods, replayer) as Host['compute'],
    network: replayObject(
      networkTypes === undefined ? {} : { networkTypes },
      'network',
      Object.fromEntries(Object.entries(networkMethods).filter(([name]) => !without.includes(name))),
      replayer,
    ) as Host['network'],
    layers: replayObject({}, 'layers', layerMethods, replayer) as Host['layers'],
  };
}

function replayObject(
  own: Readonly<Record<string, unknown>>,
  name: string,
  methods: Readonly<Record<string, Kind>>,
  replayer: Replayer,
  on?: number,
): object {
  const made: Record<string, unknown> = { ...own };
  for (const [method, kind] of Object.entries(methods)) {
    made[method] =
      kind === 'local' ? () => undefined : replayedMethod(`${name}.${method}`, kind, replayer, on);
  }
  return made;
}

function signalOf(args: readonly unknown[]): AbortSignal | undefined {
  return (args.at(-1) as PortCall | undefined)?.signal;
}

function replayedMethod(
  call: string,
  kind: Kind,
  replayer: Replayer,
  on: number | undefined,
): (...args: unknown[]) => unknown {
  if (kind === 'tree') {
    return (...args) => replayTree(replayer.take(call, on, args, true), replayer);
  }
  return async (...args) => {
    const signal = signalOf(args);
    signal?.throwIfAborted();
    const { shown } = call === 'layers.compose' ? await describeEntries(args) : { shown: args };
    let recorded: RecordedCall;
    const tidied = replayer.tidied(call);
    try {
      recorded = replayer.take(call, on, shown, kind === 'read' || kind === 'wait');
    } catch (error) {
      if (tidied === undefined) throw error;
      return tidied.result;
    }
    if (kind === 'wait') await replayer.whenCaused(recorded, signal);
    else if (recorded.end === undefined) throw cutOff(call, recorded.line);
    return answerOf(recorded, kind, replayer);
  };
}

/** Whoever recorded was killed during the call, or the rest of the file is missing. */
function cutOff(call: string, line: number): PortholeError {
  return new PortholeError('invalid', 'REPLAY_CUT', `the recording ends before ${call} did (line ${line})`, {
    hint: 'record it again, and let the command end by itself',
  });
}

function resultOf({ end }: RecordedCall, replayer: Replayer): unknown {
  const answer = end?.answer;
  if (answer?.error !== undefined) {
    throw errorFromJson(fromJson(answer.error, replayer.places) as NonNullable<typeof answer.error>);
  }
  return fromJson(answer?.result, replayer.places);
}

function answerOf(recorded: RecordedCall, kind: Kind, replayer: Replayer): unknown {
  const result = resultOf(recorded, replayer);
  const { n } = recorded;
  switch (kind) {
    case 'system':
      return replayObject(result as Record<string, unknown>, 'system', systemMethods, replayer, n);
    case 'publication':
      return replayObject(result as Record<string, unknown>, 'publication', publicationMethods, replayer, n);
    case 'process':
      return replayProcess(result as { pid: number; streams: string[] }, recorded, replayer);
    case 'apply':
      return replayApply(recorded, replayer);
    case 'stream':
      return streamOf(recorded, 'content');
    default:
      return result;
  }
}

function replayProcess(
  { pid, streams }: { pid: number; streams: readonly string[] },
  recorded: RecordedCall,
  replayer: Replayer,
): object {
  const own = {
    pid,
    ...(streams.includes('stdin')
      ? { stdin: new Writable({ write: (_chunk, _encoding, done) => done() }) }
      : {}),
    ...(streams.includes('stdout') ? { stdout: streamOf(recorded, 'stdout') } : {}),
    ...(streams.includes('stderr') ? { stderr: streamOf(recorded, 'stderr') } : {}),
  };
  return replayObject(own, 'process', processMethods, replayer, recorded.n);
}

/** What was streamed, at once; it ends as it did, or with what is wrong with it. */
function streamOf({ data, line }: RecordedCall, stream: string): Readable {
  const lines = data.filter((one) => one.stream === stream);
  return Readable.from(contents(lines, line), { objectMode: false });
}

function* contents(lines: readonly DataLine[], line: number): Generator<Buffer> {
  for (const { text, base64, cut } of lines) {
    if (cut === true) {
      throw new PortholeError(
        'invalid',
        'REPLAY_CUT',
        `the content of line ${line} was too large to be recorded`,
      );
    }
    if (text !== undefined) yield Buffer.from(text);
    else if (base64 !== undefined) yield Buffer.from(base64, 'base64');
  }
}

function replayApply(recorded: RecordedCall, replayer: Replayer): LayerApply {
  const hash = createHash('sha256');
  let bytes = 0;
  const call = (name: string, args: readonly unknown[]): unknown =>
    resultOf(replayer.take(`apply.${name}`, recorded.n, args, false), replayer);
  return {
    write: (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
    },
    commit: async (expected) =>
      call('commit', [expected ?? null, { bytes, sha256: hash.digest('hex') }]) as ReturnType<
        LayerApply['commit']
      >,
    abort: async () => void call('abort', []),
  };
}

async function* replayTree(recorded: RecordedCall, replayer: Replayer): AsyncGenerator<TreeEntry> {
  for (const json of recorded.entries) {
    const entry = fromJson(json, replayer.places) as Omit<TreeEntry, 'open'>;
    yield {
      ...entry,
      open: () => streamOf(replayer.take('tree.open', recorded.n, [entry.path], true), 'content'),
    };
  }
  resultOf(recorded, replayer);
}
