#include "standin.h"

static BOOL is_drive(const WCHAR *text)
{
    return iswalpha(text[0]) && text[1] == ':' && !text[2];
}

static int list(void)
{
    WCHAR drive[] = L"A:", target[MAX_PATH];
    for (; *drive <= 'Z'; ++*drive)
        if (QueryDosDeviceW(drive, target, MAX_PATH) && !wcsncmp(target, L"\\??\\", 4)) say(L"%ls\\: => %ls\n", drive, target + 4);
    return 0;
}

int tool_subst(int argc, WCHAR **argv)
{
    WCHAR full[MAX_PATH], root[] = L"A:\\";
    if (argc == 1) return list();
    if (argc != 3 || !is_drive(argv[1])) {
        complain(L"Invalid parameter - %ls\n", argv[argc - 1]);
        return 1;
    }
    root[0] = *argv[1];
    if (is_switch(argv[2], L"D")) {
        if (DefineDosDeviceW(DDD_REMOVE_DEFINITION, argv[1], NULL)) return 0;
        complain(L"Invalid parameter - %ls\n", argv[1]);
        return 1;
    }
    if (!is_folder(argv[2]) || !GetFullPathNameW(argv[2], MAX_PATH, full, NULL)) {
        complain(L"Path not found - %ls\n", argv[2]);
        return 1;
    }
    if (exists(root)) {
        complain(L"Drive already SUBSTed\n");
        return 1;
    }
    if (!DefineDosDeviceW(0, argv[1], full) || !exists(root)) return refuse(L"subst", L"this Wine cannot define drives", 1);
    return 0;
}
