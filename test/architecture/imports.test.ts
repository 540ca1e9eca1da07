/** Which folder may import which (codebases.md 6), no cycles, and what hot commands never load (goal S4). */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { skipWithoutCli } from '../support/cli.ts';
import { chainTo, importCycles, readImports, staticClosure } from '../support/import-graph.ts';

const root = resolve(import.meta.dirname, '../..');
const graph = readImports(root, ['src', 'commands']);

interface Rule {
  /** Folders and packages it may use. Its own folder is always allowed, and so is node. */
  readonly may: readonly string[];
  /** Those of which it may know the types alone. */
  readonly types?: readonly string[];
}

const wire = 'src/api/types';
const errors = 'src/errors';
const roles = 'src/engine/roles';
const ports = 'src/host/ports';
const environment = 'src/environment.ts';

/** The import table. Longest matching key wins; what is not named is refused. */
const rules: Readonly<Record<string, Rule>> = {
  commands: {
    may: [
      'src/cli',
      'src/text',
      errors,
      'src/image',
      'src/lint',
      'src/lsp',
      'src/dockerfile',
      'src/explain',
      'src/compat',
      'src/version.ts',
      'src/build-info.ts',
    ],
    types: [wire, roles],
  },
  'src/api/types': { may: [] },
  'src/build': {
    may: ['src/dockerfile', 'src/text', 'src/image', 'src/layer', errors, 'tar-stream'],
    types: [wire, ports],
  },
  'src/build-info.ts': { may: [] },
  'src/cli': {
    may: [
      'src/text',
      errors,
      'src/image',
      'src/layer/compression.ts',
      'src/layer/inflate-into.ts',
      'src/remote',
      'tar-stream',
      'src/version.ts',
      'src/build-info.ts',
    ],
    types: [wire, roles, environment],
  },
  'src/cli/oclif': { may: ['src/cli', '@oclif/core'] },
  'src/compat': { may: [errors, 'src/hcs', 'src/image', 'src/lint/data', 'src/text'] },
  'src/content': { may: ['src/image', 'src/state', errors] },
  'src/dockerfile': { may: ['src/text', errors] },
  'src/doctor': { may: ['src/hcs', 'src/hns', 'src/text'], types: [ports] },
  'src/engine/local': {
    may: [
      errors,
      'src/build',
      'src/content',
      'src/dockerfile',
      'src/doctor',
      'src/hcs',
      'src/hns',
      'src/image',
      'src/layer',
      'src/monitor',
    ].concat(['src/registry', 'src/remote', 'src/state', 'src/text', 'src/vhdx']),
    types: [wire, roles, environment, ports, 'src/host/host.ts', 'src/build-info.ts'],
  },
  'src/engine/roles': { may: [], types: [wire, errors] },
  'src/entry.ts': {
    may: ['src/cli', errors, 'src/load.ts', 'src/version.ts'],
    types: [environment],
  },
  'src/environment.ts': { may: [] },
  'src/errors': { may: [] },
  'src/explain': { may: ['src/hcs', 'src/hns', 'src/text'] },
  'src/hcs': { may: [errors], types: [wire] },
  'src/hns': { may: [errors], types: [wire] },
  'src/host/host.ts': { may: [], types: [ports] },
  'src/host/folder-layer-apply.ts': {
    may: [errors, 'src/host/layer-folders.ts', 'src/layer', 'src/state'],
    types: [ports],
  },
  'src/host/layer-folders.ts': { may: ['src/layer', 'src/state', 'src/vhdx'], types: [ports] },
  'src/host/linux': {
    may: [
      errors,
      'src/host/folder-layer-apply.ts',
      'src/host/layer-folders.ts',
      'src/hcs',
      'src/hns',
      'src/layer',
      'src/state',
      'src/vhdx',
      '@lydell/node-pty',
    ],
    types: [environment, ports, 'src/host/host.ts'],
  },
  'src/host/memory': { may: [errors, 'src/hcs', 'src/hns', 'src/layer'], types: [ports] },
  'src/host/open.ts': {
    may: ['src/host/windows', 'src/host/linux'],
    types: [environment, 'src/state', 'src/host/host.ts'],
  },
  'src/host/open-facts.ts': {
    may: ['src/host/windows', 'src/host/linux'],
    types: [environment, ports],
  },
  'src/host/record': {
    may: [errors, 'src/hcs', 'src/hns'],
    types: [ports, 'src/host/host.ts'],
  },
  'src/host/replay': {
    may: [errors, 'src/host/record'],
    types: [ports, 'src/host/host.ts'],
  },
  'src/host/monitors-at-rest.ts': { may: ['src/state'] },
  'src/host/recording.ts': {
    may: [errors, 'src/host/monitors-at-rest.ts', 'src/host/record', 'src/host/replay', 'src/state'],
    types: [environment, 'src/host/host.ts'],
  },
  'src/host/ports': { may: [], types: ['src/hcs', 'src/hns', 'src/layer'] },
  'src/host/windows': {
    may: [
      errors,
      'src/host/folder-layer-apply.ts',
      'src/host/layer-folders.ts',
      'src/hcs',
      'src/hns',
      'src/layer',
      'src/state',
      'src/vhdx',
      'koffi',
    ],
    types: [environment, ports, 'src/host/host.ts'],
  },
  'src/image': { may: [errors, 'src/text'], types: [wire] },
  'src/layer': { may: [errors, 'tar-stream', 'xz-decompress'] },
  'src/lint': {
    may: ['src/dockerfile', 'src/image', 'src/text', 'src/build', 'spdx-expression-parse', 'ignore', 'yaml'],
    types: ['sarif'],
  },
  'src/load.ts': { may: [], types: ['src/cli', roles, environment] },
  'src/lsp': {
    may: [
      'src/lint',
      'src/dockerfile',
      'src/text/own.ts',
      'vscode-languageserver',
      'vscode-languageserver-textdocument',
    ],
  },
  'src/main.ts': {
    may: [
      'src/engine/local',
      'src/host/open.ts',
      'src/host/open-facts.ts',
      'src/host/recording.ts',
      'src/monitor',
      'src/state',
      'src/build-info.ts',
    ],
    types: [roles, environment, 'src/host/host.ts'],
  },
  'src/monitor': {
    may: [errors, 'src/hcs', 'src/hns', 'src/state', 'src/text'],
    types: [wire, environment, ports],
  },
  'src/monitor/main.ts': {
    may: ['src/monitor', 'src/engine/local', 'src/host/open.ts', 'src/host/recording.ts', 'src/state'],
    types: [environment, 'src/host/host.ts'],
  },
  'src/remote': { may: [errors, 'src/registry', 'src/text'] },
  'src/registry': {
    may: [errors, 'src/image', 'src/state', 'src/text/own.ts', 'node-fetch'],
    types: [wire, environment],
  },
  'src/state': { may: [errors], types: [wire, 'src/hcs', ports] },
  'src/text': { may: [] },
  'src/version.ts': { may: ['src/build-info.ts'] },
  'src/vhdx': { may: [errors] },
};

