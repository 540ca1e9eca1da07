/*
 * virtdisk.dll for scratch disks (windows-layers.md 4.4). A handle is one of the disk's file, so that it is closed as such. A
 * disk is attached by a marker beside it, and detached with its handle or by DetachVirtualDisk.
 */
/* The headers declare them with other types. */
#define OpenVirtualDisk ImportedOpenVirtualDisk
#define AttachVirtualDisk ImportedAttachVirtualDisk
#define DetachVirtualDisk ImportedDetachVirtualDisk
#include "shadow.h"
#include "standin.h"
#include "volume.h"
#undef OpenVirtualDisk
#undef AttachVirtualDisk
#undef DetachVirtualDisk

typedef struct {
    ULONG Version;
    BOOL GetInfoOnly, ReadOnly;
    GUID Resiliency;
} OPEN_PARAMETERS;

static BOOL marker_of(HANDLE disk, WCHAR *marker)
{
    DWORD length = GetFinalPathNameByHandleW(disk, marker, 1000, 0);
    if (!length || length >= 1000) return FALSE;
    wcscat(marker, L".standin-attached");
    return TRUE;
}

EXPORT DWORD __stdcall OpenVirtualDisk(const BYTE *type, PCWSTR path, ULONG access, ULONG flags, const OPEN_PARAMETERS *parameters, HANDLE *handle)
{
    HRESULT fault = fault_of("OpenVirtualDisk", NULL);
    DWORD code = fault & 0xffff;
    *handle = NULL;
    if (!fault && (!type || !path || !parameters || parameters->Version != 2)) code = ERROR_INVALID_PARAMETER;
    /* With version 2 the rights are the parameters' matter; a copied disk's relative parent is the wrong one. */
    if (!code && (access || !(flags & 0x80))) code = ERROR_INVALID_PARAMETER;
    if (!code) {
        *handle = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
        if (*handle == INVALID_HANDLE_VALUE) {
            code = GetLastError();
            *handle = NULL;
        }
    }
    log_call("OpenVirtualDisk", FAILURE_OF_WIN32(code), "path", path, NULL);
    return code;
}

EXPORT DWORD __stdcall AttachVirtualDisk(HANDLE handle, void *security, ULONG flags, ULONG provider, const ULONG *parameters, void *overlapped)
{
    HRESULT fault = fault_of("AttachVirtualDisk", NULL);
    DWORD code = fault & 0xffff;
    WCHAR marker[1100];
    HANDLE file;
    (void)security;
    (void)flags;
    if (!fault && (provider || overlapped || (parameters && *parameters != 1))) code = ERROR_INVALID_PARAMETER;
    if (!code && !marker_of(handle, marker)) code = ERROR_INVALID_HANDLE;
    if (!code) {
        file = CreateFileW(marker, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
        if (file == INVALID_HANDLE_VALUE) code = ERROR_SHARING_VIOLATION;
        else CloseHandle(file);
    }
    if (!code) {
        WCHAR *slash = wcsrchr(marker, L'\\');
        WCHAR volume[64];
        *slash = 0;
        if (!volume_make(marker, volume)) code = ERROR_GEN_FAILURE;
    }
    log_call("AttachVirtualDisk", FAILURE_OF_WIN32(code), NULL);
    return code;
}

EXPORT DWORD __stdcall DetachVirtualDisk(HANDLE handle, ULONG flags, ULONG provider)
{
    HRESULT fault = fault_of("DetachVirtualDisk", NULL);
    DWORD code = fault & 0xffff;
    WCHAR marker[1100];
    if (!fault && (flags || provider)) code = ERROR_INVALID_PARAMETER;
    if (!code && !marker_of(handle, marker)) code = ERROR_INVALID_HANDLE;
    if (!code && !DeleteFileW(marker)) code = ERROR_NOT_READY;
    log_call("DetachVirtualDisk", FAILURE_OF_WIN32(code), NULL);
    return code;
}
