/**
 * Builds `dist/`. Types are not checked here (`npm run typecheck`). The layout follows what start-up costs (ARCHITECTURE.md,
 * `bench/startup.ts`): reading many small modules costs more than one file that is compiled lazily, and CommonJS bundles load
 * Node's own modules only when the code that wants them runs. So there is
 *
 * - `porthole.js` every command, the engine and help in one file, each module run when first imported;
 * - `hot/<command>.js` the same for one command that people run all day, without what it never needs;
 * - `monitor.js` the container monitor; `oclif.js` the classes for oclif; worker files under their own paths;
 * - `lsp.js` the language server with its library, which nothing else loads.
 *
 * The first two kinds are run by `bin/code-cache.js`.
 *
 * npm packages are not bundled, but for the library of the language server. Commands must import them dynamically: a static import in what a hot command loads fails the
 * build (goal S4).
 */
import { build } from 'esbuild';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import ts from 'typescript';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { indexOf } from '../src/cli/command-index.ts';
import type { CommandEntry } from '../src/cli/command-index.ts';
import { scanCommands } from '../src/cli/command-scan.ts';
import { loopsByNumber } from './loops-by-number.ts';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
const fresh = `${dist}-${process.pid}`;
const inRoot = (path: string): string => join(root, path);
const toRoot = (path: string): string => relative(root, path).replaceAll('\\', '/');

/** First words of the command lines that get a bundle of their own. */
const hotCommands: readonly string[] = [
  'ps',
  'images',
  'inspect',
  'version',
  'port',
  'logs',
  'info',
  'lint',
  '__complete',
];

/** Hot commands that never ask the engine. */
const withoutEngine: readonly string[] = ['lint'];

/** Modules that hot commands import dynamically and nearly always run: part of their bundles. The rest is in porthole.js. */
const hotModules: readonly RegExp[] = [
  /^commands\//,
  /^src\/main\.ts$/,
  /^src\/state\//,
  /^src\/engine\/local\/(?:containers|images|networks|volumes|system)\/(?:images|index|list|lookup|inspect|summary|service|version|view|info)[^/]*\.ts$/,
];

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}
const packageFile = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as PackageFile;

function commitId(): string {
  try {
    const args = ['rev-parse', '--short=7', 'HEAD'];
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}

/** SOURCE_DATE_EPOCH makes a build reproducible. */
function buildTime(): string {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  return new Date(epoch === undefined ? Date.now() : Number(epoch) * 1000)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
}

/** In `dist/`: loads a package for a bundle. */
const importer = 'import.js';

/** Bundles of their own behind one dynamic import each, by module; they are taken along in no other bundle. */
const chunks: Readonly<Record<string, string>> = { 'src/lsp/server.ts': 'lsp' };

/** What a bundle is for. */
interface Place {
  /** Whether `src/main.ts` is part of the bundle. */
  readonly engine?: boolean;
  /** In `dist/hot/`, with one command; otherwise in `dist/` itself. */
  readonly hot: boolean;
  readonly commands: readonly CommandEntry[];
}

/** Modules whose source form asks the file system and whose built form is the answer. */
function generated(entries: readonly CommandEntry[], place: Place): ReadonlyMap<string, string> {
  const info = { version: packageFile.version, commit: commitId(), built: buildTime() };
  const hasEngine = existsSync(inRoot('src/main.ts'));
  const noEngine = `Promise.reject(new Error('this build has no engine'))`;
  const commandPath = (file: string): string => JSON.stringify(inRoot(`commands/${file}.ts`));
  // A hot bundle's one command and the engine run for sure: imported statically they need no wrappers.
  const [only] = place.commands;
  const load = place.hot
    ? `import command from ${commandPath(only!.file)};
${hasEngine && place.engine !== false ? `import { createEngine } from './main.ts';` : ''}
export const loadCommand = async () => command;
export const loadEngine = async (environment) => ${hasEngine && place.engine !== false ? 'createEngine(environment)' : noEngine};`
    : `const loaders = {
${place.commands.map(({ file }) => `${JSON.stringify(file)}: () => import(${commandPath(file)})`).join(',\n')}
};
export const loadCommand = async (file) => (await loaders[file]()).default;
export const loadEngine = async (environment) =>
  ${hasEngine ? `(await import('./main.ts')).createEngine(environment)` : noEngine};`;
  return new Map([
    ['src/cli/command-table.ts', `export const commandIndex = ${JSON.stringify(indexOf(entries))};`],
    [
      'src/cli/command-entries.ts',
      `const entries = ${JSON.stringify(entries)};\nexport const commandEntries = async () => entries;`,
    ],
    ['src/build-info.ts', `export const buildInfo = ${JSON.stringify(info)};`],
    [
      'src/load.ts',
      `import { join } from 'node:path';
export const packageRoot = join(import.meta.dirname, ${JSON.stringify(place.hot ? '../..' : '..')});
${load}`,
    ],
  ]);
}

function generatedModules(contents: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'generated-modules',
    setup: (pluginBuild) => {
      pluginBuild.onLoad({ filter: /\.ts$/, namespace: 'file' }, ({ path }) => {
        const text = contents.get(toRoot(path));
        return text === undefined ? undefined : { contents: text, loader: 'js', resolveDir: dirname(path) };
      });
    },
  };
}

