#include "standin.h"

void *grab(size_t size)
{
    void *block = calloc(1, size ? size : 1);
    if (!block) {
        complain(L"Not enough memory.\n");
        exit(ERROR_NOT_ENOUGH_MEMORY);
    }
    return block;
}

void *regrab(void *block, size_t size)
{
    void *grown = realloc(block, size ? size : 1);
    if (!grown) {
        complain(L"Not enough memory.\n");
        exit(ERROR_NOT_ENOUGH_MEMORY);
    }
    return grown;
}

WCHAR *copy_text(const WCHAR *text)
{
    size_t size = (wcslen(text) + 1) * sizeof(WCHAR);
    return memcpy(grab(size), text, size);
}

WCHAR *join_path(const WCHAR *folder, const WCHAR *name)
{
    size_t first = wcslen(folder), second = wcslen(name);
    WCHAR *path = grab((first + second + 2) * sizeof(WCHAR));
    memcpy(path, folder, first * sizeof(WCHAR));
    if (first && path[first - 1] != '\\' && path[first - 1] != '/' && path[first - 1] != ':') path[first++] = '\\';
    memcpy(path + first, name, second * sizeof(WCHAR));
    return path;
}

/* Windows tools take `/NAME` and `-NAME`, in any case. */
BOOL is_switch(const WCHAR *argument, const WCHAR *name)
{
    return (*argument == '/' || *argument == '-') && !_wcsicmp(argument + 1, name);
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

BOOL make_folders(const WCHAR *path)
{
    WCHAR *copy = copy_text(path), *at;
    BOOL made;
    for (at = copy; *at; at++) {
        WCHAR kept = *at;
        if (at == copy || (kept != '\\' && kept != '/')) continue;
        *at = 0;
        CreateDirectoryW(copy, NULL);
        *at = kept;
    }
    made = CreateDirectoryW(copy, NULL) || is_folder(copy);
    free(copy);
    return made;
}

/* `*` and `?`, without case. */
BOOL matches(const WCHAR *pattern, const WCHAR *name)
{
    for (; *pattern; pattern++) {
        if (*pattern == '*') {
            while (*pattern == '*') pattern++;
            for (;; name++) {
                if (matches(pattern, name)) return TRUE;
                if (!*name) return FALSE;
            }
        }
        if (!*name || (*pattern != '?' && towupper(*pattern) != towupper(*name))) return FALSE;
        name++;
    }
    return !*name;
}

const WCHAR *name_of(const WCHAR *path)
{
    const WCHAR *name = path;
    for (; *path; path++)
        if (*path == '\\' || *path == '/' || *path == ':') name = path + 1;
    return name;
}

WCHAR *next_part(WCHAR **rest, WCHAR separator)
{
    WCHAR *part = *rest, *end;
    while (part && *part == separator) part++;
    if (!part || !*part) return NULL;
    end = wcschr(part, separator);
    if (end) *end++ = 0;
    *rest = end;
    return part;
}

void append(struct bytes *to, const void *data, size_t size)
{
    if (to->room - to->size < size) {
        to->room = (to->size + size) * 2 + 256;
        to->data = regrab(to->data, to->room);
    }
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

BOOL read_file(const WCHAR *path, struct bytes *to)
{
    HANDLE from = path ? CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL)
                       : GetStdHandle(STD_INPUT_HANDLE);
    static BYTE buffer[65536];
    DWORD got;
    BOOL done = TRUE;
    if (from == INVALID_HANDLE_VALUE) return FALSE;
    for (;;) {
        if (!ReadFile(from, buffer, sizeof(buffer), &got, NULL)) {
            done = !path || GetLastError() == ERROR_HANDLE_EOF;
            break;
        }
        if (!got) break;
        append(to, buffer, got);
    }
    if (path) CloseHandle(from);
    return done;
}

BOOL write_file(const WCHAR *path, const BYTE *data, size_t size)
{
    HANDLE to = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
    BOOL done = TRUE;
    if (to == INVALID_HANDLE_VALUE) return FALSE;
    while (size && done) {
        DWORD part = size > 1 << 20 ? 1 << 20 : (DWORD)size, written = 0;
        done = WriteFile(to, data, part, &written, NULL) && written;
        data += written;
        size -= written;
    }
    CloseHandle(to);
    return done;
}

BOOL visit_folder(const WCHAR *folder, entry_visitor visit, void *context)
{
    WCHAR *pattern = join_path(folder, L"*");
    WIN32_FIND_DATAW entry;
    HANDLE search = FindFirstFileW(pattern, &entry);
    BOOL more = search != INVALID_HANDLE_VALUE, wanted = TRUE;
    free(pattern);
    while (more && wanted) {
        if (wcscmp(entry.cFileName, L".") && wcscmp(entry.cFileName, L"..")) {
            WCHAR *path = join_path(folder, entry.cFileName);
            wanted = visit(context, path, &entry);
            free(path);
        }
        more = FindNextFileW(search, &entry);
    }
    if (search != INVALID_HANDLE_VALUE) FindClose(search);
    return wanted;
}
