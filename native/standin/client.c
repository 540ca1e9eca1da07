#include "standin.h"
#include <stdlib.h>
#include <string.h>

static BOOL transfer(HANDLE pipe, void *data, DWORD size, BOOL write)
{
    char *at = data;
    while (size) {
        DWORD done = 0;
        BOOL ok = write ? WriteFile(pipe, at, size, &done, NULL) : ReadFile(pipe, at, size, &done, NULL);
        if (!ok || !done) return FALSE;
        at += done;
        size -= done;
    }
    return TRUE;
}

static struct json *unreachable(DWORD code)
{
    struct json *reply = json_object();
    json_set_number(reply, "hr", (double)(uint32_t)FAILURE_OF_WIN32(code));
    return reply;
}

/* A connection for each call: a wait must not hold up another thread's call. */
CORE struct json *service_call(const char *method, struct json *arguments)
{
    struct json *request = json_object(), *reply = NULL;
    char *text;
    DWORD length;
    HANDLE pipe;
    json_set_text(request, "method", method);
    json_set_number(request, "pid", GetCurrentProcessId());
    json_set(request, "arguments", arguments ? arguments : json_object());
    text = json_print(request);
    json_free(request);
    length = (DWORD)strlen(text);
    for (;;) {
        pipe = CreateFileW(SERVICE_PIPE, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY) break;
        WaitNamedPipeW(SERVICE_PIPE, 5000);
    }
    if (pipe == INVALID_HANDLE_VALUE) {
        free(text);
        return unreachable(RPC_S_SERVER_UNAVAILABLE);
    }
    if (transfer(pipe, &length, sizeof(length), TRUE) && transfer(pipe, text, length, TRUE) &&
        transfer(pipe, &length, sizeof(length), FALSE)) {
        char *answer = calloc(1, (size_t)length + 1);
        if (transfer(pipe, answer, length, FALSE)) reply = json_parse(answer);
        free(answer);
    }
    free(text);
    CloseHandle(pipe);
    return reply ? reply : unreachable(RPC_S_CALL_FAILED);
}

CORE HRESULT reply_hresult(const struct json *reply) { return (HRESULT)(uint32_t)json_get_number(reply, "hr", 0); }
