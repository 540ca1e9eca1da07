#include "view.h"
#include "volume.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE 30000u /* milliseconds for a process to come or go, on a machine that does other things too */

struct view {
    HANDLE pipe, init;
    WCHAR folder[1024]; /* a Unix path; container-view removes it when it has cleaned up */
};

static BOOL variable(const WCHAR *name, WCHAR *text, DWORD chars)
{
    DWORD length = GetEnvironmentVariableW(name, text, chars);
    return length && length < chars;
}

static BOOL finished(HANDLE pipe, OVERLAPPED *overlapped, BOOL begun, DWORD *done)
{
    if (!begun && GetLastError() != ERROR_IO_PENDING) return FALSE;
    if (WaitForSingleObject(overlapped->hEvent, PATIENCE) != WAIT_OBJECT_0) {
        CancelIo(pipe);
        GetOverlappedResult(pipe, overlapped, done, TRUE);
        return FALSE;
    }
    return GetOverlappedResult(pipe, overlapped, done, FALSE);
}

static BOOL transfer(HANDLE pipe, void *data, DWORD size, BOOL write)
{
    OVERLAPPED overlapped = {0};
    char *at = data;
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    while (size) {
        DWORD done = 0;
        BOOL begun = write ? WriteFile(pipe, at, size, NULL, &overlapped) : ReadFile(pipe, at, size, NULL, &overlapped);
        if (!finished(pipe, &overlapped, begun, &done) || !done) break;
        at += done;
        size -= done;
    }
    CloseHandle(overlapped.hEvent);
    return !size;
}

static BOOL connected(HANDLE pipe)
{
    OVERLAPPED overlapped = {0};
    DWORD done;
    BOOL result;
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    result = ConnectNamedPipe(pipe, &overlapped) || GetLastError() == ERROR_PIPE_CONNECTED || finished(pipe, &overlapped, FALSE, &done);
    CloseHandle(overlapped.hEvent);
    return result;
}

#define COMMAND_CHARS 30000

/* `"path below the volume" "Unix path"` of each. FALSE for a folder that is not there. */
static BOOL add_mapped(WCHAR *command, const struct json *mapped)
{
    typedef char *(__cdecl *unix_name)(const WCHAR *);
    unix_name name = (unix_name)(void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "wine_get_unix_file_name");
    const struct json *at;
    for (at = mapped ? mapped->first : NULL; at; at = at->next) {
        WCHAR *inside = wide_from_utf8(json_get_text(at, "ContainerPath", "")), *letter;
        WCHAR *outside = wide_from_utf8(json_get_text(at, "HostPath", ""));
        DWORD attributes = GetFileAttributesW(outside);
        char *path = name && attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) ? name(outside) : NULL;
        WCHAR *wide = path ? wide_from_utf8(path) : NULL;
        size_t length = wcslen(command);
        BOOL fits = wide && wcslen(inside) > 3 && length + wcslen(inside) + wcslen(wide) + 8 < COMMAND_CHARS;
        for (letter = inside; *letter; letter++)
            if (*letter == L'\\') *letter = L'/';
        if (fits) swprintf(command + length, COMMAND_CHARS - length, L" \"%ls\" \"%ls\"", inside + 3, wide);
        if (path) HeapFree(GetProcessHeap(), 0, path);
        free(wide);
        free(inside);
        free(outside);
        if (!fits) return FALSE;
    }
    return TRUE;
}

/* The Unix program; Wine gives no handle of one. */
static BOOL start_unix(struct view *view, const struct json *mapped, const WCHAR *volume, const WCHAR *prefix, const WCHAR *pipe)
{
    WCHAR tools[1024], skeleton[1024], loader[1024], shadows[1024], program[1100], command[COMMAND_CHARS];
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    STARTUPINFOW startup = {0};
    PROCESS_INFORMATION information;
    HANDLE null;
    BOOL started;
    if (!variable(L"PORTHOLE_STANDIN_FOLDER", tools, 1024) || !variable(L"PORTHOLE_STANDIN_SKELETON", skeleton, 1024) ||
        !variable(L"PORTHOLE_STANDIN_LOADER", loader, 1024) || !variable(L"PORTHOLE_STANDIN_SHADOWS", shadows, 1024))
        return FALSE;
    swprintf(program, 1100, L"%ls/container-view", tools);
    swprintf(command, COMMAND_CHARS, L"container-view \"%ls\" \"%ls\" \"%ls\" \"%ls\" \"%ls\" \"%ls\" \"%ls/container-init.exe\" %ls",
             view->folder, volume, skeleton, shadows, prefix, loader, tools, pipe);
    if (!add_mapped(command, mapped)) return FALSE;
    path_of_unix(tools, 1024, program);
    null = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, OPEN_EXISTING, 0, NULL);
    startup.cb = sizeof(startup);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = startup.hStdOutput = startup.hStdError = null;
    started = CreateProcessW(tools, command, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &startup, &information);
    CloseHandle(null);
    return started;
}

