#ifndef STANDIN_PRIVILEGES_H
#define STANDIN_PRIVILEGES_H

#include <windows.h>

/* Of this process; what the real calls look for before they do anything. */
static inline BOOL is_enabled(const WCHAR *name)
{
    PRIVILEGE_SET set = {1, PRIVILEGE_SET_ALL_NECESSARY, {{{0, 0}, 0}}};
    BOOL enabled = FALSE;
    HANDLE token;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return FALSE;
    if (LookupPrivilegeValueW(NULL, name, &set.Privilege[0].Luid)) PrivilegeCheck(token, &set, &enabled);
    CloseHandle(token);
    return enabled;
}

#endif
