/** `-v [source:]target[:mode]` as the client reads it (`cli/compose/loader/volume.go`; docker-cli.md 5.2). */
import { CliError } from '../cli-error.ts';
import { hostPath } from './client.ts';
import type { Client } from './client.ts';
import { cut } from './key-values.ts';

export interface Volumes {
  /** Targets of anonymous volumes. */
  readonly anonymous: string[];
  /** `source:target[:mode]`, for the engine to parse. */
  readonly binds: string[];
}

const letter = /^\p{L}$/u;

/** Sections between colons, where a single letter and a colon at the start of a section is a drive. */
function sections(spec: string): string[] {
  const found: string[] = [];
  let current = '';
  for (const character of spec) {
    if (character !== ':' || letter.test(current)) current += character;
    else {
      found.push(current);
      current = '';
    }
  }
  found.push(current);
  return found;
}

const isFilePath = (source: string) =>
  /^[./~]/.test(source) || source.startsWith('\\\\') || /^\p{L}:/u.test(source);

/** Source of a volume spec, `undefined` for an anonymous volume. Throws Docker's text for a spec it cannot split. */
function sourceOf(spec: string): string | undefined {
  if (spec === '') throw new CliError('invalid empty volume spec');
  if (Buffer.byteLength(spec) <= 2) return undefined;
  const parts = sections(spec);
  const empty = parts.indexOf('');
  if (empty >= 0 && empty < 4) {
    throw new CliError(`invalid spec: ${spec}: empty section between colons`, {
      ...(empty === 0 && {
        hint: 'the host part is empty; in PowerShell write "${PWD}:C:\\target", because $PWD: names a drive',
      }),
    });
  }
  if (parts.length > 3) throw new CliError(`invalid spec: ${spec}: too many colons`);
  return parts.length === 1 ? undefined : parts[0];
}

/** Splits the given specs, each once, in order. */
export function parseVolumes(
  specs: readonly string[],
  client: Pick<Client, 'platform' | 'cwd' | 'homeDir'>,
): Volumes {
  const anonymous: string[] = [];
  const binds: string[] = [];
  for (const spec of new Set(specs)) {
    const source = sourceOf(spec);
    if (source === undefined) anonymous.push(spec);
    else if (isFilePath(source)) {
      const [host, rest] = cut(spec, ':');
      binds.push(`${hostPath(client, host)}:${rest}`);
    } else binds.push(spec);
  }
  return { anonymous, binds };
}
