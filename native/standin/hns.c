/* vmcompute.dll!HNSCall (networking.md 1.1). The answer comes with failures as well, in CoTaskMem. */
#include "standin.h"
#include <stdlib.h>

static void set_wide(struct json *object, const char *name, PCWSTR text)
{
    char *narrow = utf8_from_wide(text);
    json_set_text(object, name, narrow);
    free(narrow);
}

EXPORT HRESULT __stdcall HNSCall(PCWSTR method, PCWSTR path, PCWSTR request, WCHAR **response)
{
    HRESULT result = fault_of("HNSCall", NULL);
    char *text = NULL;
    *response = NULL;
    if (result) text = fault_document();
    else if (!method || !path || !request) result = E_INVALIDARG;
    else {
        struct json *arguments = json_object(), *reply;
        set_wide(arguments, "method", method);
        set_wide(arguments, "path", path);
        set_wide(arguments, "body", request);
        reply = service_call("hns.call", arguments);
        result = reply_hresult(reply);
        if (json_get(reply, "result")) text = json_print(json_get(reply, "result"));
        json_free(reply);
        /* Some builds tell a failure in the answer alone. */
        if (text && mode_is("envelope")) result = S_OK;
        if (text && mode_is("silent") && FAILED(result)) {
            free(text);
            text = NULL;
        }
    }
    *response = ledger_string(text, ALLOCATOR_TASK);
    free(text);
    log_call("HNSCall", result, "method", method, "path", path, "request", request, NULL);
    return result;
}
