/**
 * computenetwork.dll: HCN namespaces only (networking.md 2.1, 9). Networks and endpoints go through HNSCall; v1-made
 * endpoints can be added to HCN namespaces. GUIDs are 16-byte structures; strings are CoTaskMem. A non-empty error record is
 * a failure even with S_OK.
 */
import { guidBytes } from '../guid.ts';
import { defineLibrary } from './library.ts';
import { pointerCell, takeString } from './memory.ts';

const api = defineLibrary('computenetwork.dll', {
  HcnEnumerateNamespaces: {
    proto: 'int32_t __stdcall HcnEnumerateNamespaces(str16 query, _Out_ void **ids, _Out_ void **error)',
    mode: 'async',
    since: 17763,
  },
  HcnCreateNamespace: {
    proto:
      'int32_t __stdcall HcnCreateNamespace(void *id, str16 settings, _Out_ void **namespace, _Out_ void **error)',
    mode: 'async',
    since: 17763,
  },
  HcnOpenNamespace: {
    proto: 'int32_t __stdcall HcnOpenNamespace(void *id, _Out_ void **namespace, _Out_ void **error)',
    mode: 'async',
    since: 17763,
  },
  HcnModifyNamespace: {
    proto: 'int32_t __stdcall HcnModifyNamespace(void *namespace, str16 settings, _Out_ void **error)',
    mode: 'async',
    since: 17763,
  },
  HcnQueryNamespaceProperties: {
    proto:
      'int32_t __stdcall HcnQueryNamespaceProperties(void *namespace, str16 query, _Out_ void **properties, _Out_ void **error)',
    mode: 'async',
    since: 17763,
  },
  HcnDeleteNamespace: {
    proto: 'int32_t __stdcall HcnDeleteNamespace(void *id, _Out_ void **error)',
    mode: 'async',
    since: 17763,
  },
  HcnCloseNamespace: {
    proto: 'int32_t __stdcall HcnCloseNamespace(void *namespace)',
    mode: 'async',
    since: 17763,
  },
});

/** Windows build 17763 and newer. */
export function isAvailable(): boolean {
  return api.isComplete();
}

export interface HcnReply {
  readonly hresult: number;
  /** The error record, when there is one. */
  readonly error: string | undefined;
  readonly document?: string;
}

const query = JSON.stringify({ SchemaVersion: { Major: 2, Minor: 0 }, Flags: 0 });

export async function enumerateNamespaces(): Promise<HcnReply> {
  const ids = pointerCell();
  const error = pointerCell();
  const hresult = Number(await api.call('HcnEnumerateNamespaces', query, ids, error)) >>> 0;
  return reply(hresult, takeString(error, 'CoTaskMemFree'), takeString(ids, 'CoTaskMemFree'));
}

/** HNS chooses the id; the reply's document is the namespace as HNS made it. */
export async function createNamespace(settings: string): Promise<HcnReply> {
  const handle = pointerCell();
  const error = pointerCell();
  const hresult =
    Number(await api.call('HcnCreateNamespace', Buffer.alloc(16), settings, handle, error)) >>> 0;
  const record = takeString(error, 'CoTaskMemFree');
  if (hresult >= 0x80000000 || record !== undefined || handle[0] === null) {
    if (handle[0] !== null) await api.call('HcnCloseNamespace', handle[0]);
    return reply(hresult, record);
  }
  try {
    const properties = pointerCell();
    const queryError = pointerCell();
    const queried =
      Number(await api.call('HcnQueryNamespaceProperties', handle[0], query, properties, queryError)) >>> 0;
    return reply(queried, takeString(queryError, 'CoTaskMemFree'), takeString(properties, 'CoTaskMemFree'));
  } finally {
    await api.call('HcnCloseNamespace', handle[0]);
  }
}

/** Whether it is there. */
export async function checkNamespace(id: string): Promise<HcnReply> {
  const handle = pointerCell();
  const error = pointerCell();
  const hresult = Number(await api.call('HcnOpenNamespace', guidBytes(id), handle, error)) >>> 0;
  if (handle[0] !== null) await api.call('HcnCloseNamespace', handle[0]);
  return reply(hresult, takeString(error, 'CoTaskMemFree'));
}

export async function modifyNamespace(id: string, settings: string): Promise<HcnReply> {
  const handle = pointerCell();
  const openError = pointerCell();
  const opened = Number(await api.call('HcnOpenNamespace', guidBytes(id), handle, openError)) >>> 0;
  const record = takeString(openError, 'CoTaskMemFree');
  if (opened >= 0x80000000 || record !== undefined || handle[0] === null) {
    if (handle[0] !== null) await api.call('HcnCloseNamespace', handle[0]);
    return reply(opened, record);
  }
  try {
    const error = pointerCell();
    const hresult = Number(await api.call('HcnModifyNamespace', handle[0], settings, error)) >>> 0;
    return reply(hresult, takeString(error, 'CoTaskMemFree'));
  } finally {
    await api.call('HcnCloseNamespace', handle[0]);
  }
}

export async function deleteNamespace(id: string): Promise<HcnReply> {
  const error = pointerCell();
  const hresult = Number(await api.call('HcnDeleteNamespace', guidBytes(id), error)) >>> 0;
  return reply(hresult, takeString(error, 'CoTaskMemFree'));
}

function reply(hresult: number, error: string | undefined, document?: string): HcnReply {
  return {
    hresult,
    error: error === '' ? undefined : error,
    ...(document === undefined ? {} : { document }),
  };
}
