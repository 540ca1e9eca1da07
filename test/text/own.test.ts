/** Names that every object has properties of: what people and servers write must not find those in our tables. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventMessage } from '../../src/api/types/index.ts';
import { sidOfAccount } from '../../src/build/chown.ts';
import { withPruneFilters } from '../../src/cli/config-file.ts';
import { applyValue } from '../../src/cli/flag-values.ts';
import { containerRows } from '../../src/cli/render/containers.ts';
import { lookupEnv } from '../../src/cli/requests/client.ts';
import { eventFilter } from '../../src/engine/local/events/event-filters.ts';
import { parseDigest } from '../../src/image/digest.ts';
import { getCredentials } from '../../src/registry/credentials.ts';
import { parseDurationExact } from '../../src/text/duration.ts';
import { own } from '../../src/text/own.ts';

for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
  describe(`a name like any other: ${name}`, () => {
    it('is in no table that does not hold it', () => {
      expect(own<unknown>({ a: 1 }, name)).to.equal(undefined);
      expect(own<unknown>(Object.fromEntries([[name, 1]]), name)).to.equal(1);
    });

    it('is no unit, digest algorithm or account', () => {
      expect(() => parseDurationExact(`1${name}`)).to.throw('time: unknown unit');
      expect(sidOfAccount(name)).to.equal(undefined);
      expect(() => parseDigest(`${name}:${'0'.repeat(64)}`)).to.throw(
        /^(?:unsupported digest algorithm|invalid checksum)/,
      );
    });

    it('is an environment variable only where it is set', () => {
      for (const platform of ['linux', 'win32'] as const) {
        expect(lookupEnv({ platform, env: { A: 'b' } }, name)).to.equal(undefined);
        expect(lookupEnv({ platform, env: Object.fromEntries([[name, 'x']]) }, name)).to.equal('x');
      }
    });

    it('keeps its value in pairs and filters', () => {
      const given = applyValue({ type: 'map', description: '' }, {}, `${name}=x`);
      expect(Object.entries(given)).to.deep.equal([[name, 'x']]);
      const filters = withPruneFilters({ label: ['a'] }, { pruneFilters: [`${name}=y`, `${name}=z`] });
      expect(Object.entries(filters)).to.deep.equal([
        ['label', ['a']],
        [name, ['y', 'z']],
      ]);
    });

    it('is a label only of what has it', () => {
      const label = containerRows({ truncate: true, now: 0, zone: 'UTC' } as never).label!;
      const row = (labels: Record<string, string>): never => ({ Labels: labels }) as never;
      expect(label(row({ a: 'b' }), name)).to.equal('');
      expect(label(row(Object.fromEntries([[name, 'x']])), name)).to.equal('x');
      const wanted = eventFilter({ label: [name] });
      const event = (attributes: Record<string, string>): EventMessage =>
        ({ Type: 'image', Action: 'tag', Actor: { ID: 'a', Attributes: attributes } }) as never;
      expect(wanted(event({ a: 'b' }))).to.equal(false);
      expect(wanted(event(Object.fromEntries([[name, 'x']])))).to.equal(true);
    });

    it('is a registry without credentials', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'porthole-own-'));
      try {
        writeFileSync(join(folder, 'config.json'), '{"auths":{"a":{"auth":"dTpw"}}}');
        const found = await getCredentials(name, {
          configDir: folder,
          env: {},
          platform: 'linux',
          onWarning: () => {},
        });
        expect(found).to.equal(undefined);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
}
