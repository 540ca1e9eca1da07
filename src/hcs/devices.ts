import type { DeviceMapping } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import type { Isolation } from './isolation.ts';

/** A device class that is assigned to a container. */
export interface AssignedDevice {
  readonly InterfaceClassGuid: string;
}

/** Where a gMSA credential spec is to be read from; `raw` is the JSON itself. */
export interface CredentialSpecSource {
  readonly kind: 'file' | 'registry' | 'raw';
  readonly value: string;
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `--device class/GUID` or `IDType://ID` (hcs.md 6.6). Hyper-V isolation takes none. */
export function assignedDevices(
  devices: readonly DeviceMapping[] | null,
  isolation: Isolation,
): AssignedDevice[] {
  const assigned: AssignedDevice[] = [];
  for (const { PathOnHost: path } of devices ?? []) {
    if (isolation === 'hyperv')
      throw refuse('device assignment is not supported for HyperV containers', 'use --isolation=process');
    const split = path.includes('://') ? '://' : '/';
    const at = path.indexOf(split);
    if (at < 0)
      throw refuse(`invalid device assignment path: '${path}', must be 'class/ID' or 'IDType://ID'`);
    const type = path.slice(0, at);
    const id = path.slice(at + split.length);
    if (type === '') throw refuse(`invalid device assignment path: '${path}', IDType cannot be empty`);
    if (split === '/' && type !== 'class')
      throw refuse(`invalid device assignment path: '${path}', must be 'class/ID' or 'IDType://ID'`);
    if (type !== 'class' && type !== 'vpci-class-guid')
      throw refuse(`device assignment of type '${type}' is not supported`);
    if (!guid.test(id)) {
      throw refuse(
        `invalid device assignment path: '${path}', must be 'class/ID' or 'IDType://ID'`,
        'the ID of a class is a GUID, for example 5B45201D-F2F2-4F3B-85BB-30FF1F953599 for DirectX',
      );
    }
    assigned.push({ InterfaceClassGuid: id });
  }
  return assigned;
}

/** `--security-opt credentialspec=...` (hcs.md 6.5). The last one wins, as in moby. */
export function credentialSpec(options: readonly string[] | null): CredentialSpecSource | undefined {
  let source: CredentialSpecSource | undefined;
  for (const option of options ?? []) {
    const at = option.indexOf('=');
    if (at < 0) throw refuse(`invalid security option: no equals sign in supplied value ${option}`);
    if (option.slice(0, at).toLowerCase() !== 'credentialspec')
      throw refuse(`security option not supported: ${option.slice(0, at)}`);
    source = parseCredentialSpec(option.slice(at + 1));
  }
  return source;
}

function parseCredentialSpec(text: string): CredentialSpecSource {
  const match = /^(file|registry|raw):\/\/(.+)$/is.exec(text);
  if (match === null) {
    throw refuse(
      "invalid credential spec security option - value must be prefixed by 'file://', 'registry://', or 'raw://' followed by a non-empty value",
    );
  }
  const kind = match[1]!.toLowerCase() as CredentialSpecSource['kind'];
  const value = match[2]!;
  if (kind === 'file') {
    if (/^([a-z]:)?[\\/]/i.test(value))
      throw refuse('invalid credential spec: file:// path cannot be absolute');
    if (value.split(/[\\/]/).includes('..'))
      throw refuse('invalid credential spec: file:// path must be under CredentialSpecs');
  }
  return { kind, value };
}

function refuse(message: string, hint?: string): PortholeError {
  return new PortholeError('invalid', 'INVALID_OPTION', message, hint === undefined ? {} : { hint });
}
