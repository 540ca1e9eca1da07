/**
 * An engine whose roles answer from recorded routes: each call becomes the method, path and query that Docker's client would
 * send, is looked up in `routes` and noted in `requests`. What no route answers is 404, as in the recordings.
 */
import { setImmediate } from 'node:timers/promises';
import { PassThrough, Readable } from 'node:stream';
import type { BuildContext, Engine, StdioSession } from '../../src/engine/roles/index.ts';
import type { ProgressListener, ProgressMessage, RegistryAuth } from '../../src/api/types/index.ts';
import { kindOfHttpStatus } from '../../src/errors/http-status.ts';
import { PortholeError } from '../../src/errors/porthole-error.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { canonicalName, parseReference } from '../../src/image/reference.ts';
import { credentialKey } from '../../src/registry/credentials.ts';
import { JsonNumber } from '../../src/text/template/decode.ts';
import type { RecordedRoute, StreamFrame } from './conformance.ts';
import { contextTarSize } from './context-size.ts';

export interface SentRequest {
  readonly method: string;
  readonly target: string;
  readonly body?: unknown;
  readonly auth?: string;
}

type Query = Readonly<Record<string, string | readonly string[] | boolean | number | undefined>>;

/** Go's `url.Values.Encode`: keys sorted, empty values left out, spaces as `+`. */
function encodeQuery(query: Query): string {
  const escape = (text: string) =>
    encodeURIComponent(text)
      .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', '+');
  return Object.entries(query)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, value]) => {
      if (value === undefined || value === false || value === '') return [];
      const values = Array.isArray(value) ? (value as string[]) : [value === true ? '1' : String(value)];
      return values.map((item) => `${escape(key)}=${escape(item)}`);
    })
    .join('&');
}

function encodeFilters(filters: Readonly<Record<string, readonly string[]>> | undefined): string | undefined {
  if (!filters || Object.keys(filters).length === 0) return undefined;
  const sets = Object.entries(filters).map(([key, values]) => [
    key,
    Object.fromEntries([...values].sort().map((value) => [value, true])),
  ]);
  return JSON.stringify(Object.fromEntries(sets));
}

/** `"@now-75"` in route data stands for a number. */
function withTimes(value: unknown, now: number): unknown {
  if (typeof value === 'string') {
    const match = /^@now-(\d+)$/.exec(value);
    return match ? now - Number(match[1]) : value;
  }
  if (Array.isArray(value)) return value.map((item) => withTimes(item, now));
  if (typeof value !== 'object' || value === null || value instanceof JsonNumber) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTimes(item, now)]));
}

/** Clients send a platform as JSON. */
function wirePlatform(text: string): string {
  const { os, architecture, variant } = parsePlatform(text, { os: 'windows', architecture: 'amd64' });
  return JSON.stringify({ architecture, os, ...(variant === undefined ? {} : { variant }) });
}

export class ScriptedEngine implements Engine {
  readonly name = 'scripted';
  readonly requests: SentRequest[] = [];
  readonly #routes: { route: RecordedRoute; left: number }[];
  readonly #now: number;
  #streams: Promise<unknown> = Promise.resolve();

  constructor(routes: readonly RecordedRoute[], now = 0) {
    this.#routes = routes.map((route) => ({ route, left: route.times ?? Infinity }));
    this.#now = now;
  }

