/*
 * Virtual disks: small files of text that say what they are. A disk is attached by a marker beside it, which holds `permanent`
 * where the disk outlives its handle. A disk has a volume when it, or the disk that it is a child of, was formatted; those
 * that vmcompute's calls make have one anyway.
 */
#ifndef STANDIN_DISK_H
#define STANDIN_DISK_H

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#define DISK_ATTACHED L".standin-attached"
#define DISK_PLAIN "vhdxfile stand-in"
#define DISK_MADE "vhdxfile made\n"
#define DISK_CHILD "vhdxfile child of "
#define DISK_FORMATTED "formatted\n"
#define DISK_TEXT 4096

static inline BOOL disk_text(const WCHAR *path, char *text)
{
    DWORD done = 0;
    HANDLE file = CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return FALSE;
    ReadFile(file, text, DISK_TEXT - 1, &done, NULL);
    text[done] = 0;
    CloseHandle(file);
    return TRUE;
}

/* The disk's file that an open handle is of. */
static inline BOOL disk_path(HANDLE disk, WCHAR *path)
{
    DWORD length = GetFinalPathNameByHandleW(disk, path, 1000, 0);
    return length && length < 1000;
}

static inline BOOL disk_is_attached(const WCHAR *path)
{
    WCHAR marker[1100];
    swprintf(marker, 1100, L"%ls" DISK_ATTACHED, path);
    return GetFileAttributesW(marker) != INVALID_FILE_ATTRIBUTES;
}

static inline BOOL disk_has_volume(const WCHAR *path)
{
    char text[DISK_TEXT], *end;
    WCHAR parent[1100];
    if (!disk_text(path, text)) return FALSE;
    if (!strncmp(text, DISK_PLAIN, strlen(DISK_PLAIN))) return TRUE;
    if (strstr(text, DISK_FORMATTED)) return TRUE;
    if (strncmp(text, DISK_CHILD, strlen(DISK_CHILD))) return FALSE;
    end = strchr(text, '\n');
    if (!end) return FALSE;
    *end = 0;
    MultiByteToWideChar(CP_UTF8, 0, text + strlen(DISK_CHILD), -1, parent, 1100);
    return disk_has_volume(parent);
}

#endif