/**
 * What `import()` loads at run time, by way of a module of the bundle: a script that V8 has in its code cache cannot call it.
 * `folder`: from the importing bundle to `dist/`.
 */
function runtimeImports(folder: './' | '../'): Plugin {
  return {
    name: 'runtime-imports',
    setup: (pluginBuild) => {
      pluginBuild.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
        kind === 'dynamic-import' ? { path, namespace: 'runtime-import' } : undefined,
      );
      pluginBuild.onLoad({ filter: /./, namespace: 'runtime-import' }, ({ path }) => ({
        contents: path.startsWith('node:')
          ? `module.exports = require(${JSON.stringify(path)});`
          : standIn(`require('${folder}${importer}').load(${JSON.stringify(path)})`),
        loader: 'js',
      }));
    },
  };
}

/** A module for what a promise gives: esbuild wraps the exports in a promise, and that adopts anything with a `then`. */
function standIn(promise: string): string {
  return `exports.then = (done, failed) => ${promise}.then(done, failed);`;
}

/** `folder`: from the importing bundle to `dist/`. */
function ownChunks(folder: './' | '../'): Plugin {
  return {
    name: 'own-chunks',
    setup: (pluginBuild) => {
      pluginBuild.onResolve({ filter: /^[./]/ }, ({ path, kind, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const name = chunks[toRoot(resolve(resolveDir, path))];
        return name === undefined ? undefined : { path: `${folder}${name}.js`, namespace: 'chunk' };
      });
      pluginBuild.onLoad({ filter: /./, namespace: 'chunk' }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
        loader: 'js',
      }));
    },
  };
}

/** What bundled packages ask to be kept with them. */
function bundledLicences(): string {
  const names = ['', '-protocol', '-textdocument', '-types'].map((end) => `vscode-languageserver${end}`);
  const folders = [...names, 'vscode-languageserver-protocol/node_modules/vscode-jsonrpc', 'vscode-jsonrpc'];
  return folders
    .flatMap((name) => {
      const file = ['License.txt', 'LICENSE.txt', 'LICENSE', 'LICENSE.md']
        .map((one) => inRoot(`node_modules/${name}/${one}`))
        .find((path) => existsSync(path));
      return file === undefined
        ? []
        : [`${name.split('/').at(-1)!}\n\n${readFileSync(file, 'utf8').trim()}\n`];
    })
    .join('\n');
}

