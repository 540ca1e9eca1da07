/* vmcompute.dll's compute part (hcs.md 1.2, 1.4): results come with the call, completions as notifications. */
#include "hcs.h"
#include <stdlib.h>
#include <string.h>

#define PENDING ((HRESULT)0xC0370103)

typedef void(__stdcall *notification)(uint32_t type, void *context, int32_t status, void *data);

enum { SYSTEM_EXITED = 1, CREATE_COMPLETED = 2, START_COMPLETED = 3, PAUSE_COMPLETED = 4, RESUME_COMPLETED = 5, PROCESS_EXITED = 0x10000 };

struct note {
    uint32_t type;
    HRESULT status;
    struct note *next;
};

/* A system or process handle. Completions wait here until somebody registers. */
struct object {
    struct target target;
    struct channel *channel;
};

struct channel {
    LONG references;
    CRITICAL_SECTION lock;
    CONDITION_VARIABLE changed;
    struct note *notes;
    struct callback *callback;
};

struct callback {
    struct channel *channel;
    struct watch *watch;
    notification call;
    void *context;
    uint32_t exit_type;
    BOOL closed, running;
    DWORD thread;
};

static struct channel *new_channel(void)
{
    struct channel *channel = calloc(1, sizeof(*channel));
    InitializeCriticalSection(&channel->lock);
    InitializeConditionVariable(&channel->changed);
    channel->references = 1;
    return channel;
}

static void release(struct channel *channel)
{
    if (InterlockedDecrement(&channel->references)) return;
    while (channel->notes) {
        struct note *next = channel->notes->next;
        free(channel->notes);
        channel->notes = next;
    }
    DeleteCriticalSection(&channel->lock);
    free(channel);
}

static void post(struct channel *channel, uint32_t type, HRESULT status)
{
    struct note *note = calloc(1, sizeof(*note)), **at;
    note->type = type;
    note->status = status;
    EnterCriticalSection(&channel->lock);
    for (at = &channel->notes; *at; at = &(*at)->next) continue;
    *at = note;
    WakeAllConditionVariable(&channel->changed);
    LeaveCriticalSection(&channel->lock);
}

/* This DLL's family of codes. */
static HRESULT own_code(HRESULT code)
{
    uint32_t value = (uint32_t)code;
    if (value == 0x8037011F) return FAILURE_OF_WIN32(ERROR_NOT_FOUND);
    return (value & 0xFFFF0000u) == 0x80370000u ? (HRESULT)(0xC0370000u | (value & 0xFFFF)) : code;
}

static void set_wide(struct json *object, const char *name, PCWSTR text)
{
    char *narrow = utf8_from_wide(text);
    json_set_text(object, name, narrow);
    free(narrow);
}

/* Puts the service's result where it belongs: an answer into `answer`, a ResultError into `document`. */
static HRESULT deliver(struct json *reply, WCHAR **answer, WCHAR **document)
{
    HRESULT result = own_code(reply_hresult(reply));
    WCHAR **to = FAILED(result) ? document : answer;
    char *text = result_text(reply);
    if (to) *to = ledger_string(text, ALLOCATOR_TASK);
    free(text);
    json_free(reply);
    return result;
}

static HRESULT faulty(const char *function, WCHAR **document)
{
    HRESULT result = fault_of(function, NULL);
    if (result && document) {
        char *text = fault_document();
        *document = ledger_string(text, ALLOCATOR_TASK);
        free(text);
    }
    return result;
}

static HRESULT call(const char *function, struct object *object, enum ledger_kind kind, const char *method, const char *member, PCWSTR text,
                    WCHAR **answer, WCHAR **document)
{
    HRESULT result;
    if (answer) *answer = NULL;
    if (document) *document = NULL;
    result = faulty(function, document);
    if (!result && !ledger_is_open(object, kind, function)) result = E_HANDLE;
    if (!result) {
        struct json *arguments;
        enter_call(&object->target);
        arguments = target_arguments(&object->target);
        if (member) set_wide(arguments, member, text);
        result = deliver(service_call(method, arguments), answer, document);
        leave_call(&object->target);
    }
    log_call(function, result, "document", text, NULL);
    return result;
}

/* ---- verbs ---- */

struct job {
    struct channel *channel;
    uint32_t type;
};

/* The completion comes after the call has returned. */
static DWORD WINAPI later(void *context)
{
    struct job *job = context;
    post(job->channel, job->type, S_OK);
    release(job->channel);
    free(job);
    return 0;
}

