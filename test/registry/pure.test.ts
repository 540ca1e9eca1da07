import { expect } from 'chai';
import { defaultBackoff, delayAfter, parseRetryAfter } from '../../src/registry/backoff.ts';
import { certificateFolders } from '../../src/registry/certificates.ts';
import { parseChallenges, preferredChallenge } from '../../src/registry/challenge.ts';
import { endpointsFor, isInsecure } from '../../src/registry/endpoints.ts';
import type { RegistryError } from '../../src/registry/errors.ts';
import { responseError } from '../../src/registry/errors.ts';
import { explainPullError } from '../../src/registry/messages.ts';
import { networkError } from '../../src/registry/network-error.ts';
import { isPrivateAddress } from '../../src/registry/private-address.ts';
import { proxyFor } from '../../src/registry/proxy-rules.ts';
import { redactUrl } from '../../src/registry/redact.ts';
import { parseSettings } from '../../src/registry/settings.ts';
import { parseReference } from '../../src/image/reference.ts';

describe('WWW-Authenticate', () => {
  const cases: readonly [string, string[], unknown][] = [
    [
      'bearer',
      [
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      ],
      [
        {
          scheme: 'bearer',
          parameters: {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:a/b:pull,push',
          },
        },
      ],
    ],
    ['basic', ['Basic realm="a \\"b\\", c"'], [{ scheme: 'basic', parameters: { realm: 'a "b", c' } }]],
    [
      'several in one header',
      ['Negotiate, NTLM, BEARER Realm="https://x/t" , basic realm=y'],
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'ntlm', parameters: {} },
        { scheme: 'bearer', parameters: { realm: 'https://x/t' } },
        { scheme: 'basic', parameters: { realm: 'y' } },
      ],
    ],
    [
      'a token68',
      ['Negotiate YIIabc==, Basic realm="r"'],
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'r' } },
      ],
    ],
    [
      'spaces around the equals sign',
      ['Bearer realm = "r" , error = "invalid_token"'],
      [{ scheme: 'bearer', parameters: { realm: 'r', error: 'invalid_token' } }],
    ],
    [
      'several headers',
      ['Basic realm="a"', 'Bearer realm="b"'],
      [
        { scheme: 'basic', parameters: { realm: 'a' } },
        { scheme: 'bearer', parameters: { realm: 'b' } },
      ],
    ],
    ['nothing', [''], []],
    ['an unfinished quote', ['Bearer realm="b'], [{ scheme: 'bearer', parameters: {} }]],
  ];
  for (const [what, headers, expected] of cases) {
    it(`with ${what}`, () => {
      expect(parseChallenges(headers)).to.deep.equal(expected);
    });
  }

  it('prefers Bearer to Basic and knows no other', () => {
    expect(preferredChallenge(parseChallenges(['Basic realm="a"', 'Bearer realm="b"']))?.scheme).to.equal(
      'bearer',
    );
    expect(preferredChallenge(parseChallenges(['NTLM, Basic realm="a"']))?.scheme).to.equal('basic');
    expect(preferredChallenge(parseChallenges(['NTLM']))).to.equal(undefined);
  });
});

describe('waiting before another attempt', () => {
  it('doubles up to a limit and gives up', () => {
    const waits = [1, 2, 3, 4, 5].map((failed) => delayAfter(failed, defaultBackoff, 1));

    expect(waits).to.deep.equal([1000, 2000, 4000, 8000, undefined]);
    expect(delayAfter(8, { ...defaultBackoff, attempts: 9 }, 1)).to.equal(30_000);
    expect(delayAfter(1, defaultBackoff, 0)).to.equal(750);
  });

  it('does what Retry-After says, unless that is too long', () => {
    expect(delayAfter(1, defaultBackoff, 0, 5000)).to.equal(5000);
    expect(delayAfter(1, defaultBackoff, 0, 3_600_000)).to.equal(undefined);
    expect(parseRetryAfter('7', 0)).to.equal(7000);
    expect(parseRetryAfter('Mon, 01 Jan 2024 00:00:09 GMT', Date.parse('2024-01-01T00:00:00Z'))).to.equal(
      9000,
    );
    expect(parseRetryAfter('soon', 0)).to.equal(undefined);
  });
});

