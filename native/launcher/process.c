#include "launcher.h"

static HANDLE job;

struct watched {
    HANDLE process;
    DWORD pid;
    struct pump *pumps[2];
    int count;
};

/* Everything that is started here ends with the launcher. */
void initialise_processes(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    memset(&limits, 0, sizeof(limits));
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    job = CreateJobObjectW(NULL, NULL);
    if (job) SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits));
}

static HANDLE open_null(DWORD access)
{
    SECURITY_ATTRIBUTES inherited = {sizeof(inherited), NULL, TRUE};
    return CreateFileW(L"NUL", access, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
}

static DWORD WINAPI watch_process(void *argument)
{
    struct watched *watched = argument;
    struct writer payload = {0};
    DWORD code = 0xffffffff;
    WaitForSingleObject(watched->process, INFINITE);
    GetExitCodeProcess(watched->process, &code);
    write_u32(&payload, watched->pid);
    write_u32(&payload, code);
    send_frame(EVENT_EXITED, 0, &payload);
    release(payload.bytes);
    drain_pumps(watched->pumps, watched->count);
    CloseHandle(watched->process);
    release(watched);
    return 0;
}

struct ends {
    HANDLE child;
    HANDLE ours;
    HANDLE fifo;
};

static DWORD prepare_stream(struct ends *ends, BOOL wanted, BOOL input, const WCHAR *base, const WCHAR *extension)
{
    if (!wanted) {
        ends->child = open_null(input ? GENERIC_READ : GENERIC_WRITE);
        return 0;
    }
    ends->fifo = input ? open_fifo_for_reading(base, extension) : open_fifo_for_writing(base, extension);
    if (ends->fifo == INVALID_HANDLE_VALUE) {
        ends->fifo = NULL;
        return GetLastError();
    }
    if (!CreatePipe(input ? &ends->child : &ends->ours, input ? &ends->ours : &ends->child, NULL, 65536)) return GetLastError();
    if (!SetHandleInformation(ends->child, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)) return GetLastError();
    return 0;
}

static void close_stream(struct ends *ends)
{
    if (ends->child) CloseHandle(ends->child);
    if (ends->ours) CloseHandle(ends->ours);
    if (ends->fifo) CloseHandle(ends->fifo);
}

/* As on Windows, where the container service makes the working directory of a process. */
static void make_directories(const WCHAR *directory)
{
    WCHAR *path = joined(directory, L""), *at;
    for (at = path; *at; at++) {
        WCHAR kept = *at;
        if (at == path || (kept != '\\' && kept != '/')) continue;
        *at = 0;
        CreateDirectoryW(path, NULL);
        *at = kept;
    }
    CreateDirectoryW(path, NULL);
    release(path);
}

/* CreateProcessW searches the caller's directory and PATH, so the launcher takes on those of the new process. */
static DWORD create_once(const struct start *start, STARTUPINFOW *startup, DWORD flags, PROCESS_INFORMATION *process)
{
    WCHAR *command_line = joined(start->command_line, L"");
    const WCHAR *directory = *start->directory ? start->directory : NULL;
    DWORD error = 0;
    if (*start->path) SetEnvironmentVariableW(L"PATH", start->path);
    if (directory && GetFileAttributesW(directory) == INVALID_FILE_ATTRIBUTES) make_directories(directory);
    if (directory && !SetCurrentDirectoryW(directory)) error = ERROR_DIRECTORY;
    if (!error && !CreateProcessW(NULL, command_line, NULL, NULL, TRUE, flags | CREATE_UNICODE_ENVIRONMENT,
                                  start->environment ? (void *)start->environment : NULL, directory, startup, process))
        error = GetLastError();
    /* A directory that is somebody's current one cannot be removed. */
    SetCurrentDirectoryW(L"C:\\");
    release(command_line);
    return error;
}

/*
 * Wine tells this error when the new process ended before it had begun, none of the program having run: where addresses are
 * random its loader's heap may lie on what it needs (sandbox-plan.ts), which the next attempt hardly meets again.
 */
static DWORD create(const struct start *start, STARTUPINFOW *startup, DWORD flags, PROCESS_INFORMATION *process)
{
    DWORD error;
    int attempts = 3;
    do error = create_once(start, startup, flags, process);
    while (error == ERROR_INTERNAL_ERROR && --attempts);
    return error;
}

DWORD start_process(const struct start *start, DWORD *pid)
{
    struct ends in = {0}, out = {0}, err = {0};
    STARTUPINFOW startup;
    PROCESS_INFORMATION process;
    struct watched *watched;
    DWORD error = prepare_stream(&in, start->stdio & STDIO_IN, TRUE, start->stdio_path, L".in");
    if (!error) error = prepare_stream(&out, start->stdio & STDIO_OUT, FALSE, start->stdio_path, L".out");
    if (!error) error = prepare_stream(&err, start->stdio & STDIO_ERR, FALSE, start->stdio_path, L".err");
    if (!error) {
        memset(&startup, 0, sizeof(startup));
        startup.cb = sizeof(startup);
        startup.dwFlags = STARTF_USESTDHANDLES;
        startup.hStdInput = in.child;
        startup.hStdOutput = out.child;
        startup.hStdError = err.child;
        error = create(start, &startup, CREATE_SUSPENDED, &process);
    }
    if (error) {
        close_stream(&in);
        close_stream(&out);
        close_stream(&err);
        return error;
    }
    if (job) AssignProcessToJobObject(job, process.hProcess);
    CloseHandle(in.child);
    CloseHandle(out.child);
    CloseHandle(err.child);

    watched = allocate(sizeof(*watched));
    watched->process = process.hProcess;
    watched->pid = *pid = process.dwProcessId;
    if (in.fifo) start_input_pump(in.fifo, in.ours);
    if (out.fifo) watched->pumps[watched->count++] = start_output_pump(out.ours, out.fifo);
    if (err.fifo) watched->pumps[watched->count++] = start_output_pump(err.ours, err.fifo);
    ResumeThread(process.hThread);
    CloseHandle(process.hThread);
    CloseHandle(CreateThread(NULL, 65536, watch_process, watched, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL));
    return 0;
}

/* Ctrl+C goes to everybody on a console; this program's part is to see what becomes of the other one. */
static BOOL WINAPI outlive(DWORD event)
{
    (void)event;
    return TRUE;
}

/* On a terminal the process shares the launcher's console; pid and exit code go to a status fifo as frames. */
DWORD run_on_console(const struct start *start, HANDLE status)
{
    STARTUPINFOW startup;
    PROCESS_INFORMATION process;
    struct writer payload = {0};
    DWORD code = 0xffffffff, error;
    open_events(status);
    memset(&startup, 0, sizeof(startup));
    startup.cb = sizeof(startup);
    SetConsoleCtrlHandler(outlive, TRUE);
    error = create(start, &startup, 0, &process);
    if (error) {
        send_u32(EVENT_FAILED, 0, error);
        return 1;
    }
    send_u32(EVENT_CREATED, 0, process.dwProcessId);
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    write_u32(&payload, process.dwProcessId);
    write_u32(&payload, code);
    send_frame(EVENT_EXITED, 0, &payload);
    return 0;
}