static HRESULT verb(const char *function, struct object *system, PCWSTR options, WCHAR **document, const char *name, uint32_t type)
{
    BOOL late;
    HRESULT result;
    if (document) *document = NULL;
    result = fault_of(function, &late);
    if (result && !late) {
        char *text = fault_document();
        if (document) *document = ledger_string(text, ALLOCATOR_TASK);
        free(text);
    } else if (!ledger_is_open(system, LEDGER_SYSTEM, function)) result = E_HANDLE;
    else {
        HRESULT fault = result;
        enter_call(&system->target);
        result = S_OK;
        if (!fault || late == 2) {
            struct json *arguments = target_arguments(&system->target);
            json_set_text(arguments, "verb", name);
            result = deliver(service_call("system.verb", arguments), NULL, document);
        }
        if (result) {
            /* Told at once. */
        } else if (fault && type) {
            post(system->channel, type, fault);
            result = PENDING;
        } else if (fault) result = fault;
        else if (!type) result = PENDING; /* the completion is the system's exit */
        else if (!mode_is("prompt")) {
            struct job *job = calloc(1, sizeof(*job));
            HANDLE thread;
            job->channel = system->channel;
            job->type = type;
            InterlockedIncrement(&system->channel->references);
            thread = CreateThread(NULL, 0, later, job, 0, NULL);
            if (thread) CloseHandle(thread);
            result = PENDING;
        }
        leave_call(&system->target);
    }
    log_call(function, result, "options", options, NULL);
    return result;
}