describe('registry errors', () => {
  const request = { method: 'GET', url: 'https://reg.example.com/v2/a/manifests/1?sig=secret' };
  const jsonType = 'application/json; charset=utf-8';
  const envelope = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });
  const cases: readonly [string, number, string | null, string, string, string][] = [
    ['denied', 403, jsonType, envelope('DENIED', 'no'), 'denied: no', 'forbidden'],
    [
      'unauthorized',
      401,
      jsonType,
      envelope('UNAUTHORIZED', ''),
      'unauthorized: authentication required',
      'unauthorized',
    ],
    [
      'unknown manifests',
      404,
      jsonType,
      envelope('MANIFEST_UNKNOWN', 'manifest unknown'),
      'manifest unknown: manifest unknown',
      'notFound',
    ],
    [
      'rate limits',
      429,
      jsonType,
      envelope('TOOMANYREQUESTS', 'You have reached your pull rate limit.'),
      'toomanyrequests: You have reached your pull rate limit.',
      'unavailable',
    ],
    [
      'token servers',
      401,
      jsonType,
      '{"details":"incorrect username or password"}',
      'unauthorized: incorrect username or password',
      'unauthorized',
    ],
    ['HTML', 403, 'text/html', '<html>no</html>', 'denied: <html>no</html>', 'forbidden'],
    ['no body', 404, null, '', 'unknown: unknown error', 'notFound'],
    [
      'bad JSON',
      403,
      jsonType,
      '{',
      `error parsing HTTP 403 response body: Expected property name or '}' in JSON at position 1 (line 1 column 2): "{"`,
      'forbidden',
    ],
    [
      'an empty list',
      404,
      jsonType,
      '{"errors":[]}',
      'error parsing HTTP 404 response body: no error details found in HTTP response body: "{\\"errors\\":[]}"',
      'notFound',
    ],
    [
      '5xx',
      503,
      jsonType,
      envelope('UNAVAILABLE', 'x'),
      'received unexpected HTTP status: 503 Service Unavailable',
      'unavailable',
    ],
  ];
  for (const [what, status, contentType, body, message, kind] of cases) {
    it(`of ${what}`, () => {
      const statusText = status === 503 ? 'Service Unavailable' : '';
      const error = responseError(request, { status, statusText, contentType }, Buffer.from(body));

      expect(error).to.include({ message, kind });
    });
  }

  it('carry no secrets', () => {
    const error = responseError(
      request,
      { status: 500, statusText: 'x', contentType: null },
      Buffer.alloc(0),
    );

    expect(error.url).to.equal('https://reg.example.com/v2/a/manifests/1?sig=xxxxx');
  });

  it('say DENIED for an insufficient scope', () => {
    const error = responseError(
      request,
      { status: 401, statusText: '', contentType: null },
      Buffer.alloc(0),
      { error: 'insufficient_scope' },
    );

    expect(error).to.include({
      message: 'denied: requested access to the resource is denied',
      kind: 'forbidden',
    });
  });

  it('cut endless messages', () => {
    const error = responseError(
      request,
      { status: 403, statusText: '', contentType: 'text/plain' },
      Buffer.alloc(100_000, 'x'),
    );

    expect(error.message.length).to.equal('denied: '.length + 400);
  });

  const worded: readonly [string, string, string, string][] = [
    [
      'DENIED',
      'requested access to the resource is denied',
      'app',
      "pull access denied for app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    ],
    [
      'MANIFEST_UNKNOWN',
      'manifest unknown',
      'app:nope',
      'manifest for app:nope not found: manifest unknown: manifest unknown',
    ],
    [
      'NAME_UNKNOWN',
      'repository name not known to registry',
      'reg.example.com/a:1',
      'repository reg.example.com/a not found: name unknown: repository name not known to registry',
    ],
  ];
  for (const [code, text, reference, message] of worded) {
    it(`word ${code} as Docker does`, () => {
      const error = responseError(
        request,
        { status: 404, statusText: '', contentType: jsonType },
        Buffer.from(envelope(code, text)),
      );

      expect(explainPullError(error, parseReference(reference))).to.include({ kind: 'notFound', message });
    });
  }

  it('hint at MCR and at release tags', () => {
    const error = (code: string): RegistryError =>
      responseError(
        request,
        { status: 404, statusText: '', contentType: jsonType },
        Buffer.from(envelope(code, 'x')),
      );

    expect(explainPullError(error('DENIED'), parseReference('windows/nanoserver:ltsc2022'))).to.include({
      hint: "Microsoft's images are on its own registry: mcr.microsoft.com/windows/nanoserver",
    });
    expect(
      explainPullError(
        error('MANIFEST_UNKNOWN'),
        parseReference('mcr.microsoft.com/windows/nanoserver:latest'),
        26100,
      ),
    ).to.include({
      hint: 'Windows base images are tagged by release: try mcr.microsoft.com/windows/nanoserver:ltsc2025',
    });
  });
});

