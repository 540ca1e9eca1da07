/* Folders of legacy files (windows-layers.md 3.1): taken by ImportLayer, filled by ExportLayer. */
#include "backup-stream.h"
#include "wclayer.h"

#define SUFFIX L".$wcidirs$"

static BOOL is_description(const WCHAR *name)
{
    SIZE_T length = wcslen(name), suffix = wcslen(SUFFIX);
    return length > suffix && !wcscmp(name + length - suffix, SUFFIX);
}

static DWORD read_all(const WCHAR *path, struct blob *blob)
{
    LARGE_INTEGER size;
    DWORD done;
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    memset(blob, 0, sizeof(*blob));
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    GetFileSizeEx(file, &size);
    blob->bytes = malloc((SIZE_T)size.QuadPart + 1);
    blob->length = (DWORD)size.QuadPart;
    ReadFile(file, blob->bytes, blob->length, &done, NULL);
    CloseHandle(file);
    return 0;
}

/* The content of `*content` is taken out of the legacy file, everything else goes to the shadow. */
static DWORD parse_legacy(const WCHAR *path, struct shadow *shadow, struct blob *content)
{
    struct blob all;
    DWORD at = 4, code = read_all(path, &all);
    memset(shadow, 0, sizeof(*shadow));
    memset(content, 0, sizeof(*content));
    if (code) return code;
    if (all.length < 4) code = ERROR_FILE_CORRUPT;
    else {
        shadow->known_attributes = 1;
        memcpy(&shadow->attributes, all.bytes, 4);
    }
    while (!code && at < all.length) {
        DWORD id, name;
        ULONGLONG size;
        const BYTE *body;
        if (at + HEADER > all.length) { code = ERROR_FILE_CORRUPT; break; }
        memcpy(&id, all.bytes + at, 4);
        memcpy(&size, all.bytes + at + 8, 8);
        memcpy(&name, all.bytes + at + 16, 4);
        if (size > all.length || name > all.length || at + HEADER + name + size > all.length) { code = ERROR_FILE_CORRUPT; break; }
        body = all.bytes + at + HEADER + name;
        if (id == 1) blob_append(content, body, (DWORD)size);
        else if (id == 2) blob_set(&shadow->extended, body, (DWORD)size);
        else if (id == 3) blob_set(&shadow->security, body, (DWORD)size);
        else if (id == 8) blob_set(&shadow->reparse, body, (DWORD)size);
        else if (id == 4 && shadow->streams < SHADOW_STREAMS) {
            blob_set(&shadow->stream[shadow->streams].name, all.bytes + at + HEADER, name);
            blob_set(&shadow->stream[shadow->streams++].data, body, (DWORD)size);
        } else code = ERROR_INVALID_DATA;
        at += HEADER + name + (DWORD)size;
    }
    free(all.bytes);
    return code;
}