/** Single imports that the table does not allow, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'src/cli/credentials.ts -> src/registry/credentials.ts':
    "Docker's client keeps credentials, so the command line reads them; loaded when a registry asks",
  'commands/login.ts -> src/registry/credentials.ts': "login and logout edit the client's credentials",
  'commands/logout.ts -> src/registry/credentials.ts': 'as above',
  'src/cli/explained-hint.ts -> src/explain/error-hint.ts':
    'errors of Windows are explained where they are printed; loaded when something failed there',
};

/** Files that may read `process.env` and the like: the composition roots, and these with the reason. */
const processReaders: Readonly<Record<string, string>> = {
  'src/entry.ts': 'composition root of the command line',
  'src/main.ts': 'composition root of the engine',
  'src/monitor/main.ts': 'composition root of the monitor',
  'src/host/windows/ffi/library.ts': 'finds system DLLs, which are bound where modules are defined',
};

const within = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + '/');

function ruleOf(file: string): [string, Rule] {
  const folders = Object.keys(rules).filter((folder) => within(file, folder));
  const folder = folders.sort((a, b) => b.length - a.length)[0];
  if (folder === undefined) throw new Error(`${file} is in no folder of the import table`);
  return [folder, rules[folder]!];
}

describe('architecture', () => {
  it('imports only what the table allows', () => {
    const wrong: string[] = [];
    for (const [file, imports] of graph) {
      const [folder, { may, types = [] }] = ruleOf(file);
      for (const { kind, target } of imports) {
        if (target.startsWith('node:') || `${file} -> ${target}` in exceptions) continue;
        const allowed = [folder, ...may, ...(kind === 'type' ? types : [])];
        if (!allowed.some((one) => within(target, one))) wrong.push(`${file} -> ${target} (${kind})`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it('has no stale exceptions', () => {
    const stale = Object.keys(exceptions).filter((pair) => {
      const [file, target] = pair.split(' -> ') as [string, string];
      return !graph.get(file)?.some((imported) => imported.target === target);
    });
    expect(stale).to.deep.equal([]);
  });

  it('has no import cycles', () => expect(importCycles(graph)).to.deep.equal([]));

  it('imports files that exist', () => {
    const missing = [...graph].flatMap(([file, imports]) =>
      imports
        .filter(({ target }) => /^(?:src|commands)\//.test(target) && !existsSync(join(root, target)))
        .map(({ target }) => `${file} -> ${target}`),
    );
    expect(missing).to.deep.equal([]);
  });

  it('keeps the process to the composition roots', () => {
    const touching = [...graph.keys()].filter((file) => {
      // A worker's file is the root of its thread.
      if (file in processReaders || file.endsWith('worker.ts')) return false;
      const code = readFileSync(join(root, file), 'utf8')
        .replace(/\/\*[^]*?\*\//g, '')
        .replace(/\/\/.*$/gm, '');
      return /(?<![\w.$'`])process\.(?:env|platform|argv|exit|cwd|getuid)\b/.test(code);
    });
    expect(touching).to.deep.equal([]);
  });
});

/** Commands that people run all day, and what they load nothing of. */
const hot: Readonly<Record<string, readonly string[]>> = {
  ps: ['ps'],
  images: ['images'],
  inspect: ['inspect', 'nope'],
  version: ['version'],
  port: ['port', 'nope'],
  logs: ['logs', 'nope'],
  rm: ['rm', 'nope'],
  wait: ['wait', 'nope'],
  stop: ['stop', 'nope'],
  kill: ['kill', 'nope'],
  rename: ['rename', 'nope', 'x'],
  tag: ['tag', 'nope', 'x'],
  top: ['top', 'nope'],
  lint: ['lint', 'nope'],
};
const heavy = [
  '@oclif/core',
  'koffi',
  'node-fetch',
  'undici',
  'ora',
  'chalk',
  'tar-stream',
  '@lydell/node-pty',
  'yaml',
  'ignore',
  'spdx-expression-parse',
  'vscode-languageserver',
];

describe('goal S4: hot commands', () => {
  for (const [command, words] of Object.entries(hot)) {
    const file = `commands/${command}.ts`;
    if (!graph.has(file)) continue;

    it(`${command} has no heavy package among its static imports`, () => {
      const closure = staticClosure(graph, ['src/entry.ts', file, 'src/main.ts']);
      const found = [...closure.keys()].filter((name) => heavy.includes(name));
      expect(found.map((name) => chainTo(closure, name))).to.deep.equal([]);
    });

    it(`${command} has no tables of advice and no recorder among its static imports`, () => {
      const closure = staticClosure(graph, ['src/entry.ts', file, 'src/main.ts']);
      const aside = ['src/explain', 'src/doctor', 'src/compat', 'src/host/record', 'src/host/replay'];
      const found = [...closure.keys()].filter((name) => aside.some((folder) => within(name, folder)));
      expect(found.map((name) => chainTo(closure, name))).to.deep.equal([]);
    });

    it(`${command} loads none when it runs`, function () {
      skipWithoutCli(this);
      this.timeout(20_000);
      const dataRoot = mkdtempSync(join(tmpdir(), 'porthole-imports-'));
      try {
        const list = join(dataRoot, 'loaded');
        const record = join(root, 'test/support/record-modules.mjs');
        try {
          execFileSync(process.execPath, ['--import', record, join(root, 'bin/run.js'), ...words], {
            env: { ...process.env, PORTHOLE_DATA_ROOT: join(dataRoot, 'root'), PORTHOLE_LOADED: list },
            stdio: 'ignore',
          });
        } catch {
          // A missing container is an error; what was loaded counts all the same.
        }
        const loaded = readFileSync(list, 'utf8')
          .split('\n')
          .filter((url) => url !== '');
        const packages = loaded.filter((url) =>
          heavy.some((name) => url === name || url.includes(`/node_modules/${name}/`)),
        );
        expect(packages).to.deep.equal([]);
        expect(loaded.filter((url) => url.includes('/dist/'))).to.have.lengthOf.at.most(2);
      } finally {
        rmSync(dataRoot, { recursive: true, force: true });
      }
    });
  }
});
