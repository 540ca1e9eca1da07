/** `.pre-commit-hooks.yaml` and `action.yml`: what other programs read of this repository, and what they would run. */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parse } from 'yaml';
import Lint from '../../commands/lint.ts';
import { isDockerfileName } from '../../src/lint/find-files.ts';
import { formatNames } from '../../src/lint/formats/names.ts';
import { cliMissing, packageRoot } from '../support/cli.ts';

const read = (name: string): string => readFileSync(join(packageRoot, name), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };
const known = new Set(Object.keys(Lint.flags));
const flagsIn = (text: string): string[] =>
  [...text.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, name]) => name!);

interface Hook {
  readonly id: string;
  readonly name: string;
  readonly entry: string;
  readonly language: string;
  readonly files: string;
  readonly exclude: string;
}

describe('.pre-commit-hooks.yaml', () => {
  const hooks = parse(read('.pre-commit-hooks.yaml')) as Hook[];

  it('has the two hooks, with what pre-commit asks for', () => {
    expect(hooks.map(({ id }) => id)).to.deep.equal(['porthole-lint', 'porthole-lint-fix']);
    for (const hook of hooks) expect(hook).to.include.keys('id', 'name', 'entry', 'language', 'files');
  });

  it('runs the package of this version, with flags that exist', () => {
    for (const { entry } of hooks) {
      expect(entry).to.match(new RegExp(`^npx --yes porthole@${version} lint\\b`));
      expect(flagsIn(entry.slice(entry.indexOf(' lint'))).filter((name) => !known.has(name))).to.deep.equal(
        [],
      );
    }
  });

  for (const name of [
    'Dockerfile',
    'dockerfile',
    'Containerfile',
    'Dockerfile.windows',
    'app.Dockerfile',
    'Dockerfile.dockerignore',
    'Dockerfile.md',
    'Dockerfile~',
    'xDockerfile',
    'Dockerfiles',
    'a.txt',
  ]) {
    it(`takes ${name} when porthole lint does`, () => {
      for (const { files, exclude } of hooks) {
        const taken = [name, `sub/folder/${name}`].map((path) => {
          const matches = (pattern: string): boolean =>
            new RegExp(pattern.replace('(?i)', ''), 'i').test(path);
          return matches(files) && !matches(exclude);
        });
        expect(taken).to.deep.equal([isDockerfileName(name), isDockerfileName(name)]);
      }
    });
  }
});

interface Action {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly id: string;
      readonly shell: string;
      readonly run: string;
      readonly env: Readonly<Record<string, string>>;
    }[];
  };
}

