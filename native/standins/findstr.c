#include "standin.h"

struct pattern {
    BYTE *text;
    size_t size;
    BOOL regular;
};

static struct pattern *patterns;
static size_t pattern_count;
static BOOL ignore_case, at_begin, at_end, whole_line, inverted, numbers, only_names, offsets, recursive, only_printable, literal, regular;
static const WCHAR *folders;
static BOOL found_any, failed_any, show_names;

static int fold(int c)
{
    return ignore_case ? tolower(c) : c;
}

static BOOL is_word(int c)
{
    return isalnum(c) || c == '_';
}

/* One element of an expression: an ordinary or escaped character, `.`, or a class. Gives its end. */
static const BYTE *element_end(const BYTE *at, const BYTE *end)
{
    if (*at == '\\' && at + 1 < end) return at + 2;
    if (*at == '[') {
        const BYTE *close = at + 1;
        if (close < end && *close == '^') close++;
        if (close < end && *close == ']') close++;
        while (close < end && *close != ']') close++;
        if (close < end) return close + 1;
    }
    return at + 1;
}

static BOOL class_holds(const BYTE *at, const BYTE *end, int c)
{
    BOOL negated = FALSE, holds = FALSE;
    if (at < end && *at == '^') negated = TRUE, at++;
    while (at < end) {
        if (at + 2 < end && at[1] == '-') {
            if ((c >= at[0] && c <= at[2]) || (ignore_case && ((tolower(c) >= at[0] && tolower(c) <= at[2]) || (toupper(c) >= at[0] && toupper(c) <= at[2]))))
                holds = TRUE;
            at += 3;
        } else {
            if (fold(*at) == fold(c)) holds = TRUE;
            at++;
        }
    }
    return holds != negated;
}

static BOOL element_fits(const BYTE *at, const BYTE *end, int c)
{
    if (*at == '\\' && end - at == 2) return fold(at[1]) == fold(c);
    if (*at == '.' && end - at == 1) return TRUE;
    if (*at == '[' && end - at > 1) return class_holds(at + 1, end - 1, c);
    return fold(*at) == fold(c);
}

/* findstr's expressions: `.` `*` `^` `$` classes `\x` `\<` `\>`. Gives the end of the match in the line, or NULL. */
static const BYTE *match_here(const BYTE *p, const BYTE *p_end, const BYTE *line, const BYTE *at, const BYTE *line_end)
{
    const BYTE *next, *last;
    if (p == p_end) return at;
    if (*p == '$' && p + 1 == p_end) return at == line_end ? at : NULL;
    if (*p == '\\' && p + 1 < p_end && (p[1] == '<' || p[1] == '>')) {
        BOOL before = at > line && is_word(at[-1]), after = at < line_end && is_word(*at);
        BOOL edge = p[1] == '<' ? !before && after : before && !after;
        return edge ? match_here(p + 2, p_end, line, at, line_end) : NULL;
    }
    next = element_end(p, p_end);
    if (next < p_end && *next == '*') {
        for (last = at; last < line_end && element_fits(p, next, *last); last++) continue;
        for (;; last--) {
            const BYTE *end = match_here(next + 1, p_end, line, last, line_end);
            if (end) return end;
            if (last == at) return NULL;
        }
    }
    if (at == line_end || !element_fits(p, next, *at)) return NULL;
    return match_here(next, p_end, line, at + 1, line_end);
}

static const BYTE *match_literal(const struct pattern *pattern, const BYTE *at, const BYTE *line_end)
{
    size_t i;
    if ((size_t)(line_end - at) < pattern->size) return NULL;
    for (i = 0; i < pattern->size; i++)
        if (fold(at[i]) != fold(pattern->text[i])) return NULL;
    return at + pattern->size;
}

static BOOL line_fits(const struct pattern *pattern, const BYTE *line, const BYTE *line_end)
{
    const BYTE *text = pattern->text, *text_end = text + pattern->size, *at;
    BOOL anchored = at_begin || whole_line;
    if (pattern->regular && text < text_end && *text == '^') anchored = TRUE, text++;
    for (at = line; at <= line_end; at++) {
        const BYTE *end = pattern->regular ? match_here(text, text_end, line, at, line_end) : match_literal(pattern, at, line_end);
        if (end && (!(at_end || whole_line) || end == line_end)) return TRUE;
        if (anchored) return FALSE;
    }
    return FALSE;
}

