import type { ContainerConfig, ImageConfigSection } from '../../../api/types/index.ts';

/** A container configuration in Docker's key order, with Docker's values for what an image does not say. */
export function containerConfig(section: ImageConfigSection): ContainerConfig {
  const { Hostname, Domainname, User, AttachStdin, AttachStdout, AttachStderr, ExposedPorts, ...rest } =
    section;
  const { Tty, OpenStdin, StdinOnce, Env, Cmd, Healthcheck, ArgsEscaped, Image, Volumes, WorkingDir } = rest;
  const { Entrypoint, OnBuild, Labels, StopSignal, StopTimeout, Shell } = rest;
  return {
    Hostname: Hostname ?? '',
    Domainname: Domainname ?? '',
    User: User ?? '',
    AttachStdin: AttachStdin ?? false,
    AttachStdout: AttachStdout ?? false,
    AttachStderr: AttachStderr ?? false,
    ...(ExposedPorts ? { ExposedPorts } : {}),
    Tty: Tty ?? false,
    OpenStdin: OpenStdin ?? false,
    StdinOnce: StdinOnce ?? false,
    Env: Env ?? null,
    Cmd: Cmd ?? null,
    ...(Healthcheck ? { Healthcheck } : {}),
    ...(ArgsEscaped ? { ArgsEscaped } : {}),
    Image: Image ?? '',
    Volumes: Volumes ?? null,
    WorkingDir: WorkingDir ?? '',
    Entrypoint: Entrypoint ?? null,
    OnBuild: OnBuild ?? null,
    Labels: Labels ?? null,
    ...(StopSignal ? { StopSignal } : {}),
    ...(StopTimeout === undefined ? {} : { StopTimeout }),
    ...(Shell ? { Shell } : {}),
  };
}
