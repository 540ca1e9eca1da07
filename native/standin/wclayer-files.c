/* Files and folders as the layer calls need them. */
#include "wclayer.h"

void path_of(WCHAR *path, const WCHAR *folder, const WCHAR *below)
{
    path[0] = 0;
    if (wcsncmp(folder, L"\\\\?\\", 4)) wcscpy(path, L"\\\\?\\");
    wcscat(path, folder);
    if (below && *below) {
        wcscat(path, L"\\");
        wcscat(path, below);
    }
}

BOOL exists(const WCHAR *path)
{
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

BOOL is_folder(const WCHAR *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
}

static HANDLE open_any(const WCHAR *path, DWORD access)
{
    return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
}

BOOL is_placeholder(const WCHAR *path)
{
    struct shadow shadow;
    BOOL result;
    HANDLE file = open_any(path, 0);
    if (file == INVALID_HANDLE_VALUE) return FALSE;
    shadow_load(file, &shadow);
    CloseHandle(file);
    result = shadow.placeholder != 0;
    shadow_free(&shadow);
    return result;
}

struct name *list_folder(const WCHAR *path)
{
    WIN32_FIND_DATAW found;
    WCHAR pattern[PATH_CHARS];
    struct name *names = NULL;
    HANDLE search;
    path_of(pattern, path, L"*");
    search = FindFirstFileW(pattern, &found);
    if (search == INVALID_HANDLE_VALUE) return NULL;
    do {
        struct name **at = &names, *added;
        if (!wcscmp(found.cFileName, L".") || !wcscmp(found.cFileName, L"..")) continue;
        added = calloc(1, sizeof(*added));
        wcscpy(added->text, found.cFileName);
        added->attributes = found.dwFileAttributes;
        while (*at && _wcsicmp((*at)->text, added->text) < 0) at = &(*at)->next;
        added->next = *at;
        *at = added;
    } while (FindNextFileW(search, &found));
    FindClose(search);
    return names;
}

void free_names(struct name *names)
{
    while (names) {
        struct name *next = names->next;
        free(names);
        names = next;
    }
}

const struct name *find_name(const struct name *names, const WCHAR *text)
{
    for (; names; names = names->next)
        if (!_wcsicmp(names->text, text)) return names;
    return NULL;
}

/* Content, times and everything that the shadow keeps. */
DWORD copy_object(const WCHAR *from, const WCHAR *to)
{
    struct shadow shadow;
    FILETIME created, accessed, modified;
    HANDLE source, target;
    if (is_folder(from)) {
        if (!CreateDirectoryW(to, NULL) && GetLastError() != ERROR_ALREADY_EXISTS) return GetLastError();
    } else if (!CopyFileW(from, to, FALSE)) {
        return GetLastError();
    }
    SetFileAttributesW(to, FILE_ATTRIBUTE_NORMAL);
    source = open_any(from, GENERIC_READ);
    target = open_any(to, GENERIC_READ | FILE_WRITE_ATTRIBUTES);
    if (source == INVALID_HANDLE_VALUE || target == INVALID_HANDLE_VALUE) return GetLastError();
    shadow_load(source, &shadow);
    shadow.placeholder = 0;
    shadow_save(target, &shadow);
    shadow_free(&shadow);
    GetFileTime(source, &created, &accessed, &modified);
    SetFileTime(target, &created, &accessed, &modified);
    CloseHandle(source);
    CloseHandle(target);
    return 0;
}

DWORD write_text(const WCHAR *path, const char *text)
{
    DWORD done;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    WriteFile(file, text, (DWORD)strlen(text), &done, NULL);
    CloseHandle(file);
    return 0;
}

DWORD remove_all(const WCHAR *path)
{
    HANDLE file = open_any(path, 0);
    DWORD attributes = GetFileAttributesW(path), code = 0;
    if (file == INVALID_HANDLE_VALUE) return GetLastError() == ERROR_FILE_NOT_FOUND ? 0 : GetLastError();
    shadow_forget(file);
    CloseHandle(file);
    SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
    if (attributes & FILE_ATTRIBUTE_DIRECTORY) {
        struct name *names = list_folder(path), *at;
        for (at = names; at && !code; at = at->next) {
            WCHAR child[PATH_CHARS];
            path_of(child, path, at->text);
            code = remove_all(child);
        }
        free_names(names);
        if (!code && !RemoveDirectoryW(path)) code = GetLastError();
    } else if (!DeleteFileW(path)) {
        code = GetLastError();
    }
    return code;
}
