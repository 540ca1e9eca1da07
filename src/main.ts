/**
 * The composition root of the engine: chooses the host by platform and binds every role to what it needs. Roles and hosts
 * are imported when they are first used, so that `ps` pays for `ps` alone (performance.md 4).
 */
import { join } from 'node:path';
import { containersRole } from './engine/local/containers/service.ts';
import type { ContainerDeps } from './engine/local/containers/deps.ts';
import { localServices, once } from './engine/local/services.ts';
import { systemRole } from './engine/local/system/service.ts';
import type {
  BuildRole,
  ContainersRole,
  Engine,
  ExecRole,
  ImagesRole,
  LayersRole,
  NetworksRole,
  VolumesRole,
} from './engine/roles/index.ts';
import type { Environment } from './environment.ts';
import type { Host } from './host/host.ts';
import { openHost, prepareDataRoot, prepareProcess } from './host/open.ts';
import type { RecordingSession } from './host/recording.ts';
import type { MonitorLauncher } from './monitor/launcher.ts';
import { dataPaths } from './state/paths.ts';
import { buildInfo } from './build-info.ts';

/** The local engine of one data root. Opens nothing yet. */
export async function createEngine(given: Environment): Promise<Engine> {
  prepareProcess(given);
  if (given.recording?.mode !== 'replay') await prepareDataRoot(given);
  const session = given.recording === undefined ? undefined : await openRecording(given);
  const environment = session?.environment ?? given;
  const paths = dataPaths(environment.dataRoot);
  // The host makes IDs of its own, which are in what it answers: only the engine's are recorded.
  const open = (): Promise<Host> => openHost(given, paths);
  const host = once<Host>(() => session?.host(open) ?? open());
  const services = localServices({ environment, paths, host });
  const imageDeps = {
    environment,
    paths,
    host,
    users: async () =>
      (await import('./engine/local/containers/image-users.ts')).imageUsers(paths, environment.now()),
    emit: ({
      action,
      id,
      attributes,
    }: {
      action: string;
      id: string;
      attributes: Readonly<Record<string, string>>;
    }) => services.emit({ type: 'image', action, id, attributes }),
  };
  const containerDeps: ContainerDeps = {
    environment,
    paths,
    host,
    monitors: lazyLauncher(environment),
    networks: async () => (await services.networks()).containers,
    networkView: async () => (await import('./engine/local/networks/view.ts')).createNetworkView(paths),
    imageIdOf: imageIds(environment),
    resolveImage: async (name) =>
      (await import('./engine/local/images/resolve.ts')).resolveImage(imageDeps, name),
    requireUnpacked: async (image, signal) =>
      (await import('./engine/local/images/unpack.ts')).requireUnpacked(imageDeps, image, signal),
    commitImage: async (request) =>
      (await import('./engine/local/images/commit.ts')).commitImage(imageDeps, request),
  };
  const images = lazyRole<ImagesRole>(
    ['list', 'inspect', 'history', 'platforms', 'pull', 'push', 'save', 'load', 'tag', 'remove', 'prune'],
    async () => (await import('./engine/local/images/images.ts')).createImagesRole(imageDeps),
  );
  const containers: ContainersRole = containersRole(containerDeps);
  return {
    name: 'local',
    containers,
    exec: lazyRole<ExecRole>(['create', 'start', 'resize', 'inspect'], async () =>
      (await import('./engine/local/exec/exec.ts')).execRole(containerDeps),
    ),
    images,
    networks: lazyRole<NetworksRole>(
      ['create', 'list', 'inspect', 'remove', 'connect', 'disconnect', 'prune'],
      async () => (await services.networks()).role,
    ),
    volumes: lazyRole<VolumesRole>(['create', 'list', 'inspect', 'remove', 'prune'], async () =>
      (await import('./engine/local/volumes/volumes-role.ts')).createVolumesRole({ environment, paths }),
    ),
    build: lazyRole<BuildRole>(['build'], async () => {
      const [{ createBuildRole }, { runStep }] = await Promise.all([
        import('./engine/local/build/builder.ts'),
        import('./engine/local/containers/step.ts'),
      ]);
      return createBuildRole({
        environment,
        paths,
        host,
        resolveImage: containerDeps.resolveImage,
        requireUnpacked: containerDeps.requireUnpacked,
        commitImage: containerDeps.commitImage,
        runStep: (request) => runStep(containerDeps, request),
        pull: (reference, options) => images.pull(reference, options),
        tag: (source, target, options) => images.tag(source, target, options),
      });
    }),
    system: systemRole({
      environment,
      paths,
      host,
      build: buildInfo,
      facts: async () => (await import('./host/open-facts.ts')).openHostFacts(environment),
      sweepStore: async () => {
        await (await import('./engine/local/images/unneeded.ts')).removeUnneeded(imageDeps);
        await (await host()).layers.sweep();
      },
      unneededContent: async () =>
        (await import('./engine/local/images/unneeded.ts')).removeUnneeded(imageDeps, { dryRun: true }),
      hostObjects: {
        read: async (facts) =>
          (await import('./engine/local/system/host-objects.ts')).readHostObjects(containerDeps, facts),
        release: async (ids) =>
          (await import('./engine/local/system/host-objects.ts')).releaseContainers(containerDeps, ids),
      },
      countImages: async () => (await images.list({ all: true })).length,
    }),
    layers: lazyRole<LayersRole>(['inspect'], async () =>
      (await import('./engine/local/layers/layers-role.ts')).createLayersRole({ paths, host }),
    ),
  };
}

async function openRecording(environment: Environment): Promise<RecordingSession> {
  const { beginRecording } = await import('./host/recording.ts');
  let differs = false;
  const session = await beginRecording(environment, {
    version: buildInfo.version,
    onMismatch: (message) => {
      differs = true;
      process.stderr.write(`replay: ${message}\n`);
    },
  });
  process.once('exit', (code) => {
    const note = session.leave();
    if (note !== undefined) process.stderr.write(`${note}\n`);
    // An engine may go on after an error; a replay that differs has failed all the same.
    if (differs && code === 0) process.exitCode = 1;
  });
  return session;
}

type Callable = (...args: unknown[]) => Promise<unknown>;

/** A role whose implementation is imported with the first call of one of its methods. */
function lazyRole<R extends object>(methods: readonly (keyof R & string)[], load: () => Promise<R>): R {
  const loaded = once(load);
  const role: Record<string, Callable> = {};
  for (const method of methods) {
    role[method] = async (...args) => {
      const implementation = await loaded();
      return (implementation[method] as Callable).apply(implementation, args);
    };
  }
  return role as R;
}

function lazyLauncher(environment: Environment): MonitorLauncher {
  // Beside this very module: `dist/monitor.js`, or the source when run from source.
  const entry = import.meta.filename.endsWith('.ts')
    ? join(import.meta.dirname, 'monitor', 'main.ts')
    : join(environment.packageRoot, 'dist', 'monitor.js');
  const launcher = once(async () =>
    (await import('./monitor/launcher.ts')).processLauncher({
      environment,
      execPath: process.execPath,
      entry,
    }),
  );
  return { launch: async (containerId) => (await launcher()).launch(containerId) };
}

/** One look into the image index for all containers of a list; whatever is wrong with it is no reason not to list them. */
function imageIds(environment: Environment): ContainerDeps['imageIdOf'] {
  const index = once(async () => {
    const { openImageIndex } = await import('./engine/local/images/index-view.ts');
    return openImageIndex({ paths: dataPaths(environment.dataRoot) });
  });
  return async (reference) => {
    try {
      return (await index()).find(reference)?.id;
    } catch {
      return undefined;
    }
  };
}
