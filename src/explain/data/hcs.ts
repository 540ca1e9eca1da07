/** HCS codes 0xC037xxxx and 0x8037xxxx by their low word (hcs.md 2 and 8, users.md 5.7). Titles: `src/hcs/hresult.ts`. */
import { pages, thread } from '../explanation.ts';
import type { Row } from '../explanation.ts';

export const hcsRows: readonly Omit<Row, 'name' | 'title'>[] = [
  {
    code: 0x0100,
    hint: 'the image may be newer than the host, or it may be damaged: try --isolation=hyperv, or pull it again',
    cause:
      'The container or its utility VM ended before it was running: usually system files of the image that do not fit the host, or layers that are not whole.',
    fix: [
      'porthole compat IMAGE shows whether this host can run the image, and how.',
      'Run it with --isolation=hyperv.',
      'Remove the image and pull it again.',
    ],
  },
  {
    code: 0x0101,
    hint: "use --isolation=hyperv, or an image whose os.version has the host's build number",
    cause:
      'With process isolation the container shares the kernel of the host, so the Windows build of the image has to fit the build of the host. It does not.',
    fix: [
      'porthole compat IMAGE lists the versions that the image is offered for, and which of them run here.',
      'Use the tag for the build of the host (ltsc2019, ltsc2022, ltsc2025).',
      'Run it with --isolation=hyperv: older images than the host then work.',
    ],
    see: [pages.versions, thread('microsoft/Windows-Containers#399')],
  },
  {
    code: 0x0102,
    hint: 'enable the Hyper-V role and virtualization in the firmware, or use --isolation=process',
    cause:
      'Hyper-V isolation needs the Hyper-V role, virtualization switched on in the firmware and, inside a virtual machine, nested virtualization.',
    fix: [
      'porthole doctor says which of the three is missing.',
      'Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All, then restart.',
      'In a virtual machine: Set-VMProcessor NAME -ExposeVirtualizationExtensions $true on its host.',
      'Use --isolation=process when the versions of image and host allow it.',
    ],
    see: [pages.nested],
  },
  {
    code: 0x0103,
    hint: 'this is no failure: the call goes on in the background',
    cause:
      'HCS took the request and reports the outcome later. A program that prints it as an error did not wait.',
  },
  {
    code: 0x0104,
    hint: 'restart the service vmcompute',
    cause:
      'Too many programs, or one that never unregisters, listen to the notifications of one compute system.',
  },
  {
    code: 0x0105,
    hint: 'the container is just starting or stopping: wait a moment and run the command again',
    cause:
      'The request does not fit what the container is doing: for instance pausing what is not running, or stopping what is already stopping. During a stop it is normal.',
    fix: ['porthole ps -a shows the state.', 'If it stays so, porthole rm -f CONTAINER ends it.'],
  },
  {
    code: 0x0106,
    hint: 'the image may be newer than the patches of this host: install updates, or use --isolation=hyperv',
    cause:
      'The container ended by itself before its program ran. On a start the usual reasons are an image with a higher revision (UBR) than the host has under process isolation, files that the base layer lacks, and known faults of certain Windows builds.',
    fix: [
      'porthole compat IMAGE compares the revisions of image and host and names known issues.',
      'Install the current cumulative update on the host.',
      'Use --isolation=hyperv, or a tag with a revision not above that of the host.',
      'Pull the image again if it ran here before.',
    ],
    see: [pages.versions, thread('microsoft/Windows-Containers#591'), thread('docker/for-win#14287')],
  },
  {
    code: 0x0107,
    hint: 'the container was ended from outside: porthole events shows by whom',
    cause:
      'Somebody or something (kill, rm -f, a stop that ran out of time, a shutdown of the host) ended it by force.',
  },
  {
    code: 0x0108,
    hint: 'the guest does not answer: give it more memory, and look whether Hyper-V works at all',
    cause: 'No connection could be made to the guest services inside the container or its utility VM.',
    fix: ['Raise --memory.', 'porthole doctor checks Hyper-V and nested virtualization.'],
  },
  {
    code: 0x0109,
    hint: 'the utility VM may be short of memory: raise --memory, or start fewer containers at once',
    cause:
      'The utility VM of a Hyper-V isolated container did not answer in time. It starves when the host has too little memory, is slow without real nested virtualization, and fails to come up with a bad credential spec.',
    fix: [
      'Raise --memory; the default of a utility VM is 1 GB.',
      'Start fewer containers at the same time.',
      'In a virtual machine: check that nested virtualization is on.',
      'With --security-opt credentialspec=: try without it.',
    ],
    see: [pages.nested, thread('MicrosoftDocs/Virtualization-Documentation#587')],
  },
  {
    code: 0x010a,
    hint: 'the container ended while it was talked to: porthole logs and porthole inspect say more',
    cause: 'The connection to the guest was closed. While a container stops by itself this is normal.',
  },
  {
    code: 0x010b,
    hint: 'the image is too old for this request: use a newer base image, or leave the option out',
    cause: 'The guest (the Windows inside the image) does not know the request that the host sent.',
  },
  {
    code: 0x010c,
    hint: 'image and host are too far apart: use an image for a newer Windows',
    cause: 'The guest services of the image and HCS of the host have no protocol version in common.',
    see: [pages.versions],
  },
  {
    code: 0x010d,
    hint: 'the Windows build may be too old for a field of the document',
    cause:
      'HCS does not accept the JSON document: it has a field that this build of Windows does not know, or a value that is not allowed.',
    fix: [
      'Leave out the newest options (devices, --io-max..., --security-opt) one after the other.',
      'porthole --record FILE COMMAND writes the documents into a file for a bug report.',
    ],
    see: [pages.hcs],
  },
  {
    code: 0x010e,
    hint: 'the container is gone already: porthole ps -a shows what is left',
    cause: 'HCS knows no compute system with this ID: it ended, or vmcompute was restarted.',
  },
  {
    code: 0x010f,
    hint: 'a leftover of an earlier start is in the way: porthole rm -f CONTAINER, or restart vmcompute',
    cause:
      'A compute system with this ID still runs, left behind by a start that failed half-way or by another engine.',
    fix: [
      'hcsdiag list shows all systems, hcsdiag kill ID ends one.',
      'Restart-Service vmcompute ends leftovers.',
    ],
  },
  {
    code: 0x0110,
    hint: 'nothing to do: the container has stopped already',
    cause: 'The container ended before the request reached it.',
  },
  {
    code: 0x0111,
    hint: 'restart the service vmcompute; if it stays, restart the host',
    cause: 'Host and guest misunderstood each other. Mostly a fault of one of the two Windows builds.',
  },
  {
    code: 0x0112,
    hint: 'remove the image and pull it again; on Windows 11 25H2 use an ltsc2022 image',
    cause:
      'A layer was not processed when it was imported, is damaged, or has a format newer than this host understands. Windows 11 25H2 (build 26200) says so of ltsc2025 images in both isolation modes.',
    fix: [
      'porthole compat IMAGE names the known issue if it is one.',
      'porthole rmi IMAGE, then porthole pull IMAGE.',
      'Try the ltsc2022 tag of the image.',
    ],
    see: [thread('microsoft/hcsshim#2566'), thread('microsoft/navcontainerhelper#4070')],
  },
  {
    code: 0x0113,
    hint: 'use a released tag of the image instead of an Insider one',
    cause: 'The image is a preview of Windows and runs on Insider builds only.',
  },
  {
    code: 0x0114,
    hint: 'enable the Containers feature of Windows and restart',
    cause: 'The feature behind the request (Containers, Hyper-V) is not installed.',
    fix: [
      'porthole doctor names the missing feature.',
      'Enable-WindowsOptionalFeature -Online -FeatureName Containers -All, then restart.',
    ],
  },
  {
    code: 0x0115,
    hint: 'report it with the output of --debug: it is a mistake in the program',
    cause: 'A program waited for an HCS operation that it never started.',
  },
  {
    code: 0x0116,
    hint: 'report it with the output of --debug: it is a mistake in the program',
    cause: 'A program used one HCS operation handle for two calls.',
  },
  {
    code: 0x0117,
    hint: 'this is no failure: the call goes on in the background',
    cause: 'The operation is still running and its result was asked for too early.',
  },
  {
    code: 0x0118,
    hint: 'the host is slow or hangs: run the command again; restart vmcompute if it stays',
    cause: 'HCS did not finish within the time that the program waited.',
    see: [thread('microsoft/hcsshim#763'), thread('microsoft/hcsshim#1056')],
  },
  {
    code: 0x0119,
    hint: 'report it with the output of --debug: it is a mistake in the program',
    cause: 'A second callback was registered on an HCS handle that takes one.',
  },
  {
    code: 0x011a,
    hint: 'free memory on the host',
    cause: 'HCS had no memory for the answer.',
  },
  {
    code: 0x011b,
    hint: 'start the terminal as Administrator, or join the group Hyper-V Administrators',
    cause: 'Compute systems may be used by Administrators and by members of Hyper-V Administrators only.',
    fix: [
      'Open the terminal with "Run as administrator".',
      'Add-LocalGroupMember -Group "Hyper-V Administrators" -Member USER, then log on again. Layers still need Administrator.',
    ],
  },
  {
    code: 0x011c,
    hint: 'Windows inside the container stopped: raise --memory, update the base image',
    cause: 'The guest crashed (a bug check) and was stopped or restarted.',
  },
  {
    code: 0x011d,
    hint: 'nothing to do: the process has ended',
    cause: 'The process ended before anybody asked for its details.',
  },
  {
    code: 0x011e,
    hint: 'the service vmcompute stopped: start it and run the command again',
    cause: 'The host compute service ended or was restarted while it was used.',
    fix: [
      'Start-Service vmcompute',
      'Get-WinEvent -LogName Microsoft-Windows-Hyper-V-Compute-Admin -MaxEvents 20',
    ],
  },
  {
    code: 0x011f,
    hint: 'nothing to do: the process has ended',
    cause: 'The process ended before the signal, the resize or the kill reached it.',
  },
];
