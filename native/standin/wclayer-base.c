/* What is made in layers' own folders, by whichever DLL. */
#include "wclayer.h"
#include <stdio.h>

BOOL has(const WCHAR *folder, const WCHAR *name)
{
    WCHAR path[PATH_CHARS];
    path_of(path, folder, name);
    return exists(path);
}

DWORD mark(const WCHAR *folder, const WCHAR *name, BOOL set)
{
    WCHAR path[PATH_CHARS];
    path_of(path, folder, name);
    if (set) return write_text(path, "");
    return DeleteFileW(path) ? 0 : GetLastError();
}

static const WCHAR *const hives[][2] = {
    {L"SYSTEM", L"System_Base"}, {L"SOFTWARE", L"Software_Base"}, {L"SAM", L"Sam_Base"}, {L"SECURITY", L"Security_Base"}, {L"DEFAULT", L"DefaultUser_Base"},
};

DWORD set_up_base(const WCHAR *id)
{
    WCHAR path[PATH_CHARS], from[PATH_CHARS], below[PATH_CHARS];
    DWORD code = 0;
    SIZE_T at;
    if (!has(id, L"Files")) return ERROR_PATH_NOT_FOUND;
    if (has(id, L"Hives") || has(id, L"layout")) return ERROR_ALREADY_EXISTS;
    path_of(path, id, L"Hives");
    if (!CreateDirectoryW(path, NULL)) return GetLastError();
    for (at = 0; at < sizeof(hives) / sizeof(*hives) && !code; at++) {
        swprintf(below, PATH_CHARS, L"Files\\Windows\\System32\\config\\%ls", hives[at][0]);
        path_of(from, id, below);
        swprintf(below, PATH_CHARS, L"Hives\\%ls", hives[at][1]);
        path_of(path, id, below);
        if (exists(from)) code = copy_object(from, path);
    }
    path_of(path, id, L"layout");
    return code ? code : write_text(path, "vhd-with-hives\n");
}

void change_boot_store(const WCHAR *id)
{
    WCHAR store[PATH_CHARS];
    LARGE_INTEGER end = {{0, 0}};
    DWORD done;
    HANDLE file;
    path_of(store, id, BOOT_STORE);
    SetFileAttributesW(store, FILE_ATTRIBUTE_NORMAL);
    file = CreateFileW(store, GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    SetFilePointerEx(file, end, NULL, FILE_END);
    WriteFile(file, "!", 1, &done, NULL);
    CloseHandle(file);
}

void grow_disk(const WCHAR *id, const struct chain *chain)
{
    WCHAR path[PATH_CHARS], volume[PATH_CHARS], blank[PATH_CHARS];
    WIN32_FILE_ATTRIBUTE_DATA data;
    LARGE_INTEGER end;
    HANDLE disk;
    path_of(path, id, L"sandbox.vhdx");
    if (!volume_find(id, volume)) return;
    path_of(blank, chain->layers[chain->count - 1].Path, L"blank.vhdx");
    if (!GetFileAttributesExW(blank, GetFileExInfoStandard, &data)) return;
    disk = CreateFileW(path, GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    end.QuadPart = (LONGLONG)(data.nFileSizeLow + changed_bytes(volume, chain));
    SetFilePointerEx(disk, end, NULL, FILE_BEGIN);
    SetEndOfFile(disk);
    CloseHandle(disk);
}
