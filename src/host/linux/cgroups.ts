/**
 * Control groups of a sandbox, version 1 and 2, also mixed (linux-backend.md 15). Groups are named `porthole-<id>` and made
 * below this process's own group where that works, so that limits of a surrounding CI job keep holding.
 */
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextIfExists } from './read-if-exists.ts';

/** Version 1 controllers that are used; `unified` is the version 2 hierarchy. */
export type Controller = 'memory' | 'cpu' | 'cpuacct' | 'pids' | 'blkio' | 'unified';

export interface CgroupPlaces {
  /** Folder in which a sandbox's group is made, per hierarchy. */
  readonly folders: ReadonlyMap<Controller, string>;
  /** Controllers that version 2 offers at its folder. */
  readonly unified: ReadonlySet<string>;
  /** Why memory or CPU cannot be limited, when they cannot. */
  readonly why: string | undefined;
}

export interface ResourceLimits {
  readonly memoryBytes?: number;
  /** Processors' worth of time: 1.5. */
  readonly processorTime?: number;
  /** 1-10000, 100 being everybody's. */
  readonly weight?: number;
}

/** Pure: `mountinfo` and `own` are the texts of /proc/self/mountinfo and /proc/self/cgroup. */
export function cgroupFolders(mountinfo: string, own: string): Map<Controller, string> {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const match = /^\d+ \d+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)$/.exec(line);
    return match === null
      ? []
      : [{ root: match[1]!, point: match[2]!, type: match[3]!, options: match[4]!.split(',') }];
  });
  const folders = new Map<Controller, string>();
  for (const line of own.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    if (match === null) continue;
    const [, controllers = '', path = '/'] = match;
    for (const name of controllers === '' ? ['unified'] : controllers.split(',')) {
      if (!isController(name)) continue;
      const mount = mounts.find((one) =>
        name === 'unified' ? one.type === 'cgroup2' : one.options.includes(name),
      );
      if (mount === undefined) continue;
      const relative =
        path === mount.root || path.startsWith(`${mount.root}/`) ? path.slice(mount.root.length) : path;
      folders.set(name, join(mount.point, relative));
    }
  }
  return folders;
}

function isController(name: string): name is Controller {
  return ['memory', 'cpu', 'cpuacct', 'pids', 'blkio', 'unified'].includes(name);
}

/** Looks for hierarchies that this process may use. Touches nothing. */
export function findCgroups(): CgroupPlaces {
  const own = cgroupFolders(
    readFileSync('/proc/self/mountinfo', 'utf8'),
    readFileSync('/proc/self/cgroup', 'utf8'),
  );
  const folders = new Map<Controller, string>();
  for (const [controller, folder] of own) {
    const place = controller === 'unified' ? unifiedPlace(folder) : isWritable(folder) ? folder : undefined;
    if (place !== undefined) folders.set(controller, place);
  }
  const offered = folders.get('unified');
  const unified = new Set(
    offered === undefined
      ? []
      : (readTextIfExists(join(offered, 'cgroup.controllers')) ?? '').trim().split(' '),
  );
  const missing = (['memory', 'cpu'] as const).filter((name) => !folders.has(name) && !unified.has(name));
  return { folders, unified, why: missing.length === 0 ? undefined : explain(missing, own) };
}

function explain(missing: readonly string[], own: ReadonlyMap<Controller, string>): string {
  const names = missing.join(' and ');
  return own.size === 0
    ? `no control groups are mounted, so ${names} cannot be limited`
    : `this user may not create control groups for ${names} (run as root, or in a delegated systemd scope)`;
}

/**
 * Version 2 allows controllers only below a group without processes of its own, the real root excepted: the farthest
 * ancestor that may be written to is the best candidate (the root itself, or a user's delegated `user@….service`).
 */
