import { rmdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes what the kernel leaves in an overlay's `work` folder: an empty folder without any permission, which ordinary users
 * could not remove together with the scratch.
 */
export function removeOverlayWork(scratch: string): void {
  try {
    rmdirSync(join(scratch, 'work', 'work'));
  } catch {
    // Not there, or another file system's overlay.
  }
}
