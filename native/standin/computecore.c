/* computecore.dll (hcs.md 1.3, 1.4): operations, results, events. */
#include "hcs.h"
#include <stdlib.h>
#include <string.h>

enum operation_state { OPERATION_NEW, OPERATION_RUNNING, OPERATION_DONE };
enum operation_type {
    TYPE_NONE = -1, TYPE_ENUMERATE, TYPE_CREATE, TYPE_START, TYPE_SHUTDOWN, TYPE_PAUSE, TYPE_RESUME, TYPE_SAVE, TYPE_TERMINATE,
    TYPE_MODIFY, TYPE_GET_PROPERTIES, TYPE_CREATE_PROCESS, TYPE_SIGNAL_PROCESS, TYPE_GET_PROCESS_INFO,
    TYPE_GET_PROCESS_PROPERTIES, TYPE_MODIFY_PROCESS, TYPE_CRASH
};

struct operation;
typedef void(__stdcall *completion)(struct operation *operation, void *context);

struct operation {
    LONG references, waits;
    volatile enum operation_state state;
    enum operation_type type;
    HANDLE done;
    uint64_t id;
    HRESULT result;
    char *document;
    struct target *process; /* of CreateProcess and GetProcessInfo */
    void *system_handle, *process_handle;
    void *context;
    completion callback;
    /* The work. */
    const char *method;
    struct json *arguments;
    HRESULT fault;
    BOOL fault_after;
};

typedef struct {
    DWORD Type;
    PCWSTR EventData;
    struct operation *Operation;
} HCS_EVENT;
typedef void(__stdcall *event_callback)(HCS_EVENT *event, void *context);

/* ---- operations ---- */

EXPORT struct operation *__stdcall HcsCreateOperation(void *context, completion callback)
{
    static LONG64 counter;
    struct operation *operation;
    if (fault_of("HcsCreateOperation", NULL)) return NULL;
    operation = ledger_open(LEDGER_OPERATION, sizeof(*operation));
    operation->references = 1;
    operation->type = TYPE_NONE;
    operation->done = CreateEventW(NULL, TRUE, FALSE, NULL);
    operation->context = context;
    operation->callback = callback;
    operation->id = (uint64_t)InterlockedIncrement64(&counter);
    return operation;
}

static void release(struct operation *operation)
{
    if (InterlockedDecrement(&operation->references)) return;
    CloseHandle(operation->done);
    free(operation->document);
    json_free(operation->arguments);
    ledger_poison(operation, sizeof(*operation));
}

EXPORT void __stdcall HcsCloseOperation(struct operation *operation)
{
    if (!ledger_close(operation, LEDGER_OPERATION, "HcsCloseOperation")) return;
    if (operation->waits > 0) ledger_violation("%s while a wait for it was running", "HcsCloseOperation");
    release(operation);
}

static HRESULT usable(struct operation *operation, const char *function)
{
    if (!ledger_is_open(operation, LEDGER_OPERATION, function)) return E_HANDLE;
    return operation->state == OPERATION_NEW ? S_OK : HCS(0x116);
}

static void complete(struct operation *operation, HRESULT result, char *document)
{
    operation->result = result;
    operation->document = document;
    operation->state = OPERATION_DONE;
    SetEvent(operation->done);
    if (operation->callback) operation->callback(operation, operation->context);
    release(operation);
}

static DWORD WINAPI work(void *context)
{
    struct operation *operation = context;
    struct json *reply = NULL;
    HRESULT result = operation->fault;
    char *document = NULL;
    if (operation->method && (!result || operation->fault_after)) {
        reply = service_call(operation->method, operation->arguments);
        operation->arguments = NULL;
        if (!result) result = reply_hresult(reply);
    }
    document = reply && !operation->fault ? result_text(reply) : operation->document;
    json_free(reply);
    complete(operation, result, document);
    return 0;
}

