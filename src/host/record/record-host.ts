/** A host whose calls are written down on their way. */
import { createHash } from 'node:crypto';
import { PassThrough, pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Host } from '../host.ts';
import type { TreeEntry } from '../ports/layers.ts';
import {
  applyMethods,
  computeMethods,
  layerMethods,
  networkMethods,
  processMethods,
  publicationMethods,
  systemMethods,
} from './methods.ts';
import type { Kind } from './methods.ts';
import { describeEntries } from './compose-arguments.ts';
import type { Recorder } from './recorder.ts';

type Method = (...args: unknown[]) => unknown;

export function recordHost(host: Host, recorder: Recorder): Host {
  const { networkTypes, publish, warnings } = host.network;
  recorder.ports({
    ...(networkTypes === undefined ? {} : { networkTypes }),
    publish: publish !== undefined,
    warnings: warnings !== undefined,
  });
  return {
    compute: recordObject(host.compute, 'compute', computeMethods, recorder),
    network: recordObject(host.network, 'network', networkMethods, recorder),
    layers: recordObject(host.layers, 'layers', layerMethods, recorder),
  };
}

function recordObject<T extends object>(
  target: T,
  name: string,
  methods: Readonly<Record<string, Kind>>,
  recorder: Recorder,
  on?: number,
): T {
  const wrapped = new Map<string, Method>();
  return new Proxy(target, {
    get: (object, key) => {
      const value: unknown = Reflect.get(object, key);
      if (typeof key !== 'string' || typeof value !== 'function') return value;
      const method = value as Method;
      const kind = Object.hasOwn(methods, key) ? methods[key]! : 'local';
      if (kind === 'local') return method.bind(object);
      let made = wrapped.get(key);
      if (made === undefined) {
        made = recordedMethod(method.bind(object), `${name}.${key}`, kind, recorder, on);
        wrapped.set(key, made);
      }
      return made;
    },
  });
}

function recordedMethod(
  method: Method,
  call: string,
  kind: Kind,
  recorder: Recorder,
  on: number | undefined,
): Method {
  if (kind === 'tree') {
    return (...args) => {
      const n = recorder.begin(call, on, args);
      return recordTree(method(...args) as AsyncIterable<TreeEntry>, n, recorder);
    };
  }
  return async (...args) => {
    const given = call === 'layers.compose' ? await describeEntries(args) : { args, shown: args };
    const n = recorder.begin(call, on, given.shown);
    let result: unknown;
    try {
      result = await method(...given.args);
    } catch (error) {
      recorder.fail(n, error);
      throw error;
    }
    return finish(result, n, kind, recorder);
  };
}

/** Writes the return line and gives the caller what it is to work with. */
function finish(result: unknown, n: number, kind: Kind, recorder: Recorder): unknown {
  switch (kind) {
    case 'system': {
      const { id } = result as { id: string };
      recorder.end(n, { id });
      return recordObject(result as object, 'system', systemMethods, recorder, n);
    }
    case 'process':
      return recordProcess(result as ProcessLike, n, recorder);
    case 'publication': {
      const { forwards } = result as { forwards: unknown };
      recorder.end(n, { forwards });
      return recordObject(result as object, 'publication', publicationMethods, recorder, n);
    }
    case 'apply':
      recorder.end(n, {});
      return recordApply(result as ApplyLike, n, recorder);
    case 'stream':
      recorder.end(n, {});
      return tap(result as Readable, n, 'content', recorder);
    default:
      recorder.end(n, result);
      return result;
  }
}

interface ProcessLike {
  readonly pid: number;
  readonly stdin?: unknown;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
}

function recordProcess(process: ProcessLike, n: number, recorder: Recorder): object {
  const { pid, stdin, stdout, stderr } = process;
  recorder.end(n, {
    pid,
    streams: [
      ...(stdin === undefined ? [] : ['stdin']),
      ...(stdout === undefined ? [] : ['stdout']),
      ...(stderr === undefined ? [] : ['stderr']),
    ],
  });
  const streams: Record<string, Readable> = {
    ...(stdout === undefined ? {} : { stdout: tap(stdout, n, 'stdout', recorder) }),
    ...(stderr === undefined ? {} : { stderr: tap(stderr, n, 'stderr', recorder) }),
  };
  const recorded = recordObject(process, 'process', processMethods, recorder, n);
  return new Proxy(recorded, {
    get: (object, key) =>
      typeof key === 'string' && Object.hasOwn(streams, key)
        ? streams[key]
        : (Reflect.get(object, key) as unknown),
  });
}

interface ApplyLike {
  write(chunk: Uint8Array): void | Promise<void>;
  commit(expected?: string): Promise<unknown>;
  abort(): Promise<void>;
}

/** Layers are gigabytes: their size and digest stand for them. */
function recordApply(apply: ApplyLike, n: number, recorder: Recorder): ApplyLike {
  const hash = createHash('sha256');
  let bytes = 0;
  const recorded = recordObject(apply, 'apply', applyMethods, recorder, n);
  return {
    write: (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
      return apply.write(chunk);
    },
    commit: async (expected) => {
      const call = recorder.begin('apply.commit', n, [
        expected ?? null,
        { bytes, sha256: hash.digest('hex') },
      ]);
      try {
        const info = await apply.commit(expected);
        recorder.end(call, info);
        return info;
      } catch (error) {
        recorder.fail(call, error);
        throw error;
      }
    },
    abort: () => recorded.abort(),
  };
}

async function* recordTree(
  entries: AsyncIterable<TreeEntry>,
  n: number,
  recorder: Recorder,
): AsyncGenerator<TreeEntry> {
  try {
    for await (const entry of entries) {
      const { path, type, size, metadata, target } = entry;
      // Without the path on this host: whoever reads goes through `open`, which is recorded.
      const shown = { path, type, size, metadata, ...(target === undefined ? {} : { target }) };
      recorder.entry(n, shown);
      yield {
        ...shown,
        open: () => {
          const call = recorder.begin('tree.open', n, [path]);
          return tap(entry.open(), call, 'content', recorder);
        },
      };
    }
    recorder.end(n, undefined);
  } catch (error) {
    recorder.fail(n, error);
    throw error;
  }
}

/** The same bytes, written down as they pass. */
function tap(source: Readable, of: number, stream: string, recorder: Recorder): Readable {
  const through = new PassThrough({
    transform: (chunk: Buffer, _encoding, done) => {
      recorder.data(of, stream, chunk);
      done(null, chunk);
    },
    flush: (done) => {
      recorder.dataEnd(of, stream);
      done();
    },
  });
  pipeline(source, through, () => recorder.dataRest(of, stream));
  return through;
}
