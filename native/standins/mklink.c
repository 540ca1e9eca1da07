/*
 * mklink is a command of cmd itself; the template's cmd is told not to know it, so that this program is found. Wine 8 answers
 * CreateSymbolicLinkW with success and makes nothing, and refuses junctions. The link is then made as a Unix one, which Wine
 * follows like a folder or file of its own, by the only way that a Windows program has: the system call itself.
 */
#include "standin.h"

static long unix_symlink(const char *target, const char *path)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(88), "D"(target), "S"(path) : "rcx", "r11", "memory");
    return result;
}

typedef char *(CDECL *unix_name_function)(const WCHAR *);

static BOOL is_absolute(const WCHAR *path)
{
    return iswalpha(path[0]) && path[1] == ':';
}

/* Path of a target as seen from the link's folder: layers are moved, so a link must not hold where C: is. */
static char *relative_target(const WCHAR *link, const WCHAR *target, unix_name_function unix_name)
{
    WCHAR from[MAX_PATH], to[MAX_PATH], *slash;
    char *a, *b, *at, *result;
    size_t same = 0, i, ups = 0;
    if (!is_absolute(target) && *target != '\\') {
        int size = WideCharToMultiByte(CP_UTF8, 0, target, -1, NULL, 0, NULL, NULL);
        result = grab((size_t)size);
        WideCharToMultiByte(CP_UTF8, 0, target, -1, result, size, NULL, NULL);
        for (at = result; *at; at++)
            if (*at == '\\') *at = '/';
        return result;
    }
    if (!GetFullPathNameW(link, MAX_PATH, from, NULL) || !GetFullPathNameW(target, MAX_PATH, to, NULL)) return NULL;
    slash = wcsrchr(from, '\\');
    if (slash) slash[slash == from + 2] = 0;
    a = unix_name(from);
    b = unix_name(to);
    if (!a || !b) return NULL;
    for (i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/') same = i + 1;
    if (!a[i] && b[i] == '/') same = i + 1;
    if (!a[i] && !b[i]) same = i;
    for (i = same; a[i]; i++)
        if (i == same || a[i] == '/') ups++;
    result = grab(ups * 3 + strlen(b) + 3);
    for (i = 0; i < ups; i++) strcat(result, "../");
    strcat(result, strlen(b) > same ? b + same : ups ? "" : ".");
    return result;
}

static BOOL is_there(const WCHAR *path)
{
    WIN32_FIND_DATAW entry;
    HANDLE search = FindFirstFileW(path, &entry);
    if (search == INVALID_HANDLE_VALUE) return FALSE;
    FindClose(search);
    return TRUE;
}

static int make_unix_link(const WCHAR *link, const WCHAR *target)
{
    unix_name_function unix_name = (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "wine_get_unix_file_name");
    char *path = unix_name ? unix_name(link) : NULL;
    char *text = path ? relative_target(link, target, unix_name) : NULL;
    long result = text ? unix_symlink(text, path) : -1;
    if (!result) return 0;
    return refuse(L"mklink", L"this Wine can make no symbolic links", 1);
}

int tool_mklink(int argc, WCHAR **argv)
{
    BOOL folder = FALSE, hard = FALSE, junction = FALSE, made;
    const WCHAR *link = NULL, *target = NULL;
    int i;
    for (i = 1; i < argc; i++) {
        if (is_switch(argv[i], L"D")) folder = TRUE;
        else if (is_switch(argv[i], L"H")) hard = TRUE;
        else if (is_switch(argv[i], L"J")) junction = folder = TRUE;
        else if (!link) link = argv[i];
        else if (!target) target = argv[i];
        else link = target = NULL, i = argc;
    }
    if (!link || !target) {
        complain(L"Creates a symbolic link.\n\nMKLINK [[/D] | [/H] | [/J]] Link Target\n");
        return 1;
    }
    if (is_there(link)) {
        complain(L"Cannot create a file when that file already exists.\n");
        return 1;
    }
    if (hard) {
        if (!CreateHardLinkW(link, target, NULL) || !is_there(link)) {
            complain(L"%ls\n", error_text(GetLastError() ? GetLastError() : ERROR_NOT_SUPPORTED));
            return 1;
        }
        say(L"Hardlink created for %ls <<===>> %ls\n", link, target);
        return 0;
    }
    if (junction && exists(target) && !is_folder(target)) {
        complain(L"The directory name is invalid.\n");
        return 1;
    }
    made = !junction && CreateSymbolicLinkW(link, target, folder ? SYMBOLIC_LINK_FLAG_DIRECTORY : 0) && is_there(link);
    if (!made && make_unix_link(link, target)) return 1;
    say(junction ? L"Junction created for %ls <<===>> %ls\n" : L"symbolic link created for %ls <<===>> %ls\n", link, target);
    return 0;
}
