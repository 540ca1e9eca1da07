/* tar as Windows has it (bsdtar): reads tar, tar.gz and zip, writes tar and tar.gz. */
#include "standin.h"

#define BLOCK 512

static struct {
    WCHAR mode;
    BOOL gzip, verbose, keep_old, to_stdout;
    const WCHAR *file, *folder;
    int strip;
    WCHAR *excludes[64];
    int exclude_count;
    WCHAR **names;
    int name_count;
} options;

static int failures;

static void fail(const WCHAR *path, const WCHAR *what)
{
    complain(L"tar: %ls: %ls\n", path, what);
    failures++;
}

static WCHAR *from_utf8(const char *text, size_t size)
{
    int room;
    WCHAR *wide;
    size_t length = 0;
    while (length < size && text[length]) length++;
    room = MultiByteToWideChar(CP_UTF8, 0, text, (int)length, NULL, 0);
    wide = grab(((size_t)room + 1) * sizeof(WCHAR));
    MultiByteToWideChar(CP_UTF8, 0, text, (int)length, wide, room);
    return wide;
}

static ULONGLONG number(const BYTE *field, int size)
{
    ULONGLONG value = 0;
    int i;
    if (*field & 0x80) {
        for (i = 0; i < size; i++) value = value << 8 | (i ? field[i] : field[i] & 0x7f);
        return value;
    }
    for (i = 0; i < size && field[i]; i++)
        if (field[i] >= '0' && field[i] <= '7') value = value << 3 | (ULONGLONG)(field[i] - '0');
    return value;
}

static BOOL selected(const WCHAR *name)
{
    int i;
    for (i = 0; i < options.exclude_count; i++)
        if (matches(options.excludes[i], name) || matches(options.excludes[i], name_of(name))) return FALSE;
    if (!options.name_count) return TRUE;
    for (i = 0; i < options.name_count; i++) {
        size_t size = wcslen(options.names[i]);
        if (matches(options.names[i], name)) return TRUE;
        if (!_wcsnicmp(options.names[i], name, size) && name[size] == '/') return TRUE;
    }
    return FALSE;
}

/* The name below the target folder, or NULL for what would leave it or is stripped away. */
static WCHAR *safe_name(WCHAR *name)
{
    WCHAR *at, *start;
    int strip = options.strip;
    for (at = name; *at; at++)
        if (*at == '\\') *at = '/';
    while (*name == '/' || (name[0] == '.' && name[1] == '/')) name += *name == '/' ? 1 : 2;
    if (iswalpha(name[0]) && name[1] == ':') {
        name += 2;
        while (*name == '/') name++;
    }
    while (strip--) {
        at = wcschr(name, '/');
        if (!at) return NULL;
        name = at + 1;
    }
    for (start = name; *start; start = *at ? at + 1 : at) {
        for (at = start; *at && *at != '/'; at++) continue;
        if (at - start == 2 && start[0] == '.' && start[1] == '.') return NULL;
    }
    return *name && wcscmp(name, L".") ? name : NULL;
}

static FILETIME file_time(ULONGLONG seconds)
{
    ULONGLONG ticks = (seconds + 11644473600ull) * 10000000ull;
    FILETIME time = {(DWORD)ticks, (DWORD)(ticks >> 32)};
    return time;
}