describe('network errors', () => {
  const cases: readonly [string, object, string][] = [
    [
      'ENOTFOUND',
      { hostname: 'reg.example.com' },
      'Get "https://reg.example.com/v2/": dial tcp: lookup reg.example.com: no such host',
    ],
    [
      'ECONNREFUSED',
      { address: '192.0.2.1', port: 443 },
      'Get "https://reg.example.com/v2/": dial tcp 192.0.2.1:443: connect: connection refused',
    ],
    ['ETIMEDOUT', {}, 'Get "https://reg.example.com/v2/": dial tcp reg.example.com:443: i/o timeout'],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      {},
      'Get "https://reg.example.com/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ],
    [
      'ERR_SSL_WRONG_VERSION_NUMBER',
      {},
      'Get "https://reg.example.com/v2/": http: server gave HTTP response to HTTPS client',
    ],
  ];
  for (const [code, fields, message] of cases) {
    it(code, () => {
      const system = Object.assign(new Error('x'), { code, ...fields });

      expect(
        networkError('GET', 'https://reg.example.com/v2/a/manifests/1', new Error('w', { cause: system })),
      ).to.include({
        message,
        kind: 'unavailable',
      });
    });
  }
});

describe('redaction', () => {
  it('hides user information and signatures', () => {
    expect(redactUrl('https://u:p@h/x?sig=abc&X-Amz-Signature=d&a=b')).to.equal(
      'https://xxxxx:xxxxx@h/x?sig=xxxxx&X-Amz-Signature=xxxxx&a=b',
    );
    expect(redactUrl('not a url')).to.equal('xxxxx');
  });
});

describe('proxies from the environment', () => {
  const env = {
    HTTPS_PROXY: 'http://proxy:3128',
    http_proxy: 'plain:80',
    NO_PROXY: '.corp.example, exact.example, 10.0.0.0/8, port.example:8443',
  };
  const cases: readonly [string, string | undefined][] = [
    ['https://mcr.microsoft.com/v2/', 'http://proxy:3128/'],
    ['http://mcr.microsoft.com/v2/', 'http://plain/'],
    ['https://localhost:5000/', undefined],
    ['https://127.0.0.1:5000/', undefined],
    ['https://[::1]:5000/', undefined],
    ['https://a.corp.example/', undefined],
    ['https://corp.example/', 'http://proxy:3128/'],
    ['https://exact.example/', undefined],
    ['https://sub.exact.example/', undefined],
    ['https://notexact.example/', 'http://proxy:3128/'],
    ['https://10.1.2.3/', undefined],
    ['https://11.1.2.3/', 'http://proxy:3128/'],
    ['https://port.example:8443/', undefined],
    ['https://port.example/', 'http://proxy:3128/'],
  ];
  for (const [target, proxy] of cases) {
    it(target, () => {
      expect(proxyFor(new URL(target), env)?.href).to.equal(proxy);
    });
  }

  it('NO_PROXY=* turns them off, a bad proxy is an error without its password', () => {
    expect(proxyFor(new URL('https://a/'), { HTTPS_PROXY: 'http://p', NO_PROXY: '*' })).to.equal(undefined);
    expect(() => proxyFor(new URL('https://a/'), { HTTPS_PROXY: 'socks5://u:p@h' })).to.throw(
      'invalid proxy address "socks5://xxxxx@h"',
    );
  });
});