function unifiedPlace(own: string): string | undefined {
  let place: string | undefined;
  for (
    let folder = own;
    readTextIfExists(join(folder, 'cgroup.procs')) !== undefined;
    folder = dirname(folder)
  )
    if (isWritable(folder) && isWritable(join(folder, 'cgroup.procs'))) place = folder;
  return place;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The groups of one sandbox. */
export class SandboxCgroups {
  /** Group folder per hierarchy. */
  readonly folders: ReadonlyMap<Controller, string>;

  constructor(folders: ReadonlyMap<Controller, string>) {
    this.folders = folders;
  }

  /** Files that a process writes `0` to in order to join. */
  get procsFiles(): string[] {
    return [...new Set(this.folders.values())].map((folder) => join(folder, 'cgroup.procs'));
  }

  has(controller: 'memory' | 'cpu'): boolean {
    return this.#read('unified', `${controller}.max`) !== undefined || this.folders.has(controller);
  }

  /** Throws the kernel's error. `has` tells beforehand whether there is anything to write to. */
  limit(limits: ResourceLimits): void {
    const { memoryBytes, processorTime, weight } = limits;
    if (memoryBytes !== undefined) {
      if (this.#write('memory', 'memory.limit_in_bytes', memoryBytes)) {
        this.#tryWrite('memory', 'memory.memsw.limit_in_bytes', memoryBytes);
      } else if (this.#write('unified', 'memory.max', memoryBytes))
        this.#tryWrite('unified', 'memory.swap.max', 0);
    }
    if (processorTime !== undefined) {
      const quota = Math.max(1000, Math.round(processorTime * period));
      if (this.#write('cpu', 'cpu.cfs_period_us', period)) this.#write('cpu', 'cpu.cfs_quota_us', quota);
      else this.#write('unified', 'cpu.max', `${quota} ${period}`);
    }
    if (weight !== undefined) {
      const shares = Math.min(262_144, Math.max(2, Math.round((weight * 1024) / 100)));
      if (!this.#write('cpu', 'cpu.shares', shares)) this.#write('unified', 'cpu.weight', weight);
    }
  }

  /** Processes that the kernel killed because the memory limit was reached. */
  oomKills(): number {
    const text = this.#read('memory', 'memory.oom_control') ?? this.#read('unified', 'memory.events') ?? '';
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  /** Undefined where nothing is accounted. */
  usage(): CgroupUsage | undefined {
    const cpu = this.#processorTime();
    const memory = this.#read('memory', 'memory.usage_in_bytes') ?? this.#read('unified', 'memory.current');
    if (cpu === undefined || memory === undefined) return undefined;
    const peak =
      this.#read('memory', 'memory.max_usage_in_bytes') ?? this.#read('unified', 'memory.peak') ?? memory;
    const statistics = this.#read('memory', 'memory.stat') ?? this.#read('unified', 'memory.stat') ?? '';
    const inactive = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(statistics)?.[1] ?? 0);
    return {
      ...cpu,
      memoryBytes: Number(memory),
      memoryPeakBytes: Number(peak),
      workingSetBytes: Math.max(0, Number(memory) - inactive),
      ...this.#blockBytes(),
    };
  }

  /** Groups can be removed only when the last process is gone: false while one is left. Idempotent. */
  remove(): boolean {
    return [...new Set(this.folders.values())].map(removeGroup).every((gone) => gone);
  }

  #processorTime(): Pick<CgroupUsage, 'userNs' | 'kernelNs' | 'totalNs'> | undefined {
    const total = this.#read('cpuacct', 'cpuacct.usage');
    if (total !== undefined) {
      const kernel = Number(this.#read('cpuacct', 'cpuacct.usage_sys') ?? 0);
      return { totalNs: Number(total), kernelNs: kernel, userNs: Math.max(0, Number(total) - kernel) };
    }
    const text = this.#read('unified', 'cpu.stat');
    if (text === undefined) return undefined;
    const value = (name: string): number =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0) * 1000;
    return { totalNs: value('usage_usec'), userNs: value('user_usec'), kernelNs: value('system_usec') };
  }

  #blockBytes(): Pick<CgroupUsage, 'readBytes' | 'writeBytes'> {
    const old = this.#read('blkio', 'blkio.throttle.io_service_bytes');
    if (old !== undefined)
      return { readBytes: sum(old, / Read (\d+)/g), writeBytes: sum(old, / Write (\d+)/g) };
    const text = this.#read('unified', 'io.stat') ?? '';
    return { readBytes: sum(text, /rbytes=(\d+)/g), writeBytes: sum(text, /wbytes=(\d+)/g) };
  }

  #read(controller: Controller, file: string): string | undefined {
    const folder = this.folders.get(controller);
    return folder === undefined ? undefined : readTextIfExists(join(folder, file));
  }

  #write(controller: Controller, file: string, value: number | string): boolean {
    const folder = this.folders.get(controller);
    if (folder === undefined || readTextIfExists(join(folder, file)) === undefined) return false;
    writeFileSync(join(folder, file), String(value));
    return true;
  }

  #tryWrite(controller: Controller, file: string, value: number): void {
    try {
      this.#write(controller, file, value);
    } catch {
      // Kernels without swap accounting: the limit of memory itself holds.
    }
  }
}

const period = 100_000;

export interface CgroupUsage {
  readonly totalNs: number;
  readonly userNs: number;
  readonly kernelNs: number;
  readonly memoryBytes: number;
  readonly memoryPeakBytes: number;
  readonly workingSetBytes: number;
  readonly readBytes: number;
  readonly writeBytes: number;
}

/** Makes what can be made; hierarchies that refuse are left out. */
export function createCgroups(places: CgroupPlaces, id: string): SandboxCgroups {
  const folders = new Map<Controller, string>();
  for (const [controller, place] of places.folders) {
    const folder = join(place, groupName(id));
    try {
      if (controller === 'unified') enableControllers(place, places.unified);
      mkdirSync(folder, { recursive: true });
      folders.set(controller, folder);
    } catch {
      continue;
    }
  }
  return new SandboxCgroups(folders);
}

/** What a crashed owner may have left for this ID. */
export function leftoverCgroups(places: CgroupPlaces, id: string): SandboxCgroups {
  return new SandboxCgroups(
    new Map([...places.folders].map(([controller, place]) => [controller, join(place, groupName(id))])),
  );
}

function groupName(id: string): string {
  return `porthole-${id}`;
}

function enableControllers(place: string, offered: ReadonlySet<string>): void {
  const wanted = ['memory', 'cpu', 'pids', 'io'].filter((name) => offered.has(name));
  const enabled = (readTextIfExists(join(place, 'cgroup.subtree_control')) ?? '').trim().split(' ');
  for (const name of wanted) {
    if (enabled.includes(name)) continue;
    try {
      writeFileSync(join(place, 'cgroup.subtree_control'), `+${name}`);
    } catch {
      // Then this controller's files are missing in the group, and `has` says so.
    }
  }
}

function removeGroup(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroup(join(folder, entry.name));
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function sum(text: string, pattern: RegExp): number {
  let total = 0;
  for (const match of text.matchAll(pattern)) total += Number(match[1]);
  return total;
}
