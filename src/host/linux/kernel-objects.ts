/**
 * What porthole made in the kernel, noted outside every data root: a data root that is deleted by hand would leave its bridges
 * and namespaces for ever. Root only; gone with the boot, as the objects are.
 */
import { existsSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { listNames, removeIfExists, writeJsonAtomic } from '../../state/atomic-file.ts';
import type { FirewallRecord } from './firewall.ts';

export interface KernelObject {
  readonly kind: 'bridge' | 'namespace';
  /** Interface, or name below /run/netns. */
  readonly name: string;
  /** The file that says what it is for; without it the object is nobody's. */
  readonly record: string;
  /** Of a bridge: its network, and what was installed for it. */
  readonly networkId?: string;
  readonly firewall?: FirewallRecord;
}

/** One folder for each network namespace that porthole runs in: what is made in one cannot be seen from another. */
function folder(): string {
  const [inode] = /\d+/.exec(readlinkSync('/proc/thread-self/ns/net')) ?? ['0'];
  return join('/run/porthole/objects', inode);
}

export function noteObject(object: KernelObject): void {
  writeJsonAtomic(pathOf(object.name), object);
}

export function forgetObject(name: string): void {
  removeIfExists(pathOf(name));
  try {
    rmdirSync(folder());
  } catch {
    // Others are still noted there.
  }
}

/** Objects whose record is gone. */
export function orphanedObjects(): KernelObject[] {
  const place = folder();
  return listNames(place)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        const object = JSON.parse(readFileSync(join(place, name), 'utf8')) as KernelObject;
        return existsSync(object.record) ? [] : [object];
      } catch {
        // Just removed by another process.
        return [];
      }
    });
}

function pathOf(name: string): string {
  return join(folder(), `${name}.json`);
}
