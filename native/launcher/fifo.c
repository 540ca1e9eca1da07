#include "launcher.h"

HANDLE open_fifo_for_reading(const WCHAR *base, const WCHAR *extension)
{
    WCHAR *path = joined(base, extension);
    HANDLE handle = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    release(path);
    return handle;
}

/*
 * CreateFileW always asks for the right to read attributes too, for which Wine opens the fifo for reading as well: then nobody
 * would notice that the monitor has closed its end. `\\?\` becomes the native `\??\`.
 */
HANDLE open_fifo_for_writing(const WCHAR *base, const WCHAR *extension)
{
    WCHAR *path = joined(base, extension);
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    HANDLE handle = NULL;
    NTSTATUS status;
    path[1] = '?';
    name.Buffer = path;
    name.Length = name.MaximumLength = (USHORT)(text_length(path) * sizeof(WCHAR));
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    status = NtCreateFile(&handle, FILE_WRITE_DATA | SYNCHRONIZE, &attributes, &io, NULL, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN,
                          FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    release(path);
    if (!status) return handle;
    SetLastError(RtlNtStatusToDosError(status));
    return INVALID_HANDLE_VALUE;
}
