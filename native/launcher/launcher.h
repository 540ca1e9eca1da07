/*
 * The launcher: the one Windows program of ours in a container. It creates every other process, because only a Windows
 * program can hand over an exact command line, an exact environment block and real Win32 pipes, and can see 32-bit exit
 * codes (linux-backend.md 6).
 *
 * Control channel: two fifos, `ctl.in` (commands) and `ctl.out` (events). A frame is
 *   u32 length of the rest, u32 kind, u32 tag, payload
 * little-endian; an answer repeats the tag of its command, events have tag 0. A blob is u32 byte length + bytes; texts are
 * UTF-16LE blobs that include their terminating NUL. `src/host/linux/launcher-protocol.ts` is the other side.
 */
#ifndef PORTHOLE_LAUNCHER_H
#define PORTHOLE_LAUNCHER_H

#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <winternl.h>

enum command_kind {
    COMMAND_CREATE = 1,    /* u32 stdio flags, text stdio path, text command line, text directory, blob environment, text PATH */
    COMMAND_SIGNAL = 2,    /* u32 pid, u32 console event */
    COMMAND_TERMINATE = 3, /* u32 pid, u32 exit code */
    COMMAND_LIST = 4,
    COMMAND_ENVIRONMENT = 5,
    COMMAND_SHUTDOWN = 6, /* u32 milliseconds until the rest is terminated */
};

enum event_kind {
    EVENT_READY = 100,
    EVENT_CREATED = 101, /* u32 pid */
    EVENT_FAILED = 102,  /* u32 Win32 error */
    EVENT_DONE = 103,    /* u32 1, or 0 when the process was already gone */
    EVENT_PROCESSES = 104,
    EVENT_ENVIRONMENT = 105,
    EVENT_EXITED = 106, /* u32 pid, u32 exit code */
};

enum stdio_flag { STDIO_IN = 1, STDIO_OUT = 2, STDIO_ERR = 4 };

/* Milliseconds that a pipe may stay silent after its process ended before it counts as held by a grandchild. */
#define DRAIN_GRACE_MS 1000

struct reader {
    const BYTE *at;
    const BYTE *end;
    BOOL broken;
};

struct writer {
    BYTE *bytes;
    DWORD size;
    DWORD room;
};

struct start {
    DWORD stdio;
    const WCHAR *stdio_path;
    const WCHAR *command_line;
    const WCHAR *directory;
    const WCHAR *environment;
    const WCHAR *path;
};

/* memory.c */
void *allocate(SIZE_T size);
void release(void *block);
SIZE_T text_length(const WCHAR *text);
WCHAR *joined(const WCHAR *a, const WCHAR *b);
BOOL same_name(const WCHAR *a, const WCHAR *b);

/* frame.c */
DWORD read_u32(struct reader *from);
const void *read_blob(struct reader *from, DWORD *size);
const WCHAR *read_text(struct reader *from);
void write_u32(struct writer *to, DWORD value);
void write_u64(struct writer *to, ULONGLONG value);
void write_blob(struct writer *to, const void *bytes, DWORD size);
void write_text(struct writer *to, const WCHAR *text);
BOOL receive_frame(HANDLE from, DWORD *kind, DWORD *tag, BYTE **payload, DWORD *size);
void open_events(HANDLE to);
void send_frame(DWORD kind, DWORD tag, const struct writer *payload);
void send_u32(DWORD kind, DWORD tag, DWORD value);

/* fifo.c */
HANDLE open_fifo_for_reading(const WCHAR *base, const WCHAR *extension);
HANDLE open_fifo_for_writing(const WCHAR *base, const WCHAR *extension);

/* process.c */
void initialise_processes(void);
DWORD start_process(const struct start *start, DWORD *pid);
DWORD run_on_console(const struct start *start, HANDLE status);

/* pump.c */
struct pump;
struct pump *start_input_pump(HANDLE unix_end, HANDLE child_end);
struct pump *start_output_pump(HANDLE child_end, HANDLE unix_end);
/* Returns when every pump reached its end or gave up; takes the pumps over. */
void drain_pumps(struct pump **pumps, int count);

/* system.c */
void signal_process(DWORD tag, DWORD pid, DWORD event);
void terminate_process(DWORD tag, DWORD pid, DWORD code);
void list_processes(DWORD tag);
void list_environment(DWORD tag);
void shut_down(DWORD milliseconds);

#endif
