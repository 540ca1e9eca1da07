/*
 * Volumes of scratch disks: folders that Wine shows as `\\?\Volume{guid}`, because they lie among the prefix' devices. The
 * scratch's folder names its volume, and the volume its scratch's folder, so that both can be found from either.
 */
#ifndef STANDIN_VOLUME_H
#define STANDIN_VOLUME_H

#include <stdio.h>
#include <wchar.h>
#include <windows.h>

#define VOLUME_NAME L"standin-volume"
#define VOLUME_STATE L"WcSandboxState"

static inline BOOL volume_read_line(const WCHAR *path, WCHAR *text, DWORD chars)
{
    DWORD done = 0;
    HANDLE file = CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return FALSE;
    if (!ReadFile(file, text, (chars - 1) * sizeof(WCHAR), &done, NULL)) done = 0;
    text[done / sizeof(WCHAR)] = 0;
    CloseHandle(file);
    return done > 0;
}

static inline void volume_write_line(const WCHAR *path, const WCHAR *text)
{
    DWORD done;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return;
    WriteFile(file, text, (DWORD)(wcslen(text) * sizeof(WCHAR)), &done, NULL);
    CloseHandle(file);
}

/* `\\?\unix\a\b` of `/a/b`: how Wine's programs name any file of the machine. */
static inline void path_of_unix(WCHAR *path, DWORD chars, const WCHAR *unix_path)
{
    WCHAR *at;
    swprintf(path, chars, L"\\\\?\\unix%ls", unix_path);
    for (at = path; *at; at++)
        if (*at == L'/') *at = L'\\';
}

/* `\\?\Volume{guid}` of a scratch's folder; FALSE when it has none yet. */
static inline BOOL volume_find(const WCHAR *folder, WCHAR *volume)
{
    WCHAR path[2048];
    swprintf(path, 2048, L"%ls\\" VOLUME_NAME, folder);
    return volume_read_line(path, volume, 64);
}

/* The same, made where there is none. */
static inline BOOL volume_make(const WCHAR *folder, WCHAR *volume)
{
    static LONG serial;
    WCHAR path[2048], prefix[1024], device[1200], *at;
    ULONGLONG now;
    if (volume_find(folder, volume)) return TRUE;
    if (!GetEnvironmentVariableW(L"WINEPREFIX", prefix, 1024)) return FALSE;
    GetSystemTimeAsFileTime((FILETIME *)&now);
    swprintf(volume, 64, L"\\\\?\\Volume{%08lx-%04lx-4000-8000-%012llx}", GetCurrentProcessId(),
             (unsigned long)InterlockedIncrement(&serial) & 0xffff, now & 0xffffffffffffull);
    swprintf(device, 1200, L"%ls/dosdevices/%ls", prefix, volume + 4);
    path_of_unix(path, 2048, device);
    /* Devices are looked up in lower case. */
    for (at = wcsrchr(path, L'\\'); *at; at++) *at = towlower(*at);
    if (!CreateDirectoryW(path, NULL)) return FALSE;
    swprintf(path, 2048, L"%ls\\" VOLUME_STATE, volume);
    CreateDirectoryW(path, NULL);
    swprintf(path, 2048, L"%ls\\" VOLUME_STATE L"\\folder", volume);
    volume_write_line(path, folder);
    swprintf(path, 2048, L"%ls\\" VOLUME_NAME, folder);
    volume_write_line(path, volume);
    return TRUE;
}

#endif