describe('registry settings', () => {
  it('take Docker’s keys and mirrors of any registry', () => {
    const settings = parseSettings(
      JSON.stringify({
        'registry-mirrors': ['https://mirror.example/'],
        mirrors: { 'mcr.microsoft.com': ['http://cache:5000/mcr'] },
        'insecure-registries': ['http://reg.example:5000', '10.0.0.0/8'],
        'max-concurrent-downloads': 4,
      }),
    );

    expect(settings.mirrors.get('docker.io')).to.deep.equal(['https://mirror.example']);
    expect(settings.mirrors.get('mcr.microsoft.com')).to.deep.equal(['http://cache:5000/mcr']);
    expect(settings.insecure).to.deep.equal(['reg.example:5000', '10.0.0.0/8']);
    expect(settings.maxConcurrentDownloads).to.equal(4);
  });

  const bad: readonly [unknown, string][] = [
    [
      { 'registry-mirrors': ['mirror'] },
      `invalid mirror: no scheme specified for "mirror": must use either 'https://' or 'http://'`,
    ],
    [
      { 'registry-mirrors': ['ftp://m'] },
      `invalid mirror: unsupported scheme "ftp" in "ftp://m": must use either 'https://' or 'http://'`,
    ],
    [
      { 'registry-mirrors': ['https://m?x'] },
      'invalid mirror: query or fragment at end of the URI "https://m?x"',
    ],
    [
      { 'registry-mirrors': ['https://u:p@m'] },
      'invalid mirror: username/password not allowed in URI "https://xxxxx@m"',
    ],
    [{ 'max-concurrent-downloads': 0 }, 'invalid max concurrent downloads: 0'],
    [{ storage: 'x' }, "the following directives don't match any configuration option: storage"],
  ];
  for (const [document, message] of bad) {
    it(`refuse ${JSON.stringify(document)}`, () => {
      expect(() => parseSettings(JSON.stringify(document)))
        .to.throw(message)
        .that.includes({ code: 'REGISTRY_SETTINGS' });
    });
  }
});

describe('endpoints', () => {
  const settings = {
    mirrors: new Map([
      ['docker.io', ['https://m1', 'http://m2/hub']],
      ['mcr.microsoft.com', ['https://m3']],
    ]),
    insecure: ['reg.example:5000', '10.0.0.0/8'],
  };
  const bases = (name: string, action: 'pull' | 'push'): string[] =>
    endpointsFor(parseReference(name), action, settings).map((endpoint) => endpoint.base);

  it('are mirrors first for pulling, never for pushing', () => {
    expect(bases('ubuntu', 'pull')).to.deep.equal([
      'https://m1',
      'http://m2/hub',
      'https://registry-1.docker.io',
    ]);
    expect(bases('ubuntu', 'push')).to.deep.equal(['https://registry-1.docker.io']);
    expect(endpointsFor(parseReference('mcr.microsoft.com/x'), 'pull', settings)[0]).to.include({
      namespace: 'mcr.microsoft.com',
      authHost: 'm3',
      mirror: true,
    });
  });

  it('are https and http for insecure registries only', () => {
    expect(bases('reg.example/x', 'pull')).to.deep.equal(['https://reg.example']);
    expect(bases('reg.example:5000/x', 'pull')).to.deep.equal([
      'https://reg.example:5000',
      'http://reg.example:5000',
    ]);
    expect(bases('10.2.3.4:80/x', 'pull')).to.deep.equal(['https://10.2.3.4:80', 'http://10.2.3.4:80']);
    expect(bases('localhost:5000/x', 'pull')).to.deep.equal([
      'http://localhost:5000',
      'https://localhost:5000',
    ]);
    expect(bases('localhost/x', 'pull')).to.deep.equal(['https://localhost', 'http://localhost']);
    expect(isInsecure('[::1]:5000', [])).to.equal(true);
  });
});

describe('addresses inside networks', () => {
  it('are known', () => {
    for (const host of [
      '127.0.0.1',
      '10.0.0.1',
      '192.168.1.1',
      '172.31.0.1',
      '169.254.169.254',
      '::1',
      'fe80::1',
      'fd00::1',
      '0.0.0.0',
      '::ffff:10.0.0.1',
    ]) {
      expect(isPrivateAddress(host), host).to.equal(true);
    }
    for (const host of ['8.8.8.8', '172.32.0.1', '2001:db8::1', 'example.com'])
      expect(isPrivateAddress(host), host).to.equal(false);
  });
});

describe('certificate folders', () => {
  it('drop the colon on Windows', () => {
    const linux = certificateFolders('h:5000', { platform: 'linux', dataRoot: '/data' });

    expect(linux).to.deep.equal(['/data/certs.d/h:5000', '/etc/docker/certs.d/h:5000']);
    expect(
      certificateFolders('h:5000', { platform: 'win32', dataRoot: '/data', programData: '/pd' }),
    ).to.deep.equal(['/data/certs.d/h5000', '/pd/docker/certs.d/h5000']);
  });
});
