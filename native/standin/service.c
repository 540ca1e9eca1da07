#include "service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_PIPE L"\\\\.\\pipe\\porthole-standin-service"

CRITICAL_SECTION service_lock;
CONDITION_VARIABLE service_changed = CONDITION_VARIABLE_INIT;

struct json *answer(CODE code)
{
    struct json *reply = json_object();
    json_set_number(reply, "hr", code);
    return reply;
}

struct json *failed(CODE code, const char *message)
{
    struct json *reply = answer(code), *error = json_object();
    json_set_number(error, "Error", (int32_t)code);
    json_set_text(error, "ErrorMessage", message ? message : "");
    if (message) {
        struct json *events = json_array(), *event = json_object();
        json_set_text(event, "Message", message);
        json_set_text(event, "Provider", "80ce50de-d264-4581-950d-abadeee0d340");
        json_set_number(event, "EventId", 4);
        json_set_number(event, "Flags", 0);
        json_set_text(event, "Source", "ComputeSystem");
        json_set(event, "Data", json_array());
        json_push(events, event);
        json_set(error, "ErrorEvents", events);
    }
    json_set(reply, "result", error);
    return reply;
}

void new_guid(char text[40])
{
    static LONG counter;
    LARGE_INTEGER now;
    uint32_t a, b;
    QueryPerformanceCounter(&now);
    a = (uint32_t)now.QuadPart * 2654435761u;
    b = (uint32_t)InterlockedIncrement(&counter) * 2246822519u ^ GetCurrentProcessId();
    sprintf(text, "%08X-%04X-4%03X-A%03X-%08X%04X", (unsigned)a, (unsigned)(b >> 16), (unsigned)(b & 0xFFF), (unsigned)(a >> 20),
            (unsigned)(a ^ b), (unsigned)(b & 0xFFFF));
}

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

static struct json *dispatch(const struct json *request)
{
    const char *method = json_get_text(request, "method", "");
    const struct json *arguments = json_get(request, "arguments");
    DWORD pid = (DWORD)json_get_number(request, "pid", 0);
    struct json *reply;
    EnterCriticalSection(&service_lock);
    reply = systems_call(method, arguments, pid);
    if (!reply) reply = processes_call(method, arguments, pid);
    if (!reply) reply = credentials_call(method, arguments, pid);
    if (!reply) reply = networks_call(method, arguments, pid);
    LeaveCriticalSection(&service_lock);
    return reply ? reply : failed(0x80004001u, method);
}

static DWORD WINAPI serve(void *context)
{
    HANDLE pipe = context;
    DWORD length;
    if (transfer(pipe, &length, sizeof(length), FALSE)) {
        char *text = calloc(1, (size_t)length + 1);
        if (transfer(pipe, text, length, FALSE)) {
            struct json *request = json_parse(text);
            struct json *reply = request ? dispatch(request) : failed(HCS_CODE(0x10D), "the request is not JSON");
            char *line = json_print(reply);
            length = (DWORD)strlen(line);
            if (transfer(pipe, &length, sizeof(length), TRUE)) transfer(pipe, line, length, TRUE);
            FlushFileBuffers(pipe);
            free(line);
            json_free(reply);
            json_free(request);
        }
        free(text);
    }
    DisconnectNamedPipe(pipe);
    CloseHandle(pipe);
    return 0;
}

static HANDLE listening(void)
{
    return CreateNamedPipeW(SERVICE_PIPE, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_WAIT, PIPE_UNLIMITED_INSTANCES, 65536, 65536, 0, NULL);
}

int main(void)
{
    HANDLE pipe = listening();
    InitializeCriticalSection(&service_lock);
    puts("ready");
    fflush(stdout);
    while (pipe != INVALID_HANDLE_VALUE) {
        BOOL connected = ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED;
        /* Before the connected one can end: without an instance there would be no service for a moment. */
        HANDLE next = listening(), thread;
        if (!connected) CloseHandle(pipe);
        else if ((thread = CreateThread(NULL, 0, serve, pipe, 0, NULL))) CloseHandle(thread);
        else CloseHandle(pipe);
        pipe = next;
    }
    return 1;
}