/* Begins the work of an operation: `method` of the service, or only the result that is known already. */
static HRESULT begin(struct operation *operation, enum operation_type type, const char *method, struct json *arguments, HRESULT fault, BOOL late,
                     char *document)
{
    HANDLE thread;
    operation->type = type;
    operation->method = method;
    operation->arguments = arguments;
    operation->fault = fault;
    operation->fault_after = late == 2;
    operation->document = document;
    if (method && mode_is("early") && !fault) {
        struct json *reply = service_call(method, arguments);
        HRESULT result = reply_hresult(reply);
        operation->arguments = NULL;
        if (FAILED(result)) {
            json_free(reply);
            return result;
        }
        operation->method = NULL;
        operation->document = result_text(reply);
        json_free(reply);
    }
    operation->state = OPERATION_RUNNING;
    InterlockedIncrement(&operation->references);
    thread = CreateThread(NULL, 0, work, operation, 0, NULL);
    if (!thread) return E_OUTOFMEMORY;
    CloseHandle(thread);
    return S_OK;
}

EXPORT void *__stdcall HcsGetOperationContext(struct operation *operation)
{
    return ledger_is_open(operation, LEDGER_OPERATION, "HcsGetOperationContext") ? operation->context : NULL;
}

EXPORT HRESULT __stdcall HcsSetOperationContext(struct operation *operation, void *context)
{
    if (!ledger_is_open(operation, LEDGER_OPERATION, "HcsSetOperationContext")) return E_HANDLE;
    operation->context = context;
    return S_OK;
}

EXPORT HRESULT __stdcall HcsSetOperationCallback(struct operation *operation, void *context, completion callback)
{
    HRESULT wrong = usable(operation, "HcsSetOperationCallback");
    if (wrong) return wrong;
    operation->context = context;
    operation->callback = callback;
    return S_OK;
}

EXPORT int32_t __stdcall HcsGetOperationType(struct operation *operation)
{
    return ledger_is_open(operation, LEDGER_OPERATION, "HcsGetOperationType") ? (int32_t)operation->type : TYPE_NONE;
}

EXPORT uint64_t __stdcall HcsGetOperationId(struct operation *operation)
{
    return ledger_is_open(operation, LEDGER_OPERATION, "HcsGetOperationId") ? operation->id : 0;
}

EXPORT void *__stdcall HcsGetComputeSystemFromOperation(struct operation *operation)
{
    return ledger_is_open(operation, LEDGER_OPERATION, "HcsGetComputeSystemFromOperation") ? operation->system_handle : NULL;
}

EXPORT void *__stdcall HcsGetProcessFromOperation(struct operation *operation)
{
    return ledger_is_open(operation, LEDGER_OPERATION, "HcsGetProcessFromOperation") ? operation->process_handle : NULL;
}

EXPORT HRESULT __stdcall HcsCancelOperation(struct operation *operation)
{
    return ledger_is_open(operation, LEDGER_OPERATION, "HcsCancelOperation") ? E_NOTIMPL : E_HANDLE;
}

EXPORT HRESULT __stdcall HcsAddResourceToOperation(struct operation *operation, uint32_t type, PCWSTR uri, HANDLE handle)
{
    HRESULT wrong = usable(operation, "HcsAddResourceToOperation");
    (void)type;
    if (wrong) return wrong;
    return uri && handle ? S_OK : E_INVALIDARG;
}

static HRESULT result_of(struct operation *operation, const char *function, DWORD timeout, HCS_PROCESS_INFORMATION *information, BOOL wants,
                         WCHAR **document)
{
    HRESULT result;
    if (document) *document = NULL;
    if (information) memset(information, 0, sizeof(*information));
    if (!ledger_is_open(operation, LEDGER_OPERATION, function)) return E_HANDLE;
    if (operation->state == OPERATION_NEW) return HCS(0x115);
    if (wants && operation->type != TYPE_CREATE_PROCESS && operation->type != TYPE_GET_PROCESS_INFO) return E_INVALIDARG;
    if ((result = fault_of(function, NULL))) {
        /* What was begun goes on: whoever asks next for what it made must find it made, however busy the machine. */
        WaitForSingleObject(operation->done, timeout < 10000 ? timeout : 10000);
        return result;
    }
    InterlockedIncrement(&operation->waits);
    if (WaitForSingleObject(operation->done, timeout) != WAIT_OBJECT_0) result = timeout ? HCS(0x118) : HCS(0x117);
    else {
        result = operation->result;
        if (document) *document = ledger_string(operation->document, ALLOCATOR_LOCAL);
        if (wants && !FAILED(result) && operation->process && information) {
            *information = operation->process->information;
            operation->process->fetched = TRUE;
        }
    }
    InterlockedDecrement(&operation->waits);
    return result;
}

