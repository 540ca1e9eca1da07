#include "launcher.h"

static HANDLE needed(HANDLE handle)
{
    if (handle == INVALID_HANDLE_VALUE) ExitProcess(GetLastError());
    return handle;
}

static BOOL read_start(struct reader *from, struct start *start)
{
    DWORD size;
    start->stdio = read_u32(from);
    start->stdio_path = read_text(from);
    start->command_line = read_text(from);
    start->directory = read_text(from);
    start->environment = read_blob(from, &size);
    if (!size) start->environment = NULL;
    start->path = read_text(from);
    return !from->broken;
}

static void create_for(DWORD tag, struct reader *from)
{
    struct start start;
    DWORD pid = 0;
    DWORD error = read_start(from, &start) ? start_process(&start, &pid) : ERROR_INVALID_DATA;
    send_u32(error ? EVENT_FAILED : EVENT_CREATED, tag, error ? error : pid);
}

static void serve(const WCHAR *base)
{
    HANDLE commands = needed(open_fifo_for_reading(base, L".in"));
    DWORD kind, tag, size;
    BYTE *payload;
    open_events(needed(open_fifo_for_writing(base, L".out")));
    initialise_processes();
    SetCurrentDirectoryW(L"C:\\");
    send_frame(EVENT_READY, 0, NULL);
    while (receive_frame(commands, &kind, &tag, &payload, &size)) {
        struct reader from = {payload, payload + size, FALSE};
        DWORD first, second;
        switch (kind) {
        case COMMAND_CREATE:
            create_for(tag, &from);
            break;
        case COMMAND_SIGNAL:
            first = read_u32(&from), second = read_u32(&from);
            signal_process(tag, first, second);
            break;
        case COMMAND_TERMINATE:
            first = read_u32(&from), second = read_u32(&from);
            terminate_process(tag, first, second);
            break;
        case COMMAND_LIST:
            list_processes(tag);
            break;
        case COMMAND_ENVIRONMENT:
            list_environment(tag);
            break;
        case COMMAND_SHUTDOWN:
            shut_down(read_u32(&from));
            send_u32(EVENT_DONE, tag, 1);
            break;
        default:
            send_u32(EVENT_FAILED, tag, ERROR_INVALID_FUNCTION);
        }
        release(payload);
    }
    /* The monitor is gone: closing the job ends what it had started. */
    ExitProcess(0);
}

static void run_console(const WCHAR *base)
{
    HANDLE spec = needed(open_fifo_for_reading(base, L".spec"));
    HANDLE status = needed(open_fifo_for_writing(base, L".status"));
    DWORD kind, tag, size;
    BYTE *payload;
    struct start start;
    struct reader from;
    if (!receive_frame(spec, &kind, &tag, &payload, &size)) ExitProcess(ERROR_INVALID_DATA);
    CloseHandle(spec);
    from.at = payload, from.end = payload + size, from.broken = FALSE;
    if (!read_start(&from, &start)) ExitProcess(ERROR_INVALID_DATA);
    ExitProcess(run_on_console(&start, status));
}

/* Arguments: `serve <path>` or `console <path>`, path without extension, in Wine's spelling of a Unix path, without blanks. */
void launcher_entry(void)
{
    WCHAR *at = joined(GetCommandLineW(), L"");
    WCHAR *words[4] = {0};
    int count = 0;
    while (*at && count < 4) {
        WCHAR end = *at == '"' ? '"' : ' ';
        if (end == '"') at++;
        words[count++] = at;
        while (*at && *at != end) at++;
        if (*at) *at++ = 0;
        while (*at == ' ') at++;
    }
    if (count == 3 && same_name(words[1], L"serve")) serve(words[2]);
    if (count == 3 && same_name(words[1], L"console")) run_console(words[2]);
    ExitProcess(ERROR_BAD_ARGUMENTS);
}
