/** Certificates, protocols and proxies, against real servers on loopback. */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomImage } from '../../src/image/random.ts';
import { parseReference } from '../../src/image/reference.ts';
import { checkLogin } from '../../src/registry/login.ts';
import { RegistryClient } from '../../src/registry/client.ts';
import { InstantClock } from '../support/instant-clock.ts';
import { ScriptedRegistry, reply } from '../support/scripted-registry.ts';
import { failure } from '../support/image-store.ts';

const reason =
  spawnSync('openssl', ['version']).error === undefined ? '' : ' (skipped: openssl is not installed)';

describe(`registry transport${reason}`, () => {
  const image = randomImage({ seed: 1, layers: 1 });
  let folder: string;
  let registry: ScriptedRegistry;
  let tlsServer: Server;
  let proxy: Server;
  let proxied: string[];
  let client: RegistryClient | undefined;

  before(async function () {
    if (reason !== '') return this.skip();
    folder = mkdtempSync(join(tmpdir(), 'porthole-transport-'));
    const names = 'subjectAltName=DNS:registry.test,DNS:localhost,IP:127.0.0.1';
    const args = [
      '-subj',
      '/CN=registry.test',
      '-addext',
      names,
      '-days',
      '2',
      '-keyout',
      join(folder, 'key.pem'),
      '-out',
      join(folder, 'cert.pem'),
    ];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...args], { stdio: 'ignore' });
    registry = await ScriptedRegistry.start();
    registry.addImage('acme/app', '1', image);
    const pair = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) };
    tlsServer = createHttpsServer(pair, (request, response) => {
      request.pipe(
        httpRequest(
          {
            host: '127.0.0.1',
            port: portOf(registry.address),
            path: request.url,
            method: request.method,
            headers: request.headers,
          },
          (inner) => {
            response.writeHead(inner.statusCode ?? 500, inner.headers);
            inner.pipe(response);
          },
        ),
      );
    });
    await listening(tlsServer);
    proxy = createHttpServer((request, response) => {
      proxied.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
      const { pathname, search } = new URL(request.url ?? '/');
      request.pipe(
        httpRequest(
          {
            host: '127.0.0.1',
            port: portOf(registry.address),
            path: pathname + search,
            method: request.method,
            headers: request.headers,
          },
          (inner) => {
            response.writeHead(inner.statusCode ?? 500, inner.headers);
            inner.pipe(response);
          },
        ),
      );
    });
    proxy.on('connect', (request, socket, head) => {
      proxied.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
      const port = request.url?.endsWith(':443') === true ? tlsPort() : portOf(registry.address);
      const inner = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        inner.write(head);
        inner.pipe(socket);
        socket.pipe(inner);
      });
      inner.on('error', () => socket.destroy());
      socket.on('error', () => inner.destroy());
    });
    await listening(proxy);
  });

  after(async () => {
    if (reason !== '') return;
    await registry.stop();
    for (const server of [tlsServer, proxy]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(() => {
    proxied = [];
    registry.intercept = () => false;
    registry.requests.length = 0;
  });

  afterEach(() => client?.[Symbol.dispose]());

  const tlsPort = (): number => (tlsServer.address() as AddressInfo).port;
  const proxyUrl = (user = ''): string => `http://${user}127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  function aClient(env: Record<string, string> = {}, settings?: object): RegistryClient {
    const dataRoot = mkdtempSync(join(folder, 'root-'));
    if (settings !== undefined) writeFileSync(join(dataRoot, 'registries.json'), JSON.stringify(settings));
    client = new RegistryClient({
      environment: { platform: 'linux', env, dataRoot },
      clock: new InstantClock(),
    });
    return client;
  }

  function trust(root: RegistryClient, host: string, dataRoot: string): RegistryClient {
    mkdirSync(join(dataRoot, 'certs.d', host), { recursive: true });
    copyFileSync(join(folder, 'cert.pem'), join(dataRoot, 'certs.d', host, 'ca.crt'));
    return root;
  }

  const pull = (from: RegistryClient, host: string): Promise<{ digest: string }> =>
    from.open(parseReference(`${host}/acme/app:1`), 'pull').manifest('1');

  it('finds out that a loopback registry speaks TLS', async () => {
    expect((await pull(aClient(), `localhost:${tlsPort()}`)).digest).to.equal(image.manifestDigest);
  });

  it('tunnels through a proxy, with its credentials, and refuses an unknown issuer in Go’s words', async () => {
    const error = await failure(pull(aClient({ HTTPS_PROXY: proxyUrl('us%20er:pw@') }), 'registry.test'));

    expect(error).to.include({
      kind: 'unavailable',
      message:
        'Get "https://registry.test/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    });
    expect(error.hint).to.include('certs.d/<host>/ca.crt');
    expect(proxied[0]).to.equal(
      `CONNECT registry.test:443 Basic ${Buffer.from('us er:pw').toString('base64')}`,
    );
    expect(registry.requests).to.deep.equal([]);
  });

  it('trusts what is in certs.d', async () => {
    const dataRoot = mkdtempSync(join(folder, 'root-'));
    client = new RegistryClient({
      environment: { platform: 'linux', env: { https_proxy: proxyUrl() }, dataRoot },
      clock: new InstantClock(),
    });
    trust(client, 'registry.test', dataRoot);

    expect((await pull(client, 'registry.test')).digest).to.equal(image.manifestDigest);
  });

  it('takes any certificate of an insecure registry', async () => {
    const insecure = aClient({ HTTPS_PROXY: proxyUrl() }, { 'insecure-registries': ['registry.test'] });

    expect((await pull(insecure, 'registry.test')).digest).to.equal(image.manifestDigest);
  });

  it('falls back to http for insecure registries only, through the proxy too', async () => {
    const env = { HTTPS_PROXY: proxyUrl(), HTTP_PROXY: proxyUrl() };

    const refused = await failure(pull(aClient(env), 'registry.test:5000'));
    expect(refused.message).to.equal(
      'Get "https://registry.test:5000/v2/": http: server gave HTTP response to HTTPS client',
    );
    expect(registry.requests.filter((request) => request.method === 'GET')).to.deep.equal([]);

    const insecure = aClient(env, { 'insecure-registries': ['registry.test:5000'] });
    expect((await pull(insecure, 'registry.test:5000')).digest).to.equal(image.manifestDigest);
    expect(proxied.at(-1)).to.equal('GET http://registry.test:5000/v2/acme/app/manifests/1 -');
  });

  it('says what a proxy that refuses said', async () => {
    const closed = createHttpServer();
    closed.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    await listening(closed);
    const { port } = closed.address() as AddressInfo;

    const error = await failure(pull(aClient({ HTTPS_PROXY: `http://127.0.0.1:${port}` }), 'registry.test'));

    closed.close();
    expect(error.message).to.equal('Get "https://registry.test/v2/": proxyconnect tcp: 403 Forbidden');
  });

  it('names incomplete client certificates as Docker does', async () => {
    const dataRoot = mkdtempSync(join(folder, 'root-'));
    mkdirSync(join(dataRoot, 'certs.d', 'registry.test'), { recursive: true });
    writeFileSync(join(dataRoot, 'certs.d', 'registry.test', 'client.cert'), 'x');
    client = new RegistryClient({
      environment: { platform: 'linux', env: {}, dataRoot },
      clock: new InstantClock(),
    });

    expect((await failure(pull(client, 'registry.test'))).message).to.equal(
      'missing key client.key for client certificate client.cert. CA certificates must use the extension .crt',
    );
  });

  describe('login', () => {
    const challenge = (scheme: string): void => {
      registry.intercept = (request, response) => {
        const { authorization } = request.headers;
        if (request.path === '/token') {
          const right = authorization === `Basic ${Buffer.from('user:pw').toString('base64')}`;
          const body = right
            ? '{"token":"t","refresh_token":"identity"}'
            : '{"details":"incorrect username or password"}';
          reply(response, right ? 200 : 401, { 'Content-Type': 'application/json' }, body);
        } else if (
          authorization === 'Bearer t' ||
          authorization === `Basic ${Buffer.from('user:basic').toString('base64')}`
        )
          reply(response, 200, {}, '{}');
        else {
          reply(
            response,
            401,
            { 'WWW-Authenticate': scheme, 'Content-Type': 'application/json' },
            '{"errors":[{"code":"UNAUTHORIZED","message":"incorrect username or password"}]}',
          );
        }
        return true;
      };
    };

    it('gets an identity token where the registry gives them', async () => {
      challenge(`Bearer realm="http://${registry.address}/token",service="reg"`);

      expect(
        await checkLogin(aClient(), registry.address, { username: 'user', password: 'pw' }),
      ).to.deep.equal({ identityToken: 'identity' });
      const asked = registry.requests.find((request) => request.path === '/token');
      expect(asked?.query.get('offline_token')).to.equal('true');
      expect(asked?.query.get('account')).to.equal('user');
      expect(
        await failure(checkLogin(aClient(), registry.address, { username: 'user', password: 'no' })),
      ).to.include({
        kind: 'unauthorized',
        message: `Get "http://${registry.address}/v2/": unauthorized: incorrect username or password`,
      });
    });

    it('answers Basic', async () => {
      challenge('Basic realm="r"');

      expect(
        await checkLogin(aClient(), registry.address, { username: 'user', password: 'basic' }),
      ).to.deep.equal({});
      expect(
        await failure(checkLogin(aClient(), registry.address, { username: 'user', password: 'no' })),
      ).to.include({
        message: `Get "http://${registry.address}/v2/": unauthorized: incorrect username or password`,
      });
    });

    it('tells other answers by their status', async () => {
      registry.intercept = (_, response) => {
        reply(response, 503, {}, '');
        return true;
      };

      expect(
        await failure(checkLogin(aClient(), registry.address, { username: 'u', password: 'p' })),
      ).to.include({
        message: `login attempt to http://${registry.address}/v2/ failed with status: 503 Service Unavailable`,
      });
    });

    it('never sends a password to a server that asks for TLS', async () => {
      registry.intercept = (_, response) => {
        reply(response, 400, {}, 'Client sent an HTTP request to an HTTPS server.\n');
        return true;
      };

      await failure(checkLogin(aClient(), registry.address, { username: 'u', password: 'p' }));

      expect(registry.requests.map((request) => request.headers.authorization)).to.deep.equal([undefined]);
    });

    it('finds the protocol as pulling does', async () => {
      challenge('Basic realm="r"');

      expect(
        await checkLogin(aClient(), `localhost:${tlsPort()}`, { username: 'user', password: 'basic' }),
      ).to.deep.equal({});
    });
  });
});

async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

function portOf(address: string): number {
  return Number(address.split(':')[1]);
}