EXPORT HRESULT __stdcall HcsWaitForOperationResult(struct operation *operation, DWORD timeout, WCHAR **document)
{
    return result_of(operation, "HcsWaitForOperationResult", timeout, NULL, FALSE, document);
}

EXPORT HRESULT __stdcall HcsWaitForOperationResultAndProcessInfo(struct operation *operation, DWORD timeout,
                                                                 HCS_PROCESS_INFORMATION *information, WCHAR **document)
{
    return result_of(operation, "HcsWaitForOperationResultAndProcessInfo", timeout, information, TRUE, document);
}

EXPORT HRESULT __stdcall HcsGetOperationResult(struct operation *operation, WCHAR **document)
{
    return result_of(operation, "HcsGetOperationResult", 0, NULL, FALSE, document);
}

EXPORT HRESULT __stdcall HcsGetOperationResultAndProcessInfo(struct operation *operation, HCS_PROCESS_INFORMATION *information, WCHAR **document)
{
    return result_of(operation, "HcsGetOperationResultAndProcessInfo", 0, information, TRUE, document);
}

/* ---- the shape that most calls share ---- */

static void set_wide(struct json *object, const char *name, PCWSTR text)
{
    char *narrow = utf8_from_wide(text);
    json_set_text(object, name, narrow);
    free(narrow);
}

static HRESULT call(const char *function, struct target *target, enum ledger_kind kind, struct operation *operation, enum operation_type type,
                    const char *method, const char *member, PCWSTR text, const char *verb)
{
    BOOL late;
    HRESULT result = fault_of(function, &late);
    struct json *arguments;
    if (result && !late) goto out;
    if (!ledger_is_open(target, kind, function)) {
        result = E_HANDLE;
        goto out;
    }
    {
        HRESULT wrong = usable(operation, function);
        if (wrong) {
            result = wrong;
            goto out;
        }
    }
    enter_call(target);
    arguments = target_arguments(target);
    if (member) set_wide(arguments, member, text);
    if (verb) json_set_text(arguments, "verb", verb);
    if (kind == LEDGER_SYSTEM) operation->system_handle = target;
    else operation->process_handle = target;
    if (type == TYPE_GET_PROCESS_INFO) operation->process = target;
    result = begin(operation, type, method, arguments, result, late, result ? fault_document() : NULL);
    leave_call(target);
out:
    log_call(function, result, "document", text, NULL);
    return result;
}

