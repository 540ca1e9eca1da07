import { registryValue } from './ffi/advapi32.ts';

const key = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Virtualization\\Containers\\CredentialSpecs';

/** What `--security-opt credentialspec=registry://NAME` means (hcs.md 6.5). */
export function registryCredentialSpec(name: string): string | undefined {
  const { value } = registryValue(key, name);
  return typeof value === 'string' ? value : undefined;
}
