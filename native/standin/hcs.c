#include "hcs.h"
#include <stdlib.h>

struct watch {
    struct target target;
    notifier notify;
    void *context;
    CRITICAL_SECTION lock;
    BOOL closed;
    LONG references;
    DWORD thread;
};

static void release(struct watch *watch)
{
    if (InterlockedDecrement(&watch->references)) return;
    DeleteCriticalSection(&watch->lock);
    free(watch);
}

static DWORD WINAPI watching(void *context)
{
    struct watch *watch = context;
    const char *method = watch->target.process ? "process.wait" : "system.wait";
    while (!watch->closed) {
        struct json *arguments = target_arguments(&watch->target), *reply;
        HRESULT result;
        json_set_number(arguments, "timeout", 500);
        reply = service_call(method, arguments);
        result = reply_hresult(reply);
        if (result != HCS(0x118)) {
            if (mode_is("tardy")) Sleep(300);
            EnterCriticalSection(&watch->lock);
            if (!watch->closed) watch->notify(watch->context, json_get(reply, "result"));
            LeaveCriticalSection(&watch->lock);
            json_free(reply);
            break;
        }
        json_free(reply);
    }
    release(watch);
    return 0;
}

struct watch *watch_open(const struct target *target, notifier notify, void *context)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    HANDLE thread;
    watch->target = *target;
    watch->notify = notify;
    watch->context = context;
    watch->references = 2;
    InitializeCriticalSection(&watch->lock);
    thread = CreateThread(NULL, 0, watching, watch, 0, &watch->thread);
    if (thread) CloseHandle(thread);
    return watch;
}

void watch_close(struct watch *watch)
{
    if (!watch) return;
    EnterCriticalSection(&watch->lock);
    watch->closed = TRUE;
    LeaveCriticalSection(&watch->lock);
    release(watch);
}

struct json *target_arguments(const struct target *target)
{
    struct json *arguments = json_object();
    json_set_number(arguments, "system", target->system);
    if (target->process) json_set_number(arguments, "process", target->process);
    return arguments;
}

static HANDLE handle_of(const struct json *reply, const char *name) { return (HANDLE)(ULONG_PTR)json_get_number(reply, name, 0); }

void take_information(struct target *process, const struct json *reply)
{
    process->process = json_get_number(reply, "serial", 0);
    process->information.ProcessId = (DWORD)json_get_number(reply, "pid", 0);
    process->information.StdInput = handle_of(reply, "stdin");
    process->information.StdOutput = handle_of(reply, "stdout");
    process->information.StdError = handle_of(reply, "stderr");
}

void close_unfetched(struct target *process)
{
    if (process->fetched) return;
    if (process->information.StdInput) CloseHandle(process->information.StdInput);
    if (process->information.StdOutput) CloseHandle(process->information.StdOutput);
    if (process->information.StdError) CloseHandle(process->information.StdError);
}

char *result_text(const struct json *reply)
{
    const struct json *result = json_get(reply, "result");
    return result ? json_print(result) : NULL;
}

void enter_call(struct target *target) { InterlockedIncrement(&target->calls); }
void leave_call(struct target *target) { InterlockedDecrement(&target->calls); }

void check_no_calls(const struct target *target, const char *function)
{
    if (target->calls > 0) ledger_violation("%s while a call with that handle was running", function);
}
