/* computenetwork.dll's namespaces (networking.md 2.1): GUIDs by pointer, CoTaskMem strings, error records. */
#include "standin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct namespace {
    char id[40];
};

static void guid_text(const GUID *id, char text[40])
{
    sprintf(text, "%08lX-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X", (unsigned long)id->Data1, id->Data2, id->Data3, id->Data4[0],
            id->Data4[1], id->Data4[2], id->Data4[3], id->Data4[4], id->Data4[5], id->Data4[6], id->Data4[7]);
}

/* Calls the service; a failure's record goes into `error`, and into the HRESULT unless the mode says that it does not. */
static HRESULT call(const char *function, const char *method, struct json *arguments, WCHAR **output, WCHAR **error, struct json **whole)
{
    HRESULT result = fault_of(function, NULL);
    struct json *reply;
    char *text = NULL;
    if (output) *output = NULL;
    if (error) *error = NULL;
    if (result) {
        json_free(arguments);
        text = fault_document();
        if (error) *error = ledger_string(text, ALLOCATOR_TASK);
        free(text);
        log_call(function, result, NULL);
        return result;
    }
    reply = service_call(method, arguments);
    result = reply_hresult(reply);
    if (json_get(reply, "result")) text = json_print(json_get(reply, "result"));
    if (FAILED(result)) {
        if (error && !mode_is("silent")) *error = ledger_string(text, ALLOCATOR_TASK);
        if (error && *error && mode_is("envelope")) result = S_OK;
    } else if (output) *output = ledger_string(text, ALLOCATOR_TASK);
    free(text);
    if (whole) *whole = reply;
    else json_free(reply);
    log_call(function, result, NULL);
    return result;
}

static struct json *with_id(const char *id)
{
    struct json *arguments = json_object();
    json_set_text(arguments, "id", id);
    return arguments;
}

static void set_wide(struct json *object, const char *name, PCWSTR text)
{
    char *narrow = utf8_from_wide(text);
    json_set_text(object, name, narrow);
    free(narrow);
}

EXPORT HRESULT __stdcall HcnEnumerateNamespaces(PCWSTR query, WCHAR **ids, WCHAR **error)
{
    (void)query;
    return call("HcnEnumerateNamespaces", "namespace.enumerate", json_object(), ids, error, NULL);
}

EXPORT HRESULT __stdcall HcnCreateNamespace(const GUID *id, PCWSTR settings, struct namespace **handle, WCHAR **error)
{
    struct json *arguments, *reply = NULL;
    char text[40];
    HRESULT result;
    *handle = NULL;
    guid_text(id, text);
    arguments = with_id(text);
    set_wide(arguments, "settings", settings);
    result = call("HcnCreateNamespace", "namespace.create", arguments, NULL, error, &reply);
    if (!FAILED(result) && json_get(reply, "id")) {
        *handle = ledger_open(LEDGER_NAMESPACE, sizeof(**handle));
        strncpy((*handle)->id, json_get_text(reply, "id", ""), 39);
    }
    json_free(reply);
    return result;
}

EXPORT HRESULT __stdcall HcnOpenNamespace(const GUID *id, struct namespace **handle, WCHAR **error)
{
    char text[40];
    HRESULT result;
    *handle = NULL;
    guid_text(id, text);
    result = call("HcnOpenNamespace", "namespace.open", with_id(text), NULL, error, NULL);
    if (!FAILED(result) && !(error && *error)) {
        *handle = ledger_open(LEDGER_NAMESPACE, sizeof(**handle));
        strcpy((*handle)->id, text);
    }
    return result;
}

EXPORT HRESULT __stdcall HcnModifyNamespace(struct namespace *handle, PCWSTR settings, WCHAR **error)
{
    struct json *arguments;
    *error = NULL;
    if (!ledger_is_open(handle, LEDGER_NAMESPACE, "HcnModifyNamespace")) return E_HANDLE;
    arguments = with_id(handle->id);
    set_wide(arguments, "settings", settings);
    return call("HcnModifyNamespace", "namespace.modify", arguments, NULL, error, NULL);
}

EXPORT HRESULT __stdcall HcnQueryNamespaceProperties(struct namespace *handle, PCWSTR query, WCHAR **properties, WCHAR **error)
{
    (void)query;
    *error = *properties = NULL;
    if (!ledger_is_open(handle, LEDGER_NAMESPACE, "HcnQueryNamespaceProperties")) return E_HANDLE;
    return call("HcnQueryNamespaceProperties", "namespace.query", with_id(handle->id), properties, error, NULL);
}

EXPORT HRESULT __stdcall HcnDeleteNamespace(const GUID *id, WCHAR **error)
{
    char text[40];
    guid_text(id, text);
    return call("HcnDeleteNamespace", "namespace.delete", with_id(text), NULL, error, NULL);
}

EXPORT HRESULT __stdcall HcnCloseNamespace(struct namespace *handle)
{
    if (!ledger_close(handle, LEDGER_NAMESPACE, "HcnCloseNamespace")) return E_HANDLE;
    ledger_poison(handle, sizeof(*handle));
    return S_OK;
}