HRESULT view_open(const WCHAR *volume, const struct json *mapped, struct view **result)
{
    static LONG serial;
    WCHAR name[80], prefix[1024], pipe[80], folder[1100];
    struct view *view;
    DWORD pid = 0;
    SIZE_T length;
    *result = NULL;
    swprintf(folder, 1100, L"%ls", volume);
    length = wcslen(folder);
    if (length && folder[length - 1] == L'\\') folder[length - 1] = 0;
    if (wcslen(folder) != 48 || GetFileAttributesW(folder) == INVALID_FILE_ATTRIBUTES) return S_OK;
    if (!variable(L"WINEPREFIX", prefix, 1024)) return E_FAIL;
    view = calloc(1, sizeof(*view));
    /* Devices are looked up in lower case. */
    swprintf(name, 80, L"%ls", _wcslwr(folder + 4));
    swprintf(folder, 1100, L"%ls/dosdevices/%ls", prefix, name);
    swprintf(view->folder, 1024, L"%ls/%ls-%ld", prefix, name, InterlockedIncrement(&serial));
    swprintf(pipe, 80, L"\\\\.\\pipe\\porthole-standin-init-%lu-%ld", GetCurrentProcessId(), serial);
    view->pipe = CreateNamedPipeW(pipe, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE | PIPE_WAIT, 1, 65536, 65536, 0, NULL);
    if (view->pipe != INVALID_HANDLE_VALUE && start_unix(view, mapped, folder, prefix, pipe) && connected(view->pipe) &&
        transfer(view->pipe, &pid, sizeof(pid), FALSE))
        view->init = OpenProcess(PROCESS_DUP_HANDLE | SYNCHRONIZE, FALSE, pid);
    if (!view->init) {
        CloseHandle(view->pipe);
        free(view);
        return E_FAIL;
    }
    *result = view;
    return S_OK;
}

DWORD view_start(struct view *view, const struct json *parameters, const STARTUPINFOW *startup, PROCESS_INFORMATION *information)
{
    const HANDLE given[3] = {startup->hStdInput, startup->hStdOutput, startup->hStdError};
    struct view_request request = {0};
    struct view_reply reply = {0};
    char *text = json_print(parameters);
    BOOL done;
    int index;
    request.length = (DWORD)strlen(text);
    for (index = 0; index < 3; index++)
        DuplicateHandle(GetCurrentProcess(), given[index], view->init, &request.handles[index], 0, FALSE, DUPLICATE_SAME_ACCESS);
    done = transfer(view->pipe, &request, sizeof(request), TRUE) && transfer(view->pipe, text, request.length, TRUE) &&
           transfer(view->pipe, &reply, sizeof(reply), FALSE);
    free(text);
    if (!done) return ERROR_BROKEN_PIPE;
    if (reply.code) return reply.code;
    if (!DuplicateHandle(view->init, reply.process, GetCurrentProcess(), &information->hProcess, 0, FALSE,
                         DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE))
        return GetLastError();
    information->dwProcessId = reply.pid;
    information->hThread = NULL;
    return 0;
}

void view_close(struct view *view)
{
    WCHAR folder[1100];
    DWORD waited;
    if (!view) return;
    CloseHandle(view->pipe);
    WaitForSingleObject(view->init, PATIENCE);
    CloseHandle(view->init);
    path_of_unix(folder, 1100, view->folder);
    for (waited = 0; waited < PATIENCE && GetFileAttributesW(folder) != INVALID_FILE_ATTRIBUTES; waited += 2) Sleep(2);
    free(view);
}
