/** What an explanation is, and how the data modules write it down. */

/** What kind of number or text it explains. `hresult`: HRESULTs that are neither HCS', HNS' nor a folded Win32 code. */
export type Family = 'hcs' | 'hns' | 'win32' | 'ntstatus' | 'hresult' | 'exit' | 'message';

/** Where a text comes from, as far as its words tell: the same Win32 code means other things in other places. */
export type Context = 'network' | 'layer' | 'create' | 'process' | 'hyperv' | 'registry';

export interface Explanation {
  /** Stable: `PH-HCS-0106`, `PH-WIN32-32-NETWORK`, `PH-EXIT-125`, `PH-MSG-LOGON-SESSION`. */
  readonly id: string;
  readonly family: Family;
  /** Unsigned. For `hcs` and `hns` the low word, for `win32` the code without facility. Absent for messages. */
  readonly code?: number;
  /** Symbols, the usual one first. */
  readonly names: readonly string[];
  /** What Windows or Docker prints for it; not localised. */
  readonly title: string;
  /** One line: what to try, most likely first. Errors print it as their hint. */
  readonly hint: string;
  readonly cause: string;
  /** Things to do or look at, in this order. */
  readonly fix: readonly string[];
  readonly see: readonly string[];
  /** Counts only for texts from there (and for the bare code, after the general meaning). */
  readonly context?: Context;
  /** Texts that it explains, whatever code they carry. */
  readonly pattern?: RegExp;
  /**
   * How little the pattern says, if it does: `beside` codes of the text that are known, or `alone`, only when nothing else is.
   */
  readonly weak?: 'beside' | 'alone';
}

/** One row of a data module. */
export interface Row {
  readonly code: number;
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  readonly cause: string;
  readonly fix?: readonly string[];
  readonly see?: readonly string[];
  readonly aliases?: readonly string[];
  readonly context?: Context;
  readonly pattern?: RegExp;
}

/** `see` of issue threads: `moby/moby#39832`. */
export function thread(name: string): string {
  const [repository, number] = name.split('#') as [string, string];
  return `https://github.com/${repository}/issues/${number}`;
}

export const pages = {
  versions:
    'https://learn.microsoft.com/virtualization/windowscontainers/deploy-containers/version-compatibility',
  hcs: 'https://learn.microsoft.com/virtualization/api/hcs/reference/hcshresult',
  networking:
    'https://learn.microsoft.com/virtualization/windowscontainers/container-networking/network-drivers-topologies',
  antivirus:
    'https://learn.microsoft.com/virtualization/windowscontainers/manage-containers/anti-virus-optimization-for-windows-containers',
  volumes:
    'https://learn.microsoft.com/virtualization/windowscontainers/manage-containers/persistent-storage',
  identities:
    'https://learn.microsoft.com/virtualization/windowscontainers/manage-containers/manage-serviceaccounts',
  ntstatus:
    'https://learn.microsoft.com/openspecs/windows_protocols/ms-erref/596a1078-e883-4972-9bbc-49e60bebca55',
  win32: 'https://learn.microsoft.com/windows/win32/debug/system-error-codes',
  lifecycle:
    'https://learn.microsoft.com/virtualization/windowscontainers/deploy-containers/base-image-lifecycle',
  nested: 'https://learn.microsoft.com/virtualization/hyper-v-on-windows/user-guide/nested-virtualization',
} as const;
