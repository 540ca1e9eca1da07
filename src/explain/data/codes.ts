/** HRESULTs of other facilities, and exit codes that engines and shells give (users.md 4.2, docker-cli.md 4.6). */
import { pages, thread } from '../explanation.ts';
import type { Row } from '../explanation.ts';

export const hresultRows: readonly Row[] = [
  {
    code: 0x80004001,
    name: 'E_NOTIMPL',
    title: 'Not implemented',
    hint: 'this Windows or this isolation cannot do it: leave the option out',
    cause: 'The function exists by name only, here.',
  },
  {
    code: 0x80004002,
    name: 'E_NOINTERFACE',
    title: 'No such interface supported',
    hint: 'install the updates of the host',
    cause: 'A component of Windows is older than what calls it.',
  },
  {
    code: 0x80004005,
    name: 'E_FAIL',
    title: 'Unspecified error',
    hint: 'restart the services hns and vmcompute; the event log says more',
    cause:
      'Windows gives no reason. In HNS it is mostly damaged state after sleep, a crash or a change of adapters.',
    fix: [
      'Get-WinEvent -LogName Microsoft-Windows-Hyper-V-Compute-Admin, Microsoft-Windows-Host-Network-Service-Admin -MaxEvents 20',
      'Restart-Service hns, vmcompute',
    ],
  },
  {
    code: 0x8000ffff,
    name: 'E_UNEXPECTED',
    title: 'Catastrophic failure',
    hint: 'restart the service behind the call (vmcompute, hns), then the host',
    cause: 'A service met a state that it did not expect.',
  },
  {
    code: 0x80010002,
    name: 'RPC_E_CALL_CANCELED',
    title: 'Call was canceled by the message filter.',
    hint: 'restart the service vmcompute; if it stays, take security software off Hyper-V and vmcompute',
    cause: 'Something between the program and the host compute service broke the call off.',
    see: [thread('docker/for-win#1666')],
  },
  {
    code: 0x80041002,
    name: 'WBEM_E_NOT_FOUND',
    title: 'Not found',
    hint: 'enable the Windows feature that the object belongs to',
    cause: 'WMI knows no such class or object.',
  },
  {
    code: 0x800f0950,
    name: 'DISM_E_DISABLED_PAYLOAD_REMOVED',
    title: 'The payload of the feature was removed.',
    hint: 'give dism a /Source, or use the larger base image: windows/server',
    cause: 'Base images lack the files of many Windows features.',
  },
  {
    code: 0x800f081f,
    name: 'CBS_E_SOURCE_MISSING',
    title: 'The source files could not be found.',
    hint: 'give dism a /Source, or use the larger base image: windows/server',
    cause: 'Base images lack the files of many Windows features.',
  },
  {
    code: 0x80072ee7,
    name: 'WININET_E_NAME_NOT_RESOLVED',
    title: 'The server name or address could not be resolved',
    hint: 'name resolution fails: check --dns and the VPN',
    cause: 'The container has no DNS server that answers.',
    see: [thread('moby/moby#43273')],
  },
  {
    code: 0x80072f8f,
    name: 'WININET_E_DECODING_FAILED',
    title: 'A security error occurred',
    hint: 'check the clock, and use TLS 1.2: [Net.ServicePointManager]::SecurityProtocol = "Tls12"',
    cause:
      'The secure connection failed: an old TLS version, an unknown certificate authority, or a wrong clock.',
  },
  {
    code: 0x801f0010,
    name: 'ERROR_FLT_DO_NOT_ATTACH',
    title: 'Do not attach the filter to the volume at this time.',
    hint: 'run the command again: a filter driver is attaching to the disk of the container',
    cause: 'Filter drivers attach to a new scratch disk one after the other.',
    see: [pages.antivirus],
  },
  {
    code: 0xc03a0014,
    name: 'ERROR_VIRTDISK_PROVIDER_NOT_FOUND',
    title: 'A virtual disk support provider for the specified file was not found.',
    hint: 'keep the data root on a local NTFS drive; check that no VHDX file is damaged',
    cause: 'The file is not a virtual disk, or the drive cannot hold one.',
  },
  {
    code: 0xc03a001a,
    name: 'ERROR_VHD_SPARSE_FILE',
    title: 'Virtual disk files must be uncompressed and unencrypted and must not be sparse.',
    hint: 'switch compression off for the data root: compact /u /s:FOLDER /i',
    cause: 'The folder of the scratch disk is compressed or encrypted by NTFS.',
  },
];

export const exitRows: readonly Row[] = [
  {
    code: 1,
    name: 'exit code 1',
    title: 'The program says that it failed.',
    hint: 'the reason is in the output: porthole logs CONTAINER',
    cause:
      'Exit code 1 is the choice of the program itself; cmd.exe gives it for a command that it does not know as well.',
  },
  {
    code: 53,
    name: 'exit code 53',
    title: 'On Linux: the low eight bits of 0xC0000135.',
    hint: 'a DLL is missing: use windows/servercore instead of nanoserver',
    cause:
      'Shells on Linux see eight bits of the 32-bit exit code of a Windows program; stderr and --json have all of it.',
  },
  {
    code: 125,
    name: 'exit code 125',
    title: 'The engine could not run the container.',
    hint: 'the reason is the error above it: porthole explain takes its text',
    cause:
      'run or create failed before the program was started: a wrong flag, a missing image, a port in use.',
  },
  {
    code: 126,
    name: 'exit code 126',
    title: 'The program in the container cannot be invoked.',
    hint: 'it is no program, or its user may not run it',
    cause: 'The file is a folder, a script without its interpreter, for another processor, or not allowed.',
  },
  {
    code: 127,
    name: 'exit code 127',
    title: 'The program in the container was not found.',
    hint: "check the program's path in the image and its PATH; a shell built-in needs cmd /c",
    cause: 'There is no such program in the image.',
  },
  {
    code: 130,
    name: 'exit code 130',
    title: 'Ended by Ctrl+C.',
    hint: 'not a failure of the container',
    cause: '128 + 2: the client was interrupted.',
  },
  {
    code: 137,
    name: 'exit code 137',
    title: 'Ended by force.',
    hint: 'something killed it: stop that ran out of time, kill, rm -f, or memory',
    cause:
      '128 + 9. porthole inspect -f "{{.State.OOMKilled}}" CONTAINER tells whether memory was the reason.',
  },
  {
    code: 143,
    name: 'exit code 143',
    title: 'Ended on request.',
    hint: 'not a failure: something asked it to stop',
    cause: '128 + 15: the program was asked to end and did.',
  },
  {
    code: 9009,
    name: 'exit code 9009',
    title: 'cmd.exe did not find the command.',
    hint: 'check the spelling and the PATH of the image',
    cause: 'cmd.exe gives it when the last word it was to run is neither built in nor found.',
  },
  {
    code: 0xffffffff,
    name: 'exit code -1',
    title: 'The program ended with -1, or its exit code could not be had.',
    hint: 'look at porthole logs and porthole events: it may have been ended by force',
    cause:
      'Some programs end with -1 for any failure; engines report it when a container was terminated as a whole.',
    see: [thread('moby/moby#36682')],
  },
];
