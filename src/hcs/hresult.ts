/**
 * The HRESULTs that HCS, HNS' host calls and CreateProcess give (hcs.md 2). One table: adapters throw these codes, errors
 * print `text`, `explain` adds `hint`.
 *
 * Codes are unsigned 32-bit. vmcompute.dll and computecore.dll spell the same conditions 0xC037xxxx and 0x8037xxxx, so
 * conditions are matched with `sameCondition`, never with `===`.
 */
export const HRESULT = {
  terminatedDuringStart: 0x80370100,
  imageMismatch: 0x80370101,
  hypervNotInstalled: 0x80370102,
  operationPendingV1: 0xc0370103,
  tooManyNotifications: 0xc0370104,
  invalidState: 0x80370105,
  unexpectedExit: 0x80370106,
  terminated: 0x80370107,
  connectFailed: 0x80370108,
  connectionTimeout: 0x80370109,
  connectionClosed: 0x8037010a,
  unknownMessage: 0x8037010b,
  unsupportedProtocolVersion: 0x8037010c,
  invalidJson: 0x8037010d,
  systemNotFound: 0x8037010e,
  systemAlreadyExists: 0x8037010f,
  systemAlreadyStopped: 0x80370110,
  protocolError: 0x80370111,
  invalidLayer: 0x80370112,
  windowsInsiderRequired: 0x80370113,
  serviceNotAvailable: 0x80370114,
  operationNotStarted: 0x80370115,
  operationAlreadyStarted: 0x80370116,
  operationPending: 0x80370117,
  operationTimeout: 0x80370118,
  operationSystemCallbackAlreadySet: 0x80370119,
  operationResultAllocationFailed: 0x8037011a,
  accessDeniedHcs: 0x8037011b,
  guestCriticalError: 0x8037011c,
  processInfoNotAvailable: 0x8037011d,
  serviceDisconnect: 0x8037011e,
  processAlreadyStopped: 0x8037011f,
  fileNotFound: 0x80070002,
  pathNotFound: 0x80070003,
  accessDenied: 0x80070005,
  invalidHandle: 0x80070006,
  invalidData: 0x8007000d,
  notReady: 0x80070015,
  notSupported: 0x80070032,
  invalidParameter: 0x80070057,
  brokenPipe: 0x8007006d,
  diskFull: 0x80070070,
  callNotImplemented: 0x80070078,
  invalidName: 0x8007007b,
  procNotFound: 0x8007007f,
  badExeFormat: 0x800700c1,
  directoryInvalid: 0x8007010b,
  deviceNotConnected: 0x8007048f,
  elementNotFound: 0x80070490,
  elevationRequired: 0x800702e4,
  logonFailure: 0x8007052e,
  noneMapped: 0x80070534,
  outOfMemory: 0x8007000e,
  interfaceUnknown: 0x800706b5,
  rpcServerUnavailable: 0x800706ba,
  rpcCallFailed: 0x800706be,
  notImplemented: 0x80004001,
  unspecified: 0x80004005,
} as const;

interface Entry {
  readonly name: string;
  /** System text as FormatMessage gives it in English, with its full stop. */
  readonly text: string;
  /** One line that says what to try. */
  readonly hint?: string;
}

