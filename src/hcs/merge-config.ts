import type { ContainerConfig, HealthConfig, ImageConfigSection } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';

/**
 * A configuration over the one it stands on, Docker's rules (moby `merge`; engine-api.md 4.1): a request over its image's, and
 * what `commit` changed over its container's. Lists of the upper one win whole, except that variables, labels, ports and
 * volumes are united; variable names are compared without case, as Windows does. An entrypoint drops the command below.
 *
 * Key order is Docker's, because inspect prints it.
 */
export function overlayConfig(
  user: ContainerConfig,
  image: ImageConfigSection | null | undefined,
): ContainerConfig {
  const base: ImageConfigSection = image ?? {};
  const userEntrypoint = user.Entrypoint ?? null;
  const userCmd = user.Cmd ?? null;
  const hasEntrypoint = (userEntrypoint?.length ?? 0) > 0;
  const hasCmd = (userCmd?.length ?? 0) > 0;

  let cmd = userCmd;
  let argsEscaped = user.ArgsEscaped === true;
  if (!hasEntrypoint && !hasCmd) {
    cmd = base.Cmd ?? null;
    argsEscaped = base.ArgsEscaped === true;
  }
  // A shell-form ENTRYPOINT is one finished command line; quoting it as a program name could never start.
  if (userEntrypoint === null && hasCmd && base.ArgsEscaped === true && base.Entrypoint?.length === 1) {
    argsEscaped = true;
  }

  const exposedPorts = { ...user.ExposedPorts, ...missing(user.ExposedPorts, base.ExposedPorts) };
  const volumes = { ...user.Volumes, ...missing(user.Volumes, base.Volumes) };
  const healthcheck = mergeHealthcheck(user.Healthcheck, base.Healthcheck);
  const stopSignal = firstText(user.StopSignal, base.StopSignal);
  const shell = user.Shell ?? base.Shell;
  return {
    Hostname: user.Hostname,
    Domainname: user.Domainname,
    User: firstText(user.User, base.User) ?? '',
    AttachStdin: user.AttachStdin,
    AttachStdout: user.AttachStdout,
    AttachStderr: user.AttachStderr,
    ...(Object.keys(exposedPorts).length > 0 ? { ExposedPorts: exposedPorts } : {}),
    Tty: user.Tty,
    OpenStdin: user.OpenStdin,
    StdinOnce: user.StdinOnce,
    Env: mergeEnv(user.Env ?? [], base.Env ?? []),
    Cmd: cmd,
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
    ...(argsEscaped ? { ArgsEscaped: true } : {}),
    Image: user.Image,
    Volumes: Object.keys(volumes).length > 0 ? volumes : null,
    WorkingDir: firstText(user.WorkingDir, base.WorkingDir) ?? '',
    Entrypoint: userEntrypoint ?? base.Entrypoint ?? null,
    ...(user.NetworkDisabled === true ? { NetworkDisabled: true } : {}),
    ...(user.MacAddress === undefined || user.MacAddress === '' ? {} : { MacAddress: user.MacAddress }),
    OnBuild: user.OnBuild ?? null,
    Labels: { ...base.Labels, ...user.Labels },
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    ...(user.StopTimeout === undefined ? {} : { StopTimeout: user.StopTimeout }),
    ...(shell === undefined || shell === null ? {} : { Shell: shell }),
  };
}

/**
 * A request's config over an image's, ready to be run: `Entrypoint: [""]` drops both commands of the image and leaves none.
 * No command anywhere: kind `invalid`, `no command specified`.
 */
export function mergeConfig(
  user: ContainerConfig,
  image: ImageConfigSection | null | undefined,
): ContainerConfig {
  const merged = overlayConfig(user, image);
  const { Cmd } = merged;
  const Entrypoint =
    merged.Entrypoint?.length === 1 && merged.Entrypoint[0] === '' ? null : merged.Entrypoint;
  if ((Entrypoint?.length ?? 0) === 0 && (Cmd?.length ?? 0) === 0) {
    throw new PortholeError('invalid', 'NO_COMMAND', 'no command specified', {
      hint: 'name a command after the image, or give the image a CMD or ENTRYPOINT',
    });
  }
  return { ...merged, Entrypoint };
}

/** Inspect's `Path` and `Args`. */
export function pathAndArgs(config: Pick<ContainerConfig, 'Entrypoint' | 'Cmd'>): {
  path: string;
  args: string[];
} {
  const all = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return { path: all[0] ?? '', args: all.slice(1) };
}

/** The user's variables, then those of the image that the user did not name (a bare `NAME` names it too). */
function mergeEnv(user: readonly string[], image: readonly string[]): string[] {
  const named = new Set(user.map((entry) => nameOf(entry).toLowerCase()));
  return [...user, ...image.filter((entry) => !named.has(nameOf(entry).toLowerCase()))];
}

function nameOf(entry: string): string {
  const at = entry.indexOf('=', 1);
  return at < 0 ? entry : entry.slice(0, at);
}

/**
 * `["K=v", ...]` as HCS' environment object: the last of several wins, names are compared without case and spelled as the
 * last one spells them, a bare `NAME` removes. `K=` keeps an empty value.
 */
export function environmentObject(entries: readonly string[]): Record<string, string> {
  const values = new Map<string, [name: string, value: string]>();
  for (const entry of entries) {
    const name = nameOf(entry);
    values.delete(name.toLowerCase());
    if (name !== entry) values.set(name.toLowerCase(), [name, entry.slice(name.length + 1)]);
  }
  return Object.fromEntries(values.values());
}

function mergeHealthcheck(
  user: HealthConfig | undefined,
  image: HealthConfig | undefined,
): HealthConfig | undefined {
  if (image === undefined || image === null) return user ?? undefined;
  if (user === undefined || user === null) return image;
  const merged: HealthConfig = {};
  const test = (user.Test?.length ?? 0) > 0 ? user.Test : image.Test;
  if (test !== undefined) merged.Test = test;
  for (const key of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] as const) {
    const value = (user[key] ?? 0) === 0 ? image[key] : user[key];
    if (value !== undefined && value !== 0) merged[key] = value;
  }
  return merged;
}

function missing<T>(
  user: Record<string, T> | null | undefined,
  image: Record<string, T> | null | undefined,
): Record<string, T> {
  return Object.fromEntries(Object.entries(image ?? {}).filter(([key]) => user?.[key] === undefined));
}

function firstText(...texts: (string | undefined)[]): string | undefined {
  return texts.find((text) => text !== undefined && text !== '');
}
