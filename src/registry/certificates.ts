/** Certificates for one registry from `certs.d/<host>/` (images-and-registries.md 2.10): Docker's folders, and our own. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PortholeError } from '../errors/porthole-error.ts';

export interface HostCertificates {
  /** PEM texts of extra roots. */
  readonly roots: readonly string[];
  /** Client pair, when there is one. */
  readonly client?: { readonly cert: string; readonly key: string };
}

/** Folders in order of preference, as Docker names them: Windows can't have `:` in names, so `h:5000` is `h5000` there. */
export function certificateFolders(
  host: string,
  where: {
    readonly platform: 'win32' | 'linux';
    readonly dataRoot: string;
    readonly programData?: string | undefined;
  },
): string[] {
  const name = where.platform === 'win32' ? host.replaceAll(':', '') : host;
  const system =
    where.platform === 'win32'
      ? join(where.programData ?? 'C:\\ProgramData', 'docker', 'certs.d')
      : join('/etc', 'docker', 'certs.d');
  return [join(where.dataRoot, 'certs.d', name), join(system, name)];
}

/**
 * Reads the first folder that exists: `*.crt` are roots, `X.cert` + `X.key` a client pair. Errors are Docker's: `missing key
 * X.key for client certificate X.cert. CA certificates must use the extension .crt`.
 */
export function readHostCertificates(folders: readonly string[]): HostCertificates {
  for (const folder of folders) {
    const names = list(folder);
    if (names !== undefined) return readFolder(folder, names);
  }
  return { roots: [] };
}

function readFolder(folder: string, names: readonly string[]): HostCertificates {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const roots = names.filter((name) => name.endsWith('.crt')).map(read);
  for (const key of names.filter((name) => name.endsWith('.key'))) {
    const cert = key.replace(/\.key$/, '.cert');
    if (!names.includes(cert)) throw incomplete(`missing client certificate ${cert} for key ${key}`);
  }
  const cert = names.find((name) => name.endsWith('.cert'));
  if (cert === undefined) return { roots };
  const key = cert.replace(/\.cert$/, '.key');
  if (!names.includes(key)) {
    throw incomplete(
      `missing key ${key} for client certificate ${cert}. CA certificates must use the extension .crt`,
    );
  }
  return { roots, client: { cert: read(cert), key: read(key) } };
}

function list(folder: string): string[] | undefined {
  try {
    return readdirSync(folder).sort();
  } catch {
    return undefined;
  }
}

function incomplete(message: string): PortholeError {
  return new PortholeError('invalid', 'REGISTRY_CERTIFICATES', message);
}