#define VERB(function, name, type)                                                                        \
    EXPORT HRESULT __stdcall function(struct object *system, PCWSTR options, WCHAR **document)            \
    {                                                                                                     \
        return verb(#function, system, options, document, name, type);                                    \
    }

VERB(HcsStartComputeSystem, "start", START_COMPLETED)
VERB(HcsShutdownComputeSystem, "shutdown", 0)
VERB(HcsTerminateComputeSystem, "terminate", 0)
VERB(HcsPauseComputeSystem, "pause", PAUSE_COMPLETED)
VERB(HcsResumeComputeSystem, "resume", RESUME_COMPLETED)
VERB(HcsSaveComputeSystem, "save", 8)

EXPORT HRESULT __stdcall HcsEnumerateComputeSystems(PCWSTR query, WCHAR **systems, WCHAR **document)
{
    HRESULT result;
    *systems = *document = NULL;
    result = faulty("HcsEnumerateComputeSystems", document);
    if (!result) {
        struct json *arguments = json_object();
        set_wide(arguments, "query", query);
        result = deliver(service_call("system.enumerate", arguments), systems, document);
    }
    log_call("HcsEnumerateComputeSystems", result, "query", query, NULL);
    return result;
}

static struct object *new_object(enum ledger_kind kind)
{
    struct object *object = ledger_open(kind, sizeof(*object));
    object->channel = new_channel();
    return object;
}

EXPORT HRESULT __stdcall HcsCreateComputeSystem(PCWSTR id, PCWSTR configuration, HANDLE identity, struct object **system, WCHAR **document)
{
    BOOL late;
    HRESULT result;
    struct json *reply = NULL;
    *document = NULL;
    *system = NULL;
    result = fault_of("HcsCreateComputeSystem", &late);
    if (result && !late) {
        char *text = fault_document();
        *document = ledger_string(text, ALLOCATOR_TASK);
        free(text);
    } else if (identity) result = E_INVALIDARG;
    else {
        HRESULT outcome = result;
        if (!result) {
            struct json *arguments = json_object();
            set_wide(arguments, "id", id);
            set_wide(arguments, "document", configuration);
            json_set(arguments, "v1", json_bool(1));
            reply = service_call("system.create", arguments);
            outcome = own_code(reply_hresult(reply));
        }
        if (FAILED(outcome) && !late) result = deliver(json_copy(reply), NULL, document);
        else {
            *system = new_object(LEDGER_SYSTEM);
            (*system)->target.system = json_get_number(reply, "serial", -1);
            if (late || !mode_is("prompt")) {
                post((*system)->channel, CREATE_COMPLETED, outcome);
                result = PENDING;
            }
        }
        json_free(reply);
    }
    log_call("HcsCreateComputeSystem", result, "id", id, "configuration", configuration, NULL);
    return result;
}

EXPORT HRESULT __stdcall HcsOpenComputeSystem(PCWSTR id, struct object **system, WCHAR **document)
{
    HRESULT result;
    *system = NULL;
    *document = NULL;
    result = faulty("HcsOpenComputeSystem", document);
    if (!result) {
        struct json *arguments = json_object(), *reply;
        set_wide(arguments, "id", id);
        reply = service_call("system.open", arguments);
        if (!FAILED(reply_hresult(reply))) {
            *system = new_object(LEDGER_SYSTEM);
            (*system)->target.system = json_get_number(reply, "serial", -1);
        }
        result = deliver(reply, NULL, document);
    }
    log_call("HcsOpenComputeSystem", result, "id", id, NULL);
    return result;
}

static HRESULT close_object(struct object *object, enum ledger_kind kind, const char *function)
{
    log_call(function, S_OK, NULL);
    if (!ledger_close(object, kind, function)) return E_HANDLE;
    check_no_calls(&object->target, function);
    if (object->channel->callback) ledger_violation("%s before its callback was unregistered", function);
    if (kind == LEDGER_PROCESS) close_unfetched(&object->target);
    release(object->channel);
    ledger_poison(object, sizeof(*object));
    return S_OK;
}

EXPORT HRESULT __stdcall HcsCloseComputeSystem(struct object *system) { return close_object(system, LEDGER_SYSTEM, "HcsCloseComputeSystem"); }
EXPORT HRESULT __stdcall HcsCloseProcess(struct object *process) { return close_object(process, LEDGER_PROCESS, "HcsCloseProcess"); }

EXPORT HRESULT __stdcall HcsGetComputeSystemProperties(struct object *system, PCWSTR query, WCHAR **properties, WCHAR **document)
{
    return call("HcsGetComputeSystemProperties", system, LEDGER_SYSTEM, "system.properties", "query", query, properties, document);
}

EXPORT HRESULT __stdcall HcsModifyComputeSystem(struct object *system, PCWSTR request, WCHAR **document)
{
    return call("HcsModifyComputeSystem", system, LEDGER_SYSTEM, "system.modify", "request", request, NULL, document);
}

/* ---- processes ---- */

EXPORT HRESULT __stdcall HcsCreateProcess(struct object *system, PCWSTR parameters, HCS_PROCESS_INFORMATION *information, struct object **process, WCHAR **document)
{
    HRESULT result;
    memset(information, 0, sizeof(*information));
    *process = NULL;
    *document = NULL;
    result = faulty("HcsCreateProcess", document);
    if (!result && !ledger_is_open(system, LEDGER_SYSTEM, "HcsCreateProcess")) result = E_HANDLE;
    if (!result) {
        struct json *arguments, *reply;
        enter_call(&system->target);
        arguments = target_arguments(&system->target);
        set_wide(arguments, "parameters", parameters);
        reply = service_call("process.create", arguments);
        if (!FAILED(reply_hresult(reply))) {
            *process = new_object(LEDGER_PROCESS);
            (*process)->target.system = system->target.system;
            take_information(&(*process)->target, reply);
            (*process)->target.fetched = TRUE;
            *information = (*process)->target.information;
        }
        result = deliver(reply, NULL, document);
        leave_call(&system->target);
    }
    log_call("HcsCreateProcess", result, "parameters", parameters, NULL);
    return result;
}

EXPORT HRESULT __stdcall HcsOpenProcess(struct object *system, DWORD id, struct object **process, WCHAR **document)
{
    HRESULT result;
    *process = NULL;
    *document = NULL;
    result = faulty("HcsOpenProcess", document);
    if (!result && !ledger_is_open(system, LEDGER_SYSTEM, "HcsOpenProcess")) result = E_HANDLE;
    if (!result) {
        struct json *arguments = target_arguments(&system->target), *reply;
        json_set_number(arguments, "id", id);
        reply = service_call("process.open", arguments);
        if (!FAILED(reply_hresult(reply))) {
            *process = new_object(LEDGER_PROCESS);
            (*process)->target.system = system->target.system;
            take_information(&(*process)->target, reply);
        }
        result = deliver(reply, NULL, document);
    }
    log_call("HcsOpenProcess", result, NULL);
    return result;
}

EXPORT HRESULT __stdcall HcsTerminateProcess(struct object *process, WCHAR **document)
{
    return call("HcsTerminateProcess", process, LEDGER_PROCESS, "process.terminate", NULL, NULL, NULL, document);
}

EXPORT HRESULT __stdcall HcsSignalProcess(struct object *process, PCWSTR options, WCHAR **document)
{
    return call("HcsSignalProcess", process, LEDGER_PROCESS, "process.signal", "options", options, NULL, document);
}

EXPORT HRESULT __stdcall HcsModifyProcess(struct object *process, PCWSTR settings, WCHAR **document)
{
    return call("HcsModifyProcess", process, LEDGER_PROCESS, "process.modify", "settings", settings, NULL, document);
}

EXPORT HRESULT __stdcall HcsGetProcessProperties(struct object *process, WCHAR **properties, WCHAR **document)
{
    return call("HcsGetProcessProperties", process, LEDGER_PROCESS, "process.properties", NULL, NULL, properties, document);
}

EXPORT HRESULT __stdcall HcsGetProcessInfo(struct object *process, HCS_PROCESS_INFORMATION *information, WCHAR **document)
{
    HRESULT result = call("HcsGetProcessInfo", process, LEDGER_PROCESS, "process.info", NULL, NULL, NULL, document);
    memset(information, 0, sizeof(*information));
    if (!result) *information = process->target.information;
    return result;
}

/* ---- callbacks ---- */

static void ended(void *context, const struct json *status)
{
    struct callback *callback = context;
    const char *type = json_get_text(status, "ExitType", "");
    post(callback->channel, callback->exit_type, !strcmp(type, "UnexpectedExit") ? (HRESULT)0xC0370106 : S_OK);
}

static DWORD WINAPI dispatch(void *context)
{
    struct callback *callback = context;
    struct channel *channel = callback->channel;
    EnterCriticalSection(&channel->lock);
    while (!callback->closed) {
        struct note *note = channel->notes;
        if (!note) {
            SleepConditionVariableCS(&channel->changed, &channel->lock, INFINITE);
            continue;
        }
        channel->notes = note->next;
        callback->running = TRUE;
        LeaveCriticalSection(&channel->lock);
        callback->call(note->type, callback->context, note->status, NULL);
        free(note);
        EnterCriticalSection(&channel->lock);
        callback->running = FALSE;
        WakeAllConditionVariable(&channel->changed);
    }
    LeaveCriticalSection(&channel->lock);
    release(channel);
    return 0;
}

static HRESULT subscribe(const char *function, struct object *object, enum ledger_kind kind, notification call_back, void *context, struct callback **handle)
{
    HRESULT result = fault_of(function, NULL);
    struct callback *callback;
    HANDLE thread;
    *handle = NULL;
    if (!result && !ledger_is_open(object, kind, function)) result = E_HANDLE;
    if (!result && !call_back) result = E_INVALIDARG;
    if (!result && object->channel->callback) result = (HRESULT)0xC0370104;
    if (!result) {
        callback = ledger_open(LEDGER_CALLBACK, sizeof(*callback));
        callback->channel = object->channel;
        callback->call = call_back;
        callback->context = context;
        callback->exit_type = kind == LEDGER_SYSTEM ? SYSTEM_EXITED : PROCESS_EXITED;
        InterlockedExchangeAdd(&object->channel->references, 2);
        object->channel->callback = callback;
        callback->watch = watch_open(&object->target, ended, callback);
        thread = CreateThread(NULL, 0, dispatch, callback, 0, &callback->thread);
        if (thread) CloseHandle(thread);
        *handle = callback;
    }
    log_call(function, result, NULL);
    return result;
}

/* Waits for a running callback, as the real one does: a caller that the callback waits for waits for ever. */
static HRESULT unsubscribe(const char *function, struct callback *callback)
{
    struct channel *channel;
    log_call(function, S_OK, NULL);
    if (!ledger_close(callback, LEDGER_CALLBACK, function)) return E_HANDLE;
    channel = callback->channel;
    watch_close(callback->watch);
    EnterCriticalSection(&channel->lock);
    callback->closed = TRUE;
    WakeAllConditionVariable(&channel->changed);
    while (callback->running && GetCurrentThreadId() != callback->thread)
        SleepConditionVariableCS(&channel->changed, &channel->lock, INFINITE);
    channel->callback = NULL;
    LeaveCriticalSection(&channel->lock);
    release(channel);
    return S_OK;
}

EXPORT HRESULT __stdcall HcsRegisterComputeSystemCallback(struct object *system, notification callback, void *context, struct callback **handle)
{
    return subscribe("HcsRegisterComputeSystemCallback", system, LEDGER_SYSTEM, callback, context, handle);
}

EXPORT HRESULT __stdcall HcsUnregisterComputeSystemCallback(struct callback *handle)
{
    return unsubscribe("HcsUnregisterComputeSystemCallback", handle);
}

EXPORT HRESULT __stdcall HcsRegisterProcessCallback(struct object *process, notification callback, void *context, struct callback **handle)
{
    return subscribe("HcsRegisterProcessCallback", process, LEDGER_PROCESS, callback, context, handle);
}

EXPORT HRESULT __stdcall HcsUnregisterProcessCallback(struct callback *handle)
{
    return unsubscribe("HcsUnregisterProcessCallback", handle);
}

EXPORT HRESULT __stdcall HcsGetServiceProperties(PCWSTR query, WCHAR **properties, WCHAR **document)
{
    HRESULT result;
    *properties = *document = NULL;
    result = faulty("HcsGetServiceProperties", document);
    if (!result) {
        struct json *arguments = json_object();
        set_wide(arguments, "query", query);
        result = deliver(service_call("service.properties", arguments), properties, document);
    }
    log_call("HcsGetServiceProperties", result, "query", query, NULL);
    return result;
}
