import { expect } from 'chai';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { parseReference } from '../../src/image/reference.ts';
import { indexOf, randomImage } from '../../src/image/random.ts';
import { mediaTypes } from '../../src/image/media-types.ts';
import { RegistryClient } from '../../src/registry/client.ts';
import type { RegistryClientOptions } from '../../src/registry/client.ts';
import { downloadBlob } from '../../src/registry/blob-download.ts';
import type { BlobSink } from '../../src/registry/blob-download.ts';
import { uploadBlob, putManifest } from '../../src/registry/blob-upload.ts';
import { defaultSettings } from '../../src/registry/settings.ts';
import { defaultTimeouts } from '../../src/registry/timeouts.ts';
import { Readable } from 'node:stream';
import { InstantClock } from '../support/instant-clock.ts';
import { ScriptedRegistry, digestOf, reply, replyError } from '../support/scripted-registry.ts';
import type { RegistryAuth } from '../../src/api/types/index.ts';

class MemorySink implements BlobSink {
  chunks: Buffer[] = [];
  restarts = 0;

  get offset(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  write(chunks: readonly Buffer[]): void {
    this.chunks.push(...chunks.map((chunk) => Buffer.from(chunk)));
  }

  restart(): void {
    this.chunks = [];
    this.restarts += 1;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

describe('registry client', () => {
  let registry: ScriptedRegistry;
  let clock: InstantClock;
  let client: RegistryClient;
  const image = randomImage({ seed: 1, fileBytes: 30_000 });
  const layer = image.layers[0]!;

  function open(options: Partial<RegistryClientOptions> = {}): RegistryClient {
    client = new RegistryClient({
      environment: { platform: 'linux', env: {}, dataRoot: '/nonexistent' },
      settings: defaultSettings,
      clock,
      ...options,
    });
    return client;
  }

  const reference = (tag = '1'): ReturnType<typeof parseReference> =>
    parseReference(`${registry.address}/acme/app:${tag}`);

  beforeEach(async () => {
    registry = await ScriptedRegistry.start();
    registry.addImage('acme/app', '1', image);
    clock = new InstantClock();
    open();
  });

  afterEach(async () => {
    client[Symbol.dispose]();
    await registry.stop();
  });

  async function download(
    sink: BlobSink,
    digest = layer.descriptor.digest,
    size = layer.blob.length,
    signal?: AbortSignal,
  ): Promise<void> {
    const repository = client.open(reference(), 'pull');
    await repository.each((endpoint) =>
      downloadBlob({
        descriptor: { digest, size },
        sink,
        open: (offset, abort) => repository.openBlob(endpoint, digest, offset, abort),
        clock,
        backoff: client.backoff,
        idleMs: 60,
        signal,
      }),
    );
  }

  it('resolves tags by HEAD and fetches manifests with every media type accepted', async () => {
    const repository = client.open(reference(), 'pull');

    const resolved = await repository.resolve('1');
    const manifest = await repository.manifest('1');

    expect(resolved).to.deep.equal({
      digest: image.manifestDigest,
      mediaType: image.manifestType,
      size: image.manifest.length,
    });
    expect(manifest.bytes.equals(image.manifest)).to.equal(true);
    expect(registry.requests[1]?.headers.accept).to.equal(
      'application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*',
    );
    expect(registry.requests[1]?.headers['accept-encoding']).to.equal('identity');
    expect(registry.requests[1]?.headers.connection).to.equal('keep-alive');
  });

  it('refuses a manifest whose bytes differ from its digest', async () => {
    registry.manifests.set(`acme/app@${image.manifestDigest}`, {
      type: image.manifestType,
      bytes: Buffer.from('{}'),
    });

    const error = await failure(client.open(reference(), 'pull').manifest(image.manifestDigest));

    expect(error).to.include({
      code: 'MANIFEST_DIGEST_MISMATCH',
      message: `manifest verification failed for digest ${image.manifestDigest}`,
    });
  });

  it('refuses documents of more than 4 MiB while reading them', async () => {
    registry.intercept = (_, response) => {
      reply(response, 200, { 'Content-Type': mediaTypes.dockerManifest }, Buffer.alloc((4 << 20) + 1, ' '));
      return true;
    };

    expect(await failure(client.open(reference(), 'pull').manifest('1'))).to.include({
      code: 'BODY_TOO_LARGE',
    });
  });

  it('verifies configurations', async () => {
    const repository = client.open(reference(), 'pull');
    const descriptor = { mediaType: '', digest: image.configDigest, size: image.config.length };

    expect((await repository.smallBlob(descriptor)).equals(image.config)).to.equal(true);
    registry.blobs.set(`acme/app@${image.configDigest}`, Buffer.alloc(image.config.length, 'x'));
    expect(await failure(repository.smallBlob(descriptor))).to.include({
      message: `image config verification failed for digest ${image.configDigest}`,
    });
  });

  it('lists tags over pages', async () => {
    registry.intercept = (request, response) => {
      if (!request.path.endsWith('/tags/list')) return false;
      const last = request.query.get('last');
      const headers: Record<string, string> = { 'Content-Type': 'application/json' };
      if (last === null) headers['Link'] = '</v2/acme/app/tags/list?last=b>; rel="next"';
      reply(response, 200, headers, JSON.stringify({ tags: last === null ? ['a', 'b'] : ['c'] }));
      return true;
    };

    expect(await client.open(reference(), 'pull').tags()).to.deep.equal(['a', 'b', 'c']);
  });

  describe('authorisation', () => {
    const token = 'tok.en';
    let credentials: RegistryAuth | undefined;
    let asked: string[];

    /** The registry wants a token; `/token` on the same server gives one. */
    function bearer(options: { refuse?: boolean; post?: number; expires?: number } = {}): void {
      let serial = 0;
      registry.intercept = (request, response) => {
        if (request.path === '/token') {
          if (request.method === 'POST' && options.post !== undefined) {
            reply(response, options.post, {}, '');
            return true;
          }
          if (options.refuse === true) {
            reply(
              response,
              401,
              { 'Content-Type': 'application/json' },
              '{"details":"incorrect username or password"}',
            );
            return true;
          }
          serial += 1;
          reply(
            response,
            200,
            { 'Content-Type': 'application/json' },
            JSON.stringify({ token: `${token}${serial}`, expires_in: options.expires ?? 300 }),
          );
          return true;
        }
        if (request.headers.authorization === `Bearer ${token}${serial}`) return false;
        const challenge = `Bearer realm="http://${registry.address}/token",service="reg",scope="repository:acme/app:pull"`;
        const body = JSON.stringify({
          errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }],
        });
        reply(response, 401, { 'WWW-Authenticate': challenge, 'Content-Type': 'application/json' }, body);
        return true;
      };
    }

    beforeEach(() => {
      asked = [];
      credentials = undefined;
      open({
        auth: async (host) => {
          asked.push(host);
          return credentials;
        },
      });
    });

    it('is not asked for where the registry does not ask', async () => {
      await client.open(reference(), 'pull').manifest('1');

      expect(asked).to.deep.equal([]);
    });

    it('gets an anonymous token once for parallel requests', async () => {
      bearer();
      const repository = client.open(reference(), 'pull');
      await repository.manifest('1');

      await Promise.all([
        repository.manifest('1'),
        repository.smallBlob({ mediaType: '', digest: image.configDigest, size: image.config.length }),
      ]);

      const tokens = registry.requests.filter((request) => request.path === '/token');
      expect(tokens).to.have.length(1);
      expect(tokens[0]?.query.getAll('scope')).to.deep.equal(['repository:acme/app:pull']);
      expect(tokens[0]?.query.get('service')).to.equal('reg');
      expect(tokens[0]?.headers.authorization).to.equal(undefined);
      expect(asked).to.deep.equal([registry.address]);
    });

    it('sends user and password to the token server only', async () => {
      credentials = { username: 'u', password: 'p:w' };
      bearer();

      await client.open(reference(), 'pull').manifest('1');

      const sent = registry.requests.map(
        (request) => `${request.path} ${request.headers.authorization ?? '-'}`,
      );
      expect(sent).to.deep.equal([
        '/v2/acme/app/manifests/1 -',
        `/token Basic ${Buffer.from('u:p:w').toString('base64')}`,
        '/v2/acme/app/manifests/1 Bearer tok.en1',
      ]);
      expect(registry.requests[1]?.query.get('account')).to.equal('u');
    });

    it('posts identity tokens, and falls back to GET where there is no POST', async () => {
      credentials = { identitytoken: 'refresh' };
      bearer();
      await client.open(reference(), 'pull').manifest('1');

      const posted = registry.requests.find((request) => request.method === 'POST');
      expect(Object.fromEntries(new URLSearchParams(posted?.body.toString()))).to.deep.equal({
        grant_type: 'refresh_token',
        refresh_token: 'refresh',
        client_id: 'porthole',
        scope: 'repository:acme/app:pull',
        service: 'reg',
      });

      bearer({ post: 404 });
      open({ auth: async () => credentials });
      await client.open(reference(), 'pull').manifest('1');
      expect(registry.log((request) => request.path === '/token')).to.deep.equal([
        'POST /token',
        'POST /token',
        'GET /token',
      ]);
    });

    it('uses registry tokens as they are', async () => {
      credentials = { registrytoken: 'given' };
      registry.intercept = (request, response) => {
        if (request.headers.authorization === 'Bearer given') return false;
        reply(response, 401, { 'WWW-Authenticate': 'Bearer realm="http://127.0.0.1/t"' }, '');
        return true;
      };

      await client.open(reference(), 'pull').manifest('1');

      expect(registry.requests).to.have.length(2);
    });

    it('renews a token that the registry no longer takes', async () => {
      bearer();
      const repository = client.open(reference(), 'pull');
      await repository.manifest('1');
      const honest = registry.intercept;
      let rejected = false;
      registry.intercept = (request, response) => {
        if (rejected || request.path === '/token') return honest(request, response);
        rejected = true;
        reply(
          response,
          401,
          {
            'WWW-Authenticate': `Bearer realm="http://${registry.address}/token",service="reg",error="invalid_token"`,
          },
          '',
        );
        return true;
      };

      await repository.manifest('1');

      expect(registry.requests.filter((request) => request.path === '/token')).to.have.length(2);
    });

    it('renews a token before it runs out', async () => {
      bearer({ expires: 60 });
      const repository = client.open(reference(), 'pull');
      await repository.manifest('1');
      clock.advance(58_000);

      await repository.manifest('1');

      expect(registry.requests.filter((request) => request.path === '/token')).to.have.length(2);
    });

    it('says what the token server said', async () => {
      bearer({ refuse: true });

      expect(await failure(client.open(reference(), 'pull').manifest('1'))).to.include({
        kind: 'unauthorized',
        message: 'unauthorized: incorrect username or password',
      });
    });

    it('ends when the token is not enough', async () => {
      registry.intercept = (request, response) => {
        if (request.path === '/token') reply(response, 200, {}, '{"access_token":"weak"}');
        else replyUnauthorized(response, `Bearer realm="http://${registry.address}/token"`);
        return true;
      };

      expect(await failure(client.open(reference(), 'pull').manifest('1'))).to.include({
        kind: 'unauthorized',
      });
      expect(registry.requests.length).to.be.lessThan(8);
    });

    it('answers Basic, or says that it has no credentials', async () => {
      registry.intercept = (request, response) => {
        if (request.headers.authorization === `Basic ${Buffer.from('u:p').toString('base64')}`) return false;
        replyUnauthorized(response, 'Basic realm="Registry"');
        return true;
      };
      expect(await failure(client.open(reference(), 'pull').manifest('1'))).to.include({
        kind: 'unauthorized',
        message: 'no basic auth credentials',
      });

      credentials = { username: 'u', password: 'p' };
      open({ auth: async () => credentials });
      await client.open(reference(), 'pull').manifest('1');
      await client.open(reference(), 'pull').manifest('1');
      expect(
        registry.requests.filter((request) => request.headers.authorization === undefined),
      ).to.have.length(2);
    });

    it('refuses realms in private networks that are not the registry’s own', async () => {
      registry.intercept = (_, response) => {
        replyUnauthorized(response, 'Bearer realm="http://10.0.0.1/token"');
        return true;
      };

      expect(await failure(client.open(reference(), 'pull').manifest('1'))).to.include({
        code: 'REALM_INVALID',
        message: 'refusing the token auth challenge realm http://10.0.0.1',
      });
    });
  });

  describe('redirects', () => {
    it('never take Authorization to another port, keep Range, and start over for the rest', async () => {
      const seen: (string | undefined)[][] = [];
      let cut = true;
      const store = createServer((request, response) => {
        seen.push([request.headers.authorization, request.headers.range]);
        const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
        const rest = layer.blob.subarray(start);
        response.writeHead(start > 0 ? 206 : 200, {
          'Content-Length': String(rest.length),
          ...(start > 0
            ? { 'Content-Range': `bytes ${start}-${layer.blob.length - 1}/${layer.blob.length}` }
            : {}),
        });
        if (!cut) return response.end(rest);
        cut = false;
        response.write(rest.subarray(0, 1000), () => setImmediate(() => request.socket.destroy()));
        return undefined;
      });
      store.listen(0, '127.0.0.1');
      await once(store, 'listening');
      const port = (store.address() as { port: number }).port;
      open({ auth: async () => ({ username: 'u', password: 'p' }) });
      registry.intercept = (request, response) => {
        if (request.headers.authorization === undefined) replyUnauthorized(response, 'Basic realm="r"');
        else reply(response, 307, { Location: `http://127.0.0.1:${port}/data?sig=x` }, '');
        return true;
      };
      const sink = new MemorySink();

      await download(sink);

      store.closeAllConnections();
      store.close();
      expect(sink.bytes.equals(layer.blob)).to.equal(true);
      expect(seen[0]).to.deep.equal([undefined, undefined]);
      expect(seen[1]?.[0]).to.equal(undefined);
      expect(seen[1]?.[1]).to.match(/^bytes=\d+-$/);
      expect(registry.requests).to.have.length(3);
    });

    it('end after ten', async () => {
      registry.intercept = (request, response) => {
        reply(response, 302, { Location: request.path }, '');
        return true;
      };

      expect(await failure(client.open(reference(), 'pull').manifest('1'))).to.include({
        message: `Get "http://${registry.address}/v2/acme/app/manifests/1": stopped after 10 redirects`,
      });
    });
  });

  describe('downloads', () => {
    it('resume where the connection broke, without losing a byte', async () => {
      let breaks = 3;
      registry.intercept = (request, response) => {
        if (breaks === 0 || request.method !== 'GET') return false;
        breaks -= 1;
        const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
        const rest = layer.blob.subarray(start);
        response.writeHead(start > 0 ? 206 : 200, {
          'Content-Length': String(rest.length),
          ...(start > 0
            ? { 'Content-Range': `bytes ${start}-${layer.blob.length - 1}/${layer.blob.length}` }
            : {}),
        });
        response.write(rest.subarray(0, 500), () => setImmediate(() => response.destroy()));
        return true;
      };
      const sink = new MemorySink();

      await download(sink);

      expect(sink.bytes.equals(layer.blob)).to.equal(true);
      expect(sink.restarts).to.equal(0);
      expect(clock.sleeps).to.deep.equal([750, 750, 750]);
    });

    it('skip what they have when the server ignores Range', async () => {
      const sink = new MemorySink();
      sink.write([layer.blob.subarray(0, 700)]);
      registry.intercept = (_, response) => {
        reply(response, 200, {}, layer.blob);
        return true;
      };

      await download(sink);

      expect(sink.bytes.equals(layer.blob)).to.equal(true);
    });

    for (const [what, range] of [
      ['another offset', (size: number): string => `bytes 5-${size - 1}/${size}`],
      ['another total', (size: number): string => `bytes 700-${size - 1}/${size + 1}`],
      ['no range', (): string => ''],
    ] as const) {
      it(`start over when 206 comes with ${what}`, async () => {
        const sink = new MemorySink();
        sink.write([layer.blob.subarray(0, 700)]);
        registry.intercept = (request, response) => {
          if (request.headers.range === undefined) return false;
          reply(response, 206, { 'Content-Range': range(layer.blob.length) }, layer.blob.subarray(700));
          return true;
        };

        await download(sink);

        expect(sink.bytes.equals(layer.blob)).to.equal(true);
        expect(sink.restarts).to.equal(1);
      });
    }

    it('start over on 416', async () => {
      const sink = new MemorySink();
      sink.write([layer.blob.subarray(0, 700)]);
      registry.intercept = (request, response) => {
        if (request.headers.range === undefined) return false;
        reply(response, 416, {}, '');
        return true;
      };

      await download(sink);

      expect(sink.restarts).to.equal(1);
    });

    it('end as soon as more comes than was promised', async () => {
      let sent = 0;
      registry.intercept = (_, response) => {
        response.writeHead(200);
        const more = (): void => {
          if (response.destroyed || sent > 50e6) return void response.end();
          sent += 65_536;
          response.write(Buffer.alloc(65_536), () => more());
        };
        more();
        return true;
      };

      const error = await failure(download(new MemorySink()));

      expect(error).to.include({
        code: 'BLOB_SIZE_MISMATCH',
        message: `filesystem layer verification failed for digest ${layer.descriptor.digest}`,
      });
      expect(sent).to.be.lessThan(20e6);
    });

    it('end before the body when Content-Length is too large', async () => {
      registry.intercept = (_, response) => {
        reply(response, 200, {}, Buffer.concat([layer.blob, Buffer.alloc(1)]));
        return true;
      };
      const sink = new MemorySink();

      expect(await failure(download(sink))).to.include({ code: 'BLOB_SIZE_MISMATCH' });
      expect(sink.offset).to.equal(0);
    });

    it('give up on a registry that always sends too little', async () => {
      registry.intercept = (request, response) => {
        const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
        if (start === 0) reply(response, 200, {}, layer.blob.subarray(0, 100));
        else replyError(response, 503, 'UNAVAILABLE', 'x');
        return true;
      };

      expect(await failure(download(new MemorySink()))).to.include({ kind: 'unavailable' });
      expect(clock.sleeps).to.have.length(4);
    });

    it('treat silence as a broken connection', async () => {
      let silent = true;
      registry.intercept = (_, response) => {
        if (!silent) return false;
        silent = false;
        response.writeHead(200, { 'Content-Length': String(layer.blob.length) });
        response.write(layer.blob.subarray(0, 100));
        return true;
      };
      const sink = new MemorySink();

      await download(sink);

      expect(sink.bytes.equals(layer.blob)).to.equal(true);
    });

    it('stop at once when cancelled, keeping what has come', async () => {
      const abort = new AbortController();
      registry.intercept = (_, response) => {
        response.writeHead(200, { 'Content-Length': String(layer.blob.length) });
        response.write(layer.blob.subarray(0, 100), () =>
          setTimeout(() => abort.abort(new Error('enough')), 20),
        );
        return true;
      };
      const sink = new MemorySink();

      expect((await failure(download(sink, undefined, undefined, abort.signal))).message).to.equal('enough');
      expect(sink.offset).to.equal(100);
    });

    it('of nothing make one request', async () => {
      const empty = digestOf(Buffer.alloc(0));
      registry.blobs.set(`acme/app@${empty}`, Buffer.alloc(0));

      await download(new MemorySink(), empty, 0);

      expect(registry.requests).to.have.length(1);
    });
  });

  describe('trouble', () => {
    it('429 with Retry-After is waited for, by all requests', async () => {
      let limited = 2;
      registry.intercept = (_, response) => {
        if (limited === 0) return false;
        limited -= 1;
        reply(response, 429, { 'Retry-After': '7' }, '');
        return true;
      };

      await client.open(reference(), 'pull').manifest('1');

      expect(clock.sleeps).to.deep.equal([7000, 7000]);
    });

    it('a rate limit without a date is final', async () => {
      registry.intercept = (_, response) => {
        replyError(response, 429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.');
        return true;
      };

      expect(await failure(client.open(reference(), 'pull').manifest('1'))).to.include({
        message: 'toomanyrequests: You have reached your pull rate limit.',
        hint: 'log in to raise the limit, or wait until it is over',
      });
      expect(registry.requests).to.have.length(1);
    });

    it('503 is tried five times', async () => {
      registry.intercept = (_, response) => {
        replyError(response, 503, 'UNAVAILABLE', 'x');
        return true;
      };

      expect(await failure(client.open(reference(), 'pull').manifest('1'))).to.include({
        message: 'received unexpected HTTP status: 503 Service Unavailable',
      });
      expect(clock.sleeps).to.deep.equal([750, 1500, 3000, 6000]);
    });

    it('a server that sends no headers is given up', async () => {
      open({
        timeouts: { ...defaultTimeouts, headers: 30 },
        backoff: { attempts: 1, baseMs: 1, maxMs: 1, maxRetryAfterMs: 1 },
      });
      registry.intercept = () => true;

      expect(await failure(client.open(reference(), 'pull').manifest('1'))).to.include({
        message: `Get "http://${registry.address}/v2/": net/http: request canceled (Client.Timeout exceeded while awaiting headers)`,
      });
    });

    it('nobody listening is said at once, for the protocol that was meant', async () => {
      const { address } = registry;
      await registry.stop();
      registry = await ScriptedRegistry.start();
      const gone = parseReference(`${address}/a:1`);

      expect(await failure(client.open(gone, 'pull').manifest('1'))).to.include({
        kind: 'unavailable',
        message: `Get "http://${address}/v2/": dial tcp ${address}: connect: connection refused`,
      });
      expect(clock.sleeps).to.deep.equal([]);
    });

    it('warnings of the registry are passed on once', async () => {
      const warnings: string[] = [];
      open({ onWarning: (text) => warnings.push(text) });
      registry.intercept = (request, response) => {
        response.setHeader('Warning', '299 - "moving \\"soon\\""');
        registry.answer(request, response);
        return true;
      };
      const repository = client.open(reference(), 'pull');
      await repository.manifest('1');
      await repository.manifest('1');

      expect(warnings).to.deep.equal(['moving "soon"']);
    });
  });

  describe('mirrors', () => {
    it('serve first and are skipped when they fail; credentials stay with the registry', async () => {
      const mirror = await ScriptedRegistry.start();
      const asked: string[] = [];
      open({
        settings: {
          ...defaultSettings,
          mirrors: new Map([[registry.address, [`http://${mirror.address}/cache`]]]),
        },
        auth: async (host) => {
          asked.push(host);
          return undefined;
        },
      });
      mirror.intercept = (request, response) => {
        if (request.path.includes('/manifests/'))
          reply(response, 200, { 'Content-Type': image.manifestType }, image.manifest);
        else reply(response, 401, { 'WWW-Authenticate': 'Basic realm="mirror"' }, '');
        return true;
      };
      const repository = client.open(reference(), 'pull');

      await repository.manifest('1');
      const config = await repository.smallBlob({
        mediaType: '',
        digest: image.configDigest,
        size: image.config.length,
      });

      const { address } = mirror;
      await mirror.stop();
      expect(config.equals(image.config)).to.equal(true);
      expect(asked).to.deep.equal([address]);
      expect(mirror.log()).to.deep.equal([
        'GET /cache/v2/acme/app/manifests/1',
        `GET /cache/v2/acme/app/blobs/${image.configDigest}`,
      ]);
      expect(mirror.requests[0]?.query.get('ns')).to.equal(registry.address);
      expect(registry.log()).to.deep.equal([`GET /v2/acme/app/blobs/${image.configDigest}`]);
    });
  });

  describe('uploads', () => {
    const blob = layer.blob;
    const digest = layer.descriptor.digest;

    function upload(
      path: string,
      mountFrom: string[] = [],
      progress?: (bytes: number) => void,
    ): ReturnType<typeof uploadBlob> {
      const repository = client.open(parseReference(`${registry.address}/${path}`), 'push');
      return repository.each((endpoint) =>
        uploadBlob({
          repository,
          client: endpoint,
          digest,
          size: blob.length,
          read: (offset) =>
            Readable.from([blob.subarray(offset, offset + 10_000), blob.subarray(offset + 10_000)]),
          mountFrom,
          clock,
          backoff: client.backoff,
          timeouts: defaultTimeouts,
          ...(progress === undefined ? {} : { onProgress: progress }),
        }),
      );
    }

    it('are skipped for blobs that are there', async () => {
      expect(await upload('acme/app')).to.deep.equal({ kind: 'exists' });
      expect(registry.log()).to.deep.equal([`HEAD /v2/acme/app/blobs/${digest}`]);
    });

    it('send the whole blob in one PUT', async () => {
      const progress: number[] = [];

      expect(await upload('acme/new', [], (bytes) => progress.push(bytes))).to.deep.equal({
        kind: 'uploaded',
      });
      expect(registry.blobs.get(`acme/new@${digest}`)?.equals(blob)).to.equal(true);
      expect(registry.log((request) => request.method === 'PUT')).to.have.length(1);
      expect(registry.requests.at(-1)?.headers['content-length']).to.equal(String(blob.length));
      expect(registry.requests.at(-1)?.query.get('_state')).to.equal('x=');
      expect(progress.at(-1)).to.equal(blob.length);
    });

    it('mount from another repository', async () => {
      expect(await upload('acme/new', ['acme/app'])).to.deep.equal({ kind: 'mounted', from: 'acme/app' });
      expect(registry.log((request) => request.method === 'PUT')).to.deep.equal([]);
    });

    it('use the session that a refused mount opened', async () => {
      expect(await upload('acme/new', ['acme/other'])).to.deep.equal({ kind: 'uploaded' });
      expect(registry.log((request) => request.method === 'POST')).to.have.length(1);
      expect(registry.uploads.size).to.equal(0);
    });

    it('send only the rest after a broken connection', async () => {
      let cut = true;
      registry.intercept = (request, response) => {
        if (request.method !== 'PUT' || !cut) return false;
        cut = false;
        const session = registry.uploads.get(request.path.split('/').at(-1)!);
        session!.bytes = request.body.subarray(0, 12_345);
        response.destroy();
        return true;
      };

      expect(await upload('acme/new')).to.deep.equal({ kind: 'uploaded' });

      const patch = registry.requests.find((request) => request.method === 'PATCH');
      expect(patch?.headers['content-range']).to.equal(`12345-${blob.length - 1}`);
      expect(registry.blobs.get(`acme/new@${digest}`)?.equals(blob)).to.equal(true);
    });

    it('are cancelled when the registry refuses them', async () => {
      registry.intercept = (request, response) => {
        if (request.method !== 'PUT') return false;
        replyError(response, 403, 'DENIED', 'requested access to the resource is denied');
        return true;
      };

      expect(await failure(upload('acme/new'))).to.include({
        message: 'denied: requested access to the resource is denied',
      });
      expect(registry.uploads.size).to.equal(0);
    });

    it('ask for push access', async () => {
      registry.intercept = (request, response) => {
        if (request.path === '/token') reply(response, 200, {}, '{"token":"t"}');
        else if (request.headers.authorization === 'Bearer t') return false;
        else replyUnauthorized(response, `Bearer realm="http://${registry.address}/token"`);
        return true;
      };

      await upload('acme/new', ['acme/app']);

      expect(
        registry.requests
          .filter((request) => request.path === '/token')
          .map((request) => request.query.getAll('scope')),
      ).to.deep.equal([
        ['repository:acme/new:pull,push'],
        ['repository:acme/new:pull,push', 'repository:acme/app:pull'],
      ]);
    });

    it('put manifests with their exact type and bytes', async () => {
      const list = indexOf([{ image, osVersion: '10.0.20348.1' }]);
      const repository = client.open(reference(), 'push');

      await repository.each((endpoint) => putManifest({ repository, client: endpoint }, 'v2', list));

      expect(registry.manifests.get('acme/app:v2')).to.deep.equal({
        type: list.mediaType,
        bytes: list.bytes,
      });
    });
  });
});

function replyUnauthorized(response: Parameters<typeof reply>[0], challenge: string): void {
  reply(
    response,
    401,
    { 'WWW-Authenticate': challenge, 'Content-Type': 'application/json' },
    JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }),
  );
}

async function failure(work: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
