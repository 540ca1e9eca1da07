/** What hover and completion say about the language: instructions, their flags, parser directives. */
export interface FlagReference {
  readonly summary: string;
  /** False for flags that are given without a value. */
  readonly takesValue: boolean;
  readonly values?: readonly string[];
  /** May be given several times. */
  readonly repeats?: boolean;
}

export interface InstructionReference {
  readonly usage: readonly string[];
  readonly summary: string;
  readonly windows?: string;
  readonly flags: Readonly<Record<string, FlagReference>>;
  /** Whole arguments to offer, beside what the file itself names. */
  readonly templates?: readonly string[];
}

const value = (summary: string, values?: readonly string[]): FlagReference => ({
  summary,
  takesValue: true,
  ...(values === undefined ? {} : { values }),
});
const repeated = (summary: string): FlagReference => ({ summary, takesValue: true, repeats: true });
const toggle = (summary: string): FlagReference => ({ summary, takesValue: false });

const chown = value('Owner of the copied files, `user` or `user:group`. Windows images cannot take it.');
const chmod = value('Permission bits of the copied files. Windows images cannot take it.');
const link = toggle('Copy into a layer that does not depend on the ones before. BuildKit only.');
const exclude = repeated('Files that match this pattern are left out. BuildKit only.');

/** By upper-case name. */
export const instructions: Readonly<Record<string, InstructionReference>> = {
  FROM: {
    usage: ['FROM [--platform=PLATFORM] IMAGE[:TAG|@DIGEST] [AS NAME]'],
    summary:
      'Begins a stage on a base image, on an earlier stage, or on `scratch`. Only arguments that an ARG above the first FROM declares can be used in it.',
    windows:
      'The tag must fit the build of the host for process isolation; Windows base images have no `latest` tag.',
    flags: {
      platform: value('Platform of the image, such as `windows/amd64`.', [
        'windows/amd64',
        'linux/amd64',
        'linux/arm64',
        '$BUILDPLATFORM',
        '$TARGETPLATFORM',
      ]),
    },
  },
  ARG: {
    usage: ['ARG NAME[=DEFAULT] ...'],
    summary:
      'Declares a variable that `--build-arg` can set. Above the first FROM it is for FROM alone; a stage asks for it again with `ARG NAME`. It is not in the environment of the finished image.',
    windows: 'Names of variables are compared without regard to case in Windows stages.',
    flags: {},
  },
  RUN: {
    usage: ['RUN [OPTIONS] COMMAND', 'RUN [OPTIONS] ["PROGRAM", "ARGUMENT", ...]', 'RUN [OPTIONS] <<EOF'],
    summary:
      'Runs a command and keeps what it changed as a layer. The shell form goes to the shell of SHELL; the JSON form starts the program itself.',
    windows: 'The default shell is `cmd /S /C`. In JSON form every backslash is written twice.',
    flags: {
      mount: repeated('Mount for this step: `type=bind|cache|tmpfs|secret|ssh,...`. Not on Windows.'),
      network: value('Network of this step.', ['default', 'none', 'host']),
      security: value('Security mode of this step.', ['sandbox', 'insecure']),
      device: repeated('CDI device for this step.'),
    },
  },
  CMD: {
    usage: ['CMD ["PROGRAM", "ARGUMENT", ...]', 'CMD COMMAND'],
    summary:
      'What a container runs when nothing else is asked for, or the default arguments of ENTRYPOINT. The last one counts.',
    windows:
      'In shell form the command runs under `cmd /S /C` (or the shell of SHELL), which then is the first process.',
    flags: {},
  },
  ENTRYPOINT: {
    usage: ['ENTRYPOINT ["PROGRAM", "ARGUMENT", ...]', 'ENTRYPOINT COMMAND'],
    summary:
      'The program of the container; CMD and the arguments of `run` are added to its JSON form. The last one counts.',
    flags: {},
  },
  COPY: {
    usage: ['COPY [OPTIONS] SOURCE ... DESTINATION', 'COPY [OPTIONS] ["SOURCE", ..., "DESTINATION"]'],
    summary:
      'Copies files from the build context, or from a stage or image with `--from`. Several sources need a destination that ends with a slash.',
    windows:
      'Destinations are on drive C:. Write `C:/app/` or use the JSON form with doubled backslashes; only ContainerAdministrator owns what was copied.',
    flags: {
      from: value('Stage, stage number or image to copy from.'),
      chown,
      chmod,
      link,
      parents: toggle('Keep the folders of the sources. BuildKit only.'),
      exclude,
    },
  },
  ADD: {
    usage: ['ADD [OPTIONS] SOURCE ... DESTINATION', 'ADD [OPTIONS] ["SOURCE", ..., "DESTINATION"]'],
    summary:
      'Like COPY, and it also fetches URLs and git repositories and unpacks local tar archives. COPY is clearer where neither is wanted.',
    flags: {
      chown,
      chmod,
      link,
      'keep-git-dir': toggle('Keep the `.git` folder of a git source.'),
      checksum: value('Digest that a fetched file must have: `sha256:...`.'),
      unpack: value('Whether a tar archive is unpacked.', ['true', 'false']),
      exclude,
    },
  },
  ENV: {
    usage: ['ENV NAME=VALUE ...'],
    summary:
      'Sets environment variables for the following instructions and for containers of the image. A value does not see the others of its own line.',
    windows: '`%NAME%` is not expanded by the builder: write `${NAME}`. Names differ by more than case.',
    flags: {},
  },
  LABEL: {
    usage: ['LABEL NAME=VALUE ...'],
    summary: 'Adds metadata to the image.',
    flags: {},
    templates: [
      'org.opencontainers.image.title=',
      'org.opencontainers.image.description=',
      'org.opencontainers.image.version=',
      'org.opencontainers.image.source=',
      'org.opencontainers.image.licenses=',
    ],
  },
  WORKDIR: {
    usage: ['WORKDIR PATH'],
    summary:
      'Sets the folder of the following instructions and of the container, and makes it. A relative path is added to the one before.',
    windows:
      'With the default escape a trailing backslash joins the next line, and backslashes before other characters are dropped: use `C:/app` or the directive `# escape=` with a backtick.',
    flags: {},
    templates: ['C:/app'],
  },
  USER: {
    usage: ['USER NAME'],
    summary: 'Sets the account of the following instructions and of the container.',
    windows:
      'Images have `ContainerAdministrator` and `ContainerUser`; other accounts must be made first with `net user`.',
    flags: {},
    templates: ['ContainerUser', 'ContainerAdministrator'],
  },
  SHELL: {
    usage: ['SHELL ["PROGRAM", "ARGUMENT", ...]'],
    summary: 'Sets the program that reads the shell form of RUN, CMD and ENTRYPOINT. JSON form only.',
    windows: 'The default is `["cmd", "/S", "/C"]`. Nano Server has no Windows PowerShell.',
    flags: {},
    templates: [
      `["powershell", "-Command", "$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue';"]`,
      `["pwsh", "-Command", "$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue';"]`,
      '["cmd", "/S", "/C"]',
    ],
  },
  EXPOSE: {
    usage: ['EXPOSE PORT[/PROTOCOL] ...'],
    summary: 'Says on which ports the program listens. It publishes nothing: `run -p` or `run -P` does.',
    flags: {},
    templates: ['80/tcp', '443/tcp', '8080/tcp'],
  },
  VOLUME: {
    usage: ['VOLUME PATH ...', 'VOLUME ["PATH", ...]'],
    summary: 'Makes a folder a volume: containers get an own one there unless `run -v` names another.',
    windows: 'The folder must be empty or not exist yet, and cannot be drive C: itself.',
    flags: {},
  },
  HEALTHCHECK: {
    usage: ['HEALTHCHECK [OPTIONS] CMD COMMAND', 'HEALTHCHECK NONE'],
    summary: 'Tells how to see whether the container still works: exit code 0 is healthy, 1 is not.',
    flags: {
      interval: value('Time between checks, such as `30s` (the default).'),
      timeout: value('Time after which a check has failed, such as `30s` (the default).'),
      'start-period': value('Time in which failures do not count.'),
      'start-interval': value('Time between checks in the start period.'),
      retries: value('Failures in a row until the container is unhealthy (3 by default).'),
    },
    templates: ['CMD ', 'NONE'],
  },
  ONBUILD: {
    usage: ['ONBUILD INSTRUCTION'],
    summary: 'Keeps an instruction for builds that use this image in their FROM; it runs there first.',
    flags: {},
  },
  STOPSIGNAL: {
    usage: ['STOPSIGNAL SIGNAL'],
    summary: 'Sets the signal that `stop` sends first.',
    windows: 'Windows has no signals: the value is kept and means nothing.',
    flags: {},
  },
  MAINTAINER: {
    usage: ['MAINTAINER NAME'],
    summary: 'Names the author of the image. Deprecated: use `LABEL org.opencontainers.image.authors=...`.',
    flags: {},
  },
};