/** Keyed by what both families share: `code & 0x3fffffff`. */
const TABLE: ReadonlyMap<number, Entry> = new Map(
  (
    [
      [
        HRESULT.terminatedDuringStart,
        'HCS_E_TERMINATED_DURING_START',
        'The virtual machine or container exited unexpectedly while starting.',
        'the image may be newer than the host, or it may be damaged: try --isolation=hyperv, or pull it again',
      ],
      [
        HRESULT.imageMismatch,
        'HCS_E_IMAGE_MISMATCH',
        'The container operating system does not match the host operating system.',
        "use --isolation=hyperv, or an image whose os.version has the host's build number",
      ],
      [
        HRESULT.hypervNotInstalled,
        'HCS_E_HYPERV_NOT_INSTALLED',
        'The virtual machine could not be started because a required feature is not installed.',
        'enable the Hyper-V role and virtualization in the firmware, or use --isolation=process',
      ],
      [
        HRESULT.operationPendingV1,
        'ERROR_VMCOMPUTE_OPERATION_PENDING',
        'The call to start an asynchronous operation succeeded and the operation is performed in the background.',
      ],
      [
        HRESULT.tooManyNotifications,
        'ERROR_VMCOMPUTE_TOO_MANY_NOTIFICATIONS',
        'The supported number of notification callbacks has been exceeded.',
      ],
      [
        HRESULT.invalidState,
        'HCS_E_INVALID_STATE',
        'The requested virtual machine or container operation is not valid in the current state.',
      ],
      [
        HRESULT.unexpectedExit,
        'HCS_E_UNEXPECTED_EXIT',
        'The virtual machine or container exited unexpectedly.',
      ],
      [HRESULT.terminated, 'HCS_E_TERMINATED', 'The virtual machine or container was forcefully exited.'],
      [
        HRESULT.connectFailed,
        'HCS_E_CONNECT_FAILED',
        'A connection could not be established with the container or virtual machine.',
      ],
      [
        HRESULT.connectionTimeout,
        'HCS_E_CONNECTION_TIMEOUT',
        'The operation timed out because a response was not received from the virtual machine or container.',
        'the utility VM may be short of memory: raise --memory, or start fewer containers at once',
      ],
      [
        HRESULT.connectionClosed,
        'HCS_E_CONNECTION_CLOSED',
        'The connection with the virtual machine or container was closed.',
      ],
      [
        HRESULT.unknownMessage,
        'HCS_E_UNKNOWN_MESSAGE',
        'An unknown internal message was received by the virtual machine or container.',
      ],
      [
        HRESULT.unsupportedProtocolVersion,
        'HCS_E_UNSUPPORTED_PROTOCOL_VERSION',
        'The virtual machine or container does not support an available version of the communication protocol with the host.',
      ],
      [
        HRESULT.invalidJson,
        'HCS_E_INVALID_JSON',
        'The virtual machine or container JSON document is invalid.',
        'the Windows build may be too old for a field of the document',
      ],
      [
        HRESULT.systemNotFound,
        'HCS_E_SYSTEM_NOT_FOUND',
        'A virtual machine or container with the specified identifier does not exist.',
      ],
      [
        HRESULT.systemAlreadyExists,
        'HCS_E_SYSTEM_ALREADY_EXISTS',
        'A virtual machine or container with the specified identifier already exists.',
      ],
      [
        HRESULT.systemAlreadyStopped,
        'HCS_E_SYSTEM_ALREADY_STOPPED',
        'The virtual machine or container with the specified identifier is not running.',
      ],
      [
        HRESULT.protocolError,
        'HCS_E_PROTOCOL_ERROR',
        'A communication protocol error has occurred between the virtual machine or container and the host.',
      ],
      [
        HRESULT.invalidLayer,
        'HCS_E_INVALID_LAYER',
        'The container image contains a layer with an unrecognized format.',
        'remove the image and pull it again',
      ],
      [
        HRESULT.windowsInsiderRequired,
        'HCS_E_WINDOWS_INSIDER_REQUIRED',
        'To use this container image, you must join the Windows Insider Program.',
      ],
      [
        HRESULT.serviceNotAvailable,
        'HCS_E_SERVICE_NOT_AVAILABLE',
        'The operation could not be started because a required feature is not installed.',
        'enable the Containers feature of Windows and restart',
      ],
      [HRESULT.operationNotStarted, 'HCS_E_OPERATION_NOT_STARTED', 'The operation has not started.'],
      [
        HRESULT.operationAlreadyStarted,
        'HCS_E_OPERATION_ALREADY_STARTED',
        'The operation is already running.',
      ],
      [HRESULT.operationPending, 'HCS_E_OPERATION_PENDING', 'The operation is still running.'],
      [HRESULT.operationTimeout, 'HCS_E_OPERATION_TIMEOUT', 'The operation did not complete in time.'],
      [
        HRESULT.operationSystemCallbackAlreadySet,
        'HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET',
        'An event callback has already been registered on this handle.',
      ],
      [
        HRESULT.operationResultAllocationFailed,
        'HCS_E_OPERATION_RESULT_ALLOCATION_FAILED',
        'Not enough memory available to return the result of the operation.',
      ],
      [
        HRESULT.accessDeniedHcs,
        'HCS_E_ACCESS_DENIED',
        'Insufficient privileges. Only administrators or users that are members of the Hyper-V Administrators user group are permitted to access virtual machines or containers.',
        'start the terminal as Administrator, or join the group Hyper-V Administrators',
      ],
      [
        HRESULT.guestCriticalError,
        'HCS_E_GUEST_CRITICAL_ERROR',
        'The virtual machine or container reported a critical error and was stopped or restarted.',
      ],
      [
        HRESULT.processInfoNotAvailable,
        'HCS_E_PROCESS_INFO_NOT_AVAILABLE',
        'The process information is not available.',
      ],
      [
        HRESULT.serviceDisconnect,
        'HCS_E_SERVICE_DISCONNECT',
        'The host compute system service has disconnected unexpectedly.',
        'the service vmcompute stopped: start it and run the command again',
      ],
      [HRESULT.processAlreadyStopped, 'HCS_E_PROCESS_ALREADY_STOPPED', 'The process has already exited.'],
      [
        HRESULT.fileNotFound,
        'ERROR_FILE_NOT_FOUND',
        'The system cannot find the file specified.',
        "check the program's path in the image and its PATH; a shell built-in needs cmd /c",
      ],
      [HRESULT.pathNotFound, 'ERROR_PATH_NOT_FOUND', 'The system cannot find the path specified.'],
      [HRESULT.accessDenied, 'ERROR_ACCESS_DENIED', 'Access is denied.'],
      [HRESULT.invalidHandle, 'ERROR_INVALID_HANDLE', 'The handle is invalid.'],
      [HRESULT.invalidData, 'ERROR_INVALID_DATA', 'The data is invalid.'],
      [
        HRESULT.outOfMemory,
        'E_OUTOFMEMORY',
        'Not enough memory resources are available to complete this operation.',
      ],
      [HRESULT.notReady, 'ERROR_NOT_READY', 'The device is not ready.'],
      [HRESULT.notSupported, 'ERROR_NOT_SUPPORTED', 'The request is not supported.'],
      [HRESULT.invalidParameter, 'E_INVALIDARG', 'The parameter is incorrect.'],
      [HRESULT.brokenPipe, 'ERROR_BROKEN_PIPE', 'The pipe has been ended.'],
      [
        HRESULT.diskFull,
        'ERROR_DISK_FULL',
        'There is not enough space on the disk.',
        'free some space: porthole image prune, porthole container prune',
      ],
      [
        HRESULT.callNotImplemented,
        'ERROR_CALL_NOT_IMPLEMENTED',
        'This function is not supported on this system.',
      ],
      [
        HRESULT.invalidName,
        'ERROR_INVALID_NAME',
        'The filename, directory name, or volume label syntax is incorrect.',
      ],
      [HRESULT.procNotFound, 'ERROR_PROC_NOT_FOUND', 'The specified procedure could not be found.'],
      [
        HRESULT.badExeFormat,
        'ERROR_BAD_EXE_FORMAT',
        '%1 is not a valid Win32 application.',
        'the program is for another processor or system, or it is a script: start it with its interpreter',
      ],
      [
        HRESULT.directoryInvalid,
        'ERROR_DIRECTORY',
        'The directory name is invalid.',
        'the working directory does not exist in the container, or it is a file',
      ],
      [HRESULT.elevationRequired, 'ERROR_ELEVATION_REQUIRED', 'The requested operation requires elevation.'],
      [HRESULT.deviceNotConnected, 'ERROR_DEVICE_NOT_CONNECTED', 'The device is not connected.'],
      [HRESULT.elementNotFound, 'ERROR_NOT_FOUND', 'Element not found.'],
      [
        HRESULT.logonFailure,
        'ERROR_LOGON_FAILURE',
        'The user name or password is incorrect.',
        'the user must exist in the image: ContainerUser, ContainerAdministrator or one that its Dockerfile adds',
      ],
      [
        HRESULT.noneMapped,
        'ERROR_NONE_MAPPED',
        'No mapping between account names and security IDs was done.',
        'the user must exist in the image: ContainerUser, ContainerAdministrator or one that its Dockerfile adds',
      ],
      [
        HRESULT.interfaceUnknown,
        'RPC_S_UNKNOWN_IF',
        'The interface is unknown.',
        'restart the service vmcompute',
      ],
      [
        HRESULT.rpcServerUnavailable,
        'RPC_S_SERVER_UNAVAILABLE',
        'The RPC server is unavailable.',
        'start the service vmcompute (and hns)',
      ],
      [
        HRESULT.rpcCallFailed,
        'RPC_S_CALL_FAILED',
        'The remote procedure call failed.',
        'start the service vmcompute (and hns)',
      ],
      [HRESULT.notImplemented, 'E_NOTIMPL', 'Not implemented'],
      [HRESULT.unspecified, 'E_FAIL', 'Unspecified error'],
    ] as readonly (readonly [number, string, string, string?])[]
  ).map(([code, name, text, hint]) => [
    condition(code),
    { name, text, ...(hint === undefined ? {} : { hint }) },
  ]),
);

