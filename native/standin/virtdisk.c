/*
 * virtdisk.dll for scratch disks (windows-layers.md 4.4). A handle is one of the disk's file, so that it is closed as such. A
 * disk is attached by a marker beside it, and detached with its handle or by DetachVirtualDisk.
 */
/* The headers declare them with other types. */
#define CreateVirtualDisk ImportedCreateVirtualDisk
#define ResizeVirtualDisk ImportedResizeVirtualDisk
#define GetVirtualDiskPhysicalPath ImportedGetVirtualDiskPhysicalPath
#define OpenVirtualDisk ImportedOpenVirtualDisk
#define AttachVirtualDisk ImportedAttachVirtualDisk
#define DetachVirtualDisk ImportedDetachVirtualDisk
#include "disk.h"
#include "shadow.h"
#include "standin.h"
#include "volume.h"
#undef CreateVirtualDisk
#undef ResizeVirtualDisk
#undef GetVirtualDiskPhysicalPath
#undef OpenVirtualDisk
#undef AttachVirtualDisk
#undef DetachVirtualDisk

typedef struct {
    ULONG Version;
    BOOL GetInfoOnly, ReadOnly;
    GUID Resiliency;
} OPEN_PARAMETERS;

/* As Windows has it, with the physical sector size that mingw-w64's header leaves out. */
typedef struct {
    ULONG Version;
    GUID UniqueId __attribute__((aligned(8)));
    ULONGLONG MaximumSize;
    ULONG BlockSizeInBytes, SectorSizeInBytes, PhysicalSectorSizeInBytes;
    PCWSTR ParentPath, SourcePath;
    ULONG OpenFlags;
    BYTE StorageTypes[40];
    GUID ResiliencyGuid;
} CREATE_PARAMETERS;
_Static_assert(sizeof(CREATE_PARAMETERS) == 128, "size");
_Static_assert(offsetof(CREATE_PARAMETERS, ParentPath) == 48 && offsetof(CREATE_PARAMETERS, OpenFlags) == 64, "offsets");

typedef struct {
    ULONG Version;
    ULONGLONG NewSize;
} RESIZE_PARAMETERS;

/* Of the partition that a disk of 20 GB comes with: a MiB in front of it and one behind. */
#define FIRST_PARTITION "21472739328"

static BOOL marker_of(HANDLE disk, WCHAR *marker)
{
    if (!disk_path(disk, marker)) return FALSE;
    wcscat(marker, DISK_ATTACHED);
    return TRUE;
}

static DWORD write_file(const WCHAR *path, DWORD disposition, const char *text)
{
    DWORD done, code = 0;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, disposition, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    if (!WriteFile(file, text, (DWORD)strlen(text), &done, NULL)) code = GetLastError();
    CloseHandle(file);
    return code;
}

