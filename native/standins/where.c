#include "standin.h"

struct hunt {
    WCHAR *pattern;
    BOOL quiet, quoted, recursive;
    int found;
};

static void report(struct hunt *hunt, const WCHAR *path)
{
    hunt->found++;
    if (!hunt->quiet) say(hunt->quoted ? L"\"%ls\"\n" : L"%ls\n", path);
}

/* A name without extension also stands for the name with every extension of PATHEXT. */
static BOOL fits(const WCHAR *pattern, const WCHAR *name)
{
    WCHAR extensions[1024], *extension, *rest = extensions;
    if (matches(pattern, name)) return TRUE;
    if (wcschr(pattern, '.')) return FALSE;
    if (!GetEnvironmentVariableW(L"PATHEXT", extensions, 1024)) wcscpy(extensions, L".COM;.EXE;.BAT;.CMD");
    while ((extension = next_part(&rest, ';'))) {
        size_t size = wcslen(pattern);
        WCHAR *whole = grab((size + wcslen(extension) + 1) * sizeof(WCHAR));
        BOOL fit;
        wcscpy(whole, pattern);
        wcscpy(whole + size, extension);
        fit = matches(whole, name);
        free(whole);
        if (fit) return TRUE;
    }
    return FALSE;
}

static BOOL look_at(void *context, const WCHAR *path, const WIN32_FIND_DATAW *entry)
{
    struct hunt *hunt = context;
    if (entry->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
        if (hunt->recursive) visit_folder(path, look_at, hunt);
    } else if (fits(hunt->pattern, entry->cFileName)) {
        report(hunt, path);
    }
    return TRUE;
}

static void look_in_list(struct hunt *hunt, WCHAR *folders)
{
    WCHAR *folder;
    while ((folder = next_part(&folders, ';'))) {
        size_t size = wcslen(folder);
        while (size > 3 && (folder[size - 1] == '\\' || folder[size - 1] == '/')) folder[--size] = 0;
        visit_folder(folder, look_at, hunt);
    }
}

static WCHAR *variable(const WCHAR *name)
{
    DWORD size = GetEnvironmentVariableW(name, NULL, 0);
    WCHAR *value = grab(((size_t)size + 1) * sizeof(WCHAR));
    GetEnvironmentVariableW(name, value, size + 1);
    return value;
}

/* `pattern`, `$variable:pattern` or `folders:pattern`. */
static void look_for(struct hunt *hunt, const WCHAR *argument)
{
    WCHAR *copy = copy_text(argument), *colon = wcsrchr(copy, ':');
    WCHAR current[MAX_PATH];
    if (colon) {
        *colon = 0;
        hunt->pattern = colon + 1;
        look_in_list(hunt, *copy == '$' ? variable(copy + 1) : copy);
        return;
    }
    hunt->pattern = copy;
    GetCurrentDirectoryW(MAX_PATH, current);
    visit_folder(current, look_at, hunt);
    look_in_list(hunt, variable(L"PATH"));
}

int tool_where(int argc, WCHAR **argv)
{
    struct hunt hunt = {0};
    const WCHAR *root = NULL;
    int i, asked = 0, missing = 0;
    for (i = 1; i < argc; i++) {
        if (is_switch(argv[i], L"Q")) hunt.quiet = TRUE;
        else if (is_switch(argv[i], L"F")) hunt.quoted = TRUE;
        else if (is_switch(argv[i], L"R") && i + 1 < argc) root = argv[++i];
        else if (is_switch(argv[i], L"T")) return refuse(L"where", L"/T is not supported", 2);
        else if (*argv[i] == '/') {
            complain(L"ERROR: Invalid argument or option - '%ls'.\nType \"WHERE /?\" for usage help.\n", argv[i]);
            return 2;
        } else {
            int before = hunt.found;
            asked++;
            if (root) {
                hunt.recursive = TRUE;
                hunt.pattern = argv[i];
                visit_folder(root, look_at, &hunt);
            } else {
                look_for(&hunt, argv[i]);
            }
            if (hunt.found == before) missing++;
        }
    }
    if (!asked) {
        complain(L"The syntax of this command is:\n\nWHERE [/R dir] [/Q] [/F] pattern...\n");
        return 2;
    }
    if (missing && !hunt.quiet) complain(L"INFO: Could not find files for the given pattern(s).\n");
    return missing == asked ? 1 : 0;
}