/** Dynamic imports of a hot bundle that are not part of it are taken from porthole.js. */
function coldModules(found: Set<string>): Plugin {
  return {
    name: 'cold-modules',
    setup: (pluginBuild) => {
      pluginBuild.onResolve({ filter: /^[./]/ }, ({ path, kind, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const target = toRoot(resolve(resolveDir, path));
        if (hotModules.some((pattern) => pattern.test(target))) return undefined;
        found.add(target);
        return { path: target, namespace: 'cold' };
      });
      pluginBuild.onLoad({ filter: /./, namespace: 'cold' }, ({ path }) => ({
        contents: standIn(`require('../porthole.js').modules[${JSON.stringify(path)}]()`),
        loader: 'js',
      }));
    },
  };
}

/**
 * Node's modules that take milliseconds to load, made to load when something of theirs is first used: the importing module may
 * run without ever needing it (`digest.ts` parses digests far more often than it hashes).
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup: (pluginBuild) => {
    const names =
      'child_process crypto dgram dns dns/promises http http2 https net os readline stream tls v8 worker_threads zlib';
    const filter = new RegExp(`^node:(?:${names.replaceAll(' ', '|')})$`);
    pluginBuild.onResolve({ filter }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'lazy-builtin' } : undefined,
    );
    // esbuild gives importers an object with the same prototype as the exports, so a prototype that answers is enough.
    pluginBuild.onLoad({ filter, namespace: 'lazy-builtin' }, ({ path }) => ({
      contents: `let loaded;
const get = (_target, name) => (loaded ??= require(${JSON.stringify(path)}))[name];
module.exports = Object.create(new Proxy({}, { get }));`,
      loader: 'js',
    }));
  },
};

/** Of a hot bundle. Lint runs all of its code over many small things: there loops count. */
const hotSources = (word: string): Plugin => ({
  name: 'hot-sources',
  setup: (pluginBuild) => {
    const program = word === 'lint' ? typedProgram('src/entry.ts', 'commands/lint.ts') : undefined;
    const ofRules = /[\\/]src[\\/]lint[\\/]rules[\\/][^\\/]+\.ts$/;
    const filter = program === undefined ? ofRules : /[\\/](?:src|commands)[\\/].+\.ts$/;
    pluginBuild.onLoad({ filter, namespace: 'file' }, ({ path }) => {
      const text = (program && loopsByNumber(program, path)) ?? readFileSync(path, 'utf8');
      return { contents: ofRules.test(path) ? withoutCases(text) : text, loader: 'ts' };
    });
  },
});

/** A rule without its examples, a third of what linting loads: what explains rules shows them, and is no part of a hot bundle. */
function withoutCases(text: string): string {
  const file = ts.createSourceFile('rule.ts', text, ts.ScriptTarget.Latest, true);
  const find = (node: ts.Node): ts.Node | undefined =>
    ts.isPropertyAssignment(node) && node.name.getText() === 'cases' ? node : ts.forEachChild(node, find);
  const cases = find(file);
  return cases === undefined
    ? text
    : `${text.slice(0, cases.getStart())}cases: undefined${text.slice(cases.end)}`;
}

function typedProgram(...files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return ts.createProgram(
    files.map((file) => join(root, file)),
    options,
  );
}

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22.15',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  external: [
    ...Object.keys(packageFile.dependencies),
    ...['porthole.js', importer, ...Object.values(chunks).map((name) => `${name}.js`)].flatMap((name) => [
      `./${name}`,
      `../${name}`,
    ]),
  ],
  absWorkingDir: root,
  logLevel: 'warning',
  metafile: true,
  // What `import.meta` says in the source, for CommonJS.
  define: {
    'import.meta.dirname': '__dirname',
    'import.meta.filename': '__filename',
    'import.meta.url': '__meta.url',
  },
  banner: { js: 'const __meta={get url(){return require("node:url").pathToFileURL(__filename).href}};' },
};
const source = (contents: string, name: string) =>
  ({ stdin: { contents, resolveDir: root, sourcefile: name, loader: 'ts' } }) as const;

/** Goal S4: static imports of packages in a hot bundle, with the module that has them. */
function packageImports({ inputs }: Metafile): string[] {
  return Object.entries(inputs).flatMap(([path, input]) =>
    input.imports
      .filter((imported) => imported.kind === 'import-statement' && imported.external === true)
      .filter((imported) => !imported.path.startsWith('node:') && !imported.path.endsWith('porthole.js'))
      .map((imported) => `${path} imports ${imported.path}`),
  );
}

/**
 * Checks a bundle that `bin/code-cache.js` runs, and begins it with a line that is another one for every other text: its code
 * cache is kept under that name. `import()` fails in a script that comes from the cache. One character above U+00FF makes V8 keep
 * a whole bundle in two bytes a character, and one above U+007F makes reading it slow: strings are escaped by esbuild, regular
 * expressions are not.
 */
function finish(bundle: string, { outputs }: Metafile): void {
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  const left = imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => path);
  if (left.length > 0) throw new Error(`${bundle}: left to import(): ${left.join(', ')}`);
  const text = readFileSync(bundle, 'utf8');
  const found = /.{0,40}[^\0-\x7f]/.exec(text);
  if (found !== null) throw new Error(`${bundle}: write \\u.... in a regular expression: ${found[0]}`);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
  writeFileSync(bundle, `//${hash}\n${text}`);
}

