import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes what the kernel leaves in an overlay's `work` folder: a folder without any permission, with shared whiteouts in it,
 * which ordinary users could not remove together with the scratch.
 */
export function removeOverlayWork(scratch: string): void {
  const left = join(scratch, 'work', 'work');
  try {
    chmodSync(left, 0o700);
    rmSync(left, { recursive: true, force: true });
  } catch {
    // Not there, or another file system's overlay.
  }
}