export const directives: Readonly<
  Record<string, { readonly summary: string; readonly values: readonly string[] }>
> = {
  escape: {
    summary:
      'The character that joins lines and escapes others. A backtick keeps Windows paths readable. It must stand above everything else in the file.',
    values: ['`', '\\'],
  },
  syntax: {
    summary:
      'The BuildKit front end that reads this file. The classic builder, which Windows containers use, ignores it.',
    values: ['docker/dockerfile:1'],
  },
  check: {
    summary:
      'Build checks to leave out (`skip=Rule,Rule` or `skip=all`) and whether findings fail the build (`error=true`).',
    values: ['skip=', 'skip=all', 'error=true', 'experimental=all'],
  },
};

/** Keys of `--mount` by type; `type` itself comes first. */
export const mountKeys: readonly string[] = [
  'type',
  'target',
  'source',
  'from',
  'readonly',
  'readwrite',
  'id',
  'sharing',
  'mode',
  'uid',
  'gid',
  'size',
  'required',
  'env',
];

export const mountValues: Readonly<Record<string, readonly string[]>> = {
  type: ['bind', 'cache', 'tmpfs', 'secret', 'ssh'],
  sharing: ['shared', 'private', 'locked'],
};

export interface ImageReference {
  readonly name: string;
  readonly summary: string;
}

