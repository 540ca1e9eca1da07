import { expect } from 'chai';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  credentialKey,
  eraseCredentials,
  getCredentials,
  storeCredentials,
} from '../../src/registry/credentials.ts';
import type { CredentialOptions } from '../../src/registry/credentials.ts';

/** A helper that writes down its verb and input, and answers as `answers/<verb>` says: first line exit code, then stdout. */
const helperScript = `#!/bin/sh
here=$(dirname "$0")
input=$(cat)
printf '%s %s\\n' "$1" "$input" >> "$here/calls"
[ -f "$here/answer-$1" ] || exit 0
tail -n +2 "$here/answer-$1"
exit "$(head -n 1 "$here/answer-$1")"
`;

describe('credentials', () => {
  let folder: string;
  let options: CredentialOptions;
  let warnings: string[];
  const encoded = Buffer.from('user:pa:ss').toString('base64');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-credentials-'));
    warnings = [];
    options = {
      configDir: folder,
      env: { PATH: `${folder}:/usr/bin:/bin` },
      platform: 'linux',
      onWarning: (text) => warnings.push(text),
    };
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const config = (document: unknown): void =>
    writeFileSync(join(folder, 'config.json'), JSON.stringify(document), { mode: 0o600 });
  const saved = (): unknown => JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const calls = (): string[] => readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n');

  function helper(name: string, answers: Record<string, string>): void {
    const path = join(folder, `docker-credential-${name}`);
    writeFileSync(path, helperScript);
    chmodSync(path, 0o755);
    for (const [verb, answer] of Object.entries(answers))
      writeFileSync(join(folder, `answer-${verb}`), answer);
  }

  it('of Docker Hub are kept under its URL', () => {
    for (const name of ['docker.io', 'index.docker.io', 'https://index.docker.io/v1/']) {
      expect(credentialKey(name)).to.equal('https://index.docker.io/v1/');
    }
    expect(credentialKey('https://reg.example:5000/v2/')).to.equal('reg.example:5000');
  });

  it('come from the file, by exact key or by host', async () => {
    config({
      auths: {
        'https://reg.example/v1/': { auth: encoded },
        'https://index.docker.io/v1/': { auth: encoded, identitytoken: 'idt' },
      },
    });

    expect(await getCredentials('reg.example', options)).to.deep.equal({
      serveraddress: 'reg.example',
      username: 'user',
      password: 'pa:ss',
    });
    expect(await getCredentials('docker.io', options)).to.include({ identitytoken: 'idt' });
    expect(await getCredentials('other.example', options)).to.equal(undefined);
  });

  it('are none without a file, and with one that cannot be read, which is said', async () => {
    expect(await getCredentials('reg.example', options)).to.equal(undefined);
    writeFileSync(join(folder, 'config.json'), '{');
    expect(await getCredentials('reg.example', options)).to.equal(undefined);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/^Error parsing config file \(.*config\.json\): /);
  });

  it('that are not user:password are an error', async () => {
    config({ auths: { 'reg.example': { auth: Buffer.from('nocolon').toString('base64') } } });

    expect(await failure(getCredentials('reg.example', options))).to.include({
      message: 'invalid auth configuration file',
    });
  });

  it('come from DOCKER_AUTH_CONFIG first, if it is right', async () => {
    config({ auths: { 'reg.example': { auth: encoded } } });
    const env = (value: unknown): CredentialOptions => ({
      ...options,
      env: { ...options.env, DOCKER_AUTH_CONFIG: JSON.stringify(value) },
    });
    const other = Buffer.from('env:x').toString('base64');

    expect(
      await getCredentials('reg.example', env({ auths: { 'reg.example': { auth: other } } })),
    ).to.include({ username: 'env' });
    expect(await getCredentials('reg.example', env({ auths: {}, credsStore: 'x' }))).to.include({
      username: 'user',
    });
    expect(warnings).to.deep.equal([
      'Failed to create credential store from DOCKER_AUTH_CONFIG:  json: unknown field "credsStore"',
    ]);
  });

  it('come from helpers, the host’s own before the default', async () => {
    helper('own', { get: '0\n{"ServerURL":"reg.example","Username":"h","Secret":"s"}' });
    config({ credsStore: 'absent', credHelpers: { 'reg.example': 'own' }, auths: { 'reg.example': {} } });

    expect(await getCredentials('reg.example', options)).to.deep.equal({
      serveraddress: 'reg.example',
      username: 'h',
      password: 's',
    });
    expect(calls()).to.deep.equal(['get reg.example']);
    expect(await failure(getCredentials('docker.io', options))).to.include({
      message:
        'error getting credentials - err: exec: "docker-credential-absent": executable file not found in $PATH, out: ``',
    });
  });

  it('of helpers may be identity tokens', async () => {
    helper('own', { get: '0\n{"Username":"<token>","Secret":"idt"}' });
    config({ credsStore: 'own' });

    expect(await getCredentials('docker.io', options)).to.deep.equal({
      serveraddress: 'https://index.docker.io/v1/',
      identitytoken: 'idt',
    });
  });

  it('that a helper does not know are none, any other failure is told', async () => {
    helper('own', { get: '1\ncredentials not found in native keychain' });
    config({ credsStore: 'own' });
    expect(await getCredentials('reg.example', options)).to.equal(undefined);

    helper('own', { get: '1\nthe keychain is locked' });
    expect(await failure(getCredentials('reg.example', options))).to.include({
      kind: 'unavailable',
      message: 'error getting credentials - err: exit status 1, out: `the keychain is locked`',
    });
  });

  it('never come from a helper whose name is a path', async () => {
    config({ credsStore: '../evil' });

    expect(await failure(getCredentials('reg.example', options))).to.include({
      message: 'invalid credential helper name: "../evil"',
    });
  });

  it('are stored beside what else the file holds', async () => {
    config({ psFormat: 'x', auths: { other: { auth: 'eDp5' } }, HttpHeaders: { a: 'b' } });

    const stored = await storeCredentials('reg.example', { username: 'user', password: 'pa:ss' }, options);

    expect(stored).to.deep.equal({ plainFile: join(folder, 'config.json') });
    expect(saved()).to.deep.equal({
      psFormat: 'x',
      auths: { other: { auth: 'eDp5' }, 'reg.example': { auth: encoded } },
      HttpHeaders: { a: 'b' },
    });
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).to.include('\n\t"auths": {\n\t\t"other"');
    expect(statSync(join(folder, 'config.json')).mode & 0o777).to.equal(0o600);
    expect(await getCredentials('reg.example', options)).to.include({ username: 'user', password: 'pa:ss' });
  });

  it('never overwrite a file that cannot be read', async () => {
    writeFileSync(join(folder, 'config.json'), '{');

    expect(
      await failure(storeCredentials('reg.example', { username: 'u', password: 'p' }, options)),
    ).to.include({ code: 'CLIENT_CONFIG_INVALID' });
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).to.equal('{');
  });

  it('are stored in the helper, which leaves an empty entry', async () => {
    helper('own', {});
    config({ credsStore: 'own' });

    expect(
      await storeCredentials('docker.io', { username: 'u', identitytoken: 'idt' }, options),
    ).to.deep.equal({});

    expect(calls()).to.deep.equal([
      'store {"ServerURL":"https://index.docker.io/v1/","Username":"<token>","Secret":"idt"}',
    ]);
    expect(saved()).to.deep.equal({ credsStore: 'own', auths: { 'https://index.docker.io/v1/': {} } });
  });

  it('are erased under every spelling', async () => {
    config({
      auths: {
        'reg.example': { auth: encoded },
        'https://reg.example': { auth: encoded },
        other: { auth: encoded },
      },
    });

    expect(await eraseCredentials('reg.example', options)).to.deep.equal({ failures: [], all: false });
    expect(saved()).to.deep.equal({ auths: { other: { auth: encoded } } });
  });

  it('that a helper cannot erase are reported by key', async () => {
    helper('own', { erase: '1\nno' });
    config({ credsStore: 'own' });

    const { failures, all } = await eraseCredentials('reg.example', options);

    expect(all).to.equal(true);
    expect(failures.map(({ key, error }) => `${key}: ${error.message}`)).to.deep.equal([
      'reg.example: error erasing credentials - err: exit status 1, out: `no`',
      'http://reg.example: error erasing credentials - err: exit status 1, out: `no`',
      'https://reg.example: error erasing credentials - err: exit status 1, out: `no`',
    ]);
  });
});

async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
