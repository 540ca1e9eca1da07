#include "launcher.h"
#include <psapi.h>
#include <tlhelp32.h>

/* Wine's own processes: never listed, never told to end. */
static const WCHAR *const helpers[] = {L"services.exe", L"winedevice.exe", L"plugplay.exe", L"svchost.exe", L"explorer.exe",
                                       L"conhost.exe",  L"rpcss.exe",      L"wineboot.exe", L"winemenubuilder.exe"};

static BOOL in_system_directory(const WCHAR *path, const WCHAR *name)
{
    static const WCHAR directory[] = L"C:\\windows\\system32\\";
    WCHAR *whole = joined(directory, name);
    BOOL same = same_name(path, whole);
    release(whole);
    return same;
}

static BOOL is_helper(DWORD pid, const WCHAR *path)
{
    SIZE_T i;
    if (pid == GetCurrentProcessId()) return TRUE;
    for (i = 0; i < sizeof(helpers) / sizeof(*helpers); i++)
        if (in_system_directory(path, helpers[i])) return TRUE;
    /* The launchers of terminals have this program's path. */
    {
        WCHAR own[MAX_PATH];
        DWORD room = MAX_PATH;
        return QueryFullProcessImageNameW(GetCurrentProcess(), 0, own, &room) && same_name(path, own);
    }
}

typedef void (*visitor)(void *context, const PROCESSENTRY32W *entry, HANDLE process, const WCHAR *path);

static void visit_processes(visitor visit, void *context, DWORD access)
{
    PROCESSENTRY32W entry;
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    BOOL more;
    if (snapshot == INVALID_HANDLE_VALUE) return;
    memset(&entry, 0, sizeof(entry));
    entry.dwSize = sizeof(entry);
    for (more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
        WCHAR path[MAX_PATH];
        DWORD room = MAX_PATH;
        HANDLE process = OpenProcess(access | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, entry.th32ProcessID);
        if (!process) continue;
        if (!QueryFullProcessImageNameW(process, 0, path, &room)) memcpy(path, entry.szExeFile, sizeof(path));
        if (!is_helper(entry.th32ProcessID, path)) visit(context, &entry, process, path);
        CloseHandle(process);
    }
    CloseHandle(snapshot);
}

/* What the console does to a process when its window closes, a user logs off...: CtrlRoutine has one address everywhere. */
static BOOL raise_event(HANDLE process, DWORD event)
{
    LPTHREAD_START_ROUTINE routine =
        (LPTHREAD_START_ROUTINE)(void *)GetProcAddress(GetModuleHandleW(L"kernelbase.dll"), "CtrlRoutine");
    HANDLE thread = routine ? CreateRemoteThread(process, NULL, 0, routine, (void *)(ULONG_PTR)event, 0, NULL) : NULL;
    if (thread) CloseHandle(thread);
    return thread != NULL;
}

static BOOL is_running(HANDLE process)
{
    return WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
}

#define SIGNAL_ACCESS (PROCESS_CREATE_THREAD | PROCESS_QUERY_INFORMATION | PROCESS_VM_OPERATION | PROCESS_VM_READ | PROCESS_VM_WRITE | SYNCHRONIZE)

void signal_process(DWORD tag, DWORD pid, DWORD event)
{
    HANDLE process = OpenProcess(SIGNAL_ACCESS, FALSE, pid);
    BOOL done = process && is_running(process) && raise_event(process, event);
    if (process) CloseHandle(process);
    send_u32(EVENT_DONE, tag, done);
}

void terminate_process(DWORD tag, DWORD pid, DWORD code)
{
    HANDLE process = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, pid);
    BOOL done = process && is_running(process) && TerminateProcess(process, code);
    if (process) CloseHandle(process);
    send_u32(EVENT_DONE, tag, done);
}

