/** A token server for the real registry: signs what is asked for, for one user or for anybody. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { join } from 'node:path';

export interface TokenServer {
  readonly address: string;
  /** `auth:` section for the registry's configuration. */
  readonly registryConfig: string;
  /** `GET scope,scope user`, in order. */
  readonly requests: string[];
  stop(): Promise<void>;
}

const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Makes a key and a certificate with openssl in `folder`. Anonymous clients may pull, `user` with `password` anything. */
export async function startTokenServer(folder: string, user: string, password: string): Promise<TokenServer> {
  const [key, cert] = [join(folder, 'token.key'), join(folder, 'token.crt')];
  const subject = ['-subj', '/CN=token', '-days', '2'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
    { stdio: 'ignore' },
  );
  const privateKey = createPrivateKey(readFileSync(key));
  const der = readFileSync(cert, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const scopes = url.searchParams.getAll('scope');
    const [, pair = ''] = (request.headers.authorization ?? '').split(' ');
    const [name, secret] = Buffer.from(pair, 'base64').toString().split(':');
    requests.push(`${request.method} ${scopes.join(',')} ${name === '' ? 'anonymous' : name}`);
    if (pair !== '' && (name !== user || secret !== password)) {
      response
        .writeHead(401, { 'Content-Type': 'application/json' })
        .end('{"details":"incorrect username or password"}');
      return;
    }
    const access = scopes.map((scope) => {
      const [type, resource, actions = ''] = scope.split(':');
      return {
        type,
        name: resource,
        actions: actions.split(',').filter((action) => pair !== '' || action === 'pull'),
      };
    });
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: 'test',
      sub: name,
      aud: 'reg',
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: String(requests.length),
      access,
    };
    const head = `${base64url({ typ: 'JWT', alg: 'RS256', x5c: [der] })}.${base64url(claims)}`;
    const token = `${head}.${sign('sha256', Buffer.from(head), privateKey).toString('base64url')}`;
    response
      .writeHead(200, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ token, expires_in: 300 }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as { port: number }).port}`;
  return {
    address,
    requests,
    registryConfig: `auth: {token: {realm: "http://${address}/token", service: reg, issuer: test, rootcertbundle: ${JSON.stringify(cert)}}}\n`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
