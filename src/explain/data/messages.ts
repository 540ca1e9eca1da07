/** Texts of Docker, registries and Porthole that carry no code of Windows (users.md 1 and 5.3, docker-cli.md 7). */
import { pages, thread } from '../explanation.ts';

export interface MessageRow {
  /** End of `PH-MSG-...`. */
  readonly slug: string;
  readonly pattern: RegExp;
  /** The text as it is printed, with the varying parts as capitals. */
  readonly title: string;
  readonly hint: string;
  readonly cause: string;
  readonly fix?: readonly string[];
  readonly see?: readonly string[];
}

const onLinux = 'On Linux, porthole runs the Windows program under Wine in namespaces of its own instead.';

export const messageRows: readonly MessageRow[] = [
  {
    slug: 'OS-MISMATCH',
    pattern: /container operating system does not match the host operating system/i,
    title: 'The container operating system does not match the host operating system.',
    hint: "use --isolation=hyperv, or an image whose os.version has the host's build number",
    cause: 'With process isolation the Windows build of the image has to fit the build of the host.',
    fix: ['porthole compat IMAGE', 'Run it with --isolation=hyperv.'],
    see: [pages.versions],
  },
  {
    slug: 'IMAGE-NEWER',
    pattern: /a Windows version \S+-based image is incompatible with a \S+ host/i,
    title: 'a Windows version VERSION-based image is incompatible with a VERSION host',
    hint: 'the image is newer than the host: porthole compat IMAGE shows which tags run here',
    cause: 'No isolation lets an older Windows run a newer image.',
    fix: ['Use the tag for the version of the host (ltsc2019, ltsc2022).', 'Use a newer host.'],
    see: [pages.versions],
  },
  {
    slug: 'NO-MATCHING-MANIFEST',
    pattern: /no matching manifest for .* in the manifest list/i,
    title: 'no matching manifest for PLATFORM in the manifest list entries',
    hint: 'the image is not offered for this platform: porthole compat IMAGE lists what is',
    cause:
      'The tag names a list of images for several platforms, and none is for the Windows version (or the processor) of this host; or it is a Linux image.',
    fix: ['porthole compat IMAGE', 'Choose a tag for this Windows, or --platform windows/amd64.'],
    see: [thread('docker/for-win#12415'), thread('dotnet/dotnet-docker#2303')],
  },
  {
    slug: 'LINUX-IMAGE',
    pattern:
      /(?:image )?operating system "?linux"? (?:cannot be used|is not supported)|linux containers are not supported on this platform/i,
    title: 'image operating system "linux" cannot be used on this platform',
    hint: 'this is a Linux image: choose a Windows tag of it, or run it with a Linux engine',
    cause: 'Windows containers run Windows images only.',
  },
  {
    slug: 'LOGON-SESSION',
    pattern: /specified logon session does not exist/i,
    title: 'A specified logon session does not exist. It may already have been terminated.',
    hint: 'no credential store in this session (SSH, service): remove credsStore from config.json and log in again',
    cause:
      'The credential manager of Windows works in interactive sessions only, not over SSH, in services or CI.',
    fix: [
      'Remove "credsStore" from %USERPROFILE%\\.docker\\config.json, then porthole login --password-stdin.',
      'Public images need no login at all.',
    ],
    see: [thread('docker/cli#1263'), thread('docker/cli#2682')],
  },
  {
    slug: 'DAEMON-NOT-RUNNING',
    pattern:
      /Cannot connect to the Docker daemon|error during connect:|docker daemon is not running|docker_engine: The system cannot find the file/i,
    title: 'Cannot connect to the Docker daemon. Is the docker daemon running?',
    hint: 'Docker is not running, or needs elevation; porthole needs no daemon: leave DOCKER_HOST and -H out',
    cause: 'The pipe or socket of a Docker engine does not exist or does not let this user in.',
    fix: [
      'With porthole: no daemon is needed.',
      'With Docker: start its service (Start-Service docker) or Docker Desktop, in Windows-containers mode.',
      'Join the group docker-users, or use an elevated terminal.',
    ],
    see: [thread('docker/for-win#1679'), thread('docker/for-win#14716')],
  },
  {
    slug: 'PIPE-DENIED',
    pattern: /open \/\/\.\/pipe\/\S+: Access is denied/i,
    title: 'open //./pipe/NAME: Access is denied.',
    hint: 'the pipe belongs to Administrators: use an elevated terminal, or join docker-users',
    cause: 'The access list of the named pipe of the engine does not let this user in.',
    see: [thread('docker/for-win#14833'), thread('actions/runner-images#6688')],
  },
  {
    slug: 'PULL-DENIED',
    pattern: /pull access denied for|requested access to the resource is denied/i,
    title: "pull access denied for NAME, repository does not exist or may require 'docker login'",
    hint: 'check the name of the image; private ones need porthole login first',
    cause: 'The repository does not exist, or is private. Registries do not say which.',
  },
  {
    slug: 'MANIFEST-UNKNOWN',
    pattern: /manifest unknown|manifest for \S+ not found/i,
    title: 'manifest for IMAGE not found: manifest unknown',
    hint: 'the repository has no such tag: check its spelling',
    cause: 'The tag does not exist (any more). Base images of Windows have no "latest".',
  },
  {
    slug: 'RATE-LIMIT',
    pattern: /toomanyrequests|You have reached your (?:unauthenticated )?pull rate limit/i,
    title: 'toomanyrequests: You have reached your pull rate limit.',
    hint: 'log in (porthole login), wait, or use a mirror',
    cause: 'The registry limits anonymous pulls by address.',
  },
  {
    slug: 'UNKNOWN-CA',
    pattern:
      /x509: certificate signed by unknown authority|self[- ]signed certificate|unable to verify the first certificate/i,
    title: 'x509: certificate signed by unknown authority',
    hint: 'give porthole the certificate of the registry or proxy: certs.d/HOST/ca.crt in the data root',
    cause:
      'The certificate comes from an authority that is not known here: a private registry, or a proxy that looks inside.',
  },
  {
    slug: 'PLAIN-HTTP',
    pattern: /server gave HTTP response to HTTPS client/i,
    title: 'http: server gave HTTP response to HTTPS client',
    hint: 'the registry speaks plain HTTP: list it as insecure',
    cause: 'Only registries on loopback are talked to without TLS unless they are listed.',
  },
  {
    slug: 'PORT-ALLOCATED',
    pattern: /port is already allocated|specified port already exists/i,
    title: 'Bind for ADDRESS failed: port is already allocated',
    hint: 'another program or container holds the host port: choose another, or stop that program',
    cause: 'The host port of -p is in use or reserved.',
    fix: [
      'porthole ps shows the ports of containers; netstat -ano | findstr :PORT names a process.',
      'netsh int ipv4 show excludedportrange tcp lists ranges that Windows keeps.',
    ],
    see: [thread('docker/for-win#11584')],
  },
  {
    slug: 'NAT-CONFLICT',
    pattern:
      /HNS failed with error ?: (?:The parameter is incorrect|The object already exists|\{Object Exists\})/i,
    title: 'HNS failed with error : The parameter is incorrect.',
    hint: 'a NAT or network with an overlapping prefix is in the way: Get-NetNat, or another --subnet',
    cause: 'A NetNat object, another HNS network or a route of a VPN overlaps the prefix of the new network.',
    fix: ['Get-NetNat; remove what nothing uses: Remove-NetNat NAME.', 'Use another --subnet.'],
    see: [thread('moby/moby#30280'), thread('docker/compose#4024')],
  },
  {
    slug: 'HNS-UNSPECIFIED',
    pattern:
      /HNS failed with error ?: (?:Unspecified error|There was an operation attempted on a degraded object)/i,
    title: 'HNS failed with error : Unspecified error',
    hint: 'restart the service hns',
    cause: 'The state of HNS is damaged, often after sleep, a crash or a change of network adapters.',
    fix: ['Restart-Service hns', 'porthole doctor checks networks and adapters.'],
  },
  {
    slug: 'BEING-DELETED',
    pattern: /cannot be opened because it is in the process of being deleted/i,
    title: 'The file cannot be opened because it is in the process of being deleted.',
    hint: 'HNS is still taking the old network down: run the command again in some seconds',
    cause: 'HNS deletes switches in the background; creating one of the same name meanwhile fails.',
  },
  {
    slug: 'LAYER-REGISTER',
    pattern: /failed to register layer|re-exec error: exit status 1: output:|ProcessUtilityVMImage/i,
    title: 'failed to register layer',
    hint: 'antivirus holds a file of the layer, or the image does not fit this Windows: porthole doctor',
    cause: 'Windows could not take over the files of a layer.',
    fix: [
      'Exclude the data root from antivirus (porthole doctor prints the command).',
      'porthole compat IMAGE',
      'Pull again: it often works the second time.',
    ],
    see: [pages.antivirus, thread('moby/moby#35988')],
  },
  {
    slug: 'LAYER-DEPTH',
    pattern: /max depth exceeded/i,
    title: 'max depth exceeded',
    hint: 'join RUN lines: an image can have 125 layers here',
    cause: 'The image has more layers than Windows can stack.',
  },
  {
    slug: 'DISK-FULL',
    pattern: /no space left on device|not enough space on the disk/i,
    title: 'no space left on device',
    hint: 'free some space: porthole system prune',
    cause: 'The drive of the data root, or the scratch disk of a container (20 GB by default), is full.',
    fix: ['porthole system prune', 'run --storage-opt size=50G gives a container a larger disk.'],
  },
  {
    slug: 'PRIVILEGED',
    pattern: /privileged mode is not supported for Windows containers/i,
    title: 'invalid option: privileged mode is not supported for Windows containers',
    hint: 'leave --privileged out: --user ContainerAdministrator has all rights inside the container',
    cause: 'Windows has no privileged containers.',
  },
  {
    slug: 'READ-ONLY',
    pattern: /read-only mode is not supported for Windows containers/i,
    title: 'invalid option: read-only mode is not supported for Windows containers',
    hint: 'run as ContainerUser and mount folders read-only: -v FOLDER:C:\\data:ro',
    cause: 'The scratch layer of a Windows container is always writable.',
  },
  {
    slug: 'TMPFS',
    pattern: /windows does not support tmpfs/i,
    title: 'windows does not support tmpfs',
    hint: 'use an anonymous volume: -v C:\\temp together with --rm',
    cause: 'Windows has no file system in memory for containers.',
  },
  {
    slug: 'CPU-REALTIME',
    pattern: /CPU real-time (?:period|runtime) is not supported for Windows containers/i,
    title: 'invalid option: CPU real-time period is not supported for Windows containers',
    hint: 'use --cpus, --cpu-shares or --cpu-count',
    cause: 'Windows schedules containers by count, share or percentage.',
  },
  {
    slug: 'RESOURCE-OPTION',
    pattern:
      /Windows does not support (?:Blkio\w*|CgroupParent|CPUPeriod|CPUQuota|Cpuset\w+|KernelMemory\w*|MemoryReservation|MemorySwap\w*|OomKillDisable|PidsLimit|Ulimits)/i,
    title: 'invalid option: Windows does not support MemorySwap',
    hint: 'use --cpus, --cpu-percent, --memory, --io-maxiops or --io-maxbandwidth',
    cause: 'The option sets a limit of Linux control groups.',
  },
  {
    slug: 'HOST-ADDRESS',
    pattern: /Windows does not support host IP addresses in NAT settings/i,
    title: 'Windows does not support host IP addresses in NAT settings',
    hint: 'leave the address out of -p and let the firewall restrict the port',
    cause: 'WinNAT maps a port of all addresses of the host.',
  },
  {
    slug: 'HOST-PORTS',
    pattern: /Windows does not support more than one host port in NAT settings/i,
    title: 'Windows does not support more than one host port in NAT settings',
    hint: 'give one -p for each container port',
    cause: 'WinNAT maps one host port to one container port.',
  },
  {
    slug: 'IPV6-SUBNET',
    pattern: /windowsshim driver doesn't support v6 subnets/i,
    title: "windowsshim driver doesn't support v6 subnets",
    hint: 'give an IPv4 --subnet only',
    cause: 'Networks of Windows containers are made with IPv4 subnets.',
  },
  {
    slug: 'PLUGIN-NOT-FOUND',
    pattern: /could not find plugin \S+ in v1 plugin registry/i,
    title: 'could not find plugin NAME in v1 plugin registry: plugin not found',
    hint: 'use a driver of Windows: nat, transparent, l2bridge, l2tunnel, overlay',
    cause: 'The network driver does not exist here; bridge is one of Linux, its sister on Windows is nat.',
    see: [pages.networking],
  },
  {
    slug: 'CP-HYPERV',
    pattern: /filesystem operations against a running Hyper-V container are not supported/i,
    title: 'filesystem operations against a running Hyper-V container are not supported',
    hint: 'stop the container first, or mount a folder with -v',
    cause: 'The disk of a Hyper-V isolated container belongs to its utility VM while it runs.',
    see: [thread('moby/moby#31606')],
  },
  {
    slug: 'EXPORT',
    pattern: /does not support exporting Windows containers/i,
    title: 'the daemon on this operating system does not support exporting Windows containers',
    hint: 'commit the container and save the image instead',
    cause: 'Docker has no export for Windows containers.',
  },
  {
    slug: 'RUNNING-CONTAINER',
    pattern: /windows does not support (?:commit|diff) of a running container/i,
    title: 'Windows does not support diff of a running container',
    hint: 'stop the container first',
    cause: 'The changes of a container can be read when its disk is not in use.',
  },
  {
    slug: 'UPDATE',
    pattern: /resource updating isn't supported on Windows/i,
    title: "resource updating isn't supported on Windows",
    hint: 'create the container again with the new limits',
    cause: 'Limits of Windows containers are set when they are created.',
  },
  {
    slug: 'PAUSE',
    pattern:
      /not implemented for containers using process isolation|cannot (?:pause|resume) Windows Server Containers/i,
    title: 'not implemented for containers using process isolation',
    hint: 'use --isolation=hyperv: only utility VMs can be paused',
    cause: 'Containers with process isolation are processes of the host, which Windows does not freeze.',
  },
  {
    slug: 'CHECKPOINT',
    pattern: /Containers do not support checkpoints/i,
    title: 'Windows: Containers do not support checkpoints',
    hint: 'commit the stopped container instead',
    cause: 'Windows cannot save running processes.',
  },
  {
    slug: 'TOP-ARGUMENTS',
    pattern: /Windows does not support arguments to top/i,
    title: 'Windows does not support arguments to top',
    hint: 'give top the container only',
    cause: 'There is no ps on Windows whose arguments these could be.',
  },
  {
    slug: 'FROM-SCRATCH',
    pattern: /Windows does not support FROM scratch|"?FROM scratch"? is not supported on Windows/i,
    title: 'Windows does not support FROM scratch',
    hint: 'start from mcr.microsoft.com/windows/nanoserver, the smallest base image',
    cause: 'Every Windows container needs the system files of a base image.',
  },
  {
    slug: 'OTHER-DRIVE',
    pattern: /Windows does not support destinations not on the system drive/i,
    title: 'Windows does not support destinations not on the system drive (C:)',
    hint: 'copy to a folder of C:',
    cause: 'Layers hold drive C: alone.',
  },
  {
    slug: 'RELATIVE-DESTINATION',
    pattern: /Windows does not support relative paths when WORKDIR is not the system drive/i,
    title: 'Windows does not support relative paths when WORKDIR is not the system drive',
    hint: 'write the destination as an absolute path on C:',
    cause: 'WORKDIR is on another drive, and layers hold drive C: alone.',
  },
  {
    slug: 'COPY-SYSTEM',
    pattern: /copy from c:\\ or c:\\windows is not allowed on windows/i,
    title: 'copy from c:\\ or c:\\windows is not allowed on windows',
    hint: 'copy the subfolder that is needed',
    cause: 'COPY --from of the whole drive or of C:\\Windows takes files that do not work elsewhere.',
  },
  {
    slug: 'DEVICE-HYPERV',
    pattern: /device assignment is not supported for HyperV containers/i,
    title: 'device assignment is not supported for HyperV containers',
    hint: 'use --isolation=process',
    cause: 'Devices can be given to containers with process isolation only.',
  },
  {
    slug: 'UTILITY-VM',
    pattern: /utility VM image could not be found/i,
    title: 'utility VM image could not be found',
    hint: 'the base image has no utility VM: pull it again, or use servercore or nanoserver',
    cause: 'Hyper-V isolation boots the UtilityVM folder of the base layer, and there is none.',
  },
  {
    slug: 'ISOLATION-LINUX',
    pattern: /invalid isolation \(hyperv\): Hyper-V isolation is not supported on this platform/i,
    title: 'invalid isolation (hyperv): Hyper-V isolation is not supported on this platform',
    hint: 'leave --isolation out: containers run in Linux namespaces here',
    cause: `Hyper-V isolation needs a Windows host. ${onLinux}`,
  },
  {
    slug: 'RESERVED-NAME',
    pattern: /cannot be a reserved word for Windows filenames/i,
    title: 'volume name NAME cannot be a reserved word for Windows filenames',
    hint: 'choose another name: con, nul, aux, prn, com1 and the like are devices',
    cause: 'Windows keeps some names for devices.',
  },
  {
    slug: 'VOLUME-OPTIONS',
    pattern: /^.*\boptions are not supported on this platform/im,
    title: 'options are not supported on this platform',
    hint: 'create the volume without -o',
    cause: 'Local volumes of Windows are plain folders.',
  },
  {
    slug: 'INVALID-REFERENCE',
    pattern: /invalid reference format/i,
    title: 'invalid reference format',
    hint: 'names of images are lower case; in PowerShell quote variables: "${name}:tag"',
    cause: 'The image name has capitals, a blank or an empty part. Often a variable was empty.',
  },
  {
    slug: 'INVALID-VOLUME',
    pattern: /invalid volume specification|invalid mode: /i,
    title: "invalid volume specification: 'VALUE'",
    hint: 'write -v "C:\\from:C:\\to"; in PowerShell "${PWD}:C:\\src"',
    cause:
      'The value does not split into source and target: a quote or colon is lost, or Git Bash rewrote the path.',
    fix: ['In Git Bash: MSYS_NO_PATHCONV=1 porthole ...'],
    see: [thread('docker/cli#2460')],
  },
  {
    slug: 'UNKNOWN-INSTRUCTION',
    pattern: /dockerfile parse error.*unknown instruction/i,
    title: 'dockerfile parse error on line N: unknown instruction: WORD',
    hint: 'a path that ends with a backslash swallows the next line: porthole lint shows where',
    cause:
      'A word at the start of a line is no instruction: a typing error, or a continued line that was not continued.',
    fix: ['porthole lint Dockerfile', 'Add "# escape=`" as the first line.'],
    see: [thread('moby/moby#27644')],
  },
  {
    slug: 'NON-ZERO-CODE',
    pattern: /returned a non-zero code: -?\d+/i,
    title: "The command 'COMMAND' returned a non-zero code: 2",
    hint: 'the RUN line failed: its output above says why',
    cause: 'A program of the RUN line ended with a code other than 0.',
    fix: ['porthole explain N', 'Run the line by hand: porthole run -it --rm LAST-IMAGE cmd'],
  },
  {
    slug: 'NATIVE-COMMAND-ERROR',
    pattern: /NativeCommandError/i,
    title: 'NativeCommandError',
    hint: 'no failure: PowerShell 5.1 marks what a program writes to stderr; look at $LASTEXITCODE',
    cause: 'With stderr redirected, Windows PowerShell turns every line of it into an error record.',
    fix: ['Do not redirect stderr of native programs, or use PowerShell 7.3 or newer.'],
  },
  {
    slug: 'NO-SUCH-IMAGE',
    pattern: /No such image:/i,
    title: 'No such image: NAME',
    hint: 'pull it first; porthole images lists what is here',
    cause:
      'The image is not in the store of this data root. Elevated and ordinary users may use different ones.',
  },
  {
    slug: 'NAME-IN-USE',
    pattern: /The container name \S+ is already in use/i,
    title: 'Conflict. The container name NAME is already in use',
    hint: 'porthole rm NAME removes the old container; run --rm avoids it next time',
    cause: 'A container, perhaps a stopped one, has the name.',
  },
  {
    slug: 'CONTAINER-OPERATIONS-LINUX',
    pattern: /Container operations are only supported on Linux runners/i,
    title: 'Error: Container operations are only supported on Linux runners',
    hint: 'call porthole run in a step of the job instead of "container:"',
    cause: 'Hosted CI has no container jobs on its Windows machines.',
    see: [thread('actions/runner#904')],
  },
  {
    slug: 'FEATURE-MISSING',
    pattern:
      /cannot find (?:vmcompute|computecore|computenetwork)\.dll|(?:vmcompute|computecore|computenetwork)\.dll (?:is missing|was not found|cannot be loaded)/i,
    title: 'vmcompute.dll is missing',
    hint: 'enable the Containers feature of Windows and restart',
    cause: 'The host compute service comes with the Containers and Hyper-V features.',
    fix: ['porthole doctor'],
  },
  {
    slug: 'WINE-MISSING',
    pattern: /no 64-bit Wine below/i,
    title: 'no 64-bit Wine below /',
    hint: 'install Wine: apt-get install wine64',
    cause: onLinux,
    fix: ['porthole doctor'],
  },
  {
    slug: 'USER-NAMESPACES',
    pattern: /namespaces cannot be made|unshare failed: Operation not permitted/i,
    title: 'namespaces cannot be made',
    hint: 'run as root, or allow user namespaces: porthole doctor prints the setting',
    cause: 'The kernel does not let this user make namespaces.',
    fix: ['porthole doctor'],
  },
];
