/** `a=b` strings the way Docker's client reads them (`opts/parse.go`, `pkg/kvfile`; docker-cli.md 5.1). */
import { CliError, systemErrorText } from '../cli-error.ts';
import { asError } from '../../errors/porthole-error.ts';
import { lookupEnv } from './client.ts';
import type { Client } from './client.ts';

/** Go marshals maps sorted by key: so do we, wherever a map travels or is shown. */
export function sortedRecord<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...new Map(entries)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Splits at the first `separator`, like Go's `strings.Cut`. */
export function cut(text: string, separator: string): [before: string, after: string, found: boolean] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, '', false] : [text.slice(0, at), text.slice(at + separator.length), true];
}

/** `['a=1', 'b']` -> `{ a: '1', b: '' }`, the last value wins. */
export function toMap(pairs: readonly string[]): Record<string, string> {
  return sortedRecord(
    pairs.map((pair) => {
      const [key, value] = cut(pair, '=');
      return [key, value] as const;
    }),
  );
}

/** Go's scanner refuses longer lines. */
const longestLine = 64 * 1024 - 1;

/**
 * Text of an env or label file. Docker reads UTF-8 only; files that Windows PowerShell's `>` wrote in UTF-16 are read too
 * (users.md 3.1). Throws Docker's error for other bytes.
 */
function decodeFile(content: Buffer): string {
  if (content[0] === 0xff && content[1] === 0xfe) return content.subarray(2).toString('utf16le');
  if (content[0] === 0xfe && content[1] === 0xff) {
    return Buffer.from(content.subarray(2, content.length & ~1))
      .swap16()
      .toString('utf16le');
  }
  const text = content.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  let line = 1;
  for (const bytes of splitLines(content)) {
    if (!Buffer.from(bytes.toString('utf8')).equals(bytes))
      throw new Error(`invalid utf8 bytes at line ${line}: [${[...bytes].join(' ')}]`);
    line++;
  }
  return text;
}

function* splitLines(content: Buffer): Generator<Buffer> {
  for (let start = 0; start < content.length;) {
    const end = content.indexOf(0x0a, start);
    const stop = end < 0 ? content.length : end;
    yield content.subarray(start, content[stop - 1] === 0x0d && stop > start ? stop - 1 : stop);
    start = stop + 1;
  }
}

/** Lines `key=value` of a file's content; a bare `key` is kept only when `lookup` knows its value. */
export function parseKeyValueFile(content: Buffer, lookup?: (name: string) => string | undefined): string[] {
  const pairs: string[] = [];
  const text = decodeFile(content).replace(/^\ufeff/, '');
  for (const raw of text.split('\n')) {
    if (raw.length > longestLine) throw new Error('bufio.Scanner: token too long');
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const [key, , found] = cut(line, '=');
    if (key === '') throw new Error(`no variable name on line '${line}'`);
    if (/[ \t]/.test(key)) throw new Error(`variable '${key}' contains whitespaces`);
    if (found) pairs.push(line);
    else {
      const value = lookup?.(key);
      if (value !== undefined) pairs.push(`${key}=${value}`);
    }
  }
  return pairs;
}

/** Reads the files in order. A file that cannot be opened prints Go's error; one that cannot be parsed names the file. */
async function readFiles(
  files: readonly string[],
  client: Client,
  lookup?: (name: string) => string | undefined,
): Promise<string[]> {
  const pairs: string[] = [];
  for (const file of files) {
    let content: Buffer;
    try {
      content = await client.readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EISDIR')
        throw new CliError(`invalid env file (${file}): read ${file}: is a directory`, { cause: error });
      throw new CliError(systemErrorText(asError(error)), { cause: error });
    }
    try {
      pairs.push(...parseKeyValueFile(content, lookup));
    } catch (error) {
      throw new CliError(`invalid env file (${file}): ${asError(error).message}`, { cause: error });
    }
  }
  return pairs;
}

/** `--label-file` then `--label`. */
export async function readLabels(
  files: readonly string[],
  labels: readonly string[],
  client: Client,
): Promise<Record<string, string>> {
  return toMap([...(await readFiles(files, client)), ...labels]);
}

/** `--env-file` entries as they stand, then `env`: a bare name takes the client's value, or stays bare when it has none. */
export async function readEnv(
  files: readonly string[],
  env: readonly string[],
  client: Client,
): Promise<string[]> {
  return [
    ...(await readFiles(files, client, (name) => lookupEnv(client, name))),
    ...withClientValues(env, client),
  ];
}

/** `-e NAME` of a variable that the client has becomes `NAME=value`. */
export function withClientValues(env: readonly string[], client: Pick<Client, 'platform' | 'env'>): string[] {
  return env.map((pair) => {
    if (pair.includes('=')) return pair;
    const value = lookupEnv(client, pair);
    return value === undefined ? pair : `${pair}=${value}`;
  });
}

/** One entry a name, the last value at the first one's place: what `run` makes of `-e` (Docker passes it through a map). */
export function uniqueEnv(env: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const pair of env) byName.set(cut(pair, '=')[0], pair);
  return [...byName.values()];
}
