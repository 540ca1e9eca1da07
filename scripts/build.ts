/**
 * Builds `dist/`: every command, the monitor and the engine as ES modules that share chunks, the command table as data, and
 * oclif's manifest. Types are not checked here (`npm run typecheck`).
 */
import { build } from 'esbuild';
import type { BuildOptions, Plugin } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { indexOf } from '../src/cli/command-index.ts';
import type { CommandEntry } from '../src/cli/command-index.ts';
import { scanCommands } from '../src/cli/command-scan.ts';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
const fresh = `${dist}-${process.pid}`;
const inRoot = (path: string): string => join(root, path);

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}
const packageFile = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as PackageFile;

function commitId(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=7', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
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

/** Modules whose source form asks the file system and whose built form is the answer. */
function generated(entries: readonly CommandEntry[]): Readonly<Record<string, string>> {
  const info = { version: packageFile.version, commit: commitId(), built: buildTime() };
  return {
    'src/cli/command-table.ts': `export const commandIndex = ${JSON.stringify(indexOf(entries))};`,
    'src/cli/command-entries.ts': `const entries = ${JSON.stringify(entries)};
export async function commandEntries() { return entries; }`,
    'src/build-info.ts': `export const buildInfo = ${JSON.stringify(info)};`,
  };
}

function generatedModules(entries: readonly CommandEntry[]): Plugin {
  const contents = new Map(Object.entries(generated(entries)).map(([path, text]) => [inRoot(path), text]));
  return {
    name: 'generated-modules',
    setup: (pluginBuild) => {
      pluginBuild.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const text = contents.get(path);
        return text === undefined ? undefined : { contents: text, loader: 'js' };
      });
    },
  };
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
const run = async (argv) => (await import('./entry.js')).main(argv);
export const COMMANDS = {
${members.join('\n')}
};
`;
}

/** Worker files are started by path, so each is an entry of its own. */
function workerFiles(): string[] {
  return readdirSync(inRoot('src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /(?:^|[/-])worker\.ts$/.test(path));
}

async function bundle(entries: readonly CommandEntry[]): Promise<void> {
  const optional: readonly (readonly [out: string, source: string])[] = [
    ['main', 'src/main.ts'],
    ['monitor', 'src/monitor/main.ts'],
    ...workerFiles().map((path) => [path.slice(0, -'.ts'.length), `src/${path}`] as const),
  ];
  const shared: BuildOptions = {
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.15',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: Object.keys(packageFile.dependencies),
    absWorkingDir: root,
    plugins: [generatedModules(entries)],
    logLevel: 'warning',
  };
  await build({
    ...shared,
    splitting: true,
    outdir: fresh,
    chunkNames: 'chunks/[name]-[hash]',
    entryPoints: Object.fromEntries([
      ['entry', 'src/entry.ts'],
      ...entries.map(({ file }) => [`commands/${file}`, `commands/${file}.ts`] as const),
      ...optional.filter(([, source]) => existsSync(inRoot(source))),
    ]),
  });
  await build({
    ...shared,
    external: [...Object.keys(packageFile.dependencies), './entry.js'],
    stdin: { contents: oclifTarget(entries), resolveDir: root, sourcefile: 'oclif.ts', loader: 'ts' },
    outfile: join(fresh, 'oclif.js'),
  });
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
  const plugin = new OclifPlugin({
    errorOnManifestCreate: true,
    ignoreManifest: true,
    respectNoCacheDefault: true,
    root,
  });
  await plugin.load();
  const { manifest } = plugin;
  writeFileSync(inRoot('oclif.manifest.json'), JSON.stringify(manifest, undefined, 2) + '\n');
}

const started = performance.now();
let broken = 0;
const entries = await scanCommands(inRoot('commands'), (file, error) => {
  broken++;
  console.error(`commands/${file}.ts is left out: ${(error as Error).message}`);
});
try {
  await bundle(entries);
  replaceDist();
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
await writeManifest();
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`built ${entries.length} commands in ${seconds} s`);
if (broken > 0) process.exitCode = 1;
