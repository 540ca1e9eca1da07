import { expect } from 'chai';
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
});
