#include "standin.h"

static WCHAR read_character(DWORD wait_ms, BOOL *ended)
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    DWORD mode, got = 0, begun = GetTickCount();
    BOOL console = GetConsoleMode(input, &mode);
    if (console) SetConsoleMode(input, mode & ~(DWORD)(ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT));
    for (;;) {
        DWORD available = 1;
        if (wait_ms != INFINITE) {
            if (console) GetNumberOfConsoleInputEvents(input, &available);
            else if (GetFileType(input) == FILE_TYPE_PIPE && !PeekNamedPipe(input, NULL, 0, NULL, &available, NULL)) available = 1;
        }
        if (available) {
            WCHAR wide = 0;
            char narrow = 0;
            BOOL done = console ? ReadConsoleW(input, &wide, 1, &got, NULL) : ReadFile(input, &narrow, 1, &got, NULL);
            if (console) SetConsoleMode(input, mode);
            *ended = !done || !got;
            return console ? wide : (WCHAR)(unsigned char)narrow;
        }
        if (GetTickCount() - begun >= wait_ms) return 0;
        Sleep(20);
    }
}

int tool_choice(int argc, WCHAR **argv)
{
    const WCHAR *choices = L"YN", *message = NULL, *found;
    WCHAR fallback = 0;
    BOOL hide = FALSE, exact = FALSE, ended = FALSE;
    long seconds = -1;
    size_t i;
    int a;
    for (a = 1; a < argc; a++) {
        if (is_switch(argv[a], L"C") && a + 1 < argc) choices = argv[++a];
        else if (!_wcsnicmp(argv[a], L"/C:", 3)) choices = argv[a] + 3;
        else if (is_switch(argv[a], L"N")) hide = TRUE;
        else if (is_switch(argv[a], L"CS")) exact = TRUE;
        else if (is_switch(argv[a], L"T") && a + 1 < argc) seconds = _wtol(argv[++a]);
        else if (is_switch(argv[a], L"D") && a + 1 < argc) fallback = *argv[++a];
        else if (is_switch(argv[a], L"M") && a + 1 < argc) message = argv[++a];
        else {
            complain(L"ERROR: Invalid syntax. Type \"CHOICE /?\" for usage.\n");
            return 255;
        }
    }
    if ((seconds >= 0) != (fallback != 0)) {
        complain(L"ERROR: Invalid syntax. /T and /D go together.\n");
        return 255;
    }
    if (message) say(hide ? L"%ls" : L"%ls ", message);
    if (!hide) {
        say(L"[");
        for (i = 0; choices[i]; i++) say(i ? L",%lc" : L"%lc", exact ? choices[i] : towupper(choices[i]));
        say(L"]?");
    }
    for (;;) {
        WCHAR key = read_character(seconds < 0 ? INFINITE : (DWORD)seconds * 1000, &ended);
        if (!key && !ended) key = fallback;
        if (ended) {
            complain(L"\nERROR: The file is either empty or does not contain the valid choices.\n");
            return 255;
        }
        for (found = choices; *found; found++)
            if (exact ? *found == key : towupper(*found) == towupper(key)) break;
        if (!*found) continue;
        say(L"%lc\n", exact ? key : towupper(key));
        return (int)(found - choices) + 1;
    }
}
