import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Files outside the bound trees that the dynamic loader and TLS use, where the Wine root has them. */
export function existingExtraFiles(root: string): string[] {
  return ['/etc/ld.so.cache', '/etc/ssl/certs/ca-certificates.crt'].filter(
    (path) => statSync(join(root, path), { throwIfNoEntry: false })?.isFile() === true,
  );
}
