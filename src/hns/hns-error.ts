import { PortholeError, type ErrorKind } from '../errors/porthole-error.ts';

/** HNS and HCN codes (networking.md 2.4), unsigned 32-bit. Match on these, never on texts: HNS localises them. */
export const HNS = {
  networkNotFound: 0x803b0001,
  endpointNotFound: 0x803b0002,
  subnetNotFound: 0x803b0005,
  adapterNotFound: 0x803b0006,
  invalidNetwork: 0x803b000a,
  invalidNetworkType: 0x803b000b,
  invalidEndpoint: 0x803b000c,
  invalidPolicy: 0x803b000d,
  invalidPolicyType: 0x803b000e,
  networkAlreadyExists: 0x803b0010,
  portAlreadyExists: 0x803b0013,
  endpointAlreadyAttached: 0x803b0014,
  requestUnsupported: 0x803b0015,
  mappingNotSupported: 0x803b0016,
  degradedOperation: 0x803b0017,
  guidConversionFailure: 0x803b0019,
  invalidJson: 0x803b001b,
  invalidIp: 0x803b001e,
  managerStopped: 0x803b0020,
  icsDisabled: 0x803b002a,
  endpointNamespaceAlreadyExists: 0x803b002b,
  entityHasReferences: 0x803b002c,
  namespaceAttachFailed: 0x803b002e,
  addressInvalidOrReserved: 0x803b002f,
  invalidPrefix: 0x803b0030,
  objectUsedAfterUnload: 0x803b0031,
  invalidSubnet: 0x803b0032,
  endpointNotAttached: 0x803b0034,
  endpointNotLocal: 0x803b0035,
  /** ERROR_NOT_FOUND: an unknown namespace. */
  elementNotFound: 0x80070490,
  accessDenied: 0x80070005,
  invalidParameter: 0x80070057,
  notSupported: 0x80070032,
  /** ERROR_SHARING_VIOLATION: the host port is taken (networking.md 8). */
  portInUse: 0x80070020,
  /** ERROR_TIMEOUT: HNS gave no answer. */
  timeout: 0x800705b4,
  rpcServerUnavailable: 0x800706ba,
  rpcCallFailed: 0x800706be,
  endpointMapperEmpty: 0x800706d9,
  notImplemented: 0x80004001,
  unspecified: 0x80004005,
} as const;

const TEXTS: ReadonlyMap<number, string> = new Map([
  [HNS.networkNotFound, 'The network was not found.'],
  [HNS.endpointNotFound, 'The endpoint was not found.'],
  [HNS.subnetNotFound, 'The network does not have a subnet for this endpoint.'],
  [HNS.adapterNotFound, 'An adapter was not found.'],
  [HNS.invalidNetwork, 'The provided network configuration is invalid or missing parameters.'],
  [HNS.invalidNetworkType, 'Invalid network type.'],
  [HNS.invalidEndpoint, 'The provided endpoint configuration is invalid or missing parameters.'],
  [HNS.invalidPolicy, 'The provided policy configuration is invalid or missing parameters.'],
  [HNS.invalidPolicyType, 'Invalid policy type.'],
  [HNS.networkAlreadyExists, 'A network with this name already exists.'],
  [HNS.portAlreadyExists, 'The specified port already exists.'],
  [HNS.endpointAlreadyAttached, 'This endpoint is already attached to the switch.'],
  [HNS.requestUnsupported, 'The specified request is unsupported.'],
  [HNS.mappingNotSupported, 'Port mapping is not supported on the given network.'],
  [HNS.degradedOperation, 'There was an operation attempted on a degraded object.'],
  [HNS.guidConversionFailure, 'Failed to interpret a parameter as a GUID.'],
  [HNS.invalidJson, 'Invalid JSON document string.'],
  [HNS.invalidIp, 'IP address is either invalid or not part of any configured subnet(s).'],
  [HNS.managerStopped, 'Operation cannot be performed while service is stopping.'],
  [HNS.icsDisabled, 'Internet Connection Sharing service (SharedAccess) is disabled and cannot be started.'],
  [
    HNS.endpointNamespaceAlreadyExists,
    'This requested operation is invalid as endpoint is already part of a network namespace.',
  ],
  [HNS.entityHasReferences, 'The specified entity cannot be removed while it still has references.'],
  [HNS.namespaceAttachFailed, 'The requested operation for attach namespace failed.'],
  [HNS.addressInvalidOrReserved, 'An address provided is invalid or reserved.'],
  [HNS.invalidPrefix, 'The prefix provided is invalid.'],
  [HNS.objectUsedAfterUnload, 'A call was performed against an object that was torn down.'],
  [HNS.invalidSubnet, 'The provided subnet configuration is invalid or missing parameters.'],
  [HNS.endpointNotAttached, 'The endpoint must be attached to complete the operation.'],
  [HNS.endpointNotLocal, 'The endpoint must be local to complete the operation.'],
  [HNS.elementNotFound, 'Element not found.'],
  [HNS.accessDenied, 'Access is denied.'],
  [HNS.invalidParameter, 'The parameter is incorrect.'],
  [HNS.notSupported, 'The request is not supported.'],
  [HNS.portInUse, 'The process cannot access the file because it is being used by another process.'],
  [HNS.timeout, 'This operation returned because the timeout period expired.'],
  [HNS.rpcServerUnavailable, 'The RPC server is unavailable.'],
  [HNS.rpcCallFailed, 'The remote procedure call failed.'],
  [HNS.endpointMapperEmpty, 'There are no more endpoints available from the endpoint mapper.'],
  [HNS.notImplemented, 'Not implemented'],
  [HNS.unspecified, 'Unspecified error'],
]);