describe('action.yml', function () {
  this.timeout(60_000);
  const action = parse(read('action.yml')) as Action;
  const step = action.runs.steps[0]!;

  it('is a composite action whose inputs all reach its step', () => {
    expect(action).to.include.keys('name', 'description', 'inputs', 'runs');
    expect(action.runs.using).to.equal('composite');
    expect(Object.keys(action.inputs)).to.include.members([
      'files',
      'format',
      'failure-threshold',
      'config',
      'version',
    ]);
    const used = Object.values(step.env).flatMap((text) => /inputs\.([\w-]+)/.exec(text)?.[1] ?? []);
    expect(used.toSorted()).to.deep.equal(Object.keys(action.inputs).toSorted());
    for (const { description, default: value } of Object.values(action.inputs)) {
      expect(description).to.match(/\S/);
      expect(value).to.be.a('string');
    }
    expect(formatNames).to.include(action.inputs['format']!.default);
  });

  it('puts no input into the text of its script', () => {
    expect(step.run).to.not.contain('${{');
    expect(step.shell).to.equal('bash');
  });

  it('uses flags that exist', () => {
    const flags = flagsIn(step.run).filter((name) => name !== 'yes');

    expect(flags).to.include.members(['format', 'failure-threshold', 'config']);
    expect(flags.filter((name) => !known.has(name))).to.deep.equal([]);
  });

  describe('its script', () => {
    let folder: string;

    before(function () {
      const missing =
        cliMissing() ?? (spawnSync('bash', ['-c', 'exit 0']).status === 0 ? undefined : 'there is no bash');
      if (missing === undefined) return;
      console.log(`      skipped: ${missing}`);
      this.skip();
    });
    beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'porthole-action-'))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const run = (inputs: Readonly<Record<string, string>>, path = dirname(process.execPath)) => {
      writeFileSync(join(folder, 'output'), '');
      const env: Record<string, string> = {
        ACTION_FOLDER: packageRoot,
        GITHUB_OUTPUT: join(folder, 'output'),
      };
      for (const [name, { default: value }] of Object.entries(action.inputs)) {
        env[`INPUT_${name.toUpperCase().replaceAll('-', '_')}`] = inputs[name] ?? value;
      }
      const result = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, ...env, PATH: `${path}${delimiter}${process.env['PATH'] ?? ''}` },
      });
      return { ...result, output: readFileSync(join(folder, 'output'), 'utf8') };
    };

    it('annotates findings and fails by the threshold', () => {
      writeFileSync(join(folder, 'Dockerfile'), 'from scratch\nCOPY a /b\nCOPY c /d\n');
      const failing = run({ version: 'source' });
      const lenient = run({ version: 'source', 'failure-threshold': 'error' });

      expect(failing.stdout).to.match(/^::warning .*file=.*Dockerfile/m);
      expect([failing.status, failing.output]).to.deep.equal([1, 'exit-code=1\n']);
      expect([lenient.status, lenient.output]).to.deep.equal([0, 'exit-code=0\n']);
    });

    it('takes several files, a configuration, and writes what it says to a file too', () => {
      writeFileSync(join(folder, 'a.Dockerfile'), 'from scratch\nCOPY a /b\nCOPY c /d\n');
      writeFileSync(join(folder, 'b.Dockerfile'), 'FROM scratch\nCOPY $nope /\n');
      writeFileSync(join(folder, 'own.yaml'), 'ignore: [BK004]\n');
      const { stdout, status } = run({
        version: 'source',
        files: 'a.Dockerfile\nb.Dockerfile',
        format: 'json',
        config: 'own.yaml',
        'output-file': 'found.json',
      });
      const found = JSON.parse(stdout) as { file: string; code: string }[];

      expect(found.map(({ file, code }) => [file, code])).to.deep.equal([['b.Dockerfile', 'BK011']]);
      expect(readFileSync(join(folder, 'found.json'), 'utf8')).to.equal(stdout);
      expect(status).to.equal(1);
    });

    it('asks npm for the wanted version, and names with odd characters stay names', () => {
      const npx = join(folder, 'npx');
      writeFileSync(npx, '#!/bin/sh\nprintf "<%s>" "$@"\n', { mode: 0o755 });
      const { stdout } = run({ version: '9.9.9', files: '$(touch x) *', config: 'a b' }, folder);

      expect(stdout).to.equal(
        '<--yes><porthole@9.9.9><lint><--format><github><--config><a b><--><$(touch><x)><*>',
      );
    });
  });
});

describe('docs of editors and pipelines', () => {
  it('name flags, inputs and hooks that exist', () => {
    const action = parse(read('action.yml')) as Action;
    const hooks = parse(read('.pre-commit-hooks.yaml')) as Hook[];
    const text = read('docs/ci.md');

    for (const name of Object.keys(action.inputs)) expect(text).to.contain(`\`${name}\``);
    for (const { id } of hooks) expect(text).to.contain(id);
    // Of npm, npx and every command.
    const others = ['yes', 'global', 'help'];
    const lines = (text + read('docs/editors.md'))
      .split('\n')
      .filter((line) => line.includes('porthole lint'));
    expect(lines.flatMap(flagsIn).filter((name) => !known.has(name) && !others.includes(name))).to.deep.equal(
      [],
    );
  });

  it('are part of the package and linked from the README', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };

    expect(files).to.include('docs');
    for (const name of ['docs/ci.md', 'docs/editors.md', 'docs/lint/README.md'])
      expect(read('README.md')).to.contain(name);
  });

  it('hold YAML, JSON and Lua that can be read', () => {
    for (const name of ['docs/ci.md', 'docs/editors.md']) {
      for (const [, language, body] of read(name).matchAll(/^```(\w+)\n([^]*?)^```/gm)) {
        if (language === 'yaml') parse(body!);
        if (language === 'json') JSON.parse(body!);
        if (language === 'sh') execFileSync('bash', ['-n'], { input: body! });
      }
    }
  });
});