function condition(code: number): number {
  return code & 0x3fffffff;
}

/** An HRESULT as JavaScript sees it from a signed call (-2143878899) or a table, as unsigned 32-bit. */
export function unsigned(code: number): number {
  return code >>> 0;
}

/** A Win32 error code folded into an HRESULT (HRESULT_FROM_WIN32); HRESULTs pass through. */
export function hresultFromWin32(code: number): number {
  return code > 0 && code <= 0xffff ? (0x80070000 | code) >>> 0 : unsigned(code);
}

/** True when both codes mean the same, whichever of the two DLL families spelled them. */
export function sameCondition(a: number, b: number): boolean {
  return condition(a) === condition(b);
}

/** `HCS_E_SYSTEM_NOT_FOUND`, or undefined for a code the table lacks. */
export function hresultName(code: number): string | undefined {
  return TABLE.get(condition(code))?.name;
}

/** System text with its full stop; `Unknown error` for a code the table lacks. */
export function hresultText(code: number): string {
  return TABLE.get(condition(code))?.text ?? 'Unknown error';
}

export function hresultHint(code: number): string | undefined {
  return TABLE.get(condition(code))?.hint;
}

/** `0x8037010e`: how hcsshim prints codes. Win32 codes are printed unfolded (`0x2`), as Go's Errno does. */
export function formatHresult(code: number): string {
  const value = unsigned(code);
  return `0x${((value & 0x1fff0000) === 0x00070000 ? value & 0xffff : value).toString(16)}`;
}

/** Every code of the table, for `explain` and its tests. */
export function knownHresults(): readonly number[] {
  return Object.values(HRESULT);
}