async function buildHot(entries: readonly CommandEntry[]): Promise<Set<string>> {
  const cold = new Set<string>();
  const buildOne = async (word: string): Promise<void> => {
    const found = indexOf(entries).commands[word];
    const entry = entries.find(({ file }) => file === found?.[0]);
    if (!entry) return;
    const result = await build({
      ...shared,
      ...source(`export { main } from './src/entry.ts';`, `${word}.ts`),
      outfile: join(fresh, 'hot', `${word}.js`),
      plugins: [
        generatedModules(
          generated(entries, { hot: true, commands: [entry], engine: !withoutEngine.includes(word) }),
        ),
        ownChunks('../'),
        runtimeImports('../'),
        coldModules(cold),
        lazyBuiltins,
        hotSources(word),
      ],
    });
    const packages = packageImports(result.metafile!);
    if (packages.length > 0) throw new Error(`hot command ${word}: ${packages.join(', ')}`);
    finish(join(fresh, 'hot', `${word}.js`), result.metafile!);
  };
  await Promise.all(hotCommands.map(buildOne));
  return cold;
}

/** Worker files are started by path, so each is a bundle of its own. */
function workerFiles(): string[] {
  return readdirSync(inRoot('src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /(?:^|[/-])worker\.ts$/.test(path));
}

async function buildAll(entries: readonly CommandEntry[]): Promise<void> {
  const cold = await buildHot(entries);
  const plugins = [
    ownChunks('./'),
    generatedModules(generated(entries, { hot: false, commands: entries })),
    lazyBuiltins,
  ];
  const modules = [...cold]
    .sort()
    .map((path) => `${JSON.stringify(path)}: () => import(${JSON.stringify('./' + path)}),`);
  const optional = [
    ['monitor', 'src/monitor/main.ts'],
    ...Object.entries(chunks).map(([path, name]) => [name, path]),
    ...workerFiles().map((path) => [path.slice(0, -3), `src/${path}`]),
  ];
  const [whole] = await Promise.all([
    build({
      ...shared,
      ...source(
        `export { main } from './src/entry.ts';\nexport const modules = {\n${modules.join('\n')}\n};`,
        'porthole.ts',
      ),
      outfile: join(fresh, 'porthole.js'),
      plugins: [runtimeImports('./'), ...plugins],
    }),
    build({
      ...shared,
      entryPoints: Object.fromEntries(optional.filter(([, path]) => existsSync(inRoot(path!)))) as Record<
        string,
        string
      >,
      outdir: fresh,
      plugins,
    }),
    build({
      ...shared,
      ...source(oclifTarget(entries), 'oclif.ts'),
      outfile: join(fresh, 'oclif.js'),
      plugins,
    }),
  ]);
  finish(join(fresh, 'porthole.js'), whole.metafile!);
  writeFileSync(join(fresh, importer), 'exports.load = (name) => import(name);\n');
  writeFileSync(join(fresh, 'package.json'), '{ "type": "commonjs" }\n');
  writeFileSync(join(fresh, 'lsp.LICENSES.txt'), bundledLicences());
}

/** The module that oclif's explicit strategy loads: all classes under their ids. */
function oclifTarget(entries: readonly CommandEntry[]): string {
  const imports = entries.map(({ file }, index) => `import command${index} from './commands/${file}.ts';`);
  const members = entries.map(({ file }, index) => {
    const id = JSON.stringify(file.replaceAll('/', ':'));
    return `${id}: adaptCommand(${id}, command${index}, run),`;
  });
  return `${imports.join('\n')}
import { adaptCommand } from './src/cli/oclif/adapt.ts';
const run = (argv) => require('./porthole.js').main(argv);
export const COMMANDS = {
${members.join('\n')}
};
`;
}

/** Puts the new folder where the old one was; commands that run meanwhile have loaded what they need. */
function replaceDist(): void {
  const old = `${dist}-${process.pid}-old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

async function writeManifest(): Promise<void> {
  const { Plugin: OclifPlugin } = await import('@oclif/core');
  const options = { errorOnManifestCreate: true, ignoreManifest: true, respectNoCacheDefault: true, root };
  const plugin = new OclifPlugin(options);
  await plugin.load();
  writeFileSync(inRoot('oclif.manifest.json'), JSON.stringify(plugin.manifest, undefined, 2) + '\n');
}

const started = performance.now();
let broken = 0;
const entries = await scanCommands(inRoot('commands'), (file, error) => {
  broken++;
  console.error(`commands/${file}.ts is left out: ${(error as Error).message}`);
});
try {
  mkdirSync(fresh, { recursive: true });
  await buildAll(entries);
  replaceDist();
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
await writeManifest();
console.log(`built ${entries.length} commands in ${((performance.now() - started) / 1000).toFixed(1)} s`);
if (broken > 0) process.exitCode = 1;
