/*
 * Stand-ins for Windows tools that Wine lacks, or has as stubs that do nothing and report success (linux-backend.md 10). One
 * program serves all names: it looks at the name it was started by. What a stand-in cannot do it refuses with a message that
 * names the limitation and an exit code that is not 0.
 */
#ifndef PORTHOLE_STANDIN_H
#define PORTHOLE_STANDIN_H

#ifndef UNICODE
#define UNICODE
#define _UNICODE
#endif
#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

typedef int (*tool)(int argc, WCHAR **argv);

int tool_certutil(int argc, WCHAR **argv);
int tool_choice(int argc, WCHAR **argv);
int tool_curl(int argc, WCHAR **argv);
int tool_fc(int argc, WCHAR **argv);
int tool_findstr(int argc, WCHAR **argv);
int tool_icacls(int argc, WCHAR **argv);
int tool_mklink(int argc, WCHAR **argv);
int tool_net(int argc, WCHAR **argv);
int tool_robocopy(int argc, WCHAR **argv);
int tool_setx(int argc, WCHAR **argv);
int tool_sort(int argc, WCHAR **argv);
int tool_subst(int argc, WCHAR **argv);
int tool_systeminfo(int argc, WCHAR **argv);
int tool_tar(int argc, WCHAR **argv);
int tool_tasklist(int argc, WCHAR **argv);
int tool_timeout(int argc, WCHAR **argv);
int tool_where(int argc, WCHAR **argv);

/* text.c: output goes to consoles as UTF-16, elsewhere in the ANSI code page; `\n` becomes `\r\n`. */
void say(const WCHAR *format, ...);
void complain(const WCHAR *format, ...);
void say_bytes(const char *bytes, size_t size);
/* Prints that this tool cannot do `what` here, and why; gives the exit code. */
int refuse(const WCHAR *tool_name, const WCHAR *what, int exit_code);
const WCHAR *error_text(DWORD error);

/* common.c */
void *grab(size_t size);
void *regrab(void *block, size_t size);
WCHAR *copy_text(const WCHAR *text);
WCHAR *join_path(const WCHAR *folder, const WCHAR *name);
BOOL is_switch(const WCHAR *argument, const WCHAR *name);
BOOL exists(const WCHAR *path);
BOOL is_folder(const WCHAR *path);
BOOL make_folders(const WCHAR *path);
BOOL matches(const WCHAR *pattern, const WCHAR *name);
const WCHAR *name_of(const WCHAR *path);
/* Next part of a list; cuts it off in place. NULL at the end. */
WCHAR *next_part(WCHAR **rest, WCHAR separator);

struct bytes {
    BYTE *data;
    size_t size;
    size_t room;
};
void append(struct bytes *to, const void *data, size_t size);
/* Whole file, or the rest of standard input when `path` is NULL. FALSE leaves GetLastError. */
BOOL read_file(const WCHAR *path, struct bytes *to);
BOOL write_file(const WCHAR *path, const BYTE *data, size_t size);

/* Calls back for every file or folder in a folder, without `.` and `..`; stops and returns FALSE when the callback does. */
typedef BOOL (*entry_visitor)(void *context, const WCHAR *path, const WIN32_FIND_DATAW *entry);
BOOL visit_folder(const WCHAR *folder, entry_visitor visit, void *context);

/* inflate.c: raw DEFLATE. FALSE on damaged data. `used` is how many bytes of the input were taken. */
BOOL inflate(const BYTE *data, size_t size, struct bytes *to, size_t *used);
/* deflate.c */
void deflate(const BYTE *data, size_t size, struct bytes *to);
DWORD crc32_of(const BYTE *data, size_t size);

/* fetch.c: HTTP through WinHTTP. */
struct header_list {
    WCHAR **lines;
    int count;
};
struct fetch {
    const WCHAR *url;
    const WCHAR *method;
    struct header_list headers;
    const WCHAR *user_agent;
    const BYTE *body;
    DWORD body_size;
    BOOL follow;
    BOOL insecure;
    int connect_timeout_ms;
    int total_timeout_ms;
};
struct fetched {
    DWORD status;
    WCHAR *raw_headers;
    struct bytes body;
};
/* 0, or a Win32 or WinHTTP error. */
DWORD fetch_url(const struct fetch *request, struct fetched *result);

#endif
