/*
 * What NTFS keeps of a file and Wine's file system does not: attributes as written, security, extended attributes, a reparse
 * point, named streams. Kept in a folder beside, under the file's own number, so that renames and further names keep it.
 *
 *   PORTHOLE_STANDIN_SHADOW  that folder; `standin-shadow` in the temporary folder when it is not set
 */
#ifndef STANDIN_SHADOW_H
#define STANDIN_SHADOW_H

#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

struct blob {
    BYTE *bytes;
    DWORD length;
};

#define SHADOW_STREAMS 16

struct shadow {
    DWORD directory, known_attributes, attributes, placeholder;
    struct blob security, extended, reparse;
    DWORD streams;
    struct {
        struct blob name, data; /* `:name:$DATA` */
    } stream[SHADOW_STREAMS];
};

/* What a new file has: O:BAG:SYD:(A;;FA;;;BA)(A;;FA;;;SY). */
static const BYTE usual_security[] = {
    1, 0, 4, 0x80, 20, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0,
    1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0,
    1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0,
    2, 0, 52, 0, 2, 0, 0, 0,
    0, 0, 24, 0, 0xff, 1, 0x1f, 0, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0,
    0, 0, 20, 0, 0xff, 1, 0x1f, 0, 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0,
};

static inline void blob_set(struct blob *blob, const void *bytes, DWORD length)
{
    free(blob->bytes);
    blob->bytes = malloc(length ? length : 1);
    memcpy(blob->bytes, bytes, length);
    blob->length = length;
}

static inline void blob_append(struct blob *blob, const void *bytes, DWORD length)
{
    blob->bytes = realloc(blob->bytes, blob->length + length + 1);
    memcpy(blob->bytes + blob->length, bytes, length);
    blob->length += length;
}

static inline void shadow_free(struct shadow *shadow)
{
    DWORD at;
    free(shadow->security.bytes);
    free(shadow->extended.bytes);
    free(shadow->reparse.bytes);
    for (at = 0; at < shadow->streams; at++) {
        free(shadow->stream[at].name.bytes);
        free(shadow->stream[at].data.bytes);
    }
    memset(shadow, 0, sizeof(*shadow));
}

static inline BOOL shadow_path(HANDLE file, WCHAR *path, BOOL *directory)
{
    BY_HANDLE_FILE_INFORMATION information;
    WCHAR folder[MAX_PATH];
    if (!GetFileInformationByHandle(file, &information)) return FALSE;
    if (!GetEnvironmentVariableW(L"PORTHOLE_STANDIN_SHADOW", folder, MAX_PATH)) {
        GetTempPathW(MAX_PATH - 20, folder);
        wcscat(folder, L"standin-shadow");
    }
    CreateDirectoryW(folder, NULL);
    swprintf(path, MAX_PATH, L"%ls\\%08lx-%08lx%08lx", folder, information.dwVolumeSerialNumber, information.nFileIndexHigh,
             information.nFileIndexLow);
    *directory = (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    return TRUE;
}

static inline BOOL shadow_take(HANDLE from, struct blob *blob)
{
    DWORD length = 0, done = 0;
    if (!ReadFile(from, &length, 4, &done, NULL) || done != 4) return FALSE;
    blob->bytes = malloc(length ? length : 1);
    blob->length = length;
    return !length || (ReadFile(from, blob->bytes, length, &done, NULL) && done == length);
}

static inline void shadow_give(HANDLE to, const struct blob *blob)
{
    DWORD done;
    WriteFile(to, &blob->length, 4, &done, NULL);
    if (blob->length) WriteFile(to, blob->bytes, blob->length, &done, NULL);
}

/* All empty for a file that nothing was kept of. */
static inline void shadow_load(HANDLE file, struct shadow *shadow)
{
    WCHAR path[MAX_PATH];
    BOOL directory;
    DWORD done, at;
    HANDLE from;
    memset(shadow, 0, sizeof(*shadow));
    if (!shadow_path(file, path, &directory)) return;
    from = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    if (from == INVALID_HANDLE_VALUE) return;
    if (ReadFile(from, shadow, 4 * sizeof(DWORD), &done, NULL) && done == 4 * sizeof(DWORD)) {
        DWORD streams = 0;
        shadow_take(from, &shadow->security);
        shadow_take(from, &shadow->extended);
        shadow_take(from, &shadow->reparse);
        ReadFile(from, &streams, 4, &done, NULL);
        for (at = 0; at < streams && at < SHADOW_STREAMS; at++) {
            if (!shadow_take(from, &shadow->stream[at].name) || !shadow_take(from, &shadow->stream[at].data)) break;
            shadow->streams++;
        }
    }
    CloseHandle(from);
    /* The number was given to another kind of file since. */
    if ((shadow->directory != 0) != directory) shadow_free(shadow);
}

static inline void shadow_save(HANDLE file, struct shadow *shadow)
{
    WCHAR path[MAX_PATH];
    BOOL directory;
    DWORD done, at;
    HANDLE to;
    if (!shadow_path(file, path, &directory)) return;
    shadow->directory = directory;
    to = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (to == INVALID_HANDLE_VALUE) return;
    WriteFile(to, shadow, 4 * sizeof(DWORD), &done, NULL);
    shadow_give(to, &shadow->security);
    shadow_give(to, &shadow->extended);
    shadow_give(to, &shadow->reparse);
    WriteFile(to, &shadow->streams, 4, &done, NULL);
    for (at = 0; at < shadow->streams; at++) {
        shadow_give(to, &shadow->stream[at].name);
        shadow_give(to, &shadow->stream[at].data);
    }
    CloseHandle(to);
}

static inline void shadow_forget(HANDLE file)
{
    WCHAR path[MAX_PATH];
    BOOL directory;
    if (shadow_path(file, path, &directory)) DeleteFileW(path);
}

#endif