static void print_name(const WCHAR *name, const WCHAR *tail)
{
    if (name) say(L"%ls%ls", name, tail);
}

static void search_bytes(const WCHAR *name, const struct bytes *data)
{
    size_t at = 0;
    unsigned long number = 0;
    while (at < data->size) {
        size_t end = at, next, i;
        BOOL fits = FALSE;
        while (end < data->size && data->data[end] != '\n') end++;
        next = end + 1;
        if (end > at && data->data[end - 1] == '\r') end--;
        number++;
        for (i = 0; i < pattern_count && !fits; i++) fits = line_fits(&patterns[i], data->data + at, data->data + end);
        if (fits != inverted) {
            found_any = TRUE;
            if (only_names) {
                print_name(name ? name : L"", L"\n");
                return;
            }
            if (show_names) print_name(name, L":");
            if (numbers) say(L"%lu:", number);
            if (offsets) say(L"%lu:", (unsigned long)at);
            say_bytes((const char *)data->data + at, end - at);
            say_bytes("\r\n", 2);
        }
        at = next;
    }
}

static BOOL is_printable(const struct bytes *data)
{
    size_t i;
    for (i = 0; i < data->size; i++)
        if (data->data[i] < 32 && data->data[i] != '\t' && data->data[i] != '\r' && data->data[i] != '\n' && data->data[i] != '\f') return FALSE;
    return TRUE;
}

static void search_file(const WCHAR *path)
{
    struct bytes data = {0};
    if (!read_file(path, &data)) {
        complain(L"FINDSTR: Cannot open %ls\n", path);
        failed_any = TRUE;
    } else if (!only_printable || is_printable(&data)) {
        search_bytes(path, &data);
    }
    free(data.data);
}

static void search_pattern(const WCHAR *folder, const WCHAR *pattern);

struct descent {
    const WCHAR *pattern;
};

static BOOL descend(void *context, const WCHAR *path, const WIN32_FIND_DATAW *entry)
{
    struct descent *descent = context;
    if (entry->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) search_pattern(path, descent->pattern);
    return TRUE;
}

/* `folder` is empty for names as they were given. */
static void search_pattern(const WCHAR *folder, const WCHAR *pattern)
{
    WCHAR *whole = *folder ? join_path(folder, pattern) : copy_text(pattern);
    WIN32_FIND_DATAW entry;
    HANDLE search;
    BOOL wild = wcspbrk(whole, L"*?") != NULL;
    if (!wild && !recursive) {
        search_file(whole);
        free(whole);
        return;
    }
    search = FindFirstFileW(whole, &entry);
    if (search != INVALID_HANDLE_VALUE) {
        size_t base = (size_t)(name_of(whole) - whole);
        do {
            WCHAR *path;
            if (entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) continue;
            path = grab((base + wcslen(entry.cFileName) + 1) * sizeof(WCHAR));
            memcpy(path, whole, base * sizeof(WCHAR));
            wcscpy(path + base, entry.cFileName);
            search_file(path);
            free(path);
        } while (FindNextFileW(search, &entry));
        FindClose(search);
    } else if (!recursive) {
        complain(L"FINDSTR: Cannot open %ls\n", whole);
        failed_any = TRUE;
    }
    if (recursive) {
        struct descent descent = {name_of(pattern)};
        size_t base = (size_t)(name_of(whole) - whole);
        WCHAR *start = copy_text(base ? whole : L".");
        if (base) start[base > 1 && start[base - 2] != ':' ? base - 1 : base] = 0;
        visit_folder(start, descend, &descent);
        free(start);
    }
    free(whole);
}

static void add_pattern(const BYTE *text, size_t size, BOOL by_default_regular)
{
    struct pattern *pattern;
    patterns = regrab(patterns, (pattern_count + 1) * sizeof(*patterns));
    pattern = &patterns[pattern_count++];
    pattern->text = memcpy(grab(size), text, size);
    pattern->size = size;
    pattern->regular = regular || (!literal && by_default_regular);
}

static void add_wide(const WCHAR *text, size_t size, BOOL by_default_regular)
{
    int room = WideCharToMultiByte(CP_ACP, 0, text, (int)size, NULL, 0, NULL, NULL);
    char *bytes = grab((size_t)room);
    WideCharToMultiByte(CP_ACP, 0, text, (int)size, bytes, room, NULL, NULL);
    add_pattern((BYTE *)bytes, (size_t)room, by_default_regular);
    free(bytes);
}

