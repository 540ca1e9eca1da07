/* ntdll.dll's control calls on the volume of an attached scratch disk, which is a folder here: how large, and grow. */
#include "shadow.h"
#include "standin.h"
#include "volume.h"
#include <stdio.h>

#define IOCTL_LENGTH 0x7405C
#define FSCTL_EXTEND 0x900F0
#define STATUS_INVALID 0xC000000Du
#define STATUS_SMALL 0xC0000023u

/* A file in the folder of the scratch that the volume belongs to. */
static BOOL beside(HANDLE volume, const WCHAR *name, WCHAR *path)
{
    WCHAR at[1100];
    DWORD length = GetFinalPathNameByHandleW(volume, at, 1000, 0);
    if (!length || length >= 1000) return FALSE;
    wcscat(at, L"\\" VOLUME_STATE L"\\folder");
    if (!volume_read_line(at, path, 1000)) return FALSE;
    wcscat(path, L"\\");
    wcscat(path, name);
    return TRUE;
}

EXPORT DWORD __stdcall NtDeviceIoControlFile(HANDLE file, HANDLE event, void *apc, void *context, ULONG_PTR *status, ULONG code, void *input, ULONG inputLength, void *output, ULONG outputLength)
{
    WCHAR path[1100];
    char text[32] = "21474836480";
    unsigned long long size;
    DWORD done;
    HANDLE from;
    (void)event;
    (void)apc;
    (void)context;
    (void)input;
    (void)inputLength;
    status[0] = status[1] = 0;
    if (code != IOCTL_LENGTH || !beside(file, L"standin-size", path)) return STATUS_INVALID;
    if (outputLength < 8) return STATUS_SMALL;
    from = CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    if (from != INVALID_HANDLE_VALUE) {
        memset(text, 0, sizeof(text));
        ReadFile(from, text, sizeof(text) - 1, &done, NULL);
        CloseHandle(from);
    }
    size = strtoull(text, NULL, 10);
    memcpy(output, &size, 8);
    log_call("IOCTL_DISK_GET_LENGTH_INFO", S_OK, NULL);
    return 0;
}

EXPORT DWORD __stdcall NtFsControlFile(HANDLE file, HANDLE event, void *apc, void *context, ULONG_PTR *status, ULONG code, void *input, ULONG inputLength, void *output, ULONG outputLength)
{
    WCHAR path[1100], wide[32];
    char text[32];
    long long sectors;
    DWORD done;
    HANDLE to;
    (void)event;
    (void)apc;
    (void)context;
    (void)output;
    (void)outputLength;
    status[0] = status[1] = 0;
    if (code != FSCTL_EXTEND || inputLength != 8 || !beside(file, L"standin-volume-size", path)) return STATUS_INVALID;
    memcpy(&sectors, input, 8);
    sprintf(text, "%lld", sectors * 512);
    swprintf(wide, 32, L"%lld", sectors);
    to = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(to, text, (DWORD)strlen(text), &done, NULL);
    CloseHandle(to);
    log_call("FSCTL_EXTEND_VOLUME", S_OK, "sectors", wide, NULL);
    return 0;
}