static void set_time(const WCHAR *path, ULONGLONG seconds)
{
    FILETIME time = file_time(seconds);
    HANDLE file = CreateFileW(path, FILE_WRITE_ATTRIBUTES, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (file == INVALID_HANDLE_VALUE) return;
    SetFileTime(file, NULL, NULL, &time);
    CloseHandle(file);
}

static WCHAR *place(const WCHAR *name)
{
    WCHAR *path = options.folder ? join_path(options.folder, name) : copy_text(name), *at;
    for (at = path; *at; at++)
        if (*at == '/') *at = '\\';
    return path;
}

static void make_parent(const WCHAR *path)
{
    WCHAR *parent = copy_text(path), *slash = wcsrchr(parent, '\\');
    if (slash) {
        *slash = 0;
        make_folders(parent);
    }
    free(parent);
}

static void extract_file(const WCHAR *name, const BYTE *data, size_t size, ULONGLONG time)
{
    WCHAR *path = place(name);
    if (options.to_stdout) {
        say_bytes((const char *)data, size);
    } else if (!(options.keep_old && exists(path))) {
        make_parent(path);
        SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
        if (!write_file(path, data, size)) fail(path, error_text(GetLastError()));
        else set_time(path, time);
    }
    free(path);
}

static void extract_folder(const WCHAR *name)
{
    WCHAR *path = place(name);
    size_t size = wcslen(path);
    while (size && path[size - 1] == '\\') path[--size] = 0;
    if (!options.to_stdout && !make_folders(path)) fail(path, error_text(GetLastError()));
    free(path);
}

/* A link inside the archive becomes a copy: links need more than every Wine can give. */
static void extract_link(const WCHAR *name, const WCHAR *target, BOOL symbolic)
{
    WCHAR *path = place(name), *source, *slash;
    if (symbolic) {
        WCHAR *folder = copy_text(name);
        for (slash = folder + wcslen(folder); slash > folder && *slash != '/'; slash--) continue;
        *slash = 0;
        source = join_path(folder, target);
        if (!*folder) {
            free(source);
            source = copy_text(target);
        }
        free(folder);
    } else {
        source = copy_text(target);
    }
    {
        WCHAR *whole = place(source);
        make_parent(path);
        if (!(symbolic ? CopyFileW(whole, path, FALSE) : CreateHardLinkW(path, whole, NULL) || CopyFileW(whole, path, FALSE)))
            fail(path, L"links to folders or to files that do not exist yet are not supported on Linux (Wine)");
        free(whole);
    }
    free(source);
    free(path);
}

static void handle(WCHAR *name, BYTE kind, const BYTE *data, size_t size, ULONGLONG time, WCHAR *link)
{
    WCHAR *safe;
    if (!selected(name)) return;
    if (options.mode == 't') {
        say(L"%ls\n", name);
        return;
    }
    if (options.verbose) complain(L"x %ls\n", name);
    safe = safe_name(name);
    if (!safe) return;
    if (kind == '5') extract_folder(safe);
    else if (kind == '1' || kind == '2') extract_link(safe, kind == '1' && safe_name(link) ? safe_name(link) : link, kind == '2');
    else if (kind == '0' || kind == 0 || kind == '7') extract_file(safe, data, size, time);
}

static BOOL is_zero(const BYTE *block)
{
    int i;
    for (i = 0; i < BLOCK; i++)
        if (block[i]) return FALSE;
    return TRUE;
}

static void read_pax(const BYTE *data, size_t size, WCHAR **path, WCHAR **link)
{
    size_t at = 0;
    while (at < size) {
        size_t length = (size_t)strtoul((const char *)data + at, NULL, 10), key = at;
        if (!length || at + length > size) return;
        while (data[key] != ' ') key++;
        key++;
        if (!memcmp(data + key, "path=", 5)) *path = from_utf8((const char *)data + key + 5, at + length - 1 - key - 5);
        if (!memcmp(data + key, "linkpath=", 9)) *link = from_utf8((const char *)data + key + 9, at + length - 1 - key - 9);
        at += length;
    }
}

static BOOL read_tar(const struct bytes *archive)
{
    size_t at = 0;
    WCHAR *long_name = NULL, *long_link = NULL;
    while (archive->size - at >= BLOCK && !is_zero(archive->data + at)) {
        const BYTE *head = archive->data + at;
        ULONGLONG size = number(head + 124, 12), time = number(head + 136, 12);
        BYTE kind = head[156];
        const BYTE *data = head + BLOCK;
        at += BLOCK;
        if (size > archive->size - at) return FALSE;
        at += ((size_t)size + BLOCK - 1) / BLOCK * BLOCK;
        if (kind == 'x') {
            read_pax(data, (size_t)size, &long_name, &long_link);
        } else if (kind == 'L') {
            long_name = from_utf8((const char *)data, (size_t)size);
        } else if (kind == 'K') {
            long_link = from_utf8((const char *)data, (size_t)size);
        } else if (kind != 'g') {
            WCHAR *name = long_name, *link = long_link ? long_link : from_utf8((const char *)head + 157, 100);
            if (!name) {
                char whole[260];
                size_t used = 0, i;
                if (!memcmp(head + 257, "ustar", 5) && head[345]) {
                    for (i = 0; i < 155 && head[345 + i]; i++) whole[used++] = (char)head[345 + i];
                    whole[used++] = '/';
                }
                for (i = 0; i < 100 && head[i]; i++) whole[used++] = (char)head[i];
                name = from_utf8(whole, used);
            }
            handle(name, kind, data, kind == '5' ? 0 : (size_t)size, time, link);
            long_name = long_link = NULL;
        }
        if (at > archive->size) at = archive->size;
    }
    return TRUE;
}

static DWORD little(const BYTE *at, int size)
{
    DWORD value = 0;
    while (size--) value = value << 8 | at[size];
    return value;
}

static ULONGLONG dos_time(DWORD value)
{
    FILETIME local, time;
    if (!DosDateTimeToFileTime((WORD)(value >> 16), (WORD)value, &local) || !LocalFileTimeToFileTime(&local, &time)) return 0;
    return ((ULONGLONG)time.dwHighDateTime << 32 | time.dwLowDateTime) / 10000000ull - 11644473600ull;
}

static BOOL read_zip(const struct bytes *archive)
{
    size_t end, at, count;
    if (archive->size < 22) return FALSE;
    for (end = archive->size - 22; little(archive->data + end, 4) != 0x06054b50; end--)
        if (!end) return FALSE;
    count = little(archive->data + end + 10, 2);
    at = little(archive->data + end + 16, 4);
    while (count--) {
        const BYTE *entry = archive->data + at;
        size_t packed, size, name_size, local, data;
        struct bytes content = {0};
        WCHAR *name;
        DWORD method;
        BOOL folder;
        if (at > end || end - at < 46 || little(entry, 4) != 0x02014b50) return FALSE;
        method = little(entry + 10, 2);
        packed = little(entry + 20, 4);
        size = little(entry + 24, 4);
        name_size = little(entry + 28, 2);
        local = little(entry + 42, 4);
        if (local + 30 > archive->size) return FALSE;
        data = local + 30 + little(archive->data + local + 26, 2) + little(archive->data + local + 28, 2);
        if (data > archive->size || packed > archive->size - data || packed == 0xffffffff) return FALSE;
        name = from_utf8((const char *)entry + 46, name_size);
        folder = *name && (name[wcslen(name) - 1] == '/' || name[wcslen(name) - 1] == '\\');
        if (options.mode == 'x' && !folder) {
            size_t used;
            if (method == 0) append(&content, archive->data + data, packed);
            else if (method != 8 || !inflate(archive->data + data, packed, &content, &used)) return FALSE;
            if (content.size != size || crc32_of(content.data, content.size) != little(entry + 16, 4)) return FALSE;
        }
        handle(name, folder ? '5' : '0', content.data, content.size, dos_time(little(entry + 12, 4)), L"");
        free(content.data);
        at += 46 + name_size + little(entry + 30, 2) + little(entry + 32, 2);
    }
    return TRUE;
}

/* Every member of a gzip file, one after the other. */
static BOOL gunzip(const struct bytes *packed, struct bytes *to)
{
    size_t at = 0, used;
    while (packed->size - at > 18 && packed->data[at] == 0x1f && packed->data[at + 1] == 0x8b) {
        BYTE flags = packed->data[at + 3];
        size_t begin = to->size;
        at += 10;
        if (flags & 4) at += 2 + little(packed->data + at, 2);
        if (flags & 8)
            while (at < packed->size && packed->data[at++]) continue;
        if (flags & 16)
            while (at < packed->size && packed->data[at++]) continue;
        if (flags & 2) at += 2;
        if (at >= packed->size || !inflate(packed->data + at, packed->size - at, to, &used)) return FALSE;
        at += used;
        if (packed->size - at < 8 || crc32_of(to->data + begin, to->size - begin) != little(packed->data + at, 4)) return FALSE;
        at += 8;
    }
    return TRUE;
}

static int read_archive(void)
{
    struct bytes data = {0}, plain = {0};
    BOOL good;
    if (!read_file(options.file && wcscmp(options.file, L"-") ? options.file : NULL, &data)) {
        complain(L"tar: Error opening archive: Failed to open '%ls'\n", options.file);
        return 1;
    }
    if (data.size > 3 && !memcmp(data.data, "BZh", 3)) return refuse(L"tar", L"bzip2 archives are not supported", 1);
    if (data.size > 5 && !memcmp(data.data, "\xfd" "7zXZ", 5)) return refuse(L"tar", L"xz archives are not supported", 1);
    if (data.size > 3 && !memcmp(data.data, "\x28\xb5\x2f\xfd", 4)) return refuse(L"tar", L"zstd archives are not supported", 1);
    if (data.size > 5 && !memcmp(data.data, "7z\xbc\xaf\x27", 5)) return refuse(L"tar", L"7z archives are not supported", 1);
    if (options.folder && !is_folder(options.folder)) {
        complain(L"tar: could not chdir to '%ls'\n", options.folder);
        return 1;
    }
    if (data.size > 1 && data.data[0] == 0x1f && data.data[1] == 0x8b) good = gunzip(&data, &plain) && read_tar(&plain);
    else if (data.size > 3 && (little(data.data, 4) == 0x04034b50 || little(data.data, 4) == 0x06054b50)) good = read_zip(&data);
    else good = data.size >= BLOCK && (!memcmp(data.data + 257, "ustar", 5) || is_zero(data.data)) && read_tar(&data);
    if (!good) {
        complain(L"tar: Error opening archive: Unrecognized or damaged archive format\n");
        return 1;
    }
    return failures ? 1 : 0;
}

static struct bytes output;

static void put_octal(BYTE *field, int size, ULONGLONG value)
{
    int i;
    for (i = size - 2; i >= 0; i--, value >>= 3) field[i] = (BYTE)('0' + (value & 7));
}

static void put_header(const char *name, BYTE kind, ULONGLONG size, ULONGLONG time)
{
    BYTE head[BLOCK] = {0};
    unsigned sum = 0;
    int i;
    memcpy(head, name, strlen(name) > 100 ? 100 : strlen(name));
    put_octal(head + 100, 8, kind == '5' ? 0755 : 0644);
    put_octal(head + 108, 8, 0);
    put_octal(head + 116, 8, 0);
    put_octal(head + 124, 12, size);
    put_octal(head + 136, 12, time);
    head[156] = kind;
    memcpy(head + 257, "ustar\0" "00", 8);
    memset(head + 148, ' ', 8);
    for (i = 0; i < BLOCK; i++) sum += head[i];
    put_octal(head + 148, 7, sum);
    append(&output, head, BLOCK);
}

static void put_padding(size_t size)
{
    static const BYTE zeros[BLOCK];
    if (size % BLOCK) append(&output, zeros, BLOCK - size % BLOCK);
}

static void put_long_name(const char *name)
{
    char record[1200];
    size_t size = strlen(name) + 7;
    /* The record's length counts its own digits. */
    size += size + 1 >= 100 ? 3 : 2;
    if (size >= 1000) size++;
    sprintf(record, "%u path=%s\n", (unsigned)strlen(name) > 0 ? (unsigned)size : 0, name);
    if (strlen(record) != size) sprintf(record, "%u path=%s\n", (unsigned)strlen(record), name);
    put_header("PaxHeader", 'x', strlen(record), 0);
    append(&output, record, strlen(record));
    put_padding(strlen(record));
}

static void pack(const WCHAR *path, const WCHAR *name);

static BOOL pack_entry(void *context, const WCHAR *path, const WIN32_FIND_DATAW *entry)
{
    const WCHAR *folder = context;
    WCHAR *name = grab((wcslen(folder) + wcslen(entry->cFileName) + 2) * sizeof(WCHAR));
    wcscpy(name, folder);
    if (*name && name[wcslen(name) - 1] != '/') wcscat(name, L"/");
    wcscat(name, entry->cFileName);
    pack(path, name);
    free(name);
    return TRUE;
}

static BOOL excluded(const WCHAR *name)
{
    int i;
    for (i = 0; i < options.exclude_count; i++)
        if (matches(options.excludes[i], name) || matches(options.excludes[i], name_of(name))) return TRUE;
    return FALSE;
}

static void pack(const WCHAR *path, const WCHAR *name)
{
    WIN32_FILE_ATTRIBUTE_DATA about;
    ULONGLONG time;
    BOOL folder;
    char *bytes;
    int size;
    if (excluded(name)) return;
    if (!GetFileAttributesExW(path, GetFileExInfoStandard, &about)) {
        fail(path, error_text(GetLastError()));
        return;
    }
    folder = (about.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    time = ((ULONGLONG)about.ftLastWriteTime.dwHighDateTime << 32 | about.ftLastWriteTime.dwLowDateTime) / 10000000ull - 11644473600ull;
    if (options.verbose) complain(L"a %ls\n", name);
    size = WideCharToMultiByte(CP_UTF8, 0, name, -1, NULL, 0, NULL, NULL);
    bytes = grab((size_t)size + 2);
    WideCharToMultiByte(CP_UTF8, 0, name, -1, bytes, size, NULL, NULL);
    if (folder && bytes[strlen(bytes) - 1] != '/') strcat(bytes, "/");
    if (strlen(bytes) > 1000) {
        fail(path, L"the name is too long");
        return;
    }
    if (strlen(bytes) > 100) put_long_name(bytes);
    if (folder) {
        put_header(bytes, '5', 0, time);
        visit_folder(path, pack_entry, (void *)name);
    } else {
        struct bytes data = {0};
        if (read_file(path, &data)) {
            put_header(bytes, '0', data.size, time);
            append(&output, data.data, data.size);
            put_padding(data.size);
        } else {
            fail(path, error_text(GetLastError()));
        }
        free(data.data);
    }
    free(bytes);
}

static int write_archive(void)
{
    static const BYTE end[2 * BLOCK];
    struct bytes packed = {0};
    int i;
    if (!options.name_count) {
        complain(L"tar: no files or directories specified\n");
        return 1;
    }
    for (i = 0; i < options.name_count; i++) {
        WCHAR *path = options.folder && !(iswalpha(options.names[i][0]) && options.names[i][1] == ':') ? join_path(options.folder, options.names[i])
                                                                                                       : copy_text(options.names[i]);
        WCHAR *name = options.names[i], *at;
        WIN32_FIND_DATAW entry;
        for (at = name; *at; at++)
            if (*at == '\\') *at = '/';
        if (iswalpha(name[0]) && name[1] == ':') name += 2;
        while (*name == '/') name++;
        if (wcspbrk(path, L"*?")) {
            HANDLE search = FindFirstFileW(path, &entry);
            size_t base = (size_t)(name_of(path) - path), name_base = (size_t)(name_of(name) - name);
            if (search == INVALID_HANDLE_VALUE) fail(path, L"Couldn't visit directory");
            else {
                do {
                    WCHAR one[2 * MAX_PATH], shown[2 * MAX_PATH];
                    if (!wcscmp(entry.cFileName, L".") || !wcscmp(entry.cFileName, L"..")) continue;
                    _snwprintf(one, 2 * MAX_PATH - 1, L"%.*ls%ls", (int)base, path, entry.cFileName);
                    _snwprintf(shown, 2 * MAX_PATH - 1, L"%.*ls%ls", (int)name_base, name, entry.cFileName);
                    pack(one, shown);
                } while (FindNextFileW(search, &entry));
                FindClose(search);
            }
        } else {
            pack(path, name);
        }
        free(path);
    }
    append(&output, end, sizeof(end));
    if (options.gzip) {
        static const BYTE head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 11};
        DWORD tail[2];
        append(&packed, head, sizeof(head));
        deflate(output.data, output.size, &packed);
        tail[0] = crc32_of(output.data, output.size);
        tail[1] = (DWORD)output.size;
        append(&packed, tail, 8);
    } else {
        packed = output;
    }
    if (!options.file || !wcscmp(options.file, L"-")) say_bytes((char *)packed.data, packed.size);
    else if (!write_file(options.file, packed.data, packed.size)) {
        complain(L"tar: Failed to open '%ls'\n", options.file);
        return 1;
    }
    return failures ? 1 : 0;
}

static BOOL set_letter(WCHAR letter)
{
    switch (letter) {
    case 'x': case 't': case 'c':
        if (options.mode) return FALSE;
        options.mode = letter;
        return TRUE;
    case 'z': options.gzip = TRUE; return TRUE;
    case 'v': options.verbose = TRUE; return TRUE;
    case 'k': options.keep_old = TRUE; return TRUE;
    case 'O': options.to_stdout = TRUE; return TRUE;
    /* Times are kept, permissions are not represented. */
    case 'p': case 'o': case 'm': case 'P': return TRUE;
    default: return FALSE;
    }
}

int tool_tar(int argc, WCHAR **argv)
{
    int i;
    options.names = argv;
    for (i = 1; i < argc; i++) {
        const WCHAR *a = argv[i], *letter;
        if (!wcscmp(a, L"--version")) {
            say(L"bsdtar 3.5.2 - porthole stand-in\n");
            return 0;
        }
        if (!wcsncmp(a, L"--strip-components", 18)) {
            options.strip = a[18] == '=' ? _wtoi(a + 19) : i + 1 < argc ? _wtoi(argv[++i]) : 0;
        } else if (!wcsncmp(a, L"--exclude", 9) && options.exclude_count < 64) {
            options.excludes[options.exclude_count++] = (WCHAR *)(a[9] == '=' ? a + 10 : i + 1 < argc ? argv[++i] : L"");
        } else if (!wcscmp(a, L"--directory") && i + 1 < argc) options.folder = argv[++i];
        else if (!wcscmp(a, L"--file") && i + 1 < argc) options.file = argv[++i];
        else if (!wcscmp(a, L"--extract")) options.mode = 'x';
        else if (!wcscmp(a, L"--create")) options.mode = 'c';
        else if (!wcscmp(a, L"--list")) options.mode = 't';
        else if (!wcscmp(a, L"--gzip")) options.gzip = TRUE;
        else if (!wcscmp(a, L"--verbose")) options.verbose = TRUE;
        else if (*a == '-' && a[1] == '-' && a[2]) {
            complain(L"tar: Option %ls is not supported\n", a);
            return 1;
        } else if ((*a == '-' && a[1]) || i == 1) {
            for (letter = *a == '-' ? a + 1 : a; *letter; letter++) {
                if (*letter == 'f' || *letter == 'C') {
                    const WCHAR *value = letter[1] && *a == '-' ? letter + 1 : i + 1 < argc ? argv[++i] : NULL;
                    if (*letter == 'f') options.file = value;
                    else options.folder = value;
                    if (value == letter + 1) break;
                } else if (*letter == 'j' || *letter == 'J' || *letter == 'a') {
                    if (*letter == 'a') continue;
                    return refuse(L"tar", L"bzip2 and xz archives are not supported", 1);
                } else if (!set_letter(*letter)) {
                    complain(L"tar: Option -%lc is not supported\n", *letter);
                    return 1;
                }
            }
        } else {
            options.names[options.name_count++] = argv[i];
        }
    }
    if (options.mode == 'c') return write_archive();
    if (options.mode) return read_archive();
    complain(L"tar: Must specify one of -c, -t, -x\n");
    return 1;
}
