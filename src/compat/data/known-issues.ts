/**
 * Faults of certain pairs of host and image that no version rule tells (users.md P16-P19). Sources: the issue named in each
 * row, as it stood on the day below.
 */
export interface KnownIssue {
  readonly id: string;
  /** Builds from and to, both included. */
  readonly host: readonly [from: number, to: number];
  readonly image: readonly [from: number, to: number];
  /** Absent: both. */
  readonly isolation?: 'process' | 'hyperv';
  /** Part of the repository's name that the image has; absent: every image. */
  readonly repository?: string;
  readonly symptom: string;
  readonly advice: string;
  readonly reference: string;
}

export interface KnownIssues {
  /** Day on which the rows were last checked. */
  readonly version: string;
  readonly issues: readonly KnownIssue[];
}

export const builtInIssues: KnownIssues = {
  version: '2026-09-30',
  issues: [
    {
      id: 'client-25h2-ltsc2025',
      host: [26200, 26299],
      image: [26100, 26100],
      symptom: 'ltsc2025 images fail on Windows 11 25H2 with 0xC0370112 in both isolation modes',
      advice: 'use the ltsc2022 tag of the image',
      reference: 'https://github.com/microsoft/hcsshim/issues/2566',
    },
    {
      id: 'servercore-2025-slow-start',
      host: [26100, 26299],
      image: [26100, 26100],
      isolation: 'process',
      repository: 'servercore',
      symptom: 'servercore:ltsc2025 takes minutes to start with process isolation',
      advice: 'use --isolation=hyperv, nanoserver, or the ltsc2022 tag',
      reference: 'https://github.com/microsoft/Windows-Containers/issues/647',
    },
    {
      id: 'server-2025-process-fails',
      host: [26100, 26100],
      image: [26100, 26100],
      isolation: 'process',
      repository: 'servercore',
      symptom: 'ltsc2025 images fail with process isolation on some Server 2025 hosts, nanoserver works',
      advice: 'install the current cumulative update, or use --isolation=hyperv',
      reference: 'https://github.com/docker/for-win/issues/14287',
    },
    {
      id: 'nanoserver-1909',
      host: [14393, 99999],
      image: [18363, 18363],
      repository: 'nanoserver',
      symptom: 'nanoserver:1909 fails with 0x3 (path not found) on newer hosts',
      advice: 'use a base image that is still supported, such as ltsc2022',
      reference: 'https://github.com/microsoft/Windows-Containers/issues/127',
    },
  ],
};
