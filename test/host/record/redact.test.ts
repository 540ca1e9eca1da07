import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recorder } from '../../../src/host/record/recorder.ts';
import { Redactor, isSecretName } from '../../../src/host/record/redact.ts';

describe('redaction of recordings', () => {
  for (const name of [
    ...[
      'PASSWORD',
      'DB_PASSWORD',
      'dbPassword',
      'MSSQL_SA_PASSWORD',
      'PGPASSWORD',
      'API_KEY',
      'apiKey',
      'GITHUB_TOKEN',
    ],
    ...[
      'AWS_SECRET_ACCESS_KEY',
      'AZURE_CLIENT_SECRET',
      'NUGET_AUTH',
      'SESSION',
      'ConnectionString',
      'my.token',
      'PAT',
    ],
  ]) {
    it(`takes ${name} for a secret`, () => expect(isSecretName(name)).to.equal(true));
  }
  for (const name of [
    'PATH',
    'AUTHOR',
    'KEYBOARD',
    'COMPASS',
    'PASSAGE',
    'COLOR',
    'TEMP',
    'NUMBER_OF_PROCESSORS',
  ]) {
    it(`takes ${name} for none`, () => expect(isSecretName(name)).to.equal(false));
  }

  const cases: [string, unknown, unknown][] = [
    [
      'lists of variables',
      { Env: ['A=1', 'TOKEN=abc=def', 'TOKEN='] },
      { Env: ['A=1', 'TOKEN=<redacted>', 'TOKEN='] },
    ],
    [
      'maps of variables',
      { Environment: { A: '1', API_KEY: 'x' } },
      { Environment: { A: '1', API_KEY: '<redacted>' } },
    ],
    [
      'credential specs of both schemas',
      {
        Credentials: '{"CmsPlugins":[]}',
        Container: { ContainerCredentialGuard: { Cookie: 'c', RpcEndpoint: 'e' } },
      },
      { Credentials: '<redacted>', Container: { ContainerCredentialGuard: '<redacted>' } },
    ],
    [
      'credentials of registries',
      { auths: { 'reg.example.com': { auth: 'dTpw', email: 'a@b' } }, username: 'u', password: 'p' },
      {
        auths: { 'reg.example.com': { auth: '<redacted>', email: 'a@b' } },
        username: 'u',
        password: '<redacted>',
      },
    ],
    [
      'command lines',
      'sqlcmd -U sa --password=hunter2 /token:abc --api-key "a b" -p 80:80',
      'sqlcmd -U sa --password=<redacted> /token:<redacted> --api-key <redacted> -p 80:80',
    ],
    [
      'addresses',
      'https://user:pw@host/x ftp://u:p@h',
      'https://user:<redacted>@host/x ftp://u:<redacted>@h',
    ],
    [
      'the same value elsewhere',
      [{ Env: ['PIN_SECRET=opensesame'] }, 'say opensesame'],
      [{ Env: ['PIN_SECRET=<redacted>'] }, 'say <redacted>'],
    ],
    [
      'variables inside command lines',
      [
        'cmd /S /C set API_TOKEN=abc&& app --env=DB_PASSWORD=xyz9 --name=web',
        `powershell $env:NUGET_KEY = 'k e y'; $x = 1`,
        'setx /M GITHUB_TOKEN abcdef12 && setx PATH C:\\x',
        'net user admin P@ssw0rd! /add & net user guest /active:no',
        "ConvertTo-SecureString 'P@ss w0rd' -AsPlainText -Force",
        'docker login -u me -p hunter22 reg.example.com',
        'cmdkey /add:host /user:me /pass:hunter33',
      ],
      [
        'cmd /S /C set API_TOKEN=<redacted>&& app --env=DB_PASSWORD=<redacted> --name=web',
        'powershell $env:NUGET_KEY = <redacted>; $x = 1',
        'setx /M GITHUB_TOKEN <redacted> && setx PATH C:\\x',
        'net user admin <redacted> /add & net user guest /active:no',
        'ConvertTo-SecureString <redacted> -AsPlainText -Force',
        'docker login -u me -p <redacted> reg.example.com',
        'cmdkey /add:host /user:me /pass:<redacted>',
      ],
    ],
    [
      'connection strings and signed addresses',
      [
        'DB=Server=db;User Id=sa;Password=hunter2;Encrypt=true',
        'https://x.blob.example/y?sv=1&sig=a%2Fb%3D&se=2',
      ],
      [
        'DB=Server=db;User Id=sa;Password=<redacted>;Encrypt=true',
        'https://x.blob.example/y?sv=1&sig=<redacted>&se=2',
      ],
    ],
    [
      'headers and tokens of well-known shapes',
      [
        'Authorization: Bearer abc.def-123',
        'curl -H "Authorization: Basic dTpw" -H "Accept: */*"',
        'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln and ghp_0123456789abcdefghijABCDEFGHIJ',
        '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nend',
      ],
      [
        'Authorization: <redacted>',
        'curl -H "Authorization: <redacted>" -H "Accept: */*"',
        'got <redacted> and <redacted>',
        '<redacted>\nend',
      ],
    ],
    [
      'credential specs on the command line, and labels',
      {
        SecurityOpt: ['credentialspec=raw://{"CmsPlugins":["x"]}'],
        Labels: { 'io.example.api-key': 'x', a: 'b' },
      },
      {
        SecurityOpt: ['credentialspec=raw://<redacted>'],
        Labels: { 'io.example.api-key': '<redacted>', a: 'b' },
      },
    ],
    [
      'documents inside documents',
      [
        { Env: ['PASSWORD=pa"ss\\word'] },
        '{"x":"pa\\"ss\\\\word"}',
        'a=pa%22ss%5Cword',
        '{"client_secret":"abc"}',
      ],
      [
        { Env: ['PASSWORD=<redacted>'] },
        '{"x":"<redacted>"}',
        'a=<redacted>',
        '{"client_secret":"<redacted>"}',
      ],
    ],
    [
      'nothing else',
      { Key: { Hive: 'System', Name: 'x' }, n: 1, b: null, list: ['a=b'] },
      { Key: { Hive: 'System', Name: 'x' }, n: 1, b: null, list: ['a=b'] },
    ],
  ];
  for (const [name, input, output] of cases) {
    it(`covers ${name}`, () => expect(new Redactor().value(input)).to.deep.equal(output));
  }

  it('remembers values from call to call, but not short ones', () => {
    const redactor = new Redactor();
    redactor.value({ Env: ['TOKEN=abcdefgh', 'PASSWORD=80'] });
    expect(redactor.text('abcdefgh listens on port 80')).to.equal('<redacted> listens on port 80');
  });

  it('finds what is known in bytes that are no text', () => {
    const redactor = new Redactor();
    redactor.value({ Env: ['TOKEN=geheimnüss'] });
    const bytes = Buffer.concat([Buffer.from([0xff]), Buffer.from('geheimnüss!')]);
    expect(redactor.bytes(bytes).toString('latin1')).to.equal('\xff<redacted>!');
  });
});

