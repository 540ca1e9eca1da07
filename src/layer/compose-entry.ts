import type { Readable } from 'node:stream';
import type { WindowsMetadata } from './metadata.ts';

/** Where a composed file's bytes come from: a file on this host, bytes, or a stream of exactly `size` bytes. */
export type ComposeContent =
  { readonly hostPath: string } | { readonly bytes: Uint8Array } | { readonly open: () => Readable };

/**
 * One thing to put into a layer. `path` is a Windows path below C: in any spelling (`C:\app\x`, `\app\x`, `app/x`).
 * Missing `metadata` gets the defaults of a new file; times default to the source's (`hostPath`) or `options.now`.
 */
export type ComposeEntry =
  | { readonly type: 'directory'; readonly path: string; readonly metadata?: Partial<WindowsMetadata> }
  | {
      readonly type: 'file';
      readonly path: string;
      readonly size: number;
      readonly content: ComposeContent;
      readonly metadata?: Partial<WindowsMetadata>;
    }
  | {
      readonly type: 'symlink';
      readonly path: string;
      /** As Windows shows it: `C:\app`, `..\x`. */
      readonly target: string;
      readonly directory?: boolean;
      readonly metadata?: Partial<WindowsMetadata>;
    }
  /** Hides what parents have at `path`. */
  | { readonly type: 'whiteout'; readonly path: string };
