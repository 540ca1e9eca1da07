/* ntdll.dll's control calls on the volume of an attached scratch disk, which is a folder here: how large, and grow. */
#include "shadow.h"
#include "standin.h"
#include "volume.h"
#include <stdio.h>

#define IOCTL_LENGTH 0x7405C
#define IOCTL_PARTITION 0x70048
#define IOCTL_GROW 0x7C0D0
#define PARTITION_START 0x100000ull
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

static unsigned long long read_number(const WCHAR *path, unsigned long long otherwise)
{
    char text[32] = "";
    DWORD done = 0;
    HANDLE from = CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    if (from == INVALID_HANDLE_VALUE) return otherwise;
    ReadFile(from, text, sizeof(text) - 1, &done, NULL);
    CloseHandle(from);
    return strtoull(text, NULL, 10);
}

static void write_number(const WCHAR *path, unsigned long long number)
{
    char text[32];
    DWORD done;
    HANDLE to = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    sprintf(text, "%llu", number);
    WriteFile(to, text, (DWORD)strlen(text), &done, NULL);
    CloseHandle(to);
}

/* A disk of ExpandSandboxSize is all one partition; only ResizeVirtualDisk's have one of their own. */
static unsigned long long partition_length(HANDLE file, BOOL *known)
{
    WCHAR path[1100];
    *known = beside(file, L"standin-size", path);
    if (!*known) return 0;
    unsigned long long disk = read_number(path, 20ull << 30);
    beside(file, L"standin-partition", path);
    return read_number(path, disk);
}

EXPORT DWORD __stdcall NtDeviceIoControlFile(HANDLE file, HANDLE event, void *apc, void *context, ULONG_PTR *status, ULONG code, void *input, ULONG inputLength, void *output, ULONG outputLength)
{
    WCHAR path[1100], wide[32];
    BOOL known;
    unsigned long long length, disk;
    long long more;
    (void)event;
    (void)apc;
    (void)context;
    status[0] = status[1] = 0;
    length = partition_length(file, &known);
    if (!known) return STATUS_INVALID;
    if (code == IOCTL_LENGTH) {
        if (outputLength < 8) return STATUS_SMALL;
        memcpy(output, &length, 8);
        log_call("IOCTL_DISK_GET_LENGTH_INFO", S_OK, NULL);
        return 0;
    }
    beside(file, L"standin-size", path);
    disk = read_number(path, 20ull << 30);
    if (code == IOCTL_PARTITION) {
        unsigned long long start = PARTITION_START;
        DWORD number = 1;
        if (outputLength < 144) return STATUS_SMALL;
        memset(output, 0, 144);
        memcpy((BYTE *)output + 8, &start, 8);
        memcpy((BYTE *)output + 16, &length, 8);
        memcpy((BYTE *)output + 24, &number, 4);
        return 0;
    }
    if (code != IOCTL_GROW || inputLength != 16 || *(DWORD *)input != 1) return STATUS_INVALID;
    memcpy(&more, (BYTE *)input + 8, 8);
    /* The driver cuts nothing: what does not fit in front of GPT's second copy is refused. */
    if (PARTITION_START + length + (unsigned long long)more > disk - 0x100000) return STATUS_INVALID;
    beside(file, L"standin-partition", path);
    write_number(path, length + (unsigned long long)more);
    swprintf(wide, 32, L"%lld", more);
    log_call("IOCTL_DISK_GROW_PARTITION", S_OK, "bytes", wide, NULL);
    return 0;
}

EXPORT DWORD __stdcall NtFsControlFile(HANDLE file, HANDLE event, void *apc, void *context, ULONG_PTR *status, ULONG code, void *input, ULONG inputLength, void *output, ULONG outputLength)
{
    WCHAR path[1100], wide[32];
    long long sectors;
    (void)event;
    (void)apc;
    (void)context;
    (void)output;
    (void)outputLength;
    status[0] = status[1] = 0;
    if (code != FSCTL_EXTEND || inputLength != 8 || !beside(file, L"standin-volume-size", path)) return STATUS_INVALID;
    memcpy(&sectors, input, 8);
    swprintf(wide, 32, L"%lld", sectors);
    write_number(path, (unsigned long long)sectors * 512);
    log_call("FSCTL_EXTEND_VOLUME", S_OK, "sectors", wide, NULL);
    return 0;
}