/* Words separated by blanks are alternatives; a string with expression characters is one, as in Windows. */
static void add_words(const WCHAR *text)
{
    BOOL looks_regular = wcspbrk(text, L".*^$[]\\") != NULL;
    while (*text) {
        size_t size = wcscspn(text, L" ");
        if (size) add_wide(text, size, looks_regular);
        text += size;
        while (*text == ' ') text++;
    }
}

static BOOL add_file(const WCHAR *path)
{
    struct bytes data = {0};
    size_t at = 0;
    if (!read_file(path, &data)) return FALSE;
    while (at < data.size) {
        size_t end = at, next;
        while (end < data.size && data.data[end] != '\n') end++;
        next = end + 1;
        if (end > at && data.data[end - 1] == '\r') end--;
        if (end > at) add_pattern(data.data + at, end - at, FALSE);
        at = next;
    }
    return TRUE;
}

static BOOL set_letters(const WCHAR *letters)
{
    for (; *letters; letters++) {
        switch (towupper(*letters)) {
        case 'B': at_begin = TRUE; break;
        case 'E': at_end = TRUE; break;
        case 'I': ignore_case = TRUE; break;
        case 'L': literal = TRUE; break;
        case 'M': only_names = TRUE; break;
        case 'N': numbers = TRUE; break;
        case 'O': offsets = TRUE; break;
        case 'P': only_printable = TRUE; break;
        case 'R': regular = TRUE; break;
        case 'S': recursive = TRUE; break;
        case 'V': inverted = TRUE; break;
        case 'X': whole_line = TRUE; break;
        default: return FALSE;
        }
    }
    return TRUE;
}

int tool_findstr(int argc, WCHAR **argv)
{
    const WCHAR *words = NULL, *one = NULL, *strings_from = NULL;
    WCHAR **files = grab((size_t)argc * sizeof(*files));
    int count = 0, i;
    for (i = 1; i < argc; i++) {
        const WCHAR *a = argv[i];
        BOOL is_option = *a == '/' || (*a == '-' && a[1]);
        if (is_option && !_wcsnicmp(a + 1, L"C:", 2)) one = a + 3;
        else if (is_option && !_wcsnicmp(a + 1, L"G:", 2)) strings_from = a + 3;
        else if (is_option && !_wcsnicmp(a + 1, L"D:", 2)) folders = a + 3;
        else if (is_option && !_wcsnicmp(a + 1, L"A:", 2)) continue;
        else if (is_option && !_wcsicmp(a + 1, L"OFFLINE")) continue;
        else if (is_option && !_wcsnicmp(a + 1, L"F:", 2)) return refuse(L"findstr", L"/F is not supported: name the files", 2);
        else if (is_option) {
            if (!set_letters(a + 1)) complain(L"FINDSTR: %ls ignored\n", a);
        } else if (!words && !one && !strings_from) words = a;
        else files[count++] = argv[i];
    }
    /* `/C:` may come with several; the last of each kind counts here, all of them below. */
    if (one) {
        for (i = 1; i < argc; i++)
            if ((*argv[i] == '/' || *argv[i] == '-') && !_wcsnicmp(argv[i] + 1, L"C:", 2)) add_wide(argv[i] + 3, wcslen(argv[i] + 3), FALSE);
        if (words) files[count++] = (WCHAR *)words;
    } else if (words) {
        add_words(words);
    }
    if (strings_from && !add_file(strings_from)) {
        complain(L"FINDSTR: Cannot open %ls\n", strings_from);
        return 2;
    }
    if (!pattern_count && !strings_from) {
        complain(L"FINDSTR: Bad command line\n");
        return 2;
    }
    if (!count) {
        struct bytes data = {0};
        if (recursive) search_pattern(L"", L"*");
        else {
            read_file(NULL, &data);
            search_bytes(NULL, &data);
        }
        return found_any ? 0 : 1;
    }
    show_names = count > 1 || recursive || wcspbrk(files[0], L"*?") != NULL;
    for (i = 0; i < count; i++) {
        if (folders) {
            WCHAR *list = copy_text(folders), *folder;
            while ((folder = next_part(&list, ';'))) {
                say(L"  %ls:\n", folder);
                search_pattern(folder, files[i]);
            }
        } else {
            search_pattern(L"", files[i]);
        }
    }
    return found_any ? 0 : 1;
}