  #send(
    method: string,
    path: string,
    query: Query = {},
    extra: Omit<SentRequest, 'method' | 'target'> = {},
  ): RecordedRoute {
    const search = encodeQuery(query);
    this.requests.push({ method, target: search === '' ? path : `${path}?${search}`, ...extra });
    const entry = this.#routes.find(
      ({ route, left }) =>
        left > 0 &&
        route.method === method &&
        new RegExp(`^${route.path}$`).test(path) &&
        (route.query === undefined || new RegExp(route.query).test(search)),
    );
    if (!entry) {
      if (/^\/containers\/[^/]+\/wait$/.test(path))
        return { method, path, json: { StatusCode: 0 }, delay: 3 };
      throw this.#failure(404, path, 'page not found');
    }
    entry.left--;
    const { route } = entry;
    const status = route.status ?? 200;
    if (status >= 300) {
      const message = (route.json as { message?: string } | undefined)?.message ?? route.text?.trim() ?? '';
      throw this.#failure(status, path, message);
    }
    return route;
  }

  #failure(status: number, path: string, message: string): PortholeError {
    const missingImage =
      status === 404 && path === '/containers/create' && message.startsWith('No such image');
    return new PortholeError(
      kindOfHttpStatus(status),
      missingImage ? 'IMAGE_NOT_FOUND' : 'SCRIPTED',
      message,
    );
  }

  #json<T>(method: string, path: string, query?: Query, body?: unknown): Promise<T> {
    return Promise.resolve().then(() => {
      const route = this.#send(method, path, query, body === undefined ? {} : { body });
      return withTimes(route.json, this.#now) as T;
    });
  }

  /** JSON lines to the listener; an error line rejects, as the role does. */
  async #lines(route: RecordedRoute, onProgress: ProgressListener | undefined): Promise<unknown> {
    let aux: unknown;
    for (const line of (route.lines ?? []) as ProgressMessage[]) {
      if (line.errorDetail) {
        throw new PortholeError('internal', 'STREAM', line.errorDetail.message, {
          ...(line.errorDetail.code !== undefined && { exitCode: line.errorDetail.code }),
        });
      }
      if (line.aux !== undefined) aux = line.aux;
      onProgress?.(line);
    }
    return aux;
  }

  /** Plays frames. `wait` is skipped: only the order matters. Exits answer when all streams have ended. */
  #session(frames: readonly StreamFrame[], stdinWanted: boolean): StdioSession {
    const raw = frames.some((frame) => frame.data !== undefined && frame.stream === undefined);
    const stdin = new PassThrough();
    const stdinEnded = new Promise((resolve) => stdin.on('end', resolve).resume());
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const play = async () => {
      for (const frame of frames) {
        await setImmediate();
        if (frame.readstdin !== undefined) await stdinEnded;
        if (frame.data !== undefined) (frame.stream === 2 ? stderr : stdout).write(frame.data);
      }
      stdout.end();
      stderr.end();
    };
    const played = play();
    this.#streams = Promise.all([this.#streams, played]);
    return { ...(stdinWanted && { stdin }), stdout, ...(!raw && { stderr }), close: () => undefined };
  }

  async #auth(name: string, auth?: (registry: string) => Promise<RegistryAuth | undefined>): Promise<string> {
    const { domain } = parseReference(name);
    const found = await auth?.(domain);
    const { username, password, serveraddress = credentialKey(domain), ...tokens } = found ?? {};
    const document = found && { username, password, serveraddress, ...tokens };
    return Buffer.from(JSON.stringify(document ?? {})).toString('base64');
  }

  readonly containers: Engine['containers'] = {
    create: (request, options = {}) =>
      this.#json('POST', '/containers/create', { name: options.name, platform: options.platform }, request),
    start: (id) => this.#json('POST', `/containers/${id}/start`),
    stop: (id, options = {}) =>
      this.#json('POST', `/containers/${id}/stop`, { signal: options.signalName, t: options.timeout }),
    restart: (id, options = {}) =>
      this.#json('POST', `/containers/${id}/restart`, { signal: options.signalName, t: options.timeout }),
    kill: (id, signal) => this.#json('POST', `/containers/${id}/kill`, { signal }),
    wait: async (id, condition) => {
      const route = this.#send('POST', `/containers/${id}/wait`, {
        condition: condition === 'not-running' ? undefined : condition,
      });
      const answer = async () => {
        if (route.delay !== undefined) for (let turn = 0; turn < 10; turn++) await setImmediate();
        await this.#streams;
        return route.json as { StatusCode: number };
      };
      return { exit: answer() };
    },
    attach: async (id, options) => {
      const route = this.#send('POST', `/containers/${id}/attach`, {
        stream: true,
        stdin: options.stdin,
        stdout: options.stdout,
        stderr: options.stderr,
        logs: options.logs,
        detachKeys: options.detachKeys,
      });
      return this.#session(route.hijack ?? [], options.stdin === true);
    },
    resize: (id, size) => this.#json('POST', `/containers/${id}/resize`, { h: size.height, w: size.width }),
    logs: async (id, options) => {
      const { stdout, stderr, follow, since, until, tail, timestamps, details } = options;
      const route = this.#send('GET', `/containers/${id}/logs`, {
        ...{ stdout, stderr, follow, since, until, tail, timestamps, details },
      });
      return this.#session(route.frames ?? [], false);
    },
    inspect: (id, options = {}) => this.#json('GET', `/containers/${id}/json`, { size: options.size }),
    list: (options = {}) =>
      this.#json('GET', '/containers/json', {
        all: options.all,
        limit: options.limit,
        size: options.size,
        filters: encodeFilters(options.filters),
      }),
    remove: (id, options = {}) =>
      this.#json('DELETE', `/containers/${id}`, {
        force: options.force,
        v: options.volumes,
        link: options.link,
      }),
    rename: (id, name) => this.#json('POST', `/containers/${id}/rename`, { name }),
    top: (id) => this.#json('GET', `/containers/${id}/top`),
    commit: (container, { reference, author, comment, pause, changes }) => {
      const target = reference === '' ? undefined : parseReference(reference);
      return this.#json('POST', '/commit', {
        // The client sends these even when they are empty.
        author: [author],
        changes,
        comment: [comment],
        container: [container],
        pause: pause ? undefined : '0',
        repo: [target === undefined ? '' : canonicalName(target)],
        tag: [target === undefined ? '' : (target.tag ?? 'latest')],
      });
    },
    changes: (id) => this.#json('GET', `/containers/${id}/changes`),
    prune: (options = {}) =>
      this.#json('POST', '/containers/prune', {
        filters: encodeFilters(options.filters),
        dryRun: options.dryRun,
      }),
  };

  readonly exec: Engine['exec'] = {
    create: (container, request) => this.#json('POST', `/containers/${container}/exec`, {}, request),
    start: async (id, { detach, tty }) => {
      const route = this.#send('POST', `/exec/${id}/start`, {}, { body: { Detach: detach, Tty: tty } });
      return detach ? undefined : this.#session(route.hijack ?? [], true);
    },
    resize: (id, size) => this.#json('POST', `/exec/${id}/resize`, { h: size.height, w: size.width }),
    inspect: (id) => this.#json('GET', `/exec/${id}/json`),
  };

  readonly images: Engine['images'] = {
    list: (options = {}) =>
      this.#json('GET', '/images/json', { all: options.all, filters: encodeFilters(options.filters) }),
    inspect: (name, options = {}) =>
      this.#json('GET', `/images/${name}/json`, { platform: options.platform }),
    platforms: (name) => this.#json('GET', `/images/${name}/platforms`),
    history: (name) => this.#json('GET', `/images/${name}/history`),
    pull: async (name, options = {}) => {
      const reference = parseReference(name);
      const query = {
        fromImage: canonicalName(reference),
        tag: options.allTags ? undefined : (reference.digest ?? reference.tag ?? 'latest'),
        platform: options.platform,
      };
      const auth = await this.#auth(name, options.auth);
      await this.#lines(this.#send('POST', '/images/create', query, { auth }), options.onProgress);
    },
    push: async (name, options = {}) => {
      const reference = parseReference(name);
      const auth = await this.#auth(name, options.auth);
      const tag = options.allTags ? undefined : (reference.tag ?? 'latest');
      const path = `/images/${canonicalName(reference)}/push`;
      await this.#lines(
        this.#send('POST', path, { tag, platform: options.platform }, { auth }),
        options.onProgress,
      );
    },
    save: async (names, options = {}) => {
      const platform = options.platform === undefined ? undefined : wirePlatform(options.platform);
      const { text = '' } = this.#send('GET', '/images/get', { names, platform });
      return Readable.from([Buffer.from(text)]);
    },
    load: async (archive, options = {}) => {
      for await (const _chunk of archive) continue;
      const platform = options.platform === undefined ? undefined : wirePlatform(options.platform);
      const route = this.#send('POST', '/images/load', { quiet: options.quiet, platform });
      if (route.text !== undefined) options.onProgress?.({ stream: route.text });
      await this.#lines(route, options.onProgress);
    },
    tag: (source, target) => {
      const reference = parseReference(target);
      const query = { repo: canonicalName(reference), tag: reference.tag ?? 'latest' };
      return this.#json('POST', `/images/${source}/tag`, query);
    },
    remove: (name, options = {}) =>
      this.#json('DELETE', `/images/${name}`, { force: options.force, noprune: options.noPrune }),
    prune: (options = {}) =>
      this.#json('POST', '/images/prune', {
        filters: encodeFilters(options.filters),
        dryRun: options.dryRun,
      }),
  };

  readonly networks: Engine['networks'] = {
    create: (request) => this.#json('POST', '/networks/create', {}, request),
    list: (options = {}) => this.#json('GET', '/networks', { filters: encodeFilters(options.filters) }),
    inspect: (name, options = {}) => this.#json('GET', `/networks/${name}`, { verbose: options.verbose }),
    remove: (name) => this.#json('DELETE', `/networks/${name}`),
    connect: (name, request) => this.#json('POST', `/networks/${name}/connect`, {}, request),
    disconnect: (name, request) => this.#json('POST', `/networks/${name}/disconnect`, {}, request),
    prune: (options = {}) =>
      this.#json('POST', '/networks/prune', {
        filters: encodeFilters(options.filters),
        dryRun: options.dryRun,
      }),
  };

  readonly volumes: Engine['volumes'] = {
    create: (request) => this.#json('POST', '/volumes/create', {}, request),
    list: (options = {}) => this.#json('GET', '/volumes', { filters: encodeFilters(options.filters) }),
    inspect: (name) => this.#json('GET', `/volumes/${name}`),
    remove: (name, options = {}) => this.#json('DELETE', `/volumes/${name}`, { force: options.force }),
    prune: (options = {}) =>
      this.#json('POST', '/volumes/prune', {
        filters: encodeFilters(options.filters),
        dryRun: options.dryRun,
      }),
  };

  readonly build: Engine['build'] = {
    build: async (request, context: BuildContext, options = {}) => {
      options.onProgress?.({
        status: 'Sending build context to Docker daemon',
        progressDetail: { current: await contextTarSize(context, request.dockerfile) },
      });
      const map = (value: object) => (Object.keys(value).length > 0 ? JSON.stringify(value) : undefined);
      const route = this.#send('POST', '/build', {
        version: 1,
        dockerfile: 'path' in request.dockerfile ? request.dockerfile.path : request.dockerfile.name,
        t: request.tags,
        buildargs: map(request.buildArgs),
        labels: map(request.labels),
        target: request.target,
        nocache: request.noCache,
        pull: request.pull,
        rm: request.remove ? undefined : '0',
        forcerm: request.forceRemove,
        platform: request.platform,
        isolation: request.isolation,
        networkmode: request.networkMode === 'default' ? undefined : request.networkMode,
        memory: request.memory || undefined,
        cachefrom: request.cacheFrom.length > 0 ? JSON.stringify(request.cacheFrom) : undefined,
        extrahosts: request.extraHosts,
        securityopt: request.securityOpt,
      });
      const aux = (await this.#lines(route, options.onProgress)) as { ID: string } | undefined;
      return { imageId: aux?.ID ?? '' };
    },
  };

  readonly system: Engine['system'] = {
    version: () => this.#json('GET', '/version'),
    info: () => this.#json('GET', '/info'),
    login: (auth) => this.#json('POST', '/auth', {}, auth),
    host: () => this.#json('GET', '/porthole/host'),
    diagnose: () => this.#json('GET', '/porthole/diagnosis'),
    events: (options = {}) => {
      const query = { since: options.since, until: options.until, filters: encodeFilters(options.filters) };
      const route = this.#send('GET', '/events', query);
      return Readable.from(route.lines ?? []) as AsyncIterable<never>;
    },
  };

  readonly layers: Engine['layers'] = { inspect: (name) => this.#json('GET', `/layers/${name}/json`) };
}
