import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { proxyVariables, readClientConfig, withPruneFilters } from '../../src/cli/config-file.ts';
import type { CommandContext } from '../../src/cli/command.ts';

describe('cli/config-file', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-config-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = (text?: string) => {
    if (text !== undefined) writeFileSync(join(folder, 'config.json'), text);
    let warned = '';
    const stderr = { write: (line: string) => (warned += line) };
    const config = readClientConfig({ globals: { config: folder }, stderr } as unknown as CommandContext);
    return { config, warned: warned.replaceAll(folder, '/CFG') };
  };

  it('is empty without a file, and reads one with a byte order mark', () => {
    expect(read()).to.deep.equal({ config: {}, warned: '' });
    expect(read('\ufeff{"psFormat":"x"}').config).to.deep.equal({ psFormat: 'x' });
  });

  it('warns about a file that it cannot read', () => {
    expect(read('[]')).to.deep.equal({
      config: {},
      warned: 'WARNING: Error parsing config file (/CFG/config.json): not a JSON object\n',
    });
    expect(read('{').warned).to.match(/^WARNING: Error parsing config file \(\/CFG\/config\.json\): /);
  });

  it('turns proxies into variables in both cases', () => {
    expect(
      proxyVariables({ proxies: { default: { httpProxy: 'p', noProxy: 'n', allProxy: '' } } }),
    ).to.deep.equal(['HTTP_PROXY=p', 'http_proxy=p', 'NO_PROXY=n', 'no_proxy=n']);
    expect(proxyVariables({ proxies: { 'tcp://x': { httpProxy: 'p' } } })).to.deep.equal([]);
  });

  it('adds prune filters unless the command says the opposite', () => {
    const pruneFilters = ['label=keep', 'label!=drop', 'until=1h', 'nonsense'];

    expect(withPruneFilters({ 'label!': ['keep'] }, { pruneFilters })).to.deep.equal({
      'label!': ['keep', 'drop'],
      until: ['1h'],
    });
    expect(withPruneFilters({}, {})).to.deep.equal({});
  });
});
