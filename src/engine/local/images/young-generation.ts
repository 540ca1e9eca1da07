import { setFlagsFromString } from 'node:v8';

let users = 0;

/**
 * Keeps V8's young generation at its first size while layers are unpacked. Left alone it doubles up to 128 MB, because every
 * file leaves a name behind, and holds nothing of use: unpacking makes its garbage outside of the heap. Measured with the
 * core image: 90 MB less at the peak for the same CPU time. Gives back what ends it.
 */
export function keepYoungGenerationSmall(): () => void {
  users += 1;
  if (users === 1) setFlagsFromString('--semi-space-growth-factor=1');
  let over = false;
  return () => {
    if (over) return;
    over = true;
    users -= 1;
    if (users === 0) setFlagsFromString('--semi-space-growth-factor=2');
  };
}