describe('streams of a recording', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-redact-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const recorded = (name: string, act: (recorder: Recorder) => void): Record<string, unknown>[] => {
    const file = join(folder, name);
    const recorder = new Recorder(file, 'cli', { dataRoot: '/nowhere/data', homeDir: '/nowhere/home' });
    recorder.begin('compute.create', undefined, [{ Env: ['TOKEN=opensesame'] }]);
    act(recorder);
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  it('hide a secret that comes in pieces, and lose nothing', () => {
    const lines = recorded('pieces', (recorder) => {
      for (const piece of ['first\nopen', 'ses', 'ame is it\nprompt>'])
        recorder.data(1, 'stdout', Buffer.from(piece));
      recorder.dataEnd(1, 'stdout');
    });
    expect(lines.map(({ text, end }) => text ?? end)).to.deep.equal([
      'first\n',
      '<redacted> is it\n',
      'prompt>',
      true,
    ]);
  });

  it('hide a private key that comes line by line', () => {
    const lines = recorded('key', (recorder) => {
      for (const piece of [
        '-----BEGIN PRIVATE KEY-----\n',
        'MIIEvQ\nIBADAN\n',
        '-----END PRIVATE KEY-----\nend\n',
      ])
        recorder.data(1, 'stdout', Buffer.from(piece));
    });
    expect(lines.map(({ text }) => text)).to.deep.equal(['<redacted>\nend\n']);
  });

  it('keep what was said last when they break off', () => {
    const lines = recorded('broken', (recorder) => {
      recorder.data(1, 'stdout', Buffer.from('prompt>'));
      recorder.dataRest(1, 'stdout');
    });
    expect(lines.map(({ text }) => text)).to.deep.equal(['prompt>']);
  });

  it('hide it in output of another code page', () => {
    const [line] = recorded('bytes', (recorder) => {
      recorder.data(1, 'stdout', Buffer.from([0x81, ...Buffer.from('opensesame'), 0x0a]));
    });
    expect(Buffer.from(String(line!['base64']), 'base64').toString('latin1')).to.equal('\x81<redacted>\n');
  });
});
