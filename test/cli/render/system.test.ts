import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { infoText } from '../../../src/cli/render/info.ts';
import type { InfoDocument } from '../../../src/cli/render/info.ts';
import { versionText } from '../../../src/cli/render/version.ts';
import type { VersionDocument } from '../../../src/cli/render/version.ts';
import { conformance } from '../../support/conformance.ts';

const golden = (name: string) =>
  readFileSync(join(conformance!, 'golden/cli/command/system/testdata', `docker-${name}.golden`), 'utf8');

describe('system texts as the golden files have them (skipped without ../shared/conformance)', () => {
  before(function () {
    if (!conformance) this.skip();
  });

  it('version with several components', () => {
    const document = JSON.parse(golden('client-version.json')) as VersionDocument;

    expect(versionText(document)).to.equal(golden('client-version'));
  });

  for (const name of ['info-no-swarm', 'info-with-devices']) {
    it(name, () => {
      const text = infoText(JSON.parse(golden(`${name}.json`)) as InfoDocument, true);

      expect(text).to.deep.equal({ stdout: golden(name), stderr: '', failed: false });
    });
  }

  it('info with the engine’s warnings on stderr', () => {
    const text = infoText(JSON.parse(golden('info-daemon-warnings.json')) as InfoDocument, true);

    expect(text).to.deep.equal({
      stdout: golden('info-no-swarm'),
      stderr: golden('info-warnings'),
      failed: false,
    });
  });

  it('info with an option it cannot read', () => {
    const text = infoText(JSON.parse(golden('info-badsec.json')) as InfoDocument, true);

    expect(text).to.deep.equal({
      stdout: golden('info-badsec'),
      stderr: golden('info-badsec-stderr'),
      failed: true,
    });
  });
});

describe('version text', () => {
  it('leaves out what Porthole does not have', () => {
    const text = versionText({
      Client: {
        Version: '0.1.0',
        ApiVersion: '1.50',
        DefaultAPIVersion: '1.50',
        Os: 'windows',
        Arch: 'amd64',
        Context: 'default',
      },
      Server: null,
    });

    expect(text).to.equal(
      'Client:\n Version:           0.1.0\n API version:       1.50\n OS/Arch:           windows/amd64\n Context:           default\n',
    );
  });
});