const HINTS: ReadonlyMap<number, string> = new Map([
  [HNS.portInUse, 'another program or container holds the host port: choose another, or stop that program'],
  [HNS.degradedOperation, 'restart the service hns'],
  [HNS.managerStopped, 'start the service hns'],
  [HNS.timeout, 'the service hns does not answer: restart it (Restart-Service hns)'],
  [HNS.rpcServerUnavailable, 'start the service hns'],
  [HNS.rpcCallFailed, 'start the service hns'],
  [HNS.endpointMapperEmpty, 'start the services hns and mpssvc (Windows Firewall)'],
  [HNS.icsDisabled, 'enable the service SharedAccess (Internet Connection Sharing)'],
]);

export interface HnsErrorDetails {
  /** Replaces the table's text (HNS' own message, a backend's reason). */
  readonly text?: string;
  /** What the call was about: a GUID, a name, `0.0.0.0:8080/tcp`. Shown only when the text is the table's. */
  readonly subject?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * A failed network call: every adapter of the network port throws this and nothing else. The message is hcsshim's
 * `hnsCall failed in Win32: The network was not found. (0x803b0001)`; Win32 codes print unfolded (`0x20`).
 */
export class HnsError extends PortholeError {
  readonly op: string;
  readonly hresult: number;
  readonly subject: string | undefined;

  constructor(op: string, hresult: number, details: HnsErrorDetails = {}) {
    const code = hresult >>> 0;
    const hint = details.hint ?? HINTS.get(code);
    const shown = (code & 0x1fff0000) === 0x00070000 ? code & 0xffff : code;
    const text = details.text ?? hnsText(code);
    super(
      kindOf(code),
      'HNS_ERROR',
      details.text === undefined || details.text === hnsText(code)
        ? `hnsCall failed in Win32: ${text} (0x${shown.toString(16)})`
        : text,
      {
        ...(hint === undefined ? {} : { hint }),
        ...(details.cause === undefined ? {} : { cause: details.cause }),
      },
    );
    this.name = 'HnsError';
    this.op = op;
    this.hresult = code;
    this.subject = details.subject;
  }
}

/** System text of a code with its full stop; `Unknown error` for one the table lacks. */
export function hnsText(code: number): string {
  return TEXTS.get(code >>> 0) ?? 'Unknown error';
}

export function hnsHint(code: number): string | undefined {
  return HINTS.get(code >>> 0);
}

/** Every code of the table, for `explain` and its tests. */
export function knownHnsCodes(): readonly number[] {
  return Object.values(HNS);
}

export function isHnsError(error: unknown, ...codes: readonly number[]): error is HnsError {
  return error instanceof HnsError && (codes.length === 0 || codes.includes(error.hresult));
}

/** "Already gone", whichever object was asked for: what deletes ignore. */
export function isHnsNotFound(error: unknown): error is HnsError {
  return isHnsError(error, HNS.networkNotFound, HNS.endpointNotFound, HNS.elementNotFound);
}

function kindOf(code: number): ErrorKind {
  switch (code) {
    case HNS.networkNotFound:
    case HNS.endpointNotFound:
    case HNS.elementNotFound:
      return 'notFound';
    case HNS.networkAlreadyExists:
    case HNS.endpointAlreadyAttached:
    case HNS.entityHasReferences:
      return 'conflict';
    case HNS.invalidIp:
    case HNS.invalidNetwork:
    case HNS.invalidNetworkType:
    case HNS.invalidSubnet:
    case HNS.invalidPrefix:
    case HNS.invalidJson:
    case HNS.invalidParameter:
      return 'invalid';
    case HNS.notSupported:
    case HNS.requestUnsupported:
    case HNS.notImplemented:
      return 'notImplemented';
    case HNS.accessDenied:
      return 'forbidden';
    case HNS.timeout:
    case HNS.rpcServerUnavailable:
    case HNS.managerStopped:
      return 'unavailable';
    default:
      return 'internal';
  }
}
