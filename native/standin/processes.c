/* Processes of compute systems: real child processes with real pipes or a pseudo console. */
#include "child.h"
#include "service.h"
#include "view.h"
#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winternl.h>

static double next_serial = 1;

typedef NTSTATUS(NTAPI *suspender)(HANDLE);

static FARPROC import(const WCHAR *dll, const char *name) { return GetProcAddress(GetModuleHandleW(dll), name); }

/* ---- pipes ---- */

/* The client's end is overlapped, as HCS's are; the child's is inheritable and is not. */
static BOOL make_pipe(BOOL child_writes, HANDLE *ours, HANDLE *childs)
{
    static LONG counter;
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    WCHAR name[80];
    swprintf(name, 80, L"\\\\.\\pipe\\porthole-standin-stdio-%lu-%ld", GetCurrentProcessId(), InterlockedIncrement(&counter));
    *ours = CreateNamedPipeW(name, (child_writes ? PIPE_ACCESS_INBOUND : PIPE_ACCESS_OUTBOUND) | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                             PIPE_TYPE_BYTE | PIPE_WAIT, 1, 65536, 65536, 0, NULL);
    if (*ours == INVALID_HANDLE_VALUE) return FALSE;
    *childs = CreateFileW(name, child_writes ? GENERIC_WRITE | FILE_READ_ATTRIBUTES : GENERIC_READ | FILE_WRITE_ATTRIBUTES, 0, &inherit,
                          OPEN_EXISTING, 0, NULL);
    return *childs != INVALID_HANDLE_VALUE;
}

static HANDLE null_device(BOOL write)
{
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    return CreateFileW(L"NUL", write ? GENERIC_WRITE : GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, OPEN_EXISTING, 0, NULL);
}

static void close_handle(HANDLE *handle)
{
    if (*handle && *handle != INVALID_HANDLE_VALUE) CloseHandle(*handle);
    *handle = NULL;
}

/* The handle's value in the client. */
static double given(HANDLE ours, HANDLE client)
{
    HANDLE theirs = NULL;
    if (!ours || !client) return 0;
    DuplicateHandle(GetCurrentProcess(), ours, client, &theirs, 0, FALSE, DUPLICATE_SAME_ACCESS);
    return (double)(ULONG_PTR)theirs;
}

/* ---- creating ---- */

static DWORD WINAPI watch(void *context)
{
    struct process *process = context;
    FILETIME created, ended, kernel, user;
    WaitForSingleObject(process->handle, INFINITE);
    EnterCriticalSection(&service_lock);
    GetExitCodeProcess(process->handle, &process->exit_code);
    if (GetProcessTimes(process->handle, &created, &ended, &kernel, &user)) {
        process->system->ended_cpu_kernel += *(ULONGLONG *)&kernel;
        process->system->ended_cpu_user += *(ULONGLONG *)&user;
    }
    process->exited = TRUE;
    close_handle(&process->stdin_copy);
    WakeAllConditionVariable(&service_changed);
    LeaveCriticalSection(&service_lock);
    return 0;
}

/* ---- consoles: Wine's pseudo console loses output, so this has the part of one that clients of HCS see ---- */

static BOOL raise_event(HANDLE process, DWORD event);

struct console {
    HANDLE from_client, to_client; /* the service's ends of the client's pipes */
    HANDLE to_child, from_child;
    HANDLE process;
};

static BOOL write_all(HANDLE to, const char *data, DWORD size)
{
    DWORD done;
    while (size) {
        if (!WriteFile(to, data, size, &done, NULL)) return FALSE;
        data += done;
        size -= done;
    }
    return TRUE;
}

#define LINE_CHARS 4096

/*
 * As a console in line mode: everything typed is echoed, and the child gets a line when Enter ends it, whole, because cmd's
 * `set /p` takes what one read gives it for the line. Ctrl+C is an event and throws the line away; Backspace takes a character.
 */
