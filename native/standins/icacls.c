#include "standin.h"

/* The first argument that is no switch, for takeown the one behind /F. */
static const WCHAR *target(int argc, WCHAR **argv)
{
    int i;
    for (i = 1; i < argc; i++)
        if (is_switch(argv[i], L"F") && i + 1 < argc) return argv[i + 1];
    for (i = 1; i < argc; i++)
        if (*argv[i] != '/' && *argv[i] != '-') return argv[i];
    return NULL;
}

static BOOL any_match(const WCHAR *path)
{
    WIN32_FIND_DATAW entry;
    HANDLE search;
    if (exists(path)) return TRUE;
    search = FindFirstFileW(path, &entry);
    if (search == INVALID_HANDLE_VALUE) return FALSE;
    FindClose(search);
    return TRUE;
}

/*
 * Wine represents no access control lists: everybody may do everything, so that what these tools are used for in images holds
 * already. That nothing was written is said, because an image built here has no such entries on Windows.
 */
int tool_icacls(int argc, WCHAR **argv)
{
    const WCHAR *path = target(argc, argv);
    if (!path) {
        complain(L"ERROR: Invalid syntax.\n");
        return 1;
    }
    if (!any_match(path)) {
        complain(L"%ls: %ls\n", path, error_text(ERROR_FILE_NOT_FOUND));
        return 2;
    }
    say(L"NOTICE: containers on Linux (Wine) have no access control lists and owners; nothing was changed.\n");
    say(L"processed file: %ls\n", path);
    return 0;
}
