#include "standin.h"
#include <psapi.h>
#include <tlhelp32.h>

enum format { TABLE, LIST, CSV };

static const WCHAR *image_filter;
static BOOL image_negated;
static DWORD pid_filter;
static BOOL has_pid_filter, pid_negated;

/* `IMAGENAME eq cmd.exe`, `PID ne 4`: those two, equal or not. */
static BOOL add_filter(WCHAR *text)
{
    WCHAR *value = text, *field = next_part(&value, ' '), *operation = next_part(&value, ' ');
    BOOL negated;
    if (!field || !operation || !value || (_wcsicmp(operation, L"eq") && _wcsicmp(operation, L"ne"))) return FALSE;
    negated = !_wcsicmp(operation, L"ne");
    if (!_wcsicmp(field, L"IMAGENAME")) image_filter = value, image_negated = negated;
    else if (!_wcsicmp(field, L"PID")) pid_filter = (DWORD)_wtoi(value), has_pid_filter = TRUE, pid_negated = negated;
    else return FALSE;
    return TRUE;
}

static BOOL passes(const PROCESSENTRY32W *entry)
{
    if (image_filter && matches(image_filter, entry->szExeFile) == image_negated) return FALSE;
    return !has_pid_filter || (entry->th32ProcessID == pid_filter) != pid_negated;
}

static DWORD kilobytes(DWORD pid)
{
    PROCESS_MEMORY_COUNTERS memory = {0};
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, pid);
    if (!process) return 0;
    K32GetProcessMemoryInfo(process, &memory, sizeof(memory));
    CloseHandle(process);
    return (DWORD)(memory.WorkingSetSize / 1024);
}

static void with_commas(DWORD number, WCHAR *text)
{
    WCHAR plain[16];
    int size = _snwprintf(plain, 15, L"%lu", number), i, at = 0;
    for (i = 0; i < size; i++) {
        if (i && (size - i) % 3 == 0) text[at++] = ',';
        text[at++] = plain[i];
    }
    text[at] = 0;
}

int tool_tasklist(int argc, WCHAR **argv)
{
    enum format format = TABLE;
    BOOL header = TRUE, any = FALSE, more;
    PROCESSENTRY32W entry;
    HANDLE snapshot;
    int i;
    for (i = 1; i < argc; i++) {
        if (is_switch(argv[i], L"NH")) header = FALSE;
        else if (is_switch(argv[i], L"FO") && i + 1 < argc) {
            i++;
            if (!_wcsicmp(argv[i], L"TABLE")) format = TABLE;
            else if (!_wcsicmp(argv[i], L"LIST")) format = LIST;
            else if (!_wcsicmp(argv[i], L"CSV")) format = CSV;
            else {
                complain(L"ERROR: Invalid syntax. '%ls' value is not allowed for '/fo' option.\n", argv[i]);
                return 1;
            }
        } else if (is_switch(argv[i], L"FI") && i + 1 < argc) {
            if (!add_filter(argv[++i])) return refuse(L"tasklist", L"only the filters 'IMAGENAME eq|ne NAME' and 'PID eq|ne N' are supported", 1);
        } else {
            return refuse(L"tasklist", L"only /FO, /NH and /FI are supported", 1);
        }
    }
    snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    entry.dwSize = sizeof(entry);
    for (more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
        WCHAR memory[24];
        if (!passes(&entry)) continue;
        with_commas(kilobytes(entry.th32ProcessID), memory);
        if (format == TABLE) {
            if (!any && header)
                say(L"\nImage Name                     PID Session Name        Session#    Mem Usage\n"
                    L"========================= ======== ================ =========== ============\n");
            say(L"%-25.25ls %8lu %-16ls %11lu %10ls K\n", entry.szExeFile, entry.th32ProcessID, L"Services", 0ul, memory);
        } else if (format == CSV) {
            if (!any && header) say(L"\"Image Name\",\"PID\",\"Session Name\",\"Session#\",\"Mem Usage\"\n");
            say(L"\"%ls\",\"%lu\",\"Services\",\"0\",\"%ls K\"\n", entry.szExeFile, entry.th32ProcessID, memory);
        } else {
            say(L"\nImage Name:   %ls\nPID:          %lu\nSession Name: Services\nSession#:     0\nMem Usage:    %ls K\n", entry.szExeFile,
                entry.th32ProcessID, memory);
        }
        any = TRUE;
    }
    if (!any) say(L"INFO: No tasks are running which match the specified criteria.\n");
    return 0;
}
