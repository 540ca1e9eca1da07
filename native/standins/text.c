#include "standin.h"
#include <stdarg.h>

static void emit(DWORD which, const WCHAR *text)
{
    HANDLE to = GetStdHandle(which);
    DWORD mode, written;
    size_t size = wcslen(text), i;
    WCHAR *lines = grab((size * 2 + 1) * sizeof(WCHAR));
    size_t at = 0;
    for (i = 0; i < size; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) lines[at++] = '\r';
        lines[at++] = text[i];
    }
    if (GetConsoleMode(to, &mode)) {
        WriteConsoleW(to, lines, (DWORD)at, &written, NULL);
    } else {
        int room = WideCharToMultiByte(CP_ACP, 0, lines, (int)at, NULL, 0, NULL, NULL);
        char *bytes = grab((size_t)room + 1);
        WideCharToMultiByte(CP_ACP, 0, lines, (int)at, bytes, room, NULL, NULL);
        WriteFile(to, bytes, (DWORD)room, &written, NULL);
        free(bytes);
    }
    free(lines);
}

static void emit_format(DWORD which, const WCHAR *format, va_list arguments)
{
    size_t room = 32768;
    WCHAR *text = grab(room * sizeof(WCHAR));
    if (_vsnwprintf(text, room - 1, format, arguments) < 0) text[room - 1] = 0;
    emit(which, text);
    free(text);
}

void say(const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    emit_format(STD_OUTPUT_HANDLE, format, arguments);
    va_end(arguments);
}

void complain(const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    emit_format(STD_ERROR_HANDLE, format, arguments);
    va_end(arguments);
}

void say_bytes(const char *bytes, size_t size)
{
    DWORD written;
    HANDLE to = GetStdHandle(STD_OUTPUT_HANDLE);
    while (size) {
        DWORD part = size > 65536 ? 65536 : (DWORD)size;
        if (!WriteFile(to, bytes, part, &written, NULL) || !written) return;
        bytes += written;
        size -= written;
    }
}

int refuse(const WCHAR *tool_name, const WCHAR *what, int exit_code)
{
    complain(L"%ls: not available in containers on Linux (Wine): %ls.\n", tool_name, what);
    return exit_code;
}

const WCHAR *error_text(DWORD error)
{
    static WCHAR text[512];
    DWORD size = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0, text, 511, NULL);
    while (size && (text[size - 1] == '\n' || text[size - 1] == '\r')) text[--size] = 0;
    if (!size) _snwprintf(text, 511, L"Error %lu.", error);
    return text;
}