static DWORD WINAPI console_input(void *context)
{
    struct console *console = context;
    char data[512], line[LINE_CHARS + 2];
    DWORD size, index, length = 0;
    while (ReadFile(console->from_client, data, sizeof(data), &size, NULL) && size)
        for (index = 0; index < size; index++) {
            char typed = data[index];
            if (typed == 3) {
                length = 0;
                raise_event(console->process, CTRL_C_EVENT);
            } else if (typed == '\b' || typed == 0x7f) {
                if (!length) continue;
                length--;
                write_all(console->to_client, "\b \b", 3);
            } else if (typed == '\r') {
                write_all(console->to_client, "\r\n", 2);
                memcpy(line + length, "\r\n", 2);
                write_all(console->to_child, line, length + 2);
                length = 0;
            } else {
                write_all(console->to_client, &typed, 1);
                line[length++] = typed;
                if (length < LINE_CHARS) continue;
                write_all(console->to_child, line, length);
                length = 0;
            }
        }
    if (length) write_all(console->to_child, line, length);
    CloseHandle(console->from_client);
    CloseHandle(console->to_child);
    return 0;
}

static DWORD WINAPI console_output(void *context)
{
    struct console *console = context;
    char data[4096];
    DWORD size;
    while (ReadFile(console->from_child, data, sizeof(data), &size, NULL) && size)
        if (!write_all(console->to_client, data, size)) break;
    CloseHandle(console->from_child);
    CloseHandle(console->to_client);
    return 0;
}

