import { Writable } from 'node:stream';

/** A stream that swallows everything: what commands print to under `--json`. */
export function nowhere(): NodeJS.WritableStream {
  return new Writable({ write: (_chunk, _encoding, done) => done(), decodeStrings: false });
}
