#include "standin.h"

/* setx cuts longer values, and says so. */
#define LONGEST 1024

int tool_setx(int argc, WCHAR **argv)
{
    const WCHAR *name = NULL, *value = NULL;
    BOOL machine = FALSE;
    WCHAR text[LONGEST + 1];
    HKEY key;
    LONG status;
    int i;
    for (i = 1; i < argc; i++) {
        if (is_switch(argv[i], L"M")) machine = TRUE;
        else if (is_switch(argv[i], L"S") || is_switch(argv[i], L"U") || is_switch(argv[i], L"P") || is_switch(argv[i], L"K") ||
                 is_switch(argv[i], L"F") || is_switch(argv[i], L"A") || is_switch(argv[i], L"R") || is_switch(argv[i], L"X"))
            return refuse(L"setx", L"only 'setx NAME VALUE [/M]' is supported", 1);
        else if (!name) name = argv[i];
        else if (!value) value = argv[i];
        else {
            complain(L"ERROR: Invalid syntax. Default option is not allowed more than '2' time(s).\nType \"SETX /?\" for usage.\n");
            return 1;
        }
    }
    if (!name || !value) {
        complain(L"ERROR: Invalid syntax.\nType \"SETX /?\" for usage.\n");
        return 1;
    }
    wcsncpy(text, value, LONGEST);
    text[LONGEST] = 0;
    if (wcslen(value) > LONGEST) say(L"\nWARNING: The data being saved is truncated to 1024 characters.\n");
    status = machine ? RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"System\\CurrentControlSet\\Control\\Session Manager\\Environment", 0, NULL, 0,
                                       KEY_SET_VALUE, NULL, &key, NULL)
                     : RegCreateKeyExW(HKEY_CURRENT_USER, L"Environment", 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);
    if (!status) {
        status = RegSetValueExW(key, name, 0, wcschr(text, '%') ? REG_EXPAND_SZ : REG_SZ, (const BYTE *)text,
                                (DWORD)((wcslen(text) + 1) * sizeof(WCHAR)));
        RegCloseKey(key);
    }
    if (status) {
        complain(L"ERROR: %ls\n", error_text((DWORD)status));
        return 1;
    }
    say(L"\nSUCCESS: Specified value was saved.\n");
    return 0;
}