static ULONGLONG ticks(FILETIME time)
{
    return (ULONGLONG)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

static void describe(void *context, const PROCESSENTRY32W *entry, HANDLE process, const WCHAR *path)
{
    struct writer *to = context;
    FILETIME created = {0}, ended = {0}, kernel = {0}, user = {0};
    PROCESS_MEMORY_COUNTERS memory;
    memset(&memory, 0, sizeof(memory));
    GetProcessTimes(process, &created, &ended, &kernel, &user);
    K32GetProcessMemoryInfo(process, &memory, sizeof(memory));
    write_u32(to, entry->th32ProcessID);
    write_u32(to, entry->th32ParentProcessID);
    write_u64(to, ticks(created));
    write_u64(to, ticks(kernel));
    write_u64(to, ticks(user));
    write_u64(to, memory.WorkingSetSize);
    write_text(to, path);
}

void list_processes(DWORD tag)
{
    struct writer payload = {0};
    visit_processes(describe, &payload, PROCESS_QUERY_INFORMATION | PROCESS_VM_READ);
    send_frame(EVENT_PROCESSES, tag, &payload);
    release(payload.bytes);
}

/* By address: importing advapi32 would cost every container start the loading of four more DLLs. */
static struct {
    LONG(WINAPI *open)(HKEY, LPCWSTR, DWORD, REGSAM, PHKEY);
    LONG(WINAPI *enumerate)(HKEY, DWORD, LPWSTR, LPDWORD, LPDWORD, LPDWORD, LPBYTE, LPDWORD);
    LONG(WINAPI *close)(HKEY);
} registry;

static BOOL find_registry(void)
{
    HMODULE base = GetModuleHandleW(L"kernelbase.dll");
    registry.open = (void *)GetProcAddress(base, "RegOpenKeyExW");
    registry.enumerate = (void *)GetProcAddress(base, "RegEnumValueW");
    registry.close = (void *)GetProcAddress(base, "RegCloseKey");
    return registry.open && registry.enumerate && registry.close;
}

static void list_values(struct writer *to, DWORD scope, HKEY root, const WCHAR *path)
{
    HKEY key;
    DWORD index;
    if (registry.open(root, path, 0, KEY_READ, &key)) return;
    for (index = 0;; index++) {
        DWORD name_room = 1024, type = 0, room = 65536;
        WCHAR *name = allocate(name_room * sizeof(WCHAR));
        BYTE *data = allocate(room + 2);
        LONG status = registry.enumerate(key, index, name, &name_room, NULL, &type, data, &room);
        if (!status && (type == REG_SZ || type == REG_EXPAND_SZ)) {
            write_u32(to, scope);
            write_u32(to, type);
            write_text(to, name);
            write_text(to, (WCHAR *)data);
        }
        release(name);
        release(data);
        if (status == ERROR_NO_MORE_ITEMS || (status && status != ERROR_MORE_DATA)) break;
    }
    registry.close(key);
}

/* What setx and installers wrote, as it is now: system values (scope 0), then the user's (scope 1). */
void list_environment(DWORD tag)
{
    struct writer payload = {0};
    if (find_registry()) {
        list_values(&payload, 0, HKEY_LOCAL_MACHINE, L"System\\CurrentControlSet\\Control\\Session Manager\\Environment");
        list_values(&payload, 1, HKEY_CURRENT_USER, L"Environment");
    }
    send_frame(EVENT_ENVIRONMENT, tag, &payload);
    release(payload.bytes);
}

struct crowd {
    HANDLE members[512];
    int count;
};

static void invite(void *context, const PROCESSENTRY32W *entry, HANDLE process, const WCHAR *path)
{
    struct crowd *crowd = context;
    HANDLE kept;
    (void)entry;
    (void)path;
    if (crowd->count == 512 || !DuplicateHandle(GetCurrentProcess(), process, GetCurrentProcess(), &kept, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return;
    crowd->members[crowd->count++] = kept;
}

static DWORD WINAPI end_everything(void *argument)
{
    DWORD limit = (DWORD)(ULONG_PTR)argument, begun = GetTickCount();
    struct crowd *crowd = allocate(sizeof(*crowd));
    int i;
    visit_processes(invite, crowd, SIGNAL_ACCESS | PROCESS_TERMINATE);
    for (i = 0; i < crowd->count; i++) raise_event(crowd->members[i], CTRL_SHUTDOWN_EVENT);
    for (i = 0; i < crowd->count; i++) {
        DWORD gone = GetTickCount() - begun;
        DWORD left = limit == INFINITE ? INFINITE : gone >= limit ? 0 : limit - gone;
        if (WaitForSingleObject(crowd->members[i], left) == WAIT_TIMEOUT) TerminateProcess(crowd->members[i], ERROR_PROCESS_ABORTED);
    }
    ExitProcess(0);
}

/* As an operating system's shutdown: everybody is told, then given the time, then ended. */
void shut_down(DWORD milliseconds)
{
    CloseHandle(CreateThread(NULL, 0, end_everything, (void *)(ULONG_PTR)milliseconds, 0, NULL));
}