static HANDLE open_file(const WCHAR *path)
{
    return CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

EXPORT DWORD __stdcall CreateVirtualDisk(const BYTE *type, PCWSTR path, ULONG access, void *security, ULONG flags, ULONG provider, const CREATE_PARAMETERS *parameters, void *overlapped, HANDLE *handle)
{
    HRESULT fault = fault_of("CreateVirtualDisk", NULL);
    DWORD code = fault & 0xffff;
    char text[DISK_TEXT] = DISK_MADE;
    *handle = NULL;
    if (!fault && (!type || !path || access || security || flags || provider || overlapped || !parameters || parameters->Version != 2)) code = ERROR_INVALID_PARAMETER;
    if (!code && !parameters->ParentPath == !parameters->MaximumSize) code = ERROR_INVALID_PARAMETER;
    if (!code && (parameters->BlockSizeInBytes & 0xfffff)) code = ERROR_INVALID_PARAMETER;
    if (!code && parameters->ParentPath) {
        if (GetFileAttributesW(parameters->ParentPath) == INVALID_FILE_ATTRIBUTES) code = ERROR_FILE_NOT_FOUND;
        strcpy(text, DISK_CHILD);
        WideCharToMultiByte(CP_UTF8, 0, parameters->ParentPath, -1, text + strlen(text), DISK_TEXT - 32, NULL, NULL);
        strcat(text, "\n");
    }
    if (!code) code = write_file(path, CREATE_NEW, text);
    if (!code) {
        *handle = open_file(path);
        if (*handle == INVALID_HANDLE_VALUE) {
            code = GetLastError();
            *handle = NULL;
        }
    }
    log_call("CreateVirtualDisk", FAILURE_OF_WIN32(code), "path", path, "parent", parameters ? parameters->ParentPath : NULL, NULL);
    return code;
}

EXPORT DWORD __stdcall ResizeVirtualDisk(HANDLE handle, ULONG flags, const RESIZE_PARAMETERS *parameters, void *overlapped)
{
    HRESULT fault = fault_of("ResizeVirtualDisk", NULL);
    DWORD code = fault & 0xffff;
    WCHAR path[1100], *slash;
    char text[32];
    if (!fault && (flags || overlapped || !parameters || parameters->Version != 1)) code = ERROR_INVALID_PARAMETER;
    if (!code && !disk_path(handle, path)) code = ERROR_INVALID_HANDLE;
    if (!code && disk_is_attached(path)) code = ERROR_SHARING_VIOLATION;
    if (!code && parameters->NewSize < 20ull << 30) code = ERROR_INVALID_PARAMETER;
    if (!code) {
        slash = wcsrchr(path, L'\\');
        wcscpy(slash, L"\\standin-partition");
        write_file(path, CREATE_NEW, FIRST_PARTITION);
        wcscpy(slash, L"\\standin-size");
        sprintf(text, "%llu", parameters->NewSize);
        code = write_file(path, CREATE_ALWAYS, text);
    }
    log_call("ResizeVirtualDisk", FAILURE_OF_WIN32(code), NULL);
    return code;
}

/* The marker stands for the disk's device. */
EXPORT DWORD __stdcall GetVirtualDiskPhysicalPath(HANDLE handle, ULONG *bytes, WCHAR *path)
{
    HRESULT fault = fault_of("GetVirtualDiskPhysicalPath", NULL);
    DWORD code = fault & 0xffff;
    WCHAR marker[1100];
    if (!code && !marker_of(handle, marker)) code = ERROR_INVALID_HANDLE;
    if (!code && GetFileAttributesW(marker) == INVALID_FILE_ATTRIBUTES) code = ERROR_DEV_NOT_EXIST;
    if (!code && *bytes < (wcslen(marker) + 1) * sizeof(WCHAR)) code = ERROR_INSUFFICIENT_BUFFER;
    if (!code) {
        wcscpy(path, marker);
        *bytes = (ULONG)((wcslen(marker) + 1) * sizeof(WCHAR));
    }
    log_call("GetVirtualDiskPhysicalPath", FAILURE_OF_WIN32(code), NULL);
    return code;
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
        *handle = open_file(path);
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
    (void)security;
    if (!fault && (provider || overlapped || (parameters && *parameters != 1))) code = ERROR_INVALID_PARAMETER;
    if (!code && !marker_of(handle, marker)) code = ERROR_INVALID_HANDLE;
    if (!code && write_file(marker, CREATE_NEW, flags & 4 ? "permanent" : "")) code = ERROR_SHARING_VIOLATION;
    if (!code) {
        WCHAR *slash = wcsrchr(marker, L'\\');
        WCHAR volume[64];
        *slash = 0;
        if (!volume_make(marker + (wcsncmp(marker, L"\\\\?\\", 4) ? 0 : 4), volume)) code = ERROR_GEN_FAILURE;
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
    if (!code) {
        /* A disk that is pulled from below its filter takes the filter with it; nobody should do that who has not tried. */
        BOOL tried;
        wcscpy(wcsrchr(marker, L'\\'), L"\\standin-filter-tried");
        tried = DeleteFileW(marker);
        wcscpy(wcsrchr(marker, L'\\'), L"\\standin-filter");
        if (DeleteFileW(marker) && !tried) ledger_violation("%s was called below a filter", "DetachVirtualDisk");
    }
    log_call("DetachVirtualDisk", FAILURE_OF_WIN32(code), NULL);
    return code;
}