/** Base images that begin with a Windows release, without tags of their own. */
export const windowsRepositories: readonly ImageReference[] = [
  {
    name: 'mcr.microsoft.com/windows/nanoserver',
    summary: 'Nano Server: the smallest, no PowerShell, no .NET Framework, 64-bit only',
  },
  {
    name: 'mcr.microsoft.com/windows/servercore',
    summary: 'Server Core: PowerShell, .NET Framework, Windows roles',
  },
];

/** Other Windows images, with the pattern of their tags: `*` stands for a release's tag. */
export const windowsFamilies: readonly (ImageReference & {
  readonly tag: string;
  readonly releases: readonly string[];
})[] = [
  {
    name: 'mcr.microsoft.com/windows/server',
    tag: '*',
    releases: ['ltsc2025', 'ltsc2022'],
    summary: 'Windows Server with the whole API, GPU and desktop libraries',
  },
  {
    name: 'mcr.microsoft.com/windows/servercore/iis',
    tag: 'windowsservercore-*',
    releases: ['ltsc2025', 'ltsc2022', 'ltsc2019'],
    summary: 'Server Core with IIS',
  },
  {
    name: 'mcr.microsoft.com/dotnet/framework/aspnet',
    tag: '4.8.1-windowsservercore-*',
    releases: ['ltsc2025', 'ltsc2022'],
    summary: 'ASP.NET on .NET Framework',
  },
  {
    name: 'mcr.microsoft.com/dotnet/framework/runtime',
    tag: '4.8.1-windowsservercore-*',
    releases: ['ltsc2025', 'ltsc2022'],
    summary: '.NET Framework',
  },
  {
    name: 'mcr.microsoft.com/dotnet/framework/sdk',
    tag: '4.8.1-windowsservercore-*',
    releases: ['ltsc2025', 'ltsc2022'],
    summary: '.NET Framework with build tools',
  },
  {
    name: 'mcr.microsoft.com/powershell',
    tag: 'lts-nanoserver-*',
    releases: ['ltsc2022'],
    summary: 'PowerShell 7 on Nano Server',
  },
];
