/* offreg.dll, as far as empty hives need it. A handle is the caller's until ORCloseHive. */
#include "standin.h"
#include <string.h>

struct hive {
    DWORD signature;
};

EXPORT DWORD __stdcall ORCreateHive(void **hive)
{
    HRESULT fault = fault_of("ORCreateHive", NULL);
    *hive = fault ? NULL : ledger_open(LEDGER_HIVE, sizeof(struct hive));
    return fault & 0xffff;
}

EXPORT DWORD __stdcall ORSaveHive(void *hive, PCWSTR path, DWORD major, DWORD minor)
{
    HRESULT fault = fault_of("ORSaveHive", NULL);
    DWORD code = fault & 0xffff, done;
    static BYTE bytes[8192] = "regf";
    HANDLE file;
    if (!code && !ledger_is_open(hive, LEDGER_HIVE, "ORSaveHive")) code = ERROR_INVALID_HANDLE;
    /* Formats before Windows 2000's are not written. */
    if (!code && (major < 5 || (major == 5 && minor > 2))) code = ERROR_INVALID_PARAMETER;
    if (!code) {
        file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
        if (file == INVALID_HANDLE_VALUE) code = GetLastError();
        else if (!WriteFile(file, bytes, sizeof(bytes), &done, NULL)) code = GetLastError();
        if (file != INVALID_HANDLE_VALUE) CloseHandle(file);
    }
    log_call("ORSaveHive", code ? FAILURE_OF_WIN32(code) : S_OK, "path", path, NULL);
    return code;
}

EXPORT DWORD __stdcall ORCloseHive(void *hive)
{
    return ledger_close(hive, LEDGER_HIVE, "ORCloseHive") ? 0 : ERROR_INVALID_HANDLE;
}