#define SYSTEM_CALL(function, type, verb)                                                                                      \
    EXPORT HRESULT __stdcall function(struct target *system, struct operation *operation, PCWSTR options)                      \
    {                                                                                                                          \
        return call(#function, system, LEDGER_SYSTEM, operation, type, "system.verb", "options", options, verb);               \
    }

SYSTEM_CALL(HcsStartComputeSystem, TYPE_START, "start")
SYSTEM_CALL(HcsShutDownComputeSystem, TYPE_SHUTDOWN, "shutdown")
SYSTEM_CALL(HcsTerminateComputeSystem, TYPE_TERMINATE, "terminate")
SYSTEM_CALL(HcsCrashComputeSystem, TYPE_CRASH, "crash")
SYSTEM_CALL(HcsPauseComputeSystem, TYPE_PAUSE, "pause")
SYSTEM_CALL(HcsResumeComputeSystem, TYPE_RESUME, "resume")
SYSTEM_CALL(HcsSaveComputeSystem, TYPE_SAVE, "save")

EXPORT HRESULT __stdcall HcsGetComputeSystemProperties(struct target *system, struct operation *operation, PCWSTR query)
{
    return call("HcsGetComputeSystemProperties", system, LEDGER_SYSTEM, operation, TYPE_GET_PROPERTIES, "system.properties", "query", query, NULL);
}

EXPORT HRESULT __stdcall HcsModifyComputeSystem(struct target *system, struct operation *operation, PCWSTR request, HANDLE identity)
{
    if (identity) return E_INVALIDARG;
    return call("HcsModifyComputeSystem", system, LEDGER_SYSTEM, operation, TYPE_MODIFY, "system.modify", "request", request, NULL);
}

#define PROCESS_CALL(function, type, method, member)                                                                           \
    EXPORT HRESULT __stdcall function(struct target *process, struct operation *operation, PCWSTR options)                     \
    {                                                                                                                          \
        return call(#function, process, LEDGER_PROCESS, operation, type, method, member, options, NULL);                       \
    }

PROCESS_CALL(HcsTerminateProcess, TYPE_TERMINATE, "process.terminate", "options")
PROCESS_CALL(HcsSignalProcess, TYPE_SIGNAL_PROCESS, "process.signal", "options")
PROCESS_CALL(HcsGetProcessProperties, TYPE_GET_PROCESS_PROPERTIES, "process.properties", "query")
PROCESS_CALL(HcsModifyProcess, TYPE_MODIFY_PROCESS, "process.modify", "settings")

EXPORT HRESULT __stdcall HcsGetProcessInfo(struct target *process, struct operation *operation)
{
    return call("HcsGetProcessInfo", process, LEDGER_PROCESS, operation, TYPE_GET_PROCESS_INFO, "process.info", NULL, NULL, NULL);
}

/* ---- enumerate, create, open, close ---- */

EXPORT HRESULT __stdcall HcsEnumerateComputeSystems(PCWSTR query, struct operation *operation)
{
    BOOL late;
    HRESULT result = fault_of("HcsEnumerateComputeSystems", &late);
    if (!result || late) {
        HRESULT wrong = usable(operation, "HcsEnumerateComputeSystems");
        if (wrong) result = wrong;
        else {
            struct json *arguments = json_object();
            set_wide(arguments, "query", query);
            result = begin(operation, TYPE_ENUMERATE, "system.enumerate", arguments, result, late, result ? fault_document() : NULL);
        }
    }
    log_call("HcsEnumerateComputeSystems", result, "query", query, NULL);
    return result;
}

/* The handle comes back at once, also when the operation then fails: it means no system. */
EXPORT HRESULT __stdcall HcsCreateComputeSystem(PCWSTR id, PCWSTR configuration, struct operation *operation, void *descriptor, struct target **system)
{
    BOOL late;
    HRESULT result = fault_of("HcsCreateComputeSystem", &late), wrong, outcome;
    struct json *arguments, *reply = NULL;
    if (system) *system = NULL;
    if (!result || late) {
        if (!system || descriptor || !id || !configuration) result = E_INVALIDARG;
        else if ((wrong = usable(operation, "HcsCreateComputeSystem"))) result = wrong;
        else {
            outcome = result;
            if (!result || late == 2) {
                arguments = json_object();
                set_wide(arguments, "id", id);
                set_wide(arguments, "document", configuration);
                reply = service_call("system.create", arguments);
                if (!outcome) outcome = reply_hresult(reply);
            }
            if (FAILED(outcome) && !late && mode_is("early")) result = outcome;
            else {
                char *document = result ? fault_document() : reply ? result_text(reply) : NULL;
                *system = ledger_open(LEDGER_SYSTEM, sizeof(**system));
                (*system)->system = json_get_number(reply, "serial", -1);
                operation->system_handle = *system;
                result = begin(operation, TYPE_CREATE, NULL, NULL, outcome, FALSE, document);
            }
            json_free(reply);
        }
    }
    log_call("HcsCreateComputeSystem", result, "id", id, "configuration", configuration, NULL);
    return result;
}

EXPORT HRESULT __stdcall HcsOpenComputeSystem(PCWSTR id, DWORD access, struct target **system)
{
    HRESULT result = fault_of("HcsOpenComputeSystem", NULL);
    if (system) *system = NULL;
    if (!result && (!system || !id || access != GENERIC_ALL)) result = E_INVALIDARG;
    if (!result) {
        struct json *arguments = json_object(), *reply;
        set_wide(arguments, "id", id);
        reply = service_call("system.open", arguments);
        result = reply_hresult(reply);
        if (!FAILED(result)) {
            *system = ledger_open(LEDGER_SYSTEM, sizeof(**system));
            (*system)->system = json_get_number(reply, "serial", -1);
        }
        json_free(reply);
    }
    log_call("HcsOpenComputeSystem", result, "id", id, NULL);
    return result;
}

static void close_target(struct target *target, enum ledger_kind kind, const char *function)
{
    log_call(function, S_OK, NULL);
    if (!ledger_close(target, kind, function)) return;
    check_no_calls(target, function);
    watch_close(target->watch);
    if (kind == LEDGER_PROCESS) close_unfetched(target);
    ledger_poison(target, sizeof(*target));
}

EXPORT void __stdcall HcsCloseComputeSystem(struct target *system) { close_target(system, LEDGER_SYSTEM, "HcsCloseComputeSystem"); }
EXPORT void __stdcall HcsCloseProcess(struct target *process) { close_target(process, LEDGER_PROCESS, "HcsCloseProcess"); }

EXPORT HRESULT __stdcall HcsCreateProcess(struct target *system, PCWSTR parameters, struct operation *operation, void *descriptor, struct target **process)
{
    BOOL late;
    HRESULT result = fault_of("HcsCreateProcess", &late), wrong, outcome;
    if (process) *process = NULL;
    if (!result || late) {
        if (!process || descriptor || !parameters) result = E_INVALIDARG;
        else if (!ledger_is_open(system, LEDGER_SYSTEM, "HcsCreateProcess")) result = E_HANDLE;
        else if ((wrong = usable(operation, "HcsCreateProcess"))) result = wrong;
        else {
            struct json *reply = NULL;
            enter_call(system);
            outcome = result;
            if (!result || late == 2) {
                struct json *arguments = target_arguments(system);
                set_wide(arguments, "parameters", parameters);
                reply = service_call("process.create", arguments);
                if (!outcome) outcome = reply_hresult(reply);
            }
            if (FAILED(outcome) && !late && mode_is("early")) result = outcome;
            else {
                char *document = result ? fault_document() : reply ? result_text(reply) : NULL;
                if (reply && json_get(reply, "serial")) {
                    *process = ledger_open(LEDGER_PROCESS, sizeof(**process));
                    (*process)->system = system->system;
                    take_information(*process, reply);
                    operation->process = operation->process_handle = *process;
                }
                result = begin(operation, TYPE_CREATE_PROCESS, NULL, NULL, outcome, FALSE, document);
            }
            json_free(reply);
            leave_call(system);
        }
    }
    log_call("HcsCreateProcess", result, "parameters", parameters, NULL);
    return result;
}

EXPORT HRESULT __stdcall HcsOpenProcess(struct target *system, DWORD id, DWORD access, struct target **process)
{
    HRESULT result = fault_of("HcsOpenProcess", NULL);
    if (process) *process = NULL;
    if (!result && (!process || access != GENERIC_ALL)) result = E_INVALIDARG;
    if (!result && !ledger_is_open(system, LEDGER_SYSTEM, "HcsOpenProcess")) result = E_HANDLE;
    if (!result) {
        struct json *arguments = target_arguments(system), *reply;
        json_set_number(arguments, "id", id);
        reply = service_call("process.open", arguments);
        result = reply_hresult(reply);
        if (!FAILED(result)) {
            *process = ledger_open(LEDGER_PROCESS, sizeof(**process));
            (*process)->system = system->system;
            take_information(*process, reply);
        }
        json_free(reply);
    }
    log_call("HcsOpenProcess", result, NULL);
    return result;
}

/* ---- waiting for the end ---- */

static HRESULT wait_for(struct target *target, enum ledger_kind kind, const char *function, const char *method, DWORD timeout, WCHAR **document)
{
    HRESULT result = fault_of(function, NULL);
    struct json *arguments, *reply;
    char *text;
    if (document) *document = NULL;
    if (result) return result;
    if (!ledger_is_open(target, kind, function)) return E_HANDLE;
    enter_call(target);
    arguments = target_arguments(target);
    json_set_number(arguments, "timeout", timeout);
    reply = service_call(method, arguments);
    result = reply_hresult(reply);
    text = FAILED(result) ? NULL : result_text(reply);
    if (document) *document = ledger_string(text, ALLOCATOR_LOCAL);
    free(text);
    json_free(reply);
    leave_call(target);
    return result;
}

EXPORT HRESULT __stdcall HcsWaitForComputeSystemExit(struct target *system, DWORD timeout, WCHAR **document)
{
    return wait_for(system, LEDGER_SYSTEM, "HcsWaitForComputeSystemExit", "system.wait", timeout, document);
}

EXPORT HRESULT __stdcall HcsWaitForProcessExit(struct target *process, DWORD timeout, WCHAR **document)
{
    return wait_for(process, LEDGER_PROCESS, "HcsWaitForProcessExit", "process.wait", timeout, document);
}

struct subscription {
    DWORD type;
    void *context;
    event_callback callback;
};

/* The event's data dies with the callback. */
static void notify(void *context, const struct json *status)
{
    struct subscription *subscription = context;
    char *text = status ? json_print(status) : NULL;
    WCHAR *data = text ? wide_from_utf8(text) : NULL;
    HCS_EVENT event = {subscription->type, data, NULL};
    subscription->callback(&event, subscription->context);
    if (data) memset(data, 0xDD, wcslen(data) * sizeof(WCHAR));
    free(data);
    free(text);
}

static HRESULT subscribe(struct target *target, enum ledger_kind kind, const char *function, DWORD type, uint32_t options, void *context, event_callback callback)
{
    HRESULT result = fault_of(function, NULL);
    struct subscription *subscription;
    if (!result && !ledger_is_open(target, kind, function)) result = E_HANDLE;
    if (!result && (!callback || options & ~5u)) result = E_INVALIDARG;
    if (!result && target->watch) result = HCS(0x119);
    if (!result) {
        subscription = calloc(1, sizeof(*subscription));
        subscription->type = type;
        subscription->context = context;
        subscription->callback = callback;
        target->watch = watch_open(target, notify, subscription);
    }
    log_call(function, result, NULL);
    return result;
}

EXPORT HRESULT __stdcall HcsSetComputeSystemCallback(struct target *system, uint32_t options, void *context, event_callback callback)
{
    return subscribe(system, LEDGER_SYSTEM, "HcsSetComputeSystemCallback", 0x1, options, context, callback);
}

EXPORT HRESULT __stdcall HcsSetProcessCallback(struct target *process, uint32_t options, void *context, event_callback callback)
{
    return subscribe(process, LEDGER_PROCESS, "HcsSetProcessCallback", 0x10000, options, context, callback);
}

/* ---- the service ---- */

static HRESULT service_text(const char *function, const char *method, const char *member, PCWSTR text, WCHAR **document)
{
    HRESULT result = fault_of(function, NULL);
    if (document) *document = NULL;
    if (!result && (!text || !document)) result = E_INVALIDARG;
    if (result) {
        char *failure = fault_document();
        if (document) *document = ledger_string(failure, ALLOCATOR_LOCAL);
        free(failure);
    } else {
        struct json *arguments = json_object(), *reply;
        char *answered;
        set_wide(arguments, member, text);
        reply = service_call(method, arguments);
        result = reply_hresult(reply);
        answered = result_text(reply);
        *document = ledger_string(answered, ALLOCATOR_LOCAL);
        free(answered);
        json_free(reply);
    }
    log_call(function, result, member, text, NULL);
    return result;
}

EXPORT HRESULT __stdcall HcsGetServiceProperties(PCWSTR query, WCHAR **document)
{
    return service_text("HcsGetServiceProperties", "service.properties", "query", query, document);
}

EXPORT HRESULT __stdcall HcsModifyServiceSettings(PCWSTR settings, WCHAR **document)
{
    return service_text("HcsModifyServiceSettings", "service.modify", "settings", settings, document);
}