/* Puts a console between the client's pipes and the child, whose own pipes take their place. */
static struct console *make_console(HANDLE childs[3])
{
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    struct console *console = calloc(1, sizeof(*console));
    HANDLE child_in, child_out;
    CreatePipe(&child_in, &console->to_child, &inherit, 0);
    CreatePipe(&console->from_child, &child_out, &inherit, 0);
    SetHandleInformation(console->to_child, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(console->from_child, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(childs[0], HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(childs[1], HANDLE_FLAG_INHERIT, 0);
    CloseHandle(childs[2]);
    console->from_client = childs[0];
    console->to_client = childs[1];
    childs[0] = child_in;
    childs[1] = child_out;
    DuplicateHandle(GetCurrentProcess(), child_out, GetCurrentProcess(), &childs[2], 0, TRUE, DUPLICATE_SAME_ACCESS);
    return console;
}

static void start_console(struct console *console, HANDLE process)
{
    HANDLE thread;
    DuplicateHandle(GetCurrentProcess(), process, GetCurrentProcess(), &console->process, 0, FALSE, DUPLICATE_SAME_ACCESS);
    if ((thread = CreateThread(NULL, 0, console_input, console, 0, NULL))) CloseHandle(thread);
    if ((thread = CreateThread(NULL, 0, console_output, console, 0, NULL))) CloseHandle(thread);
}

static void drop_console(struct console *console)
{
    CloseHandle(console->from_client);
    CloseHandle(console->to_client);
    CloseHandle(console->to_child);
    CloseHandle(console->from_child);
    free(console);
}

/* What Windows gives a container's processes and Wine's registry has for the rig's user; the document's variables win. */
static void add_identity(const struct compute_system *system, struct json *parameters)
{
    static const char *const folders[][2] = {{"USERPROFILE", ""}, {"APPDATA", "\\AppData\\Roaming"}, {"LOCALAPPDATA", "\\AppData\\Local"},
                                             {"TEMP", "\\AppData\\Local\\Temp"}, {"TMP", "\\AppData\\Local\\Temp"}};
    const char *host = json_get_text(json_get(json_get(system->document, "Container"), "GuestOs"), "HostName", "");
    const char *user = json_get_text(parameters, "User", "");
    struct json *variables = json_get(parameters, "Environment");
    size_t index;
    if (!variables) {
        json_set(parameters, "Environment", json_object());
        variables = json_get(parameters, "Environment");
    }
    if (!*host) host = json_get_text(system->document, "HostName", "");
    if (*host && !json_get(variables, "COMPUTERNAME")) {
        char *name = _strupr(_strdup(host));
        json_set_text(variables, "COMPUTERNAME", name);
        free(name);
    }
    if (!*user) user = "ContainerAdministrator";
    if (!json_get(variables, "USERNAME")) json_set_text(variables, "USERNAME", user);
    for (index = 0; index < sizeof(folders) / sizeof(*folders); index++) {
        char *path = format_text("C:\\Users\\%s%s", user, folders[index][1]);
        if (!json_get(variables, folders[index][0])) json_set_text(variables, folders[index][0], path);
        free(path);
    }
}

static CODE start_child(const struct compute_system *system, struct json *parameters, STARTUPINFOW *startup, PROCESS_INFORMATION *information)
{
    DWORD code;
    if (!system->view) code = child_start(parameters, 0, startup, information);
    else {
        add_identity(system, parameters);
        code = view_start(system->view, parameters, startup, information);
    }
    return code ? WIN32_CODE(code) : 0;
}

static char *image_name(HANDLE process)
{
    WCHAR path[MAX_PATH] = L"";
    DWORD room = MAX_PATH;
    WCHAR *name;
    QueryFullProcessImageNameW(process, 0, path, &room);
    name = wcsrchr(path, L'\\');
    return utf8_from_wide(name ? name + 1 : path);
}

static const char *const parameter_names = " CommandLine CommandArgs ApplicationName User WorkingDirectory Environment EmulateConsole "
                                           "ConsoleSize CreateStdInPipe CreateStdOutPipe CreateStdErrPipe RestrictedToken "
                                           "UseExistingLogin UseLegacyConsole CreateInUtilityVm OCISpecification ";

static const char *unknown_parameter(const struct json *parameters)
{
    const struct json *at;
    for (at = parameters->first; at; at = at->next) {
        char *word = format_text(" %s ", at->name);
        BOOL found = strstr(parameter_names, word) != NULL;
        free(word);
        if (!found) return at->name;
    }
    return NULL;
}

static struct json *create_process(const struct json *arguments, DWORD pid)
{
    struct compute_system *system = system_of(arguments);
    struct json *parameters, *reply;
    struct process *process;
    STARTUPINFOW startup;
    PROCESS_INFORMATION information = {0};
    HANDLE ours[3] = {0}, childs[3] = {0}, client, thread;
    BOOL console, wants[3];
    struct console *emulated = NULL;
    COORD size = {80, 25};
    const char *unknown;
    CODE code;
    int index;
    if (!system) return failed(HCS_CODE(0x10E), NULL);
    if (system->state == SYSTEM_STOPPED) return failed(HCS_CODE(0x110), NULL);
    if (system->state != SYSTEM_RUNNING || system->ending) return failed(HCS_CODE(0x105), NULL);
    parameters = json_parse(json_get_text(arguments, "parameters", ""));
    if (!parameters || parameters->kind != JSON_OBJECT) {
        json_free(parameters);
        return failed(HCS_CODE(0x10D), "the parameters are not JSON");
    }
    if ((unknown = unknown_parameter(parameters))) {
        reply = failed(HCS_CODE(0x10D), unknown);
        json_free(parameters);
        return reply;
    }
    console = json_get_bool(parameters, "EmulateConsole");
    wants[0] = json_get_bool(parameters, "CreateStdInPipe");
    wants[1] = json_get_bool(parameters, "CreateStdOutPipe");
    wants[2] = json_get_bool(parameters, "CreateStdErrPipe") && !console;
    for (index = 0; index < 3; index++)
        if (wants[index] || (console && index < 2)) make_pipe(index > 0, &ours[index], &childs[index]);
        else childs[index] = null_device(index > 0);
    if (console) {
        const struct json *sizes = json_get(parameters, "ConsoleSize");
        if (json_count(sizes) == 2 && sizes->first->number > 0) {
            size.Y = (SHORT)sizes->first->number;
            size.X = (SHORT)sizes->last->number;
        }
        emulated = make_console(childs);
    }
    memset(&startup, 0, sizeof(startup));
    startup.cb = sizeof(startup);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = childs[0];
    startup.hStdOutput = childs[1];
    startup.hStdError = childs[2];
    code = start_child(system, parameters, &startup, &information);
    json_free(parameters);
    if (code) {
        if (emulated) drop_console(emulated);
        for (index = 0; index < 3; index++) {
            close_handle(&ours[index]);
            close_handle(&childs[index]);
        }
        return failed(code, code == WIN32_CODE(ERROR_FILE_NOT_FOUND) ? "The system cannot find the file specified." : NULL);
    }
    close_handle(&information.hThread);
    process = calloc(1, sizeof(*process));
    process->serial = next_serial++;
    process->id = information.dwProcessId;
    process->handle = information.hProcess;
    process->system = system;
    process->image = image_name(information.hProcess);
    process->console = console;
    process->width = size.X;
    process->height = size.Y;
    GetSystemTimeAsFileTime((FILETIME *)&process->created);
    process->next = system->processes;
    system->processes = process;

    client = OpenProcess(PROCESS_DUP_HANDLE, FALSE, pid);
    reply = answer(0);
    json_set_number(reply, "serial", process->serial);
    json_set_number(reply, "pid", process->id);
    json_set_number(reply, "stdin", wants[0] ? given(ours[0], client) : 0);
    json_set_number(reply, "stdout", wants[1] ? given(ours[1], client) : 0);
    json_set_number(reply, "stderr", wants[2] ? given(ours[2], client) : 0);
    close_handle(&client);
    process->stdin_copy = ours[0];
    close_handle(&ours[1]);
    close_handle(&ours[2]);
    for (index = 0; index < 3; index++) close_handle(&childs[index]);
    if (emulated) start_console(emulated, process->handle);
    thread = CreateThread(NULL, 0, watch, process, 0, NULL);
    if (thread) CloseHandle(thread);
    return reply;
}

/* ---- all of a system ---- */

void processes_terminate(struct compute_system *system, DWORD code)
{
    struct process *at;
    for (at = system->processes; at; at = at->next)
        if (!at->exited) TerminateProcess(at->handle, code);
}

void processes_suspend(struct compute_system *system, BOOL suspend)
{
    suspender call = (suspender)(void *)import(L"ntdll.dll", suspend ? "NtSuspendProcess" : "NtResumeProcess");
    struct process *at;
    for (at = system->processes; at; at = at->next)
        if (!at->exited) call(at->handle);
}

/* What the console does when it raises an event: CtrlRoutine has one address everywhere. */
static BOOL raise_event(HANDLE process, DWORD event)
{
    LPTHREAD_START_ROUTINE routine = (LPTHREAD_START_ROUTINE)(void *)import(L"kernelbase.dll", "CtrlRoutine");
    HANDLE thread = routine ? CreateRemoteThread(process, NULL, 0, routine, (void *)(ULONG_PTR)event, 0, NULL) : NULL;
    if (thread) CloseHandle(thread);
    return thread != NULL;
}

void processes_signal(struct compute_system *system, DWORD event)
{
    struct process *at;
    for (at = system->processes; at; at = at->next)
        if (!at->exited) raise_event(at->handle, event);
}

int processes_running(const struct compute_system *system)
{
    int count = 0;
    const struct process *at;
    for (at = system->processes; at; at = at->next) count += !at->exited;
    return count;
}

static void set_timestamp(struct json *object, const char *name, ULONGLONG time)
{
    SYSTEMTIME moment;
    char text[40];
    FileTimeToSystemTime((FILETIME *)&time, &moment);
    sprintf(text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", moment.wYear, moment.wMonth, moment.wDay, moment.wHour, moment.wMinute,
            moment.wSecond, moment.wMilliseconds);
    json_set_text(object, name, text);
}

static void usage_of(const struct process *process, ULONGLONG *kernel, ULONGLONG *user, PROCESS_MEMORY_COUNTERS *memory)
{
    FILETIME created, ended;
    *kernel = *user = 0;
    memset(memory, 0, sizeof(*memory));
    GetProcessTimes(process->handle, &created, &ended, (FILETIME *)kernel, (FILETIME *)user);
    GetProcessMemoryInfo(process->handle, memory, sizeof(*memory));
}

struct json *processes_list(const struct compute_system *system)
{
    struct json *list = json_array();
    const struct process *at;
    for (at = system->processes; at; at = at->next) {
        struct json *item;
        ULONGLONG kernel, user;
        PROCESS_MEMORY_COUNTERS memory;
        if (at->exited) continue;
        usage_of(at, &kernel, &user, &memory);
        item = json_object();
        json_set_number(item, "ProcessId", at->id);
        json_set_text(item, "ImageName", at->image);
        set_timestamp(item, "CreateTimestamp", at->created);
        json_set_number(item, "UserTime100ns", (double)user);
        json_set_number(item, "KernelTime100ns", (double)kernel);
        json_set_number(item, "MemoryCommitBytes", (double)memory.PagefileUsage);
        json_set_number(item, "MemoryWorkingSetPrivateBytes", (double)memory.WorkingSetSize);
        json_push(list, item);
    }
    return list;
}

struct json *processes_statistics(struct compute_system *system)
{
    ULONGLONG all_kernel = system->ended_cpu_kernel, all_user = system->ended_cpu_user, commit = 0, working = 0, now;
    struct json *statistics = json_object(), *processor = json_object(), *memory_part = json_object(), *storage = json_object();
    const struct process *at;
    for (at = system->processes; at; at = at->next) {
        ULONGLONG kernel, user;
        PROCESS_MEMORY_COUNTERS memory;
        if (at->exited) continue;
        usage_of(at, &kernel, &user, &memory);
        all_kernel += kernel;
        all_user += user;
        commit += memory.PagefileUsage;
        working += memory.WorkingSetSize;
    }
    if (commit > system->peak) system->peak = commit;
    GetSystemTimeAsFileTime((FILETIME *)&now);
    set_timestamp(statistics, "Timestamp", now);
    if (system->started) {
        set_timestamp(statistics, "ContainerStartTime", system->started);
        json_set_number(statistics, "Uptime100ns", (double)(now - system->started));
    }
    json_set_number(processor, "TotalRuntime100ns", (double)(all_kernel + all_user));
    json_set_number(processor, "RuntimeUser100ns", (double)all_user);
    json_set_number(processor, "RuntimeKernel100ns", (double)all_kernel);
    json_set(statistics, "Processor", processor);
    json_set_number(memory_part, "MemoryUsageCommitBytes", (double)commit);
    json_set_number(memory_part, "MemoryUsageCommitPeakBytes", (double)system->peak);
    json_set_number(memory_part, "MemoryUsagePrivateWorkingSetBytes", (double)working);
    json_set(statistics, "Memory", memory_part);
    /* Zero members may be absent: these are. */
    json_set(statistics, "Storage", storage);
    return statistics;
}

/* ---- one process ---- */

static struct process *process_of(const struct json *arguments)
{
    struct compute_system *system = system_of(arguments);
    double serial = json_get_number(arguments, "process", 0);
    struct process *at;
    for (at = system ? system->processes : NULL; at && at->serial != serial; at = at->next) continue;
    return at;
}

static struct json *status_of(const struct process *process)
{
    struct json *status = json_object();
    json_set_number(status, "ProcessId", process->id);
    json_set(status, "Exited", json_bool(process->exited));
    /* Zero members may be absent: the exit code 0 is. */
    if (process->exited && process->exit_code) json_set_number(status, "ExitCode", process->exit_code);
    json_set_number(status, "LastWaitResult", 0);
    return status;
}

static struct json *with_status(const struct process *process)
{
    struct json *reply = answer(0);
    json_set(reply, "result", status_of(process));
    return reply;
}

static struct json *signal_process(struct process *process, const struct json *arguments)
{
    static const struct {
        const char *name;
        DWORD event;
    } events[] = {{"CtrlC", CTRL_C_EVENT}, {"CtrlBreak", CTRL_BREAK_EVENT}, {"CtrlClose", CTRL_CLOSE_EVENT},
                  {"CtrlLogOff", CTRL_LOGOFF_EVENT}, {"CtrlShutdown", CTRL_SHUTDOWN_EVENT}};
    struct json *options = json_parse(json_get_text(arguments, "options", ""));
    const char *name = json_get_text(options, "Signal", "");
    struct json *reply = NULL;
    size_t index;
    for (index = 0; index < sizeof(events) / sizeof(*events) && !reply; index++)
        if (!strcmp(events[index].name, name)) {
            raise_event(process->handle, events[index].event);
            reply = answer(0);
        }
    json_free(options);
    return reply ? reply : failed(HCS_CODE(0x10D), "unknown signal");
}

static struct json *modify_process(struct process *process, const struct json *arguments)
{
    struct json *settings = json_parse(json_get_text(arguments, "settings", "")), *reply;
    const char *operation = json_get_text(settings, "Operation", "");
    const struct json *size = json_get(settings, "ConsoleSize");
    if (!strcmp(operation, "CloseHandle")) {
        const char *handle = json_get_text(json_get(settings, "CloseHandle"), "Handle", "");
        if (!strcmp(handle, "StdIn") || !strcmp(handle, "All")) close_handle(&process->stdin_copy);
        reply = answer(0);
    } else if (!strcmp(operation, "ConsoleSize") && size && size->kind == JSON_OBJECT) {
        COORD coord = {(SHORT)json_get_number(size, "Width", 0), (SHORT)json_get_number(size, "Height", 0)};
        if (!process->console || coord.X <= 0 || coord.Y <= 0) reply = failed(WIN32_CODE(ERROR_INVALID_PARAMETER), NULL);
        else {
            process->width = coord.X;
            process->height = coord.Y;
            reply = answer(0);
        }
    } else reply = failed(HCS_CODE(0x10D), "unknown operation");
    json_free(settings);
    return reply;
}

static struct json *wait_process(struct process *process, const struct json *arguments)
{
    ULONGLONG deadline = GetTickCount64() + (ULONGLONG)json_get_number(arguments, "timeout", 0);
    while (!process->exited) {
        ULONGLONG now = GetTickCount64();
        if (now >= deadline) return failed(HCS_CODE(0x118), NULL);
        SleepConditionVariableCS(&service_changed, &service_lock, (DWORD)(deadline - now));
    }
    return with_status(process);
}

static struct json *open_process(const struct json *arguments)
{
    struct compute_system *system = system_of(arguments);
    DWORD id = (DWORD)json_get_number(arguments, "id", 0);
    struct process *at;
    if (!system) return failed(HCS_CODE(0x10E), NULL);
    if (system->state == SYSTEM_STOPPED) return failed(HCS_CODE(0x110), NULL);
    for (at = system->processes; at; at = at->next)
        if (at->id == id && !at->exited) {
            struct json *reply = answer(0);
            json_set_number(reply, "serial", at->serial);
            json_set_number(reply, "pid", at->id);
            return reply;
        }
    return failed(WIN32_CODE(ERROR_NOT_FOUND), NULL);
}

struct json *processes_call(const char *method, const struct json *arguments, DWORD pid)
{
    struct process *process;
    if (strncmp(method, "process.", 8)) return NULL;
    if (!strcmp(method, "process.create")) return create_process(arguments, pid);
    if (!strcmp(method, "process.open")) return open_process(arguments);
    process = process_of(arguments);
    if (!process) return failed(WIN32_CODE(ERROR_NOT_FOUND), NULL);
    if (!strcmp(method, "process.properties")) return with_status(process);
    if (!strcmp(method, "process.wait")) return wait_process(process, arguments);
    /* A process that has ended answers these, before the watcher has seen it, as well. */
    if (process->exited || WaitForSingleObject(process->handle, 0) == WAIT_OBJECT_0) return failed(HCS_CODE(0x11F), NULL);
    if (!strcmp(method, "process.signal")) return signal_process(process, arguments);
    if (!strcmp(method, "process.modify")) return modify_process(process, arguments);
    if (!strcmp(method, "process.terminate")) {
        TerminateProcess(process->handle, 0xC000013A);
        return answer(0);
    }
    if (!strcmp(method, "process.info")) {
        struct json *reply = answer(0);
        json_set_number(reply, "serial", process->serial);
        json_set_number(reply, "pid", process->id);
        return reply;
    }
    return NULL;
}
