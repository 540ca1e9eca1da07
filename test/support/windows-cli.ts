/**
 * Whole commands of the built package in Windows Node under Wine, with an image from a real registry.
 *
 *     const why = whyNoWindowsCli();                         // the reason goes into the title of what is skipped
 *     const cli = await openWindowsCli();                    // in `before`; `await cli.dispose()` in `after`
 *     await cli.porthole('run', cli.image, 'cmd', '/c', 'echo hi> C:\\made.txt');
 *
 * A container's C: is its own: programs see its layers and Wine's files, and what they change is in its scratch, for `commit`,
 * `diff` and the layers of RUN lines. They see neither the rig's C: nor `Z:`; registry and named pipes are the rig's.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startLoopbackRegistry } from '../../scripts/loopback-registry.ts';
import { writeBaseImage } from './base-image.ts';
import { openRig, whyNoRig, type RigRun, type WindowsRig } from './windows-rig.ts';

const root = join(import.meta.dirname, '..', '..');

/** Why commands cannot run here, or undefined. */
export function whyNoWindowsCli(): string | undefined {
  const why = whyNoRig();
  if (why !== undefined) return why;
  if (!existsSync(join(root, 'dist', 'porthole.js'))) return 'dist/ is not built: npm run build';
  const missing = ['docker-registry', 'skopeo'].find(
    (tool) => spawnSync(tool, ['--version']).error !== undefined,
  );
  return missing === undefined ? undefined : `${missing} is not installed`;
}

export interface WindowsCli {
  readonly rig: WindowsRig;
  /** A folder of this machine for contexts and the like; removed with the rest. */
  readonly folder: string;
  /** The data root, as this machine sees it. */
  readonly dataRoot: string;
  /** Pulled already. */
  readonly image: string;
  porthole(...args: readonly string[]): Promise<RigRun>;
  /** The same with other variables. */
  portholeWith(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<RigRun>;
  /** Arguments of the calls of a function so far, by every process. */
  calls(name: string): Readonly<Record<string, string>>[];
  /** What every process said when it ended of what the stand-ins had handed out to it. */
  exits(): LedgerAtExit[];
  /** The layers of an image as anybody gets them: pushed, fetched, inflated; the base first. */
  layerTars(image: string): Promise<Buffer[]>;
  dispose(): Promise<void>;
}

export interface LedgerAtExit {
  /** Not given back, by kind. */
  readonly open: Readonly<Record<string, number>>;
  /** Given back twice, or wrongly. */
  readonly violations: readonly string[];
}

/** `prepare`: a host on which Hyper-V isolation is to be had too. Its service is how one sees that. */
export async function withHyperV(rig: WindowsRig): Promise<void> {
  const key = 'HKLM\\\\SYSTEM\\\\CurrentControlSet\\\\Services\\\\vmms';
  const script = `require('child_process').execFileSync('reg.exe', ['add', '${key}', '/f'], { stdio: 'ignore' })`;
  const { code, stderr } = await rig.node(['-e', script]);
  if (code !== 0) throw new Error(`reg.exe ended with ${code}: ${stderr}`);
}

export interface WindowsCliOptions {
  /** A rig of this base image; `nanoserver` by default. */
  readonly base?: Parameters<typeof writeBaseImage>[1];
  /** Before anything runs inside: what the host is to be like. */
  readonly prepare?: (rig: WindowsRig) => Promise<void> | void;
  /** Variables of every command. */
  readonly env?: (rig: WindowsRig) => NodeJS.ProcessEnv;
}

export async function openWindowsCli({
  base = 'nanoserver',
  prepare,
  env = () => ({}),
}: WindowsCliOptions = {}): Promise<WindowsCli> {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-windows-cli-'));
  const rig = await openRig();
  const registry = await startLoopbackRegistry(join(folder, 'registry'));
  const image = `${registry.address}/windows/${base}:ltsc2022`;
  const cli: WindowsCli = {
    rig,
    folder,
    dataRoot: join(rig.driveC, 'ProgramData', 'porthole'),
    image,
    porthole: (...args) => cli.portholeWith({}, ...args),
    portholeWith: (more, ...args) =>
      rig.node([rig.windowsPath(join(root, 'bin', 'run.js')), ...args], {
        timeoutMs: 60_000,
        env: { PORTHOLE_DATA_ROOT: 'C:\\ProgramData\\porthole', ...env(rig), ...more },
      }),
    calls: (name) =>
      readFileSync(join(rig.folder, 'calls.log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes(`"call":"${name}"`))
        .map((line) => (JSON.parse(line) as { arguments: Record<string, string> }).arguments),
    exits: () =>
      readFileSync(join(rig.folder, 'calls.log'), 'utf8')
        .split('\n')
        .flatMap((line) => (line.includes('"exit":') ? [JSON.parse(line) as { exit: LedgerAtExit }] : []))
        .map(({ exit }) => exit),
    async layerTars(name) {
      const reference = `${registry.address}/layers/${name}`;
      for (const args of [
        ['tag', name, reference],
        ['push', '-q', reference],
      ]) {
        const { code, stderr } = await cli.porthole(...args);
        if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
      }
      const fetched = mkdtempSync(join(folder, 'layers-'));
      const copy = ['copy', '--src-tls-verify=false', `docker://${reference}`, `dir:${fetched}`];
      execFileSync('skopeo', copy, { stdio: 'pipe' });
      const manifest = JSON.parse(readFileSync(join(fetched, 'manifest.json'), 'utf8')) as {
        layers: readonly { readonly digest: string }[];
      };
      return manifest.layers.map(({ digest }) =>
        gunzipSync(readFileSync(join(fetched, digest.replace('sha256:', '')))),
      );
    },
    async dispose() {
      await registry.stop();
      await rig.stopService();
      rig.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await rig.startService();
    await prepare?.(rig);
    writeBaseImage(join(folder, 'oci'), base);
    const [from, to] = [`oci:${join(folder, 'oci')}:ltsc2022`, `docker://${image}`];
    execFileSync('skopeo', ['copy', '--dest-tls-verify=false', from, to], { stdio: 'pipe' });
    const pull = await cli.porthole('pull', '-q', image);
    if (pull.code !== 0) throw new Error(`pull ended with ${pull.code}: ${pull.stderr}`);
    return cli;
  } catch (error) {
    await cli.dispose();
    throw error;
  }
}
