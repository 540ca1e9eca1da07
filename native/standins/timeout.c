#include "standin.h"
#include <conio.h>

static BOOL key_was_pressed(void)
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    INPUT_RECORD record;
    DWORD count;
    while (PeekConsoleInputW(input, &record, 1, &count) && count) {
        ReadConsoleInputW(input, &record, 1, &count);
        if (record.EventType == KEY_EVENT && record.Event.KeyEvent.bKeyDown) return TRUE;
    }
    return FALSE;
}

int tool_timeout(int argc, WCHAR **argv)
{
    long seconds = -2;
    BOOL no_break = FALSE, console;
    const WCHAR *number = NULL;
    WCHAR *end;
    DWORD mode, begun = GetTickCount();
    int i;
    for (i = 1; i < argc; i++) {
        if (is_switch(argv[i], L"NOBREAK")) no_break = TRUE;
        else if (is_switch(argv[i], L"T") && i + 1 < argc) number = argv[++i];
        else if (!number) number = argv[i];
        else number = L"";
    }
    if (number) {
        seconds = wcstol(number, &end, 10);
        if (end == number || *end || seconds < -1 || seconds > 99999) seconds = -2;
    }
    if (seconds == -2) {
        complain(L"ERROR: Invalid value for timeout (/T) specified. Valid range is -1 to 99999 seconds.\n");
        return 1;
    }
    console = GetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), &mode);
    if (console)
        say(no_break ? L"\nWaiting for %ld seconds, press CTRL+C to quit ...\n" : L"\nWaiting for %ld seconds, press a key to continue ...\n",
            seconds);
    /* Windows refuses redirected input here, which no container without a terminal could avoid: only the waiting counts. */
    while (seconds < 0 || GetTickCount() - begun < (DWORD)seconds * 1000) {
        Sleep(50);
        if (console && !no_break && key_was_pressed()) break;
    }
    return 0;
}