static DWORD keep(const WCHAR *path, struct shadow *shadow, const WCHAR *times)
{
    FILETIME created, accessed, modified;
    HANDLE target = CreateFileW(path, GENERIC_READ | FILE_WRITE_ATTRIBUTES, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    HANDLE source = CreateFileW(times, GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (target == INVALID_HANDLE_VALUE) return GetLastError();
    shadow_save(target, shadow);
    if (source != INVALID_HANDLE_VALUE && GetFileTime(source, &created, &accessed, &modified))
        SetFileTime(target, &created, &accessed, &modified);
    CloseHandle(source);
    CloseHandle(target);
    return 0;
}

static DWORD write_bytes(const WCHAR *path, const struct blob *content)
{
    DWORD done;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    if (content->length) WriteFile(file, content->bytes, content->length, &done, NULL);
    CloseHandle(file);
    return 0;
}

static DWORD placeholder(const WCHAR *path, BOOL folder)
{
    struct shadow shadow = {0};
    struct blob nothing = {0};
    DWORD code = 0;
    if (folder) {
        if (!CreateDirectoryW(path, NULL)) code = GetLastError();
    } else {
        code = write_bytes(path, &nothing);
    }
    shadow.placeholder = 1;
    return code ? code : keep(path, &shadow, path);
}

/* Names that the parents have and the layer does not say anything of. */
static DWORD expand(const WCHAR *layer, const WCHAR *below, const struct name *own, const struct chain *chain)
{
    struct name *names = merged_list(chain, below), *at;
    DWORD code = 0;
    for (at = names; at && !code; at = at->next) {
        WCHAR files[PATH_CHARS], child[PATH_CHARS], path[PATH_CHARS];
        if (find_name(own, at->text)) continue;
        path_of(files, layer, L"Files");
        if (*below) swprintf(child, PATH_CHARS, L"%ls\\%ls", below, at->text);
        else wcscpy(child, at->text);
        path_of(path, files, child);
        code = placeholder(path, (at->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0);
    }
    free_names(names);
    return code;
}

static DWORD import_folder(const WCHAR *layer, const WCHAR *from, const WCHAR *below, const struct chain *chain)
{
    WCHAR source[PATH_CHARS], target[PATH_CHARS], folder[PATH_CHARS], described[PATH_CHARS];
    struct name *names, *at;
    struct shadow shadow;
    struct blob content;
    DWORD code = 0;
    path_of(folder, from, L"Files");
    path_of(source, folder, below);
    path_of(folder, layer, L"Files");
    path_of(target, folder, below);
    swprintf(described, PATH_CHARS, L"%ls" SUFFIX, source);
    if (!CreateDirectoryW(target, NULL)) return GetLastError();
    if (*below && !exists(described)) return ERROR_FILE_NOT_FOUND;
    memset(&shadow, 0, sizeof(shadow));
    memset(&content, 0, sizeof(content));
    if (exists(described) && (code = parse_legacy(described, &shadow, &content))) return code;
    if (shadow.reparse.length) {
        return keep(target, &shadow, described);
    }
    names = list_folder(source);
    for (at = names; at && !code; at = at->next) {
        WCHAR child[PATH_CHARS], path[PATH_CHARS], legacy[PATH_CHARS];
        struct shadow kept;
        struct blob bytes;
        if (is_description(at->text)) continue;
        if (*below) swprintf(child, PATH_CHARS, L"%ls\\%ls", below, at->text);
        else wcscpy(child, at->text);
        if (at->attributes & FILE_ATTRIBUTE_DIRECTORY) {
            code = import_folder(layer, from, child, chain);
            continue;
        }
        path_of(legacy, source, at->text);
        path_of(path, target, at->text);
        if ((code = parse_legacy(legacy, &kept, &bytes))) break;
        code = write_bytes(path, &bytes);
        if (!code) code = keep(path, &kept, legacy);
        shadow_free(&kept);
        free(bytes.bytes);
    }
    if (!code) code = expand(layer, below, names, chain);
    free_names(names);
    if (!code) code = keep(target, &shadow, exists(described) ? described : source);
    shadow_free(&shadow);
    return code;
}

DWORD import_tree(const WCHAR *layer, const WCHAR *from, const struct chain *chain)
{
    WCHAR source[PATH_CHARS], target[PATH_CHARS];
    struct name *names, *at;
    DWORD code;
    path_of(source, from, L"Files");
    if (!is_folder(source)) return ERROR_PATH_NOT_FOUND;
    if ((code = import_folder(layer, from, L"", chain))) return code;
    path_of(source, from, L"Hives");
    path_of(target, layer, L"Hives");
    if (!CreateDirectoryW(target, NULL)) return GetLastError();
    names = list_folder(source);
    for (at = names; at && !code; at = at->next) {
        WCHAR one[PATH_CHARS], other[PATH_CHARS];
        path_of(one, source, at->text);
        path_of(other, target, at->text);
        code = copy_object(one, other);
    }
    free_names(names);
    return code;
}

/* ---- export ---- */

struct export {
    const WCHAR *volume, *to;
    const struct chain *chain;
    struct blob tombstones;
    ULONGLONG bytes;
    BOOL counting; /* nothing is written */
    WCHAR wine[PATH_CHARS]; /* the tree of Wine's own files that container-view put into the volume, or empty */
};

static void find_wine(struct export *export)
{
    WCHAR path[PATH_CHARS], wide[PATH_CHARS - 20];
    char unix_path[PATH_CHARS];
    DWORD done = 0;
    HANDLE file;
    export->wine[0] = 0;
    path_of(path, export->volume, VOLUME_STATE L"\\wine");
    file = CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return;
    ReadFile(file, unix_path, sizeof(unix_path) - 1, &done, NULL);
    CloseHandle(file);
    unix_path[done] = 0;
    if (MultiByteToWideChar(CP_UTF8, 0, unix_path, -1, wide, PATH_CHARS - 20)) path_of_unix(export->wine, PATH_CHARS, wide);
}

/* Not the container's: a folder that Wine has too, or a file of Wine that nobody changed. */
static BOOL is_wines(const struct export *export, const WCHAR *below, const WCHAR *path)
{
    WIN32_FILE_ATTRIBUTE_DATA own, known;
    WCHAR other[PATH_CHARS];
    if (!export->wine[0]) return FALSE;
    path_of(other, export->wine, below);
    if (!GetFileAttributesExW(other, GetFileExInfoStandard, &known) || !GetFileAttributesExW(path, GetFileExInfoStandard, &own)) return FALSE;
    if ((known.dwFileAttributes ^ own.dwFileAttributes) & FILE_ATTRIBUTE_DIRECTORY) return FALSE;
    if (own.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) return TRUE;
    return own.nFileSizeLow == known.nFileSizeLow && !memcmp(&own.ftLastWriteTime, &known.ftLastWriteTime, sizeof(FILETIME));
}

static DWORD export_object(const WCHAR *from, const WCHAR *to)
{
    HANDLE file = CreateFileW(from, GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    BOOL folder = is_folder(from);
    DWORD attributes = GetFileAttributesW(from), at, code;
    struct blob out = {0}, content = {0};
    struct shadow shadow, none = {0};
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    shadow_load(file, &shadow);
    CloseHandle(file);
    if (shadow.known_attributes) attributes = shadow.attributes;
    blob_append(&out, &attributes, 4);
    if (shadow.security.length) put_stream(&out, 3, NULL, shadow.security.bytes, shadow.security.length);
    else put_stream(&out, 3, NULL, usual_security, sizeof(usual_security));
    if (shadow.extended.length) put_stream(&out, 2, NULL, shadow.extended.bytes, shadow.extended.length);
    if (shadow.reparse.length) put_stream(&out, 8, NULL, shadow.reparse.bytes, shadow.reparse.length);
    if (!folder && !shadow.reparse.length) {
        if ((code = read_all(from, &content))) return code;
        put_stream(&out, 1, NULL, content.bytes, content.length);
        free(content.bytes);
    }
    for (at = 0; at < shadow.streams; at++)
        put_stream(&out, 4, &shadow.stream[at].name, shadow.stream[at].data.bytes, shadow.stream[at].data.length);
    code = write_bytes(to, &out);
    if (!code) code = keep(to, &none, from);
    free(out.bytes);
    shadow_free(&shadow);
    return code;
}

static BOOL same_content(const WCHAR *one, const WCHAR *other)
{
    struct blob a, b;
    WIN32_FILE_ATTRIBUTE_DATA first, second;
    BOOL same;
    GetFileAttributesExW(one, GetFileExInfoStandard, &first);
    GetFileAttributesExW(other, GetFileExInfoStandard, &second);
    if (memcmp(&first.ftLastWriteTime, &second.ftLastWriteTime, sizeof(FILETIME))) return FALSE;
    if (read_all(one, &a)) return FALSE;
    if (read_all(other, &b)) {
        free(a.bytes);
        return FALSE;
    }
    same = a.length == b.length && !memcmp(a.bytes, b.bytes, a.length);
    free(a.bytes);
    free(b.bytes);
    return same;
}

static void tombstone(struct export *export, const WCHAR *below)
{
    char line[PATH_CHARS * 3];
    line[0] = '\\';
    WideCharToMultiByte(CP_UTF8, 0, below, -1, line + 1, sizeof(line) - 4, NULL, NULL);
    strcat(line, "\r\n");
    blob_append(&export->tombstones, line, (DWORD)strlen(line));
}

/* Makes the folders of `below` and describes them, where that was not done yet. */
static DWORD export_parents(struct export *export, const WCHAR *below)
{
    WCHAR part[PATH_CHARS], files[PATH_CHARS], path[PATH_CHARS], described[PATH_CHARS], source[PATH_CHARS];
    WCHAR *at = part;
    DWORD code = 0;
    wcscpy(part, below);
    path_of(files, export->to, L"Files");
    while (!code && at && *at) {
        at = wcschr(at, L'\\');
        if (at) *at = 0;
        path_of(path, files, part);
        if (!exists(path)) {
            path_of(source, export->volume, part);
            swprintf(described, PATH_CHARS, L"%ls" SUFFIX, path);
            if (!CreateDirectoryW(path, NULL)) code = GetLastError();
            if (!code) code = export_object(source, described);
        }
        if (at) *at++ = L'\\';
    }
    return code;
}

/* `known_folder`: the layers have it as a folder. */
static DWORD export_folder(struct export *export, const WCHAR *below, BOOL known_folder)
{
    WCHAR folder[PATH_CHARS], files[PATH_CHARS];
    struct name *own, *inherited = known_folder ? merged_list(export->chain, below) : NULL, *at;
    DWORD code = 0;
    path_of(folder, export->volume, below);
    path_of(files, export->to, L"Files");
    own = list_folder(folder);
    for (at = inherited; at && !code; at = at->next) {
        WCHAR child[PATH_CHARS];
        if (find_name(own, at->text)) continue;
        if (*below) swprintf(child, PATH_CHARS, L"%ls\\%ls", below, at->text);
        else wcscpy(child, at->text);
        tombstone(export, child);
        if (!export->counting) code = export_parents(export, below);
    }
    for (at = own; at && !code; at = at->next) {
        WCHAR child[PATH_CHARS], source[PATH_CHARS], before[PATH_CHARS], target[PATH_CHARS];
        const struct name *known = find_name(inherited, at->text);
        BOOL is_dir = (at->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
        if (!*below && !_wcsicmp(at->text, L"WcSandboxState")) continue;
        if (*below) swprintf(child, PATH_CHARS, L"%ls\\%ls", below, at->text);
        else wcscpy(child, at->text);
        path_of(source, export->volume, child);
        if (known && !merged_path(export->chain, child, before)) known = NULL;
        if (!known && !is_dir && is_wines(export, child, source)) continue;
        if (is_dir) {
            if (!known && !export->counting && !is_wines(export, child, source)) code = export_parents(export, child);
            if (!code) code = export_folder(export, child, known && is_folder(before));
            continue;
        }
        if (known && !is_folder(before) && same_content(source, before)) continue;
        if (export->counting) {
            WIN32_FILE_ATTRIBUTE_DATA data;
            GetFileAttributesExW(source, GetFileExInfoStandard, &data);
            export->bytes += data.nFileSizeLow;
            continue;
        }
        code = export_parents(export, below);
        path_of(target, files, child);
        if (!code) code = export_object(source, target);
    }
    free_names(own);
    free_names(inherited);
    return code;
}

DWORD export_tree(const WCHAR *volume, const WCHAR *to, const struct chain *chain)
{
    static const char first[] = "\xef\xbb\xbfVersion 1.0\r\n";
    struct export export = {volume, to, chain, {0}, 0, FALSE, L""};
    WCHAR path[PATH_CHARS], described[PATH_CHARS], source[PATH_CHARS];
    struct name *names, *at;
    DWORD code, done;
    HANDLE file;
    find_wine(&export);
    path_of(path, to, L"Files");
    if (!CreateDirectoryW(path, NULL)) return GetLastError();
    blob_append(&export.tombstones, first, sizeof(first) - 1);
    if ((code = export_folder(&export, L"", TRUE))) return code;
    /* The volume's root has the times of what was made in it: the layers' stay. */
    swprintf(described, PATH_CHARS, L"%ls" SUFFIX, path);
    if (merged_path(chain, L"", source) && (code = export_object(source, described))) return code;
    path_of(path, to, L"tombstones.txt");
    file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    WriteFile(file, export.tombstones.bytes, export.tombstones.length, &done, NULL);
    CloseHandle(file);
    free(export.tombstones.bytes);
    path_of(path, to, L"Hives");
    if (!CreateDirectoryW(path, NULL)) return GetLastError();
    path_of(source, volume, L"WcSandboxState\\Hives");
    names = list_folder(source);
    for (at = names; at && !code; at = at->next) {
        WCHAR one[PATH_CHARS], other[PATH_CHARS];
        path_of(one, source, at->text);
        path_of(other, path, at->text);
        code = copy_object(one, other);
    }
    free_names(names);
    return code;
}

ULONGLONG changed_bytes(const WCHAR *volume, const struct chain *chain)
{
    struct export export = {volume, L"", chain, {0}, 0, TRUE, L""};
    find_wine(&export);
    export_folder(&export, L"", TRUE);
    free(export.tombstones.bytes);
    return export.bytes;
}
