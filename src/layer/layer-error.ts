import { PortholeError } from '../errors/porthole-error.ts';
import type { ErrorDetails, ErrorKind } from '../errors/porthole-error.ts';

/** Stable names of what can be wrong with a layer. All are kind `invalid` unless the table in `LayerError` says otherwise. */
export type LayerErrorCode =
  /** The tar itself: checksum, numbers, records, end in the middle. */
  | 'LAYER_TAR_INVALID'
  /** The compressed stream does not inflate. */
  | 'LAYER_COMPRESSION_INVALID'
  /** Device, FIFO, socket, sparse map or an unknown type flag. */
  | 'LAYER_ENTRY_TYPE'
  /** A name that could leave the layer, or that Windows could not hold. */
  | 'LAYER_PATH_INVALID'
  | 'LAYER_PATH_TOO_LONG'
  /** Two entries of one layer claim the same name. */
  | 'LAYER_PATH_CONFLICT'
  | 'LAYER_LINK_INVALID'
  | 'LAYER_WHITEOUT_INVALID'
  | 'LAYER_METADATA_INVALID'
  /** More bytes, entries or levels than the limits allow. */
  | 'LAYER_LIMIT'
  | 'LAYER_DIFF_ID_MISMATCH'
  | 'LAYER_NO_SPACE'
  | 'LAYER_NOT_FOUND'
  | 'LAYER_PATH_NOT_FOUND'
  | 'LAYER_EXISTS'
  /** In use by a running container. */
  | 'LAYER_MOUNTED'
  | 'LAYER_DEPTH'
  | 'LAYER_SIZE_INVALID'
  | 'LAYER_HOST_UNSUPPORTED'
  /** Made by another of Windows' DLLs than the one that is used now. */
  | 'LAYER_DRIVER_MIXED'
  /** A composed file changed while it was read. */
  | 'LAYER_SOURCE_CHANGED';

const kinds: Partial<Record<LayerErrorCode, ErrorKind>> = {
  LAYER_NO_SPACE: 'unavailable',
  LAYER_NOT_FOUND: 'notFound',
  LAYER_PATH_NOT_FOUND: 'notFound',
  LAYER_EXISTS: 'conflict',
  LAYER_MOUNTED: 'conflict',
  LAYER_DRIVER_MIXED: 'conflict',
  LAYER_HOST_UNSUPPORTED: 'unavailable',
};

/** Anything wrong with a layer tar or a layer folder. `entry` names the offending entry, when there is one. */
export class LayerError extends PortholeError {
  readonly entry: string | undefined;

  constructor(code: LayerErrorCode, message: string, details: ErrorDetails & { entry?: string } = {}) {
    super(kinds[code] ?? 'invalid', code, message, details);
    this.name = 'LayerError';
    this.entry = details.entry;
  }
}

/** The importer's words for a hard link whose target is in neither the layer nor its parents. */
export function missingTarget(entry: string, root: string, components: readonly string[]): LayerError {
  const message = `failed to find link target for '${entry}' -> '${root}/${components.join('/')}'`;
  return new LayerError('LAYER_LINK_INVALID', message, { entry });
}

export function nothingAt(windowsPath: string): LayerError {
  return new LayerError('LAYER_PATH_NOT_FOUND', `${windowsPath}: no such file or directory`, {
    entry: windowsPath,
  });
}

/** `LAYER_NOT_FOUND` for a layer, or a container's own, that a store does not have. */
export function noSuchLayer(id: string): LayerError {
  return new LayerError('LAYER_NOT_FOUND', `layer does not exist: ${id}`, {
    hint: 'pull or build the image again: a layer that it needs is not in the store',
  });
}
