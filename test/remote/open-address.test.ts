import { expect } from 'chai';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { openAddress } from '../../src/remote/open-address.ts';
import { rejection } from '../support/rejection.ts';

describe('remote/open-address', () => {
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    authorizations.push(request.headers.authorization);
    const path = request.url ?? '';
    if (path === '/file') response.setHeader('X-Mark', 'here').end('content');
    else if (path.startsWith('/to/')) response.writeHead(302, { location: `/${path.slice(4)}` }).end();
    else if (path === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else if (path === '/elsewhere') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    else if (path === '/forbidden') response.writeHead(403).end('  go away \n');
    else response.writeHead(404).end('x'.repeat(5000));
  });
  let address = '';
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  const text = async (path: string): Promise<string> => {
    const opened = await openAddress(address + path, { env: {} });
    try {
      return (await buffer(opened.body)).toString();
    } finally {
      opened.close();
    }
  };

  it('gives the body and headers, after redirects', async () => {
    expect(await text('/to/to/file')).to.equal('content');
    const opened = await openAddress(`${address}/file`, { env: {} });
    expect(opened.header('x-mark')).to.equal('here');
    opened.close();
  });

  it('sends the name and password of the address, and to nobody else', async () => {
    authorizations.length = 0;
    const opened = await openAddress(`${address.replace('//', '//me:p%40ss@')}/to/file`, { env: {} });
    opened.close();

    expect(authorizations).to.deep.equal([`Basic ${Buffer.from('me:p@ss').toString('base64')}`, undefined]);
  });

  const refused: [string, object][] = [
    ['/loop', { kind: 'unavailable', message: 'Get "A/loop": stopped after 10 redirects' }],
    ['/elsewhere', { message: 'Get "file:///etc/passwd": unsupported protocol scheme "file"' }],
    [
      '/forbidden',
      { kind: 'forbidden', message: 'failed to GET A/forbidden with status 403 Forbidden: go away' },
    ],
    [
      '/no',
      { kind: 'notFound', message: `failed to GET A/no with status 404 Not Found: ${'x'.repeat(1000)}` },
    ],
  ];
  for (const [path, expected] of refused) {
    it(`refuses ${path}`, async () => {
      const error = await rejection(text(path));

      expect({ ...error, message: error.message.replaceAll(address, 'A') }).to.include({
        code: 'DOWNLOAD',
        ...expected,
      });
    });
  }

  it('hides a password in its errors', async () => {
    const error = await rejection(openAddress(`${address.replace('//', '//me:secret@')}/no`, { env: {} }));

    expect(error.message).to.include('//xxxxx@127.0.0.1').and.not.include('secret');
  });

  it('says who does not answer', async () => {
    const error = await rejection(openAddress('http://127.0.0.1:9/x', { env: {} }));

    expect(error.message).to.equal(
      'Get "http://127.0.0.1:9/x": dial tcp 127.0.0.1:9: connect: connection refused',
    );
  });

  it('goes through a proxy', async () => {
    const opened = await openAddress('http://example.com/file', { env: { HTTP_PROXY: address } }).catch(
      (error: Error) => error,
    );

    // The proxy is our server, which is asked for the whole address.
    expect(opened).to.include({ code: 'DOWNLOAD' });
    expect((opened as Error).message).to.include('with status 404 Not Found');
  });
});
